"""The folder of the Pythons that uv downloads: what an installation that did not end leaves there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress

from jupyter_envs.system.files import lock, remove_tree

# uv's own names: a lock that it holds while it installs, and where archives are unpacked.
_LOCK, _SCRATCH = ".lock", ".temp"


def links(folder: str) -> dict[str, str]:
    """The links in `folder`, such as that of the newest patch release, and where each leads."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: os.readlink(entry.path) for entry in entries if entry.is_symlink()}
    except OSError:
        return {}


def drop(prefix: str, before: Mapping[str, str]) -> None:
    """Remove the Python at `prefix`; links to it lead where they did `before`, or go.

    Raises:
        OSError: it cannot be removed.
    """
    folder = os.path.dirname(prefix)
    for name, target in links(folder).items():
        if os.path.normpath(os.path.join(folder, target)) == os.path.normpath(prefix):
            path = os.path.join(folder, name)
            if name in before and before[name] != target:
                # By a rename, so that environments that stand on the link never miss it.
                beside = f"{path}.{secrets.token_hex(4)}"
                os.symlink(before[name], beside)
                os.replace(beside, path)
            else:
                os.unlink(path)
    remove_tree(prefix)


def sweep(folder: str) -> None:
    """Remove what downloads that were ended have left in `folder`, unless uv is at work there."""
    scratch = os.path.join(folder, _SCRATCH)
    if not os.path.isdir(scratch):
        return
    with suppress(OSError), lock(os.path.join(folder, _LOCK)):
        for name in os.listdir(scratch):
            path = os.path.join(scratch, name)
            if os.path.isdir(path):
                remove_tree(path)
            else:
                os.unlink(path)
