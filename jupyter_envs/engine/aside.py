"""Keep a project as it was while its tool works on it: the files that the tool writes, and the whole environment.

What a tool changes is known only afterwards, and some make the environment anew, so that it is kept whole, as hard
links. The journal lies in the state folder and so survives a crash; whoever works on the project next puts it back
first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.engine.prefix import packages_time
from jupyter_envs.system.files import atomic_write, link_tree, remove_tree
from jupyter_envs.system.paths import RECORD_DIR
from jupyter_envs.system.reading import LISTING, read_as, read_bytes

# Seconds that a tool may be silent before it ends.
_SLACK = 60.0


class _Journal(msgspec.Struct):
    """`files` are those that there were; `prefix` is the environment, `kept` its copy, None when there was none."""

    folder: str
    names: list[str]
    files: list[str]
    prefix: str
    kept: str | None


_journal = msgspec.json.Decoder(_Journal)


class Aside:
    """The journal in the folder `store`; the caller holds the locks of project and environment."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._journal = store / "journal.json"

    @staticmethod
    def folder_of(prefix: str) -> str:
        """Where the environment at `prefix` is kept meanwhile: on its own file system."""
        return os.path.join(os.path.dirname(prefix), f"{RECORD_DIR}-{os.path.basename(prefix)}")

    def begin(self, folder: str, names: Sequence[str], prefix: str) -> None:
        """Keep the files `names` of `folder` and the environment at `prefix`, as far as they are there."""
        remove_tree(self._store)
        self._store.mkdir(parents=True, mode=0o700)
        kept = None
        try:
            files = [name for name in names if os.path.isfile(os.path.join(folder, name))]
            for name in files:
                _copy(os.path.join(folder, name), self._store / name)
            if os.path.isdir(prefix):
                kept = os.path.join(self.folder_of(prefix), "tree")
                remove_tree(os.path.dirname(kept))
                os.mkdir(os.path.dirname(kept))
                link_tree(prefix, kept)
            # Written last: without it nothing was begun.
            journal = _Journal(folder, list(names), files, prefix, kept)
            atomic_write(self._journal, msgspec.json.encode(journal), 0o600, durable=True)
        except BaseException:
            if kept:
                remove_tree(os.path.dirname(kept))
            remove_tree(self._store)
            raise

    def beat(self) -> None:
        """Note that the tool is still at work."""
        os.utime(self._journal)

    def commit(self) -> None:
        """The change stands; forget how it was before."""
        journal = self._read()
        # In this order, so that a crash in between never undoes a finished change.
        self._journal.unlink(missing_ok=True)
        if journal and journal.kept:
            remove_tree(os.path.dirname(journal.kept))
        remove_tree(self._store)

    def back(self, also: Callable[[], object] = lambda: None) -> None:
        """Put back what was begun: nothing of the tool's work stays.

        `also` is called before it is forgotten: whoever is interrupted there finds all that it takes to do it again.
        """
        journal = self._read()
        if journal is None:
            return
        for name in self._changed(journal):
            target, before = os.path.realpath(os.path.join(journal.folder, name)), self._store / name
            if name in journal.files:
                atomic_write(target, read_bytes(before, LISTING))
                shutil.copystat(before, target)
            else:
                os.unlink(target)
        if journal.kept is None:
            remove_tree(journal.prefix)
        elif os.path.isdir(journal.kept):
            if os.path.lexists(journal.prefix):
                os.rename(journal.prefix, os.path.join(os.path.dirname(journal.kept), "gone"))
            os.rename(journal.kept, journal.prefix)
        also()
        self.commit()

    def mend(self, also: Callable[[], object] = lambda: None) -> bool:
        """Put back what an ended process left half done, unless somebody has worked on it since; whether it did.

        An environment that was not there before goes: half made it is of no use, and its lock file brings it again.
        `also` is as for `back`.
        """
        journal = self._read()
        if journal is None:
            remove_tree(self._store)
            return False
        last = self.last()
        times = [os.stat(path).st_mtime for name in self._changed(journal) if (path := _there(journal, name))]
        if packages_time(journal.prefix) / 1e9 > last or any(time > last for time in times):
            self.commit()
            return False
        self.back(also)
        return True

    def last(self) -> float:
        """The time up to which what was written is the tool's work and nobody else's; 0 when nothing was begun."""
        try:
            return os.stat(self._journal).st_mtime + _SLACK
        except OSError:
            return 0.0

    def _changed(self, journal: _Journal) -> list[str]:
        """The files that are not as they were."""

        def before(name: str) -> bytes | None:
            return read_bytes(self._store / name, LISTING) if name in journal.files else None

        return [name for name in journal.names if _content(_there(journal, name)) != before(name)]

    def _read(self) -> _Journal | None:
        try:
            return read_as(self._journal, _journal)
        except (OSError, ValueError):
            return None


def _copy(source: str, target: Path) -> None:
    atomic_write(target, read_bytes(source, LISTING))
    shutil.copystat(source, target)


def _there(journal: _Journal, name: str) -> str | None:
    path = os.path.join(journal.folder, name)
    return path if os.path.isfile(path) else None


def _content(path: str | None) -> bytes | None:
    return read_bytes(path, LISTING) if path else None
