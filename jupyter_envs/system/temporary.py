"""Temporary files and folders that a killed process does not leave for good, whatever they hold.

Each process has a folder of its own, closed to other users, below one that `use` names, and beside it a file that it
holds locked while it lives and that names the other folders in which it puts temporary files. What belongs to a process
that holds its file no more is removed by `sweep`. The lock and not the process id tells: ids are used again, and
containers that share a home have the same ones.
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
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_envs.system.reading import LISTING, READ, read_bytes

_owner = secrets.token_hex(8)
_NAME = re.compile(r"\..*\.([0-9a-f]{16})-[0-9a-f]{8}\.tmp\Z", re.S)
_LOCK = re.compile(r"([0-9a-f]{16})\.lock\Z")

_guard = threading.Lock()


@dataclass
class _Claim:
    """The descriptor of this process's lock, and the folders that its file names already."""

    descriptor: int
    folders: set[str] = field(default_factory=set)


# By the folders that `use` was called with, the last one last.
_claimed: dict[Path, _Claim] = {}


def use(top: Path) -> None:
    """Put what is temporary from now on below the folder `top`; where it cannot be written, into the system's."""
    with _guard:
        claim = _claimed.pop(top, None)
        if claim is None or not (top / f"{_owner}.lock").exists():
            claim = _claim(top)
        if claim is not None:
            _claimed[top] = claim


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


def top() -> str:
    """The folder below which this process's temporary files lie, for those that it starts; empty for the system's."""
    with _guard:
        return os.fspath(next(reversed(_claimed), ""))


def folder() -> tempfile.TemporaryDirectory[str]:
    """A new temporary folder, removed at the end of a `with` block."""
    return tempfile.TemporaryDirectory(prefix="jupyter-envs-", dir=home())


def beside(path: str | os.PathLike[str]) -> str:
    """A path for a temporary file or folder beside `path`, whose place it is to take."""
    folder, name = os.path.split(os.fspath(path))
    _note(folder)
    return os.path.join(folder, f".{name[:40]}.{_owner}-{secrets.token_hex(4)}.tmp")


def sweep(top: Path) -> None:
    """Remove what processes that have ended left below `top`, and their files by `beside`, wherever they lie."""
    try:
        names = os.listdir(top)
    except OSError:
        return
    for name in names:
        if (match := _LOCK.match(name)) is None:
            continue
        # Read first: on Windows the look at the lock removes it.
        folders = _noted(top / name)
        if _alive(top / name):
            continue
        shutil.rmtree(top / match[1], ignore_errors=True)
        for folder in folders:
            _sweep_folder(folder, match[1])
        # Last: who is killed while sweeping leaves the rest to the next one.
        with suppress(OSError):
            os.unlink(top / name)


def _sweep_folder(folder: str, owner: str) -> None:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if (match := _NAME.match(name)) and match[1] == owner:
            path = os.path.join(folder, name)
            with suppress(OSError):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.unlink(path)


def _note(folder: str) -> None:
    """Name `folder` in this process's file, before anything temporary lies in it."""
    with _guard:
        claim = next(reversed(_claimed.values()), None)
        if claim and folder not in claim.folders:
            # On a full disk it is not named, and hardly anything can be put there either.
            with suppress(OSError):
                os.write(claim.descriptor, os.fsencode(os.path.abspath(folder)) + b"\0")
                claim.folders.add(folder)


def _noted(lock: Path) -> list[str]:
    try:
        # What follows the last NUL was not written to its end.
        return [os.fsdecode(each) for each in read_bytes(lock, LISTING).split(b"\0")[:-1]]
    except OSError:
        return []


def _claim(top: Path) -> _Claim | None:
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
    return _Claim(descriptor)


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
def leave() -> None:
    """Remove what this process has put there; for one that ends without its exit functions."""
    for top, claim in _claimed.items():
        shutil.rmtree(top / _owner, ignore_errors=True)
        with suppress(OSError):
            os.close(claim.descriptor)
            os.unlink(top / f"{_owner}.lock")
