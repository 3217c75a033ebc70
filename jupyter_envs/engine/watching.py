"""Where a change of an environment, whoever makes it, leaves a trace that a list of environments shows."""

from __future__ import annotations

import os
from collections.abc import Iterable

from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.places import Places
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Environment
from jupyter_envs.system.paths import BIN, RECORD_DIR, kernels_dir
from jupyter_envs.system.watch import existing


class Traces:
    """The folders to watch: homes of environments, those in each environment that change with it, the kernelspecs."""

    def __init__(self, settings: Settings) -> None:
        self._places = Places(Kinds(settings), settings.state)
        self._state = os.fspath(settings.state)

    def folders(self, environments: Iterable[Environment]) -> list[str]:
        """Those that there are now, each once."""
        kernels = os.fspath(kernels_dir())
        found = [existing(folder) for folder in (*self._places.homes(), kernels, self._state)]
        for environment in environments:
            found += _of(environment)
            if environment.project:
                found.append(environment.project)
        try:
            found += [entry.path for entry in os.scandir(kernels) if entry.is_dir()]
        except OSError:
            pass
        return list(dict.fromkeys(found))


def _of(environment: Environment) -> list[str]:
    prefix = environment.prefix
    version = ".".join((environment.python.version or "").split(".")[:2])
    record = os.path.join(prefix, RECORD_DIR)
    inside = [
        prefix,
        os.path.join(prefix, BIN),
        os.path.join(prefix, "conda-meta") if environment.kind == "conda" else "",
        os.path.join(prefix, "lib", f"python{version}", "site-packages") if version else "",
        record,
        os.path.join(record, "revisions"),
    ]
    return [folder for folder in inside if folder and os.path.isdir(folder)]
