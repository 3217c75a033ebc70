"""Hear of changes in folders without looking again and again: by inotify, which costs nothing while nothing happens."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from functools import cache

from jupyter_envs.system.reading import read_text

# inotify(7): a file was made, written, moved, removed, its mode changed, or the folder itself went.
_WRITTEN, _ATTRIBUTES, _MOVED, _CREATED, _DELETED, _GONE = 0x8, 0x4, 0xC0, 0x100, 0x200, 0xC00
_FOLDERS_ONLY = 0x0100_0000
_MASK = _WRITTEN | _ATTRIBUTES | _MOVED | _CREATED | _DELETED | _GONE | _FOLDERS_ONLY
_IGNORED = 0x8000
_EVENT = struct.Struct("iIII")
# On these another machine can change files, of which this one's kernel says nothing.
_SILENT = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse", "vboxsf", "prl_fs", "virtiofs")


class FolderEvents:
    """A descriptor that can be read once something in one of the watched folders has changed.

    Raises:
        OSError: this system has no inotify, or no more of it is to be had.
    """

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError("there is no inotify here")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._watched: dict[str, int] = {}
        self._folders: dict[int, str] = {}
        # The watches that the system has given up, since their folder is gone.
        self._ignored: list[int] = []

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch just these `folders`, as far as they exist; return whether one of them was not watched before.

        Raises:
            OSError: there are more than the system lets a user watch.
        """
        # Here alone, since `drain` is called on another thread.
        while self._ignored:
            self._forget(self._ignored.pop())
        wanted = set(folders)
        for folder in self._watched.keys() - wanted:
            self._libc.inotify_rm_watch(self.descriptor, self._forget(self._watched[folder]))
        added = False
        for folder in wanted - self._watched.keys():
            number = self._libc.inotify_add_watch(self.descriptor, os.fsencode(folder), _MASK)
            if number >= 0:
                # Another name of a folder that is watched already has the same number.
                self._watched[folder] = number
                added = self._folders.setdefault(number, folder) == folder or added
            elif (error := ctypes.get_errno()) in (28, 12):
                raise OSError(error, "inotify_add_watch", folder)
        return added

    def drain(self) -> None:
        """Forget what has happened up to now."""
        while True:
            try:
                raw = os.read(self.descriptor, 65536)
            except OSError:
                return
            place = 0
            while place < len(raw):
                number, mask, _, length = _EVENT.unpack_from(raw, place)
                place += _EVENT.size + length
                if mask & _IGNORED:
                    self._ignored.append(number)

    def close(self) -> None:
        os.close(self.descriptor)

    def _forget(self, number: int) -> int:
        """Drop what is known of the watch `number`; what lies there later is watched anew."""
        self._folders.pop(number, None)
        for folder in [folder for folder, known in self._watched.items() if known == number]:
            del self._watched[folder]
        return number


def silent(folders: Iterable[str]) -> bool:
    """Whether one of `folders` lies on a file system that does not tell all that happens on it."""
    mounts = _mounts()
    return any(_type(folder, mounts).startswith(_SILENT) for folder in folders)


def existing(folder: str) -> str:
    """`folder`, or the nearest one above it that exists."""
    while not os.path.isdir(folder) and (parent := os.path.dirname(folder)) != folder:
        folder = parent
    return folder


def _type(folder: str, mounts: tuple[tuple[str, str], ...]) -> str:
    below = folder.rstrip(os.sep) + os.sep
    return max(((len(at), kind) for at, kind in mounts if below.startswith(at)), default=(0, ""))[1]


@cache
def _mounts() -> tuple[tuple[str, str], ...]:
    """Each mount's place, with a separator at the end, and its type."""
    try:
        rows = [line.split() for line in read_text("/proc/self/mounts", errors="surrogateescape").splitlines()]
    except OSError:
        return ()
    return tuple((row[1].replace("\\040", " ").rstrip("/") + "/", row[2]) for row in rows if len(row) > 2)
