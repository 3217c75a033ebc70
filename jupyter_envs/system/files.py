"""Files and trees: whole writes, locks, hard-linked copies, sizes, safe deletion."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_envs.system import temporary
from jupyter_envs.system.disks import FULL
from jupyter_envs.system.reading import READ

PathLike = str | os.PathLike[str]


def atomic_write(path: PathLike, data: str | bytes, mode: int | None = None, *, durable: bool = False) -> None:
    """Replace `path` by `data` in one step: a reader sees the old content or the new, never a part.

    Without a `mode` the file gets what the umask leaves of 0666, as any new file. A `durable` one survives a power
    cut as well: it and its folder are flushed to the disk, which takes milliseconds, so that caches do without.
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    beside = temporary.beside(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    fd = os.open(beside, flags, 0o666 if mode is None else mode & 0o600 | 0o200)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(raw)
            file.flush()
            if mode is not None:
                os.chmod(beside, mode)
            if durable:
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    if durable:
        sync_folder(os.path.dirname(path))


def sync_folder(folder: PathLike) -> None:
    """Flush the names in `folder` to the disk, where the system can."""
    if sys.platform == "win32":
        return
    try:
        fd = os.open(folder or ".", os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass  # some network file systems refuse it for folders
    finally:
        os.close(fd)


@contextmanager
def lock(path: PathLike, wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path`, against other threads and other processes.

    Where this process dies meanwhile, what it ran by `process.run` holds it on until nothing of that is left.
    `wait` is called about every 50 ms while another holder has it; it may raise.

    Raises:
        BlockingIOError: another holder has it and no `wait` was given.
    """
    # Imported here: the lists need no lock, and filelock takes 40 ms to import.
    from filelock import FileLock, Timeout

    os.makedirs(os.path.dirname(path), exist_ok=True)
    guard = FileLock(os.fspath(path), thread_local=False, is_singleton=False)
    while True:
        try:
            guard.acquire(timeout=0 if wait is None else 0.05, poll_interval=0.01)
            break
        except Timeout:
            if wait is None:
                raise BlockingIOError(errno.EWOULDBLOCK, "locked", os.fspath(path)) from None
            wait()
    where = os.path.realpath(path)
    with _held_guard:
        # Told nowhere else; without it the lock ends with this process, as it did.
        _held[where] = getattr(guard._context, "lock_file_fd", None)  # noqa: SLF001
    try:
        yield
    finally:
        with _held_guard:
            _held.pop(where, None)
        guard.release()


@contextmanager
def folder_lock(folder: PathLike, wait: Callable[[], None]) -> Iterator[None]:
    """Hold `folder` itself locked, where there is no space for a lock file in it; `wait` is as for `lock`."""
    if sys.platform == "win32":
        raise OSError(errno.ENOSPC, "no space for a lock", os.fspath(folder))
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait()
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


_held: dict[str, int | None] = {}
_held_guard = threading.Lock()


@contextmanager
def held_descriptors() -> Iterator[list[int]]:
    """Descriptors for another process to hold the locks of this one by, for as long as both do not give them up.

    A release here ends a lock for both; the death of this process alone does not.
    """
    copies: list[int] = []
    try:
        if sys.platform != "win32":
            with _held_guard:
                # One by one, so that those made are closed where the next cannot be.
                copies.extend(os.dup(descriptor) for descriptor in _held.values() if descriptor is not None)
        yield copies
    finally:
        for descriptor in copies:
            os.close(descriptor)


def held_here(path: PathLike) -> bool:
    """Whether this process holds the lock file `path` now."""
    return os.path.realpath(path) in _held


def locked(path: PathLike) -> bool:
    """Whether somebody holds the lock file `path` now. Two who look at the same time do not see each other."""
    if not os.path.exists(path):
        return False
    try:
        if sys.platform == "win32":
            with lock(path):
                return False
        import fcntl

        descriptor = os.open(path, READ)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
        return False
    except OSError:
        return True


@contextmanager
def listing(lines: Iterable[str]) -> Iterator[str]:
    """A temporary file with `lines`, readable by its owner alone since an address may hold a password."""
    handle, path = tempfile.mkstemp(dir=temporary.home(), prefix="jupyter-envs-", suffix=".txt")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        yield path
    finally:
        os.unlink(path)


def link_tree(source: PathLike, target: PathLike, check: Callable[[], None] | None = None) -> int:
    """Copy the folder `source` to `target`, which must not exist, by hard links; return the number of files.

    Where a link cannot be made (another file system, too many links) the file is
    copied with its times, so that bytecode stays valid. Symbolic links stay links.
    `check` is called once a folder; it may raise.
    """
    count, copying = 0, False
    stack = [(os.fspath(source), os.fspath(target))]
    while stack:
        here, there = stack.pop()
        if check:
            check()
        os.mkdir(there)
        # Joined by hand: for ten thousand files that is a fifth of the time that Python takes.
        folder = there + os.sep
        with os.scandir(here) as entries:
            for entry in entries:
                goal = folder + entry.name
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), goal)
                elif entry.is_dir(follow_symlinks=False):
                    stack.append((entry.path, goal))
                else:
                    if not copying:
                        try:
                            os.link(entry.path, goal)
                        except OSError as error:
                            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP):
                                raise
                            copying = error.errno != errno.EMLINK
                            shutil.copy2(entry.path, goal)
                    else:
                        shutil.copy2(entry.path, goal)
                    count += 1
    return count


def tree_size(path: PathLike) -> int:
    """The bytes that the tree at `path` takes on disk: allocated blocks, a hard-linked file once, no link followed."""
    total, seen = 0, set()
    stack = [os.fspath(path)]
    while stack:
        try:
            entries = list(os.scandir(stack.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
                if (info.st_dev, info.st_ino) in seen:
                    continue
                seen.add((info.st_dev, info.st_ino))
            # Windows has no st_blocks.
            total += getattr(info, "st_blocks", -(-info.st_size // 512)) * 512
            if stat.S_ISDIR(info.st_mode):
                stack.append(entry.path)
    return total


def remove_tree(path: PathLike) -> None:
    """Delete the folder `path`, write-protected parts too; a link is removed, not followed. Missing is fine.

    Raises:
        OSError: something could not be deleted.
    """
    where = os.fspath(path)
    if os.path.islink(where):
        os.unlink(where)
        return

    def unlock(function: Callable[[str], object], name: str, caught: object) -> None:
        error = caught[1] if isinstance(caught, tuple) else caught
        if isinstance(error, FileNotFoundError):
            return
        if not isinstance(error, PermissionError):
            raise error  # type: ignore[misc]
        for part in (os.path.dirname(name), name):
            if os.path.isdir(part) and not os.path.islink(part):
                os.chmod(part, 0o700)
        function(name)

    # `onexc` replaces `onerror` from Python 3.12 on; 3.10 has the latter alone.
    try:
        shutil.rmtree(where, onerror=unlock)
    except RecursionError:
        _flatten(where)
        shutil.rmtree(where, onerror=unlock)


def _flatten(top: str) -> None:
    """Move each folder that lies deep below `top` up into it: `shutil` calls itself for each level."""
    waiting = [(top, 0)]
    while waiting:
        folder, level = waiting.pop()
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isdir(path):
                continue
            if level < 100 and len(path) < 2000:
                waiting.append((path, level + 1))
            else:
                goal = os.path.join(tempfile.mkdtemp(prefix=".deep-", dir=top), "tree")
                os.rename(path, goal)
                waiting.append((goal, 2))


def discard_tree(path: PathLike, bin_folder: PathLike) -> None:
    """Make `path` vanish at once by moving it into `bin_folder` (same file system), then delete it there.

    Where a full disk has no place for that folder, it moves to a hidden name beside: to rename takes no space.
    """
    if not os.path.lexists(path):
        return
    try:
        os.makedirs(bin_folder, exist_ok=True)
        goal = tempfile.mkdtemp(prefix="gone-", dir=bin_folder)
    except OSError as error:
        if error.errno not in FULL:
            raise
        goal = temporary.beside(path)
        os.rename(path, goal)
        remove_tree(goal)
        return
    try:
        os.rename(path, os.path.join(goal, "tree"))
    except OSError as error:
        os.rmdir(goal)
        if error.errno != errno.EXDEV:
            raise
        remove_tree(path)
        return
    remove_tree(goal)


def free_bytes(path: PathLike) -> int:
    """The bytes still free on the file system of `path` or of its nearest existing parent."""
    where = Path(path)
    while not where.exists() and where != where.parent:
        where = where.parent
    return shutil.disk_usage(where).free
