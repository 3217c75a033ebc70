"""Take back a change that failed, was cancelled, or lost its process.

Before a change the names of all files of the environment's folders for packages
and scripts are noted, and the files of each distribution that will be replaced or
removed are hard-linked aside. To undo is to delete what was not there and to
put back what was. The journal lies in ``<prefix>/.jupyter-envs/undo`` and so
survives a crash; whoever changes the environment next undoes it first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from jupyter_envs.system.files import atomic_write, link_tree, remove_tree
from jupyter_envs.system.metadata import dist_infos, record_files
from jupyter_envs.system.paths import WINDOWS, bin_of, record_of


class Undo:
    """The journal of one environment; the caller holds the environment's lock."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folder = record_of(prefix) / "undo"
        self._saved = self._folder / "files"

    def begin(self, affected: Iterable[str]) -> None:
        """Note what stands, and keep the files of the distributions `affected` (normalised names)."""
        remove_tree(self._folder)
        try:
            self._saved.mkdir(parents=True)
            infos = dist_infos(self._prefix)
            for name in affected:
                if name in infos:
                    self._keep(infos[name])
            # Written last: without it there is nothing to undo, since nothing was begun.
            atomic_write(self._folder / "names.json", msgspec.json.encode(sorted(map(_written, self._names()))))
        except BaseException:
            remove_tree(self._folder)
            raise

    def commit(self) -> None:
        """The change stands; forget how it was before."""
        # In this order, so that a crash in between never undoes a finished change.
        (self._folder / "names.json").unlink(missing_ok=True)
        remove_tree(self._folder)

    def pending(self) -> bool:
        """Whether a change was begun and neither finished nor undone."""
        return (self._folder / "names.json").exists()

    def back(self) -> bool:
        """Undo what is pending; return whether there was anything."""
        if not self.pending():
            remove_tree(self._folder)
            return False
        before = set(msgspec.json.decode((self._folder / "names.json").read_bytes(), type=list[str]))
        new = {name for name in self._names() if _written(name) not in before}
        came = [name for name in new if not name.endswith(os.sep)]
        for path in [*self._strays(came), *(Path(self._prefix, name) for name in came)]:
            path.unlink(missing_ok=True)
        for above, _, names in os.walk(self._saved):
            for name in names:
                kept = Path(above, name)
                goal = Path(self._prefix, kept.relative_to(self._saved))
                goal.parent.mkdir(parents=True, exist_ok=True)
                if goal.is_dir() and not goal.is_symlink():
                    remove_tree(goal)
                # A link and not a move: a second crash must find the journal whole.
                beside = goal.with_name(f".{goal.name[:100]}.undo")
                beside.unlink(missing_ok=True)
                # To rename one link of a file to another one does nothing, not even take the first away.
                if not (os.path.lexists(goal) and os.path.samestat(os.lstat(kept), os.lstat(goal))):
                    _link(kept, beside)
                    os.replace(beside, goal)
        for name in sorted(new - set(came), key=len, reverse=True):
            folder = os.path.join(self._prefix, name)
            if os.path.isdir(folder) and set(os.listdir(folder)) <= {"__pycache__"}:
                remove_tree(folder)
        self.commit()
        return True

    def _keep(self, info: Path) -> None:
        for path in record_files(info):
            try:
                relative = path.relative_to(self._prefix)
            except ValueError:
                continue
            if path.is_file() or path.is_symlink():
                goal = self._saved / relative
                goal.parent.mkdir(parents=True, exist_ok=True)
                if not goal.exists():
                    _link(path, goal)
        # Tools write into it after RECORD, and an .egg-info may have no list of files.
        goal = self._saved / info.relative_to(self._prefix)
        if info.is_dir():
            remove_tree(goal)
            goal.parent.mkdir(parents=True, exist_ok=True)
            link_tree(info, goal)

    def _names(self) -> set[str]:
        """The files of the folders that installers fill, and with a separator at the end those folders.

        Relative to the prefix, bytecode left out.
        """
        start = len(self._prefix.rstrip(os.sep)) + 1
        stack = self._folders()
        found = {path[start:] + os.sep for path in stack}
        while stack:
            try:
                entries = os.scandir(stack.pop())
            except OSError:
                continue
            with entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != "__pycache__":
                            stack.append(entry.path)
                            found.add(entry.path[start:] + os.sep)
                    else:
                        found.add(entry.path[start:])
        return found

    def _folders(self) -> list[str]:
        names = {bin_of(self._prefix).name, "Lib" if WINDOWS else "lib", "lib64", "share", "etc", "include"}
        paths = [os.path.join(self._prefix, name) for name in names]
        return [path for path in paths if os.path.isdir(path) and not os.path.islink(path)]

    def _strays(self, new: Iterable[str]) -> Iterator[Path]:
        """What the distributions that came put elsewhere below the prefix; what is older than the change stays."""
        begun = os.stat(self._folder / "names.json").st_mtime_ns
        folders = tuple(path + os.sep for path in self._folders())
        for name in new:
            if os.path.basename(name) == "RECORD":
                for path in record_files(Path(self._prefix, name).parent):
                    try:
                        if not str(path).startswith(folders) and os.lstat(path).st_ctime_ns >= begun:
                            yield path
                    except OSError:
                        continue


def _written(name: str) -> str:
    """`name` as JSON can hold it: a file's name need not be text."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
