"""Where environments are looked for, and what they are called by where they lie."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.backends.pipenv import workon_home
from jupyter_envs.engine import owners, scratch
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import environment_id
from jupyter_envs.system import conda_places
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.paths import RECORD_DIR, record_of
from jupyter_envs.system.python_places import pyenv_root

_GENERIC = frozenset({"venv", "env", "virtualenv"})


def lock_file(settings: Settings, kinds: Kinds, prefix: str) -> Path:
    """The file whose lock the one writer of `prefix` holds: beside it in a root, else in its record.

    Every process of a user gets the same one. Where this user may not write, or all users may, it lies in his
    state folder.
    """
    parent = Path(os.path.dirname(prefix))
    if Path(os.path.realpath(parent)) in kinds.roots:
        folder = parent / scratch.LOCKS
        if not scratch.open_to_all(parent) and not scratch.closed(folder if folder.exists() else parent):
            return folder / f"{os.path.basename(prefix)}.lock"
    elif os.path.isdir(prefix) and not scratch.closed(prefix):
        record = record_of(prefix)
        # A link would have the lock made wherever it leads.
        if not record.is_symlink() and not scratch.closed(record):
            return record / "lock"
    # An environment still to be made among them: a lock inside it would make it.
    return settings.state / "locks" / f"{environment_id(prefix, os.path.basename(prefix))}.lock"


class Places:
    """The folders that hold environments, as the kinds and the process's environment tell."""

    def __init__(self, kinds: Kinds, state: Path) -> None:
        self._kinds = kinds
        self._state = os.path.realpath(state)

    def roots(self) -> list[str]:
        """The folders whose environments are managed, links resolved; the main one first."""
        return [os.fspath(root) for root in self._kinds.roots]

    def homes(self) -> list[str]:
        """The folders in which each folder may be an environment with a name of its own, the roots first."""
        workon = os.path.expanduser(os.environ.get("WORKON_HOME") or "~/.virtualenvs")
        versions = os.path.join(pyenv_root(), "versions")
        try:
            pyenv = [os.path.join(versions, name, "envs") for name in sorted(os.listdir(versions))]
        except OSError:
            pyenv = []
        tools = [workon_home(), *owners.homes()]
        folders = (workon, versions, *pyenv, *map(os.fspath, self._kinds.homes), *conda_places.homes(), *tools)
        others = [os.path.realpath(path) for path in folders if os.path.isdir(path)]
        return list(dict.fromkeys([*self.roots(), *others]))

    def prefixes(self, homes: list[str], further: Iterable[str]) -> list[str]:
        """The prefixes of what may be an environment, links resolved, each once.

        `further` are known ones elsewhere, links resolved already.
        """
        roots = set(self.roots())
        found: dict[str, str] = {}
        for home in homes:
            for path in _folders(home, home in roots):
                found.setdefault(os.path.normcase(path), path)
        running = [os.path.realpath(sys.prefix)] if is_environment(sys.prefix) else []
        for path in (*conda_places.prefixes(), *further, *running):
            found.setdefault(os.path.normcase(path), path)
        resolved = self._kinds.roots
        return [path for path in found.values() if not scratch.hidden(path, resolved, self._state)]


def raw_name(prefix: str, homes: Iterable[str]) -> str:
    """The name of the environment at `prefix`, ambiguous or not; it depends on the path alone."""
    parent, name = os.path.split(prefix)
    if parent in homes:
        return name
    if conda_places.is_base(prefix):
        return "base"
    if parent.endswith(os.path.join("", ".pixi", "envs")):
        return f"{os.path.basename(os.path.dirname(os.path.dirname(parent)))}/{name}"
    if name.startswith(".") or name.lower() in _GENERIC:
        return f"{os.path.basename(parent) or parent}/{name}"
    return name


def distinct_names(raw: dict[str, str], main_root: str) -> dict[str, str]:
    """A name for each prefix in `raw` that no other has: ambiguous ones get as much of their folder as is needed.

    In the main root a name stays as it is: the folder names are distinct there.
    """
    count = Counter(raw.values())
    names: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for prefix, name in raw.items():
        if count[name] == 1 or os.path.dirname(prefix) == main_root:
            names[prefix] = name
        else:
            groups.setdefault(name, []).append(prefix)
    for prefixes in groups.values():
        for prefix in prefixes:
            parts = prefix.strip(os.sep).split(os.sep)
            for many in range(2, len(parts) + 1):
                tail = parts[-many:]
                if not any(p != prefix and p.strip(os.sep).split(os.sep)[-many:] == tail for p in prefixes):
                    break
            names[prefix] = "/".join(parts[-many:]) if len(parts) > 1 else prefix
    return names


def _folders(home: str, is_root: bool) -> list[str]:
    """What may be an environment in `home`; in a root also what has lost its ``pyvenv.cfg``."""
    found = []
    try:
        with os.scandir(home) as entries:
            for entry in entries:
                if entry.name[0] == ".":
                    continue
                linked = entry.is_symlink()
                path = os.path.realpath(entry.path) if linked else entry.path
                if linked or not is_root:
                    if is_environment(path):
                        found.append(path)
                elif entry.is_dir():
                    found.append(path)
    except OSError:
        pass
    return found


def was_environment(path: str) -> bool:
    """Whether a folder without ``pyvenv.cfg`` looks like what is left of an environment."""
    return any(
        os.path.lexists(os.path.join(path, *p)) for p in ((RECORD_DIR,), ("bin", "python"), ("Scripts", "python.exe"))
    )
