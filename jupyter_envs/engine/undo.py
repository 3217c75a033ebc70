"""Take back a change that failed, was cancelled, or lost its process.

Before a change the names of all files of the environment's folders for packages
and scripts are noted (in a conda environment those of all its folders), and the files
of each package that will be replaced or removed are hard-linked aside. To undo is to delete what was not there and to
put back what was. The journal lies in ``<prefix>/.jupyter-envs/undo`` and so
survives a crash; whoever changes the environment next undoes it first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jupyter_envs.engine.task import Context
from jupyter_envs.system.files import atomic_write, remove_tree
from jupyter_envs.system.metadata import dist_infos, record_files
from jupyter_envs.system.paths import RECORD_DIR, WINDOWS, bin_of, record_of
from jupyter_envs.system.reading import read_as

_META = "conda-meta"
_names = msgspec.json.Decoder(list[str])


class Undo:
    """The journal of one environment; the caller holds the environment's lock."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folder = record_of(prefix) / "undo"
        self._saved = self._folder / "files"
        self._conda = os.path.isdir(os.path.join(prefix, _META))

    def begin(self, affected: Iterable[str], files: Iterable[str] = ()) -> None:
        """Note what stands, and keep the distributions `affected` (normalised names) and the `files` in the prefix."""
        remove_tree(self._folder)
        try:
            self._saved.mkdir(parents=True)
            if self._conda:
                # Clients write the records and the history in place, which a link would not outlast.
                shutil.copytree(os.path.join(self._prefix, _META), self._saved / _META)
            for name in files:
                self._keep_file(Path(self._prefix, name))
            self.keep(affected)
            # Written last: without it there is nothing to undo, since nothing was begun.
            atomic_write(
                self._folder / "names.json", msgspec.json.encode(sorted(map(_written, self._names()))), durable=True
            )
        except BaseException:
            remove_tree(self._folder)
            raise

    def include(self, affected: Iterable[str], files: Iterable[str] = ()) -> None:
        """`begin`, or where that was done, keep the distributions `affected` and the `files` as well."""
        if not self.pending():
            self.begin(affected, files)
            return
        before = self._before()
        for name in files:
            self._keep_file(Path(self._prefix, name), before)
        self.keep(affected)

    def keep(self, affected: Iterable[str]) -> None:
        """Keep the distributions `affected` as well, as far as they were there at the beginning."""
        before = self._before() if self.pending() else None
        infos = dist_infos(self._prefix)
        for name in affected:
            if name in infos:
                self._keep(infos[name], before)

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
        before = self._before()
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

    def _before(self) -> set[str]:
        names: list[str] = read_as(self._folder / "names.json", _names)
        return set(names)

    def _keep(self, info: Path, before: set[str] | None) -> None:
        # Tools write into its folder after RECORD, and an .egg-info may have no list of files.
        for path in [*record_files(info), *(info.rglob("*") if info.is_dir() else [])]:
            self._keep_file(path, before)

    def _keep_file(self, path: Path, before: set[str] | None = None) -> None:
        if path.is_relative_to(self._prefix) and (path.is_file() or path.is_symlink()):
            relative = path.relative_to(self._prefix)
            goal = self._saved / relative
            if not os.path.lexists(goal) and (before is None or _written(str(relative)) in before):
                goal.parent.mkdir(parents=True, exist_ok=True)
                _link(path, goal)

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
                        if entry.name not in ("__pycache__", RECORD_DIR):
                            stack.append(entry.path)
                            found.add(entry.path[start:] + os.sep)
                    else:
                        found.add(entry.path[start:])
        return found

    def _folders(self) -> list[str]:
        if self._conda:
            return [self._prefix]
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


@contextmanager
def undoing(
    undo: Undo, context: Context, affected: Iterable[str], files: Iterable[str] = (), *, part: bool = False
) -> Iterator[Undo]:
    """A change that stands when the block ends, unless it raises or the job was cancelled: then it is taken back.

    As `part` of a larger one it is whoever began that who takes back or lets stand.
    """
    if part:
        undo.include(affected, files)
        yield undo
        context.check()
        return
    undo.begin(affected, files)
    try:
        yield undo
        context.check()
    except BaseException:
        context.line("Putting the environment back as it was.")
        undo.back()
        raise
    undo.commit()


def _written(name: str) -> str:
    """`name` as JSON can hold it: a file's name need not be text."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
