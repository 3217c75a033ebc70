"""What conda's clients note about environments: the list of all, the state and the pins of one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.system.files import atomic_write, lock
from jupyter_envs.system.reading import read_json, read_text


def register(prefix: str | os.PathLike[str]) -> None:
    """Add `prefix` to ``~/.conda/environments.txt``, where clients look for environments outside their folders."""
    _edit(add=os.path.normpath(prefix))


def unregister(prefix: str | os.PathLike[str]) -> None:
    """Take `prefix` out of ``~/.conda/environments.txt``; other lines stay as they are."""
    _edit(drop=os.path.normpath(prefix))


def listed() -> list[str]:
    """The prefixes in ``~/.conda/environments.txt``, whether they exist or not."""
    try:
        lines = read_text(_file(), errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if os.path.isabs(line.strip())]


def variables(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """The variables that ``conda env config vars set`` gave `prefix`; none where they cannot be read."""
    found = _state(prefix).get("env_vars")
    # conda writes an unset variable as this word.
    return {str(k): str(v) for k, v in found.items() if v != "***unset***"} if isinstance(found, dict) else {}


def set_variables(prefix: str | os.PathLike[str], values: Mapping[str, str]) -> None:
    """Make `values` the variables of `prefix`, upper case as conda has them; what else the file holds stays."""
    state = {**_state(prefix), "env_vars": {name.upper(): value for name, value in values.items()}}
    if values or os.path.exists(_state_file(prefix)):
        atomic_write(_state_file(prefix), json.dumps(state))


def pinned(prefix: str | os.PathLike[str]) -> list[str]:
    """The specs in ``conda-meta/pinned``, without comments."""
    try:
        lines = read_text(os.path.join(prefix, "conda-meta", "pinned"), errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def frozen(prefix: str | os.PathLike[str]) -> bool:
    """Whether `prefix` says that it is not to be changed (CEP 22)."""
    return os.path.isfile(f"{os.fspath(prefix)}/conda-meta/frozen")


def _state_file(prefix: str | os.PathLike[str]) -> str:
    return os.path.join(prefix, "conda-meta", "state")


def _state(prefix: str | os.PathLike[str]) -> dict[str, object]:
    try:
        found = read_json(_state_file(prefix))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file() -> Path:
    return Path(os.path.expanduser("~"), ".conda", "environments.txt")


def _edit(*, add: str | None = None, drop: str | None = None) -> None:
    path = _file()
    if drop is not None and not path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Ours alone: clients append without a lock, and what they add between our reading and writing is one line.
    with lock(path.with_name(".environments.lock"), lambda: None):
        old = read_text(path, errors="surrogateescape") if path.exists() else ""
        lines = old.splitlines()
        if drop is not None:
            lines = [line for line in lines if not line.strip() or os.path.normpath(line.strip()) != drop]
        elif add is not None and add not in map(str.strip, lines):
            lines.append(add)
        new = "".join(f"{line}\n" for line in lines)
        if new != old:
            atomic_write(path, new)
