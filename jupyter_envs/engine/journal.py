"""What this user's processes are doing to environments, written down before it begins and dropped when it is done.

An entry is a file in ``<state>/journal``. One whose process was killed tells the next process, by what lies where,
whether to finish the action or to undo it (`recover`). The state folder belongs to this user alone, so that nothing
found inside an environment can pose as an entry.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from jupyter_envs.system.files import atomic_write, sync_folder
from jupyter_envs.system.reading import read_as

_END, _DONE = ".json", ".done"


Action = Literal["appear", "move", "remove", "change", "project", "python"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One action on the environment at `prefix`, of the `kind`, whose writer holds the file `lock`.

    `kernels` are the kernelspecs that it had before, by name; `spec` is the text of its ``spec.toml``,
    `magic` tells whether its magics were in place, and
    `revisions` are the numbers of its history then. Trees in the making lie at `stage`, an environment that gives
    way at `aside`. `folders` are those above it that were missing, the nearest
    first. `target` is where a renamed one goes, `place` where one says that it lies that somebody moved by hand; its
    kernels are those of both places. `project` is the folder of a project, `store` holds what is kept of
    its files, `absent` and `present` are the places of its environments where none was, and where one was, when its
    tool `began`, in seconds since the epoch.
    `scratch` are folders that nobody needs once the action is over, whatever its end.
    A Python that is downloaded comes to `prefix`; `links` are those beside it, with where each led.
    """

    action: Action
    prefix: str
    kind: str
    lock: str
    kernels: dict[str, dict[str, Any]] = {}
    spec: str | None = None
    magic: bool = False
    revisions: list[int] = []
    stage: str | None = None
    aside: str | None = None
    target: str | None = None
    place: str | None = None
    display_name: str | None = None
    folders: list[str] = []
    store: str | None = None
    project: str | None = None
    absent: list[str] = []
    present: list[str] = []
    began: float = 0.0
    scratch: list[str] = []
    links: dict[str, str] = {}


_decoder = msgspec.json.Decoder(Entry)


class Open:
    """An entry of a live action; `done` is the moment from which a crash finishes it instead of undoing it."""

    def __init__(self, path: Path, entry: Entry) -> None:
        self.path = path
        self.entry = entry

    def done(self) -> None:
        """Note that what was to be done is done, and only leftovers remain to be removed."""
        # To rename takes no space, so that it works on a full disk.
        there = self.path.with_suffix(_DONE)
        os.rename(self.path, there)
        sync_folder(there.parent)
        self.path = there

    def drop(self) -> None:
        """Forget the entry: nothing is left to do."""
        self.path.unlink(missing_ok=True)


# The entries of this process's own actions, which nobody has to look at.
_live: set[str] = set()


def missing_above(prefix: str) -> list[str]:
    """The folders above `prefix` that are not there yet, the nearest first; for `Entry.folders`."""
    return [os.fspath(folder) for folder in Path(prefix).parents if not folder.exists()]


def folder(state: Path) -> Path:
    return state / "journal"


@contextmanager
def opened(state: Path, entry: Entry, *, needed: bool = True) -> Iterator[Open]:
    """Write `entry` before the block, and let the block drop it; one that it leaves is for `recover`.

    Where it is not `needed`, a disk that is full or closed is no reason not to begin.

    Raises:
        OSError: it cannot be written.
    """
    path = folder(state) / f"{time.time_ns():020}-{secrets.token_hex(4)}{_END}"
    _live.add(path.stem)
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            atomic_write(path, msgspec.json.encode(entry), 0o600, durable=True)
        except OSError:
            if needed:
                raise
        yield Open(path, entry)
    finally:
        _live.discard(path.stem)


def left(state: Path) -> list[Path]:
    """The files of entries that are not of live actions of this process, the newest first."""
    try:
        names = os.listdir(folder(state))
    except OSError:
        return []
    found = [folder(state) / name for name in names if name.endswith((_END, _DONE)) and name[0] != "."]
    return sorted((path for path in found if path.stem not in _live), key=lambda path: path.name, reverse=True)


def read(path: Path) -> tuple[Entry, bool] | None:
    """The entry in the file `path` and whether it is done; None when it is gone. A damaged one is dropped."""
    try:
        return read_as(path, _decoder), path.suffix == _DONE
    except ValueError:
        with suppress(OSError):
            path.unlink()
        return None
    except OSError:
        return None
