"""Let two files change places in one step, which the standard library cannot."""

from __future__ import annotations

import errno
import os
import sys
from functools import lru_cache
from typing import Any

# As <fcntl.h> and <linux/fs.h> have them.
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(one: str, other: str) -> bool:
    """Let the files `one` and `other` of one file system change places; False where the system cannot do it.

    Whoever removes or replaces one of them at the same time does it wholly before or wholly after.

    Raises:
        OSError: it failed otherwise; FileNotFoundError where one of them is gone.
    """
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    import ctypes

    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), other)


@lru_cache(maxsize=1)
def _renameat2() -> Any:
    """The function of the C library, None where it has none."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        return ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return None
