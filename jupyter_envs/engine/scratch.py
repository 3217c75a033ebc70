"""The folders in a root in which environments are put together, wait and are deleted, and the names they reserve.

In a root of one user they are ``.new``, ``.spares``, ``.gone`` and ``.locks``. Where several users may write, each
has folders of his own, such as ``.new-1000``, since nobody can use those that another one made.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.model.errors import Forbidden
from jupyter_envs.system.disks import FULL
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.files import PathLike, discard_tree
from jupyter_envs.system.paths import RECORD_DIR, WINDOWS

NEW, SPARES, BIN, LOCKS = ".new", ".spares", ".gone", ".locks"
_OURS = re.compile(r"\.(new|spares|gone|locks)(-\d+)?\Z")
_BESIDE = re.compile(r"\.(new|old)-\d+\Z")
# What project tools make in a project's folder, which may itself be a root.
_OF_PROJECTS = frozenset({".venv", ".pixi"})


def folder(root: PathLike, name: str) -> Path:
    """The scratch folder `name` (NEW, SPARES, BIN) of this user in `root`; it need not exist."""
    return Path(root, f"{name}-{os.geteuid()}" if _several_users(root) else name)


def made(root: PathLike, name: str) -> Path:
    """The scratch folder `name` of this user in `root`, made where it is missing.

    Raises:
        Forbidden: something else lies there, or another user made it.
    """
    path = folder(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        there = os.lstat(path)
        foreign = open_to_all(root) and there.st_uid not in (os.geteuid(), os.stat(root).st_uid)
        if not stat.S_ISDIR(there.st_mode) or foreign:
            raise Forbidden(
                f"{path} is not a folder of yours, so that nothing can be put together in it.",
                hint="Delete it, or ask its owner or an administrator to.",
                reason="not_writable",
            ) from None
    return path


def staging(root: PathLike, name: str) -> str:
    """A free path on the file system of `root` in which to put a new environment together."""
    return os.fspath(made(root, NEW) / f"{name}-{secrets.token_hex(4)}")


def discard(tree: PathLike, root: PathLike) -> None:
    """Make `tree`, which lies in `root`, vanish at once, then delete it."""
    if os.path.lexists(tree):
        try:
            goal = made(root, BIN)
        except OSError as error:
            if error.errno not in FULL:
                raise
            goal = folder(root, BIN)
        discard_tree(tree, goal)


def open_to_all(root: PathLike) -> bool:
    """Whether any user of the machine may write into `root`; False where it is missing."""
    return _mode(root) & (stat.S_ISVTX | stat.S_IWOTH) != 0 and not WINDOWS


def closed(path: PathLike) -> bool:
    """Whether `path` exists and is not to be written by this user.

    What nobody may write counts as that for the super user as well, who may.
    """
    mode = _mode(path)
    return mode != 0 and (mode & 0o222 == 0 or not os.access(path, os.W_OK))


def reserved(path: str, roots: Iterable[Path], state: PathLike) -> bool:
    """Whether a new environment at `path`, whose folder has its links resolved, would lie where we keep our own things.

    In one of `roots`, in a folder whose name starts with a dot; in the folder `state`; in the record of another
    environment; or under a name that trees in the making have.
    """
    if _BESIDE.search(os.path.basename(path)):
        return True
    return _part(path, roots, os.path.realpath(state)).startswith(".") or _recorded(path)


def hidden(path: str, roots: Iterable[Path], state: str) -> bool:
    """Whether what lies at `path` is no environment to be shown, whatever it looks like; all links are resolved."""
    if os.sep + "." not in path and not path.startswith(state):
        return False
    part = _part(path, roots, state)
    direct = part.startswith(".") and part == os.path.basename(path) and part not in _OF_PROJECTS
    return direct or part == "." or _OURS.match(part) is not None or _recorded(path)


def no_programs(path: PathLike) -> bool:
    """Whether the file system of `path` lets no program be run from it."""
    flag = getattr(os, "ST_NOEXEC", 0)
    try:
        return bool(flag and os.statvfs(path).f_flag & flag)
    except OSError:
        return False


def _part(path: str, roots: Iterable[Path], state: str) -> str:
    """The name of what holds `path` in the innermost of `roots`; a dot when that is `state`, empty when it is none."""
    above = {os.fspath(root) for root in roots}
    while (parent := os.path.dirname(path)) != path:
        if parent in above:
            return os.path.basename(path)
        if parent == state:
            return "."
        path = parent
    return ""


def _recorded(path: str) -> bool:
    """Whether `path` lies in what an environment notes of itself, or is a project's environment that was set aside."""
    parts = path.split(os.sep)
    for place, name in enumerate(parts):
        if name.startswith(f"{RECORD_DIR}-") and parts[place + 1 : place + 2] in (["tree"], ["gone"]):
            return True
        if name == RECORD_DIR and is_environment(os.sep.join(parts[:place])):
            return True
    return False


def _several_users(root: PathLike) -> bool:
    if WINDOWS or not _mode(root):
        return False
    return open_to_all(root) or os.stat(root).st_uid != os.geteuid()


def _mode(path: PathLike) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0
