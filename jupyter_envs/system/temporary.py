"""Temporary files and folders that a killed process does not leave for good, whatever they hold.

Each process has a folder of its own, closed to other users, below one that `use` names, and beside it a file that it
holds locked while it lives. What belongs to a process that holds its file no more is removed by `sweep`. The lock and
not the process id tells: ids are used again, and containers that share a home have the same ones.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jupyter_envs.system.reading import READ

_owner = secrets.token_hex(8)
_NAME = re.compile(r"\..*\.([0-9a-f]{16})-[0-9a-f]{8}\.tmp\Z", re.S)
_LOCK = re.compile(r"([0-9a-f]{16})\.lock\Z")

_guard = threading.Lock()
# The folders that `use` was called with, the last one last, and the descriptor of this process's lock in each.
_claimed: dict[Path, int] = {}


def use(top: Path) -> None:
    """Put what is temporary from now on below the folder `top`; where it cannot be written, into the system's."""
    with _guard:
        descriptor = _claimed.pop(top, None)
        if descriptor is None or not (top / f"{_owner}.lock").exists():
            descriptor = _claim(top)
        if descriptor is not None:
            _claimed[top] = descriptor


def home() -> str:
    """The folder for this process's temporary files, readable by its user alone unless it is the system's."""
    with _guard:
        top = next(reversed(_claimed), None)
    if top is not None:
        mine = top / _owner
        with suppress(OSError):
            mine.mkdir(mode=0o700, exist_ok=True)
            return os.fspath(mine)
    return tempfile.gettempdir()


def folder() -> tempfile.TemporaryDirectory[str]:
    """A new temporary folder, removed at the end of a `with` block."""
    return tempfile.TemporaryDirectory(prefix="jupyter-envs-", dir=home())


def name_beside(name: str) -> str:
    """A name for a temporary file or folder beside `name`, whose place it is to take."""
    return f".{name[:40]}.{_owner}-{secrets.token_hex(4)}.tmp"


def sweep(top: Path, folders: Iterable[Path] = ()) -> None:
    """Remove what processes that have ended left below `top`, and their files by `name_beside` in `folders`."""
    try:
        names = os.listdir(top)
    except OSError:
        return
    ended = {match[1] for name in names if (match := _LOCK.match(name)) and not _alive(top / name)}
    for owner in ended:
        shutil.rmtree(top / owner, ignore_errors=True)
    for where in folders:
        try:
            found = os.listdir(where)
        except OSError:
            continue
        for name in found:
            if (match := _NAME.match(name)) and match[1] != _owner and not _alive(top / f"{match[1]}.lock"):
                with suppress(OSError):
                    if (where / name).is_dir() and not (where / name).is_symlink():
                        shutil.rmtree(where / name, ignore_errors=True)
                    else:
                        os.unlink(where / name)
    for owner in ended:
        # Last: who is killed while sweeping leaves the rest to the next one.
        with suppress(OSError):
            os.unlink(top / f"{owner}.lock")


def _claim(top: Path) -> int | None:
    path = top / f"{_owner}.lock"
    try:
        top.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
    return descriptor


def _alive(lock: Path) -> bool:
    """Whether the process that holds `lock` lives; False where there is no such file."""
    if lock.stem == _owner:
        return True
    if sys.platform == "win32":
        # What another process has open cannot be deleted there.
        try:
            os.unlink(lock)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False
    import fcntl

    try:
        descriptor = os.open(lock, READ)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _in_child() -> None:
    """A forked process is another owner; what the first one holds is not its own."""
    global _owner, _guard
    _owner, _guard = secrets.token_hex(8), threading.Lock()
    tops = list(_claimed)
    _claimed.clear()
    for top in tops:
        use(top)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_in_child)


@atexit.register
def _leave() -> None:
    for top, descriptor in _claimed.items():
        shutil.rmtree(top / _owner, ignore_errors=True)
        with suppress(OSError):
            os.close(descriptor)
            os.unlink(top / f"{_owner}.lock")
