"""Copies of environments in which a file can be edited without any other environment changing with it.

Where the file system can clone files (reflink), each file is a clone. Elsewhere what a person may edit is copied, and
what only programs write, and replace as a whole, is hard-linked: libraries, executables, bytecode, images and other
files that are no text. Making a file costs about twenty times as much as linking one, so that the
stubs that jedi brings for itself, thousands of files, are linked as well; and what has to be there at once is linked
altogether first (`copy_tree` with `later`), to be parted when nobody waits for it (`unshare`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from jupyter_envs.system.exchange import exchange
from jupyter_envs.system.files import PathLike
from jupyter_envs.system.paths import RECORD_DIR
from jupyter_envs.system.reading import opened

_BINARY = (
    *(".pyc", ".so", ".dylib", ".pyd", ".dll", ".exe", ".a", ".lib", ".o", ".wasm", ".jar"),
    *(".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".ttf", ".otf", ".woff", ".woff2", ".eot"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".whl", ".conda", ".npy", ".npz", ".parquet", ".mo"),
)
# What is text for sure.
_TEXT = (".py", ".pth", ".txt", ".cfg", ".ini", ".toml", ".json", ".yaml", ".yml", ".md", ".rst", ".sh")
# Folders and files at the top of an environment that programs write in place: never linked, not for a moment.
_WRITTEN = frozenset({RECORD_DIR, "conda-meta", "etc", "pyvenv.cfg"})
# More than half of the files of an environment with a kernel: type stubs that only jedi reads.
_STUBS = f"{os.sep}jedi{os.sep}third_party{os.sep}"
# What tells text from other content, and the piece that a file is copied by.
_HEAD, _PIECE = 1024, 1 << 20
# The two refusals of a link that say nothing about the next one.
_NO_LINK = (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)
# How many files one thread makes before it looks whether it has to stop.
_LOT = 256
_MOST_THREADS = 4
_T = TypeVar("_T")
# FICLONE of linux/fs.h.
_FICLONE = 0x40049409


class _Copier:
    """How files come from one tree to another; what its file system cannot do is tried once."""

    def __init__(self) -> None:
        self._clones = sys.platform.startswith("linux")
        self._links = True
        self.shares = False

    def put(self, source: str, target: str, *, later: bool = False) -> None:
        """Make `target`, which must not exist, a copy of the regular file `source`.

        With `later` a link does for now, where it cannot be a clone; `shares` tells that there are such.
        """
        if _stub(source) or (not self._clones and source.endswith(_BINARY)):
            self._share(source, target)
        elif later and not self._clones:
            self.shares = True
            self._share(source, target)
        else:
            self._copy(source, target, later)

    def _share(self, source: str, target: str) -> None:
        if self._links:
            try:
                os.link(source, target)
                return
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                # Too many links of one file say nothing about the others.
                self._links = error.errno == errno.EMLINK
        shutil.copy2(source, target)

    def _copy(self, source: str, target: str, later: bool) -> None:
        with opened(source) as reading:
            if self._clones and self._clone(reading, target):
                return
            if later:
                self.shares = True
                self._share(source, target)
                return
            piece = os.read(reading, _PIECE)
            if b"\0" in piece[:_HEAD]:
                self._share(source, target)
                return
            with _made(target, reading) as writing:
                while piece:
                    # Of what does not fit on a full disk only a part is written, without an error.
                    piece = piece[os.write(writing, piece) :] or os.read(reading, _PIECE)

    def _clone(self, reading: int, target: str) -> bool:
        import fcntl

        with _made(target, reading) as writing:
            try:
                fcntl.ioctl(writing, _FICLONE, reading)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                    raise
                self._clones = False
        if not self._clones:
            os.unlink(target)
        return self._clones


@contextmanager
def _made(target: str, source: int) -> Iterator[int]:
    """A descriptor of the new file `target`, to be filled; it gets the mode and, at the end, the times of `source`."""
    about = os.fstat(source)
    mode = stat.S_IMODE(about.st_mode)
    writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        yield writing
        if stat.S_IMODE(os.fstat(writing).st_mode) != mode:
            os.fchmod(writing, mode)
        # Bytecode is valid for the time of its source.
        os.utime(writing, ns=(about.st_atime_ns, about.st_mtime_ns))
    finally:
        os.close(writing)


def copy_tree(
    source: PathLike, target: PathLike, check: Callable[[], None] | None = None, *, later: bool = False
) -> bool:
    """Copy the folder `source` to `target`, which must not exist; see above for what both share.

    Times are kept, symbolic links stay links, and what is neither file, folder nor link is left out. `check` is
    called now and then; it may raise. With `later` both share what may be edited too, where it cannot be cloned, but
    for what programs write in place; whether they do is returned.
    """
    copier = _Copier()
    files: list[tuple[str, str, bool]] = []
    top = os.fspath(source)
    stack = [(top, os.fspath(target), later)]
    while stack:
        here, there, may = stack.pop()
        if check:
            check()
        os.mkdir(there)
        folder = there + os.sep
        with os.scandir(here) as entries:
            for entry in entries:
                goal = folder + entry.name
                linked = may and (here is not top or entry.name not in _WRITTEN)
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), goal)
                elif entry.is_dir(follow_symlinks=False):
                    stack.append((entry.path, goal, linked))
                elif entry.is_file(follow_symlinks=False):
                    files.append((entry.path, goal, linked))
    _side_by_side(lambda item: copier.put(item[0], item[1], later=item[2]), files, check)
    return copier.shares


class Unshared:
    """What `unshare` did: the files that got their own with the time of their last change, and those it left."""

    def __init__(self) -> None:
        self.own: dict[str, int] = {}
        self.left: list[str] = []


def unshare(paths: Iterable[str], aside: PathLike | None = None) -> Unshared:
    """Make each of the files `paths` that may be edited, and has a link elsewhere, a copy of its own.

    With a folder `aside`, on their file system, somebody may be at work on the files meanwhile: the copies are made
    there, what changes or goes in that moment is left as it is, and so is what cannot be read or written.

    Raises:
        OSError: the disk is full; without `aside` any that occurs.
    """
    copier, found = _Copier(), Unshared()

    def part(path: str) -> None:
        try:
            before = os.lstat(path)
        except OSError:
            return
        if before.st_nlink < 2 or not stat.S_ISREG(before.st_mode):
            return
        beside = os.path.join(os.path.dirname(path) if aside is None else aside, f".{secrets.token_hex(6)}.copy")
        try:
            copier.put(path, beside)
            if os.path.samestat(os.lstat(beside), before):
                return  # no text
            if _replaced(path, beside, before):
                found.own[path] = before.st_mtime_ns
            else:
                found.left.append(path)
        except OSError as error:
            if aside is None or error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            found.left.append(path)
        finally:
            # To rename one link of a file to another one does nothing, not even take the first away.
            if os.path.lexists(beside):
                os.unlink(beside)

    _side_by_side(part, [path for path in paths if may_be_edited(path)])
    return found


def may_be_edited(path: str) -> bool:
    """Whether the file `path` may be one that people edit, as far as its name tells."""
    return not (path.endswith(_BINARY) or _stub(path))


def _replaced(path: str, copy: str, before: os.stat_result) -> bool:
    """Put `copy` in the place of the file `path`, unless that is by now another one than `before`, or gone."""
    if not _same(path, before):
        return False
    try:
        swapped = exchange(copy, path)
    except FileNotFoundError:
        return False
    if not swapped:
        os.replace(copy, path)
    elif not _same(copy, before):
        # Somebody was faster: his stays, or goes where he has removed ours by now.
        with suppress(FileNotFoundError):
            exchange(copy, path)
        return False
    return True


def _same(path: str, before: os.stat_result) -> bool:
    try:
        now = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(now, before) and (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


_cloning: dict[int, bool] = {}


def clones(folder: PathLike) -> bool:
    """Whether the file system of `folder` can clone files; tried once, again where it cannot be told."""
    device = os.stat(folder).st_dev
    if device not in _cloning:
        one, other = (os.path.join(folder, f".{secrets.token_hex(6)}.clone") for _ in range(2))
        copier = _Copier()
        with suppress(OSError):
            try:
                with open(one, "xb", buffering=0) as file:
                    file.write(b"\n")
                copier.put(one, other, later=True)
                _cloning[device] = not copier.shares
            finally:
                for path in (one, other):
                    with suppress(FileNotFoundError):
                        os.unlink(path)
    return _cloning.get(device, False)


def _side_by_side(work: Callable[[_T], None], items: Sequence[_T], check: Callable[[], None] | None = None) -> None:
    """Do `work` for each of `items`; the first error ends it.

    The system takes most of the time to make a file, without Python's lock: two threads take 0.6 of it on two cores.
    """

    def some(start: int) -> None:
        if check:
            check()
        for item in items[start : start + _LOT]:
            work(item)

    lots = range(0, len(items), _LOT)
    if len(lots) < 2:
        for start in lots:
            some(start)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1), "copies") as pool:
        try:
            for done in [pool.submit(some, start) for start in lots]:
                done.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def files_of(tree: PathLike) -> Iterator[str]:
    """The paths of all that is in `tree` and no folder; links are not followed."""
    for entry in _walk(os.fspath(tree)):
        if not entry.is_dir(follow_symlinks=False):
            yield entry.path


def fingerprint(tree: PathLike, *, texts: bool = False, contents: bool = False) -> str:
    """A digest that changes when a file of `tree` is edited, comes or goes; with `contents` whatever its times say.

    Without, it takes about 5 µs a file: size, time, inode and mode count, and of texts the time of their last change,
    which no tool can set. With `texts` their content counts instead, where others may link them, which changes
    that time; it takes about 30 µs each.
    """
    digest = hashlib.sha256()
    top = len(os.fspath(tree))
    found = []
    for entry in _walk(os.fspath(tree)):
        name = entry.path[top:]
        about = entry.stat(follow_symlinks=False)
        kind = stat.S_IFMT(about.st_mode)
        if kind == stat.S_IFDIR:
            found.append((name, ""))
        elif kind == stat.S_IFLNK:
            found.append((name, os.readlink(entry.path)))
        else:
            since: object = 0
            if name.endswith(_TEXT):
                since = _content(entry.path) if texts and kind == stat.S_IFREG else about.st_ctime_ns
            told = f"{about.st_mode:o} {about.st_size} {about.st_mtime_ns} {about.st_ino} {since}"
            if contents:
                told = f"{about.st_mode:o} {_content(entry.path) if kind == stat.S_IFREG else kind}"
            found.append((name, told))
    for name, told in sorted(found):
        digest.update(os.fsencode(f"{name}\0{told}\0"))
    return digest.hexdigest()


def _stub(path: str) -> bool:
    return path.endswith(".pyi") and _STUBS in path


def _content(path: str) -> str:
    digest = hashlib.sha256()
    with opened(path) as descriptor:
        while piece := os.read(descriptor, _PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _walk(top: str) -> Iterator[os.DirEntry[str]]:
    stack = [top]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
