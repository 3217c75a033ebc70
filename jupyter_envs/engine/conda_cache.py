"""The cache of conda's packages: which one it is, and emptying it of what no environment shares."""

from __future__ import annotations

import os
import re

from jupyter_envs.engine.task import Context
from jupyter_envs.system import conda_clients, conda_rc
from jupyter_envs.system.files import remove_tree

_ARCHIVE = re.compile(r"[A-Za-z0-9_][^/]*-[^-/]+-[^-/]+(\.conda|\.tar\.bz2)\Z")


def folder() -> str:
    """The first package cache that can be written, as conda's settings and the installed clients have it."""
    root = conda_clients.root_of(conda_clients.clients())
    found = conda_clients.pkgs_dirs(conda_rc.load(root=root), root)
    return os.path.realpath(next((path for path in found if conda_clients.writable(path)), found[0]))


def clean(path: str, context: Context) -> None:
    """Delete the archives in the cache `path`, and the unpacked packages whose files no environment is linked to.

    Whatever else lies there stays: a setting may name a folder that is none of conda's.
    """
    try:
        with os.scandir(path) as entries:
            found = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return
    for here, is_folder in found:
        context.check()
        if is_folder and os.path.isfile(os.path.join(here, "info", "index.json")) and not _shared(here):
            remove_tree(here)
        elif not is_folder and _ARCHIVE.match(os.path.basename(here)):
            os.unlink(here)


def _shared(package: str) -> bool:
    """Whether a file of the unpacked `package` is linked from elsewhere."""
    stack = [package]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif not entry.is_symlink() and entry.stat().st_nlink > 1:
                    return True
    return False
