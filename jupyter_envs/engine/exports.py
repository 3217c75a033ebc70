"""An environment as a file of some format, with the lock that the format may need."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.formats.base import Installed
from jupyter_envs.formats.requirements import line_of
from jupyter_envs.model.catalog import Export
from jupyter_envs.model.env import Environment, Package
from jupyter_envs.model.errors import Failed, Unavailable


def export(
    catalog: Catalog, kind: Kind, environment: Environment, packages: Sequence[Package], format_name: str
) -> Export:
    """What `environment` has, in a format.

    Raises:
        InvalidRequest: there is no such format to write.
        Unavailable: the format needs hashes, and the index cannot be reached or the installer gives none.
    """
    chosen = catalog.exporter(format_name)
    origin = kind.origin(environment.prefix)
    installed = Installed(
        packages=packages,
        python=environment.python.version,
        name=environment.name,
        channels=origin.channels,
        specs=origin.specs,
        archives=origin.archives,
        variables=origin.variables,
        lock=lock(environment.prefix, packages) if chosen.locks else None,
    )
    return catalog.export(installed, format_name)


def lock(prefix: str, packages: Sequence[Package]) -> dict[str, Any]:
    """The tables of a pylock (PEP 751) of those `packages` that pip installs, at their versions."""
    from jupyter_envs.backends.registry import installer
    from jupyter_envs.engine.install import explain
    from jupyter_envs.system import toml
    from jupyter_envs.system.paths import python_of
    from jupyter_envs.system.process import clean_environment, run

    tool = installer()
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-") as folder:
        path = Path(folder, "requirements.txt")
        path.touch(mode=0o600)
        path.write_text("".join(f"{line_of(package)}\n" for package in packages if package.manager == "pip"))
        argv = tool.lock_argv(os.fspath(python_of(prefix)), os.fspath(path))
        if argv is None:
            raise Unavailable(f"{tool.name} gives no hashes.", hint="Install uv.", reason="no_lock")
        done = run(argv, env=tool.environment(clean_environment()), cwd=folder)
    if done.code:
        raise explain(tool, done)
    try:
        return toml.parse(done.out)
    except ValueError as error:
        raise Failed(f"{tool.name} wrote no lock: {error}.", reason="installer_failed") from None
