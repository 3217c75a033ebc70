"""Which environments are this user's: made here, or adopted here after a look at what will run.

Any other environment is data. A cloned repository may bring one, with an interpreter, a history and
addresses of its author's choice, so that nothing in the environment can tell whose it is. A file in the state
folder tells it, which its owner alone can read and write: the prefix, and which very folder was meant, so that
another folder in its place, from a checkout of another branch perhaps, has to be adopted itself.

Three kinds need no entry in it. The environment that Jupyter runs in runs already. One in the default root,
`envs` in Jupyter's own data folder, can only have been put there by who may also write kernelspecs, which
Jupyter starts; that holds for images and backups too, whose folders are other ones on each machine. And what an
earlier version made is taken over once, when there is no such file yet: environments with a kernelspec of ours
in the user's own folder that starts what lies in them. Neither of the last two counts where the data folder lies
open in the notebook root, where a repository could bring it.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.engine import kernels
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Own
from jupyter_envs.system.files import atomic_write, lock
from jupyter_envs.system.identity import identity
from jupyter_envs.system.paths import WINDOWS, inside
from jupyter_envs.system.reading import decode, opened, read_from

_FORMAT = 1
_MOST_BYTES = 20_000_000
# A change that is taken back brings an earlier folder back to its place.
_MOST_FOLDERS = 4

Folders = dict[str, list[str]]


class _File(msgspec.Struct, frozen=True):
    """`environments` are the identities of the folders that were meant, by prefix.

    `projects` are those of the folders whose tool may work on an environment, by its prefix.
    """

    format: int = _FORMAT
    environments: Folders = {}
    projects: Folders = {}


_decoder = msgspec.json.Decoder(_File)


class Adoption:
    """The environments that are this user's; a prefix has its links resolved."""

    def __init__(self, settings: Settings, notebook_root: str | None = None) -> None:
        self._file = settings.state / "own" / "environments.json"
        self._root = os.path.realpath(os.path.expanduser(notebook_root)) if notebook_root else None
        self._read: tuple[object, _File] | None = None
        self._begun = False

    def own(self, prefix: str) -> Own | None:
        """`prefix` as one of this user's; None where what lies there now was neither made nor adopted here."""
        if prefix == self._here:
            return Own(prefix)
        known = self._noted().environments.get(_key(prefix))
        if known and identity(prefix) in known:
            return Own(prefix)
        return Own(prefix) if self._in_default_root(prefix) else None

    def adopt(self, prefix: str, tree: str | None = None, project: str | None = None) -> Own:
        """Note that the environment at `prefix` is this user's, or the one at `tree` that is to appear there.

        With a `project`, a folder, its tool may work on the environment from now on.

        Raises:
            OSError: the state folder cannot be written.
        """
        found, agreed = identity(tree or prefix), project and identity(project)

        def add(noted: _File) -> None:
            _add(noted.environments, _key(prefix), found)
            _add(noted.projects, _key(prefix), agreed)

        if found is not None or agreed is not None:
            self._change(add)
        return Own(prefix)

    def may_work(self, project: str, prefix: str) -> bool:
        """Whether it was agreed that the tool of the project in the folder `project` works on the environment.

        That the environment is this user's does not say it: any folder can claim one by a link called ``.venv``.
        """
        return identity(project) in self._noted().projects.get(_key(prefix), [])

    def forget(self, prefix: str) -> None:
        """Drop what is noted of `prefix`; nothing noted is fine."""
        key = _key(prefix)
        noted = self._noted()
        if key in noted.environments or key in noted.projects:
            self._change(lambda noted: (noted.environments.pop(key, None), noted.projects.pop(key, None)))

    @cached_property
    def _here(self) -> str:
        return os.path.realpath(sys.prefix)

    def _in_default_root(self, prefix: str) -> bool:
        parent = os.path.dirname(prefix)
        if parent != self._default_root or self._lies_open:
            return False
        return all(map(_mine, (prefix, parent, self._data)))

    @cached_property
    def _data(self) -> str:
        from jupyter_core.paths import jupyter_data_dir

        return os.path.realpath(jupyter_data_dir())

    @cached_property
    def _default_root(self) -> str:
        return os.path.join(self._data, "envs")

    @cached_property
    def _lies_open(self) -> bool:
        """Whether the data folder lies in the notebook root and not in a hidden folder of it."""
        if self._root is None or not (self._data == self._root or inside(self._data, self._root)):
            return False
        below = os.path.relpath(self._data, self._root).split(os.sep)
        return not any(part.startswith(".") for part in below if part != ".")

    def _noted(self) -> _File:
        stamp = _stamp(self._file)
        if stamp is None and not self._begun:
            self._begun = True
            # A state folder that cannot be written knows of nothing.
            with suppress(OSError):
                self._begin()
            stamp = _stamp(self._file)
        if stamp is None:
            return _File()
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, self._load())
        return self._read[1]

    def _load(self) -> _File:
        try:
            with opened(self._file, follow=False) as descriptor:
                if not _owners_alone(os.fstat(descriptor)):
                    return _File()
                kept = decode(_decoder, read_from(descriptor, _MOST_BYTES))
        except (OSError, ValueError):
            return _File()
        return kept if kept.format == _FORMAT else _File()

    def _begin(self) -> None:
        """Write the file where there is none; whoever else did that meanwhile was first.

        Without a lock: every first list would wait for its import.
        """
        noted = _File()
        self._take_over(noted.environments)
        aside = self._folder() / f"new-{os.getpid()}-{threading.get_ident()}.json"
        atomic_write(aside, msgspec.json.encode(noted), 0o600)
        try:
            os.link(aside, self._file)
        except FileExistsError:
            pass
        except OSError:
            # No hard links there. Two that are first at the same time have taken over the same.
            os.replace(aside, self._file)
        aside.unlink(missing_ok=True)

    def _folder(self) -> Path:
        folder = self._file.parent
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        return folder

    def _change(self, edit: Callable[[_File], Any]) -> None:
        self._folder()
        with lock(self._file.with_suffix(".lock"), lambda: None):
            noted = self._load()
            if _stamp(self._file) is None:
                self._take_over(noted.environments)
            edit(noted)
            atomic_write(self._file, msgspec.json.encode(noted), 0o600, durable=True)

    def _take_over(self, folders: Folders) -> None:
        """Add what an earlier version made into a kernel."""
        if self._lies_open:
            return
        for spec in kernels.specs():
            prefix, argv = spec.ours.get("prefix"), spec.content.get("argv")
            program = argv[0] if isinstance(argv, list) and argv and isinstance(argv[0], str) else ""
            if not isinstance(prefix, str) or not program.startswith(prefix + os.sep) or not _mine(spec.folder):
                continue
            found = identity(prefix)
            if found is not None and os.path.realpath(prefix) == prefix:
                folders.setdefault(_key(prefix), [found])


def new(tree: str) -> Own:
    """`tree`, where this process puts a new environment together, or copies one of this user's."""
    return Own(tree)


def _add(folders: Folders, key: str, found: str | None) -> None:
    if found:
        folders[key] = [*(each for each in folders.get(key, []) if each != found), found][-_MOST_FOLDERS:]


def _key(prefix: str) -> str:
    return os.path.normcase(prefix).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _stamp(path: os.PathLike[str]) -> object:
    try:
        info = os.lstat(path)
    except OSError:
        return None
    return (info.st_mtime_ns, info.st_ino, info.st_size)


def _mine(folder: str) -> bool:
    """Whether `folder` is one, no link, of this user's that not everybody may write."""
    try:
        info = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(info.st_mode):
        return False
    return WINDOWS or (info.st_uid == os.getuid() and not info.st_mode & stat.S_IWOTH)


def _owners_alone(info: os.stat_result) -> bool:
    # Windows keeps a profile's files to its user by the folder's access list.
    return WINDOWS or (info.st_uid == os.getuid() and not info.st_mode & (stat.S_IRWXG | stat.S_IRWXO))
