"""An environment as a file of some format, with the lock that the format may need."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from jupyter_envs.engine import history, record
from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.way_back import asked_again
from jupyter_envs.formats.base import Installed, listed
from jupyter_envs.formats.lock import entry
from jupyter_envs.formats.requirements import line_of
from jupyter_envs.model.catalog import Export
from jupyter_envs.model.env import Environment, Own, Package
from jupyter_envs.model.errors import Failed, Unavailable
from jupyter_envs.model.lock import Locked
from jupyter_envs.model.sources import SETTINGS_ALONE
from jupyter_envs.system import installed
from jupyter_envs.system.dist_info import normalise

# Names of conda may begin with an underscore.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\Z")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.!+*-]{0,199}\Z")


def export(
    catalog: Catalog,
    kind: Kind,
    environment: Environment,
    own: Own | None,
    packages: Sequence[Package],
    format_name: str,
) -> Export:
    """What `environment` has, in a format; of one that is not the user's `own` as far as its files tell it.

    Raises:
        InvalidRequest: there is no such format to write.
        Unavailable: the format needs hashes that nothing here tells, and no index or installer does.
    """
    chosen = catalog.exporter(format_name)
    # What is installed can call itself anything; a file is read by tools, line by line.
    left = [f"{package.name} {package.version}" for package in packages if not _nameable(package)]
    packages = [package for package in packages if _nameable(package)]
    origin = kind.origin(environment.prefix, own)
    python, tables = environment.python.version, None
    unhashed: list[str] = []
    if chosen.locks and own:
        tables = lock(own, python, packages)
    elif chosen.locks:
        tables, unhashed = told(environment.prefix, python, packages)
    what = Installed(
        packages=packages,
        unnameable=left,
        python=python,
        name=environment.name,
        channels=origin.channels,
        specs=origin.specs,
        archives=origin.archives,
        variables=origin.variables,
        lock=tables,
        unhashed=unhashed,
        sources=record.sources(own) if own else SETTINGS_ALONE,
    )
    return catalog.export(what, format_name)


def _nameable(package: Package) -> bool:
    return bool(_NAME.match(package.name) and _VERSION.match(package.version or "0"))


def lock(prefix: Own, python: str | None, packages: Sequence[Package]) -> dict[str, Any]:
    """The tables of a pylock (PEP 751) of those `packages` that pip installs, at their versions.

    What the history holds the hashes of is taken from there, so that it is the very files
    that are installed; an index is asked about the rest alone.

    Raises:
        Unavailable, Unsolvable, Failed: there is a rest, and nobody tells of it.
    """
    pip = {normalise(package.name): package for package in packages if package.manager == "pip"}
    found = {each.name: entry(replace(each, content=None)) for each in _noted(prefix, python, pip.keys())}
    rest = [package for name, package in pip.items() if name not in found]
    if rest:
        found.update({normalise(table["name"]): table for table in _asked(prefix, rest)})
    return _tables(found, pip)


def told(prefix: str, python: str | None, packages: Sequence[Package]) -> tuple[dict[str, Any], list[str]]:
    """As `lock`, from the environment's files alone, and the names of those without hashes."""
    pip = {normalise(package.name): package for package in packages if package.manager == "pip"}
    here = installed.lock(prefix, python, None, 0, pip.keys()).packages
    found = {each.name: entry(replace(each, content=None)) for each in here}
    return _tables(found, pip), [each.name for each in here if not each.hashed]


def _tables(found: Mapping[str, dict[str, Any]], packages: Mapping[str, Package]) -> dict[str, Any]:
    requested = sorted(name for name, package in packages.items() if package.requested)
    ours = {"tool": {"jupyter_envs": {"requested": requested}}} if requested else {}
    return {"packages": [found[name] for name in sorted(found)], **ours}


def _noted(prefix: Own, python: str | None, names: Container[str]) -> list[Locked]:
    """The distributions `names` that are still what a revision noted of them, each with its hashes."""
    last = history.last(prefix)
    before = history.lock_of(prefix, last.revision.revision) if last else None
    here = installed.lock(prefix, python, before, history.written_at(prefix), names)
    for number in history.numbers(prefix)[-2::-1]:
        if here.complete:
            break
        here = here.filled(history.lock_of(prefix, number))
    return [
        replace(package, url=package.url and asked_again(package.url)) for package in here.packages if package.hashed
    ]


def _asked(prefix: Own, packages: Sequence[Package]) -> list[dict[str, Any]]:
    from jupyter_envs.backends.causes import explain
    from jupyter_envs.backends.registry import installer
    from jupyter_envs.system import toml
    from jupyter_envs.system.asking import asking
    from jupyter_envs.system.files import listing
    from jupyter_envs.system.paths import python_of
    from jupyter_envs.system.pipconf import within
    from jupyter_envs.system.process import DATA, clean_environment, run

    tool = installer()
    with listing([line_of(package) for package in packages]) as path:
        argv = tool.lock_argv(os.fspath(python_of(prefix)), path)
        if argv is None:
            raise Unavailable(
                f"{tool.name} gives no hashes, and none are noted of {listed(p.name for p in packages)}.",
                hint="Install uv.",
                reason="no_lock",
            )
        env = asking(tool.environment(within(clean_environment(), prefix)), record.sources(prefix))
        done = run(argv, env=env, most=DATA)
    if done.code:
        raise explain(tool, done)
    try:
        return list(toml.parse(done.out).get("packages", []))
    except ValueError as error:
        raise Failed(f"{tool.name} wrote no lock: {error}.", reason="installer_failed") from None
