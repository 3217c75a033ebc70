"""Let what an installer brings share no file that may be edited with the installer's cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jupyter_envs.model.env import Own
from jupyter_envs.system.copies import unshare
from jupyter_envs.system.metadata import dist_infos, record_files


@contextmanager
def own_files(prefix: Own) -> Iterator[None]:
    """An installation in the environment at `prefix`; uv links what it installs to its cache.

    Through it every environment that has the same distribution would change with an edit.
    """
    before = _stamps(prefix)
    yield
    infos = dist_infos(prefix)
    new = [infos[name] for name, stamp in _stamps(prefix).items() if before.get(name) != stamp]
    unshare(str(path) for info in new for path in record_files(info) if path.is_relative_to(prefix))


def _stamps(prefix: Own) -> dict[str, tuple[int, int]]:
    """What tells that a distribution was installed anew, by its name."""
    found = {}
    for name, info in dist_infos(prefix).items():
        with suppress(OSError):
            about = os.stat(info)
            found[name] = (about.st_ino, about.st_ctime_ns)
    return found
