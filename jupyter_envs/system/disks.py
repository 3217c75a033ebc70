"""Which file system a path lies on, and whether it is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

# What a full disk or a used-up quota answers.
FULL = (errno.ENOSPC, errno.EDQUOT)
# Bytes and files that a disk without room for a package may still have free.
_LITTLE, _FEW = 2_000_000, 16


def disk_of(path: str | os.PathLike[str]) -> str:
    """The mount point of the file system that holds `path`, or its nearest existing parent."""
    where = os.path.realpath(path)
    while not os.path.lexists(where) and os.path.dirname(where) != where:
        where = os.path.dirname(where)
    while not os.path.ismount(where) and os.path.dirname(where) != where:
        where = os.path.dirname(where)
    return where


def full(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The disks of `paths`, by mount point, on which next to nothing is free; a quota is not seen."""
    return [disk for disk in dict.fromkeys(map(disk_of, paths)) if _is_full(disk)]


def _is_full(disk: str) -> bool:
    try:
        info = os.statvfs(disk)
    except (OSError, AttributeError):
        return False
    return info.f_bavail * info.f_frsize < _LITTLE or (info.f_files > 0 and info.f_favail < _FEW)
