"""Give each environment files of its own right after the job that brought them, which only links them.

To make a file takes the system twenty times as long as to link one, so that a job links: uv and conda to their caches,
a copy to its original, an environment from a template to the template. Before the environment appears, or the change
stands, a note in ``<state>/shared`` says which files those are, so that a process that is killed leaves it. Once no
job runs, another process at low priority parts them (`separate`), and the note goes.

That process takes no lock of a writer, since a writer must not be refused for its sake. It holds one of its own for
some files at a time, and does nothing while the environment has a writer; a writer waits until that lock is free
(`wait_for`, `paused`). Each of both first takes its own lock and then looks at the other's.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from jupyter_envs.engine import scratch
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Own
from jupyter_envs.system.copies import clones, files_of, may_be_edited, unshare
from jupyter_envs.system.files import atomic_write, lock, locked, remove_tree
from jupyter_envs.system.metadata import dist_infos, record_files
from jupyter_envs.system.paths import WINDOWS, record_of
from jupyter_envs.system.reading import read_as

_NOTE, _EDITED, _LOCK = ".json", ".edited", ".lock"
# Files that are parted before a writer may go on: a hundredth of a second, or two.
_LOT = 64
# Seconds from one look at what is busy to the next, and until it is left to the process after the next job.
_PAUSE, _PATIENCE = 0.2, 600.0


class Note(msgspec.Struct, kw_only=True):
    """What the environment at `prefix` shares, with since when in ns since the epoch.

    `whole` stands for all files, `names` are distributions.
    """

    prefix: str
    whole: int | None = None
    names: dict[str, int] = {}


class _Edited(msgspec.Struct):
    """The files that were edited while others shared them, relative to the prefix, with the time of that."""

    files: dict[str, int]


_note, _edited = msgspec.json.Decoder(Note), msgspec.json.Decoder(_Edited)


def later(settings: Settings) -> bool:
    """Whether files are linked for now, and parted after the job."""
    # On Windows a file in use cannot be replaced.
    return not settings.copy_at_once and not WINDOWS


def keep(settings: Settings, prefix: str, tree: Own, names: Iterable[str] | None = None) -> None:
    """Let the environment that is, or is to appear, at `prefix` and lies at `tree` now get files of its own.

    Those of the distributions `names`, or all. At once where that is set, or each can be cloned; else it is noted.

    Raises:
        OSError: they cannot be made, or the note cannot be written.
    """
    if not later(settings) or clones(tree):
        unshare(files_of(tree) if names is None else _files(tree, names))
        return
    path = _path(settings.state, prefix)
    note, moment = read(path) or Note(prefix=prefix), time.time_ns()
    if names is None:
        note.whole, note.names = moment, {}
    else:
        note.names.update(dict.fromkeys(names, moment))
    _write(path, note)


def follow(settings: Settings, prefix: str, target: str) -> None:
    """Let what is noted of the environment at `prefix` hold for the one that is to take its place at `target`."""
    if note := read(_path(settings.state, prefix)):
        note.prefix = target
        _write(_path(settings.state, target), note)


def forget(settings: Settings, prefix: str) -> None:
    """Drop what is noted of an environment that is gone."""
    path = _path(settings.state, prefix)
    for end in (_NOTE, _EDITED, _LOCK):
        path.with_suffix(end).unlink(missing_ok=True)


@contextmanager
def brought(settings: Settings, prefix: Own) -> Iterator[None]:
    """A change of the environment at `prefix`: what it brings becomes its own. The caller holds the lock."""
    before = _stamps(prefix)
    yield
    new = [name for name, stamp in _stamps(prefix).items() if before.get(name) != stamp]
    if "" in new:
        keep(settings, prefix, prefix)
    # pip copies what it installs.
    elif new and any(_linked(path) for path in _files(prefix, new)):
        keep(settings, prefix, prefix, new)


def left(state: Path) -> list[Path]:
    """The notes, the oldest first."""
    try:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(state / "shared") if _noted(entry.name)]
    except OSError:
        return []
    return [Path(path) for _, path in sorted(found)]


def read(path: Path) -> Note | None:
    """The note in the file `path`; None when there is none. A damaged one says that all is shared of nothing."""
    try:
        return read_as(path, _note)
    except ValueError:
        path.unlink(missing_ok=True)
        return None
    except OSError:
        return None


def edited(settings: Settings, prefix: str) -> list[str]:
    """The files of the environment, relative to it, that were edited while others shared them, and still are so."""
    try:
        found = read_as(_path(settings.state, prefix).with_suffix(_EDITED), _edited).files
    except (OSError, ValueError):
        return []
    return sorted(name for name, moment in found.items() if _time(os.path.join(prefix, name)) == moment)


def wait_for(state: Path, prefix: str, wait: Callable[[], None]) -> None:
    """Wait until nothing is parted at `prefix`, whose lock the caller holds: then nothing will be while he does."""
    mutex = _path(state, prefix).with_suffix(_LOCK)
    if locked(mutex):
        with lock(mutex, wait):
            pass


@contextmanager
def paused(state: Path, prefix: str) -> Iterator[None]:
    """Nothing is parted at `prefix` meanwhile, where one without its lock is at work."""
    path = _path(state, prefix)
    with ExitStack() as held:
        if path.exists():
            with suppress(OSError):
                held.enter_context(lock(path.with_suffix(_LOCK), lambda: None))
        yield


class Separation:
    """One run over all notes. `own` and `lock_file` are those of the engine; `busy` tells that a job runs."""

    def __init__(
        self,
        state: Path,
        own: Callable[[str], Own | None],
        lock_file: Callable[[str], Path],
        busy: Callable[[], bool],
    ) -> None:
        self._state = state
        self._own, self._lock_file, self._busy = own, lock_file, busy
        self._until = 0.0

    def run(self) -> None:
        """Part what is noted while no job runs; what cannot be parted stays noted. One process at a time does it."""
        tried = set[tuple[Path, int]]()
        self._until = time.monotonic() + _PATIENCE
        while todo := [path for path in left(self._state) if (path, _time(path)) not in tried]:
            try:
                with lock(self._state / "shared" / "run.lock"):
                    for path in todo:
                        stamp = _time(path)
                        if self._waited() and not self._one(path):
                            tried.add((path, stamp))
            except BlockingIOError:
                return
            if time.monotonic() > self._until:
                return

    def _waited(self) -> bool:
        """Wait while a job runs; False when that takes too long."""
        while self._busy():
            if time.monotonic() > self._until:
                return False
            time.sleep(_PAUSE)
        return True

    def _one(self, path: Path) -> bool:
        """Part what the note at `path` tells of; whether there may be more to do there now."""
        note = read(path)
        if note is None:
            return True
        mutex = path.with_suffix(_LOCK)
        with suppress(OSError), lock(mutex, lambda: None):
            if locked(self._lock_file(note.prefix)):
                time.sleep(_PAUSE)
                return time.monotonic() < self._until
            if self._own(note.prefix) is None and os.path.isdir(os.path.dirname(note.prefix)):
                # It is gone, or another one has taken its place.
                path.unlink(missing_ok=True)
                return True
        own = self._own(note.prefix)
        if own is None or scratch.closed(own) or record_of(own).is_symlink():
            return False
        moments = _moments(own, note)
        changed, clean = dict[str, int](), True
        paths = list(moments)
        for start in range(0, len(paths), _LOT):
            if not self._waited():
                return False
            with lock(mutex, lambda: None):
                if locked(self._lock_file(own)):
                    return True
                with _aside(own) as folder:
                    done = unshare(paths[start : start + _LOT], folder)
            clean = clean and not done.left
            changed.update({file: moment for file, moment in done.own.items() if moment > moments[file]})
        with lock(mutex, lambda: None):
            if locked(self._lock_file(own)) or read(path) != note:
                return True
            _tell(path.with_suffix(_EDITED), own, changed)
            if clean:
                path.unlink(missing_ok=True)
                mutex.unlink(missing_ok=True)
        return clean


@contextmanager
def _aside(prefix: Own) -> Iterator[str]:
    """A folder for copies on the file system of the environment, without what a killed process left in it."""
    record = record_of(prefix)
    new, folder = not record.exists(), record / "copies"
    remove_tree(folder)
    folder.mkdir(parents=True)
    try:
        yield os.fspath(folder)
    finally:
        remove_tree(folder)
        if new:
            with suppress(OSError):
                record.rmdir()


def _moments(prefix: Own, note: Note) -> dict[str, int]:
    """The files that `note` tells of, with since when each was shared."""
    found = dict.fromkeys(filter(may_be_edited, files_of(prefix)), note.whole) if note.whole is not None else {}
    for name, moment in note.names.items():
        found.update(dict.fromkeys(_files(prefix, [name]), moment))
    return found


def _tell(path: Path, prefix: Own, changed: dict[str, int]) -> None:
    if changed:
        try:
            before = read_as(path, _edited).files
        except (OSError, ValueError):
            before = {}
        # JSON holds no name that is no text.
        names = {os.fsencode(file).decode("utf-8", "replace"): moment for file, moment in changed.items()}
        files = {os.path.relpath(name, prefix): moment for name, moment in names.items()}
        atomic_write(path, msgspec.json.encode(_Edited({**before, **files})), 0o600)


def _stamps(prefix: Own) -> dict[str, tuple[int, ...]]:
    """What tells that a distribution was installed anew, by its name; of all that conda brought in one, without."""
    found: dict[str, tuple[int, ...]] = {}
    for name, info in dist_infos(prefix).items():
        with suppress(OSError):
            about = os.stat(info)
            found[name] = (about.st_ino, about.st_ctime_ns)
    with suppress(OSError), os.scandir(os.path.join(prefix, "conda-meta")) as entries:
        records = sorted(entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".json"))
        found[""] = tuple(records)
    return found


def _files(prefix: str, names: Iterable[str]) -> Iterator[str]:
    infos = dist_infos(prefix)
    for name in names:
        if name in infos:
            yield from (str(path) for path in record_files(infos[name]) if path.is_relative_to(prefix))


def _linked(path: str) -> bool:
    try:
        return may_be_edited(path) and os.lstat(path).st_nlink > 1
    except OSError:
        return False


def _time(path: str | Path) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0


def _noted(name: str) -> bool:
    return name.endswith(_NOTE) and not name.startswith(".")


def _path(state: Path, prefix: str) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.normcase(prefix))).hexdigest()[:20]
    return state / "shared" / f"{name}{_NOTE}"


def _write(path: Path, note: Note) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    atomic_write(path, msgspec.json.encode(note), 0o600)
