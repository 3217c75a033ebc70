"""Tell a folder from another one that has taken its place."""

from __future__ import annotations

import os
import stat
import sys
from functools import lru_cache
from typing import Any

# As <linux/stat.h> and <fcntl.h> have them.
_STATX_BTIME = 0x800
_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_BTIME = 80


def identity(folder: str) -> str | None:
    """A text that this very folder keeps when it is renamed; None for a link, or where there is no folder.

    The number of a device is no part of it: network drives get another one at each mount. The time of birth
    is, where the file system tells it, since the number of an inode is given out again.
    """
    try:
        info = os.lstat(folder)
    except (OSError, ValueError):
        return None
    if not stat.S_ISDIR(info.st_mode):
        return None
    return f"{info.st_ino}-{_born(folder, info)}"


def _born(folder: str, info: os.stat_result) -> int:
    """When `folder` was made, in ns since the epoch; 0 where that is not known."""
    known: Any = info
    if sys.platform == "win32":
        return int(known.st_ctime_ns)
    if hasattr(known, "st_birthtime"):
        return int(known.st_birthtime * 1e9)
    statx = _statx()
    if statx is None:
        return 0
    import ctypes

    answer = ctypes.create_string_buffer(256)
    if statx(_AT_FDCWD, os.fsencode(folder), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, answer):
        return 0
    if not int.from_bytes(answer.raw[:4], sys.byteorder) & _STATX_BTIME:
        return 0
    seconds = int.from_bytes(answer.raw[_BTIME : _BTIME + 8], sys.byteorder, signed=True)
    return seconds * 1_000_000_000 + int.from_bytes(answer.raw[_BTIME + 8 : _BTIME + 12], sys.byteorder)


@lru_cache(maxsize=1)
def _statx() -> Any:
    """The function of the C library; Python before 3.15 has no other way to ask it."""
    import ctypes

    try:
        return ctypes.CDLL(None, use_errno=True).statx
    except (OSError, AttributeError, TypeError):
        return None
