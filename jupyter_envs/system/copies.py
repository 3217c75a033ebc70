"""Copies of environments in which a file can be edited without any other environment changing with it.

Where the file system can clone files (reflink), each file is a clone. Elsewhere what a person may edit is copied, and
what only programs write, and replace as a whole, is hard-linked: libraries, executables, bytecode, images and other
files that are no text. Making a file costs about twenty times as much as linking one, so that the
stubs that jedi brings for itself, thousands of files, are linked as well.
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
from contextlib import contextmanager
from typing import TypeVar

from jupyter_envs.system.files import PathLike
from jupyter_envs.system.reading import opened

_BINARY = (
    *(".pyc", ".so", ".dylib", ".pyd", ".dll", ".exe", ".a", ".lib", ".o", ".wasm", ".jar"),
    *(".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".ttf", ".otf", ".woff", ".woff2", ".eot"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".whl", ".conda", ".npy", ".npz", ".parquet", ".mo"),
)
# Never linked, so that the time of their last change is their own.
_TEXT = (".py", ".pth", ".txt", ".cfg", ".ini", ".toml", ".json", ".yaml", ".yml", ".md", ".rst", ".sh")
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

    def put(self, source: str, target: str) -> None:
        """Make `target`, which must not exist, a copy of the regular file `source`."""
        if _stub(source) or (not self._clones and source.endswith(_BINARY)):
            self._share(source, target)
        else:
            self._copy(source, target)

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

    def _copy(self, source: str, target: str) -> None:
        with opened(source) as reading:
            if self._clones and self._clone(reading, target):
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


def copy_tree(source: PathLike, target: PathLike, check: Callable[[], None] | None = None) -> None:
    """Copy the folder `source` to `target`, which must not exist; see above for what both share.

    Times are kept, symbolic links stay links, and what is neither file, folder nor link is left out. `check` is
    called now and then; it may raise.
    """
    copier = _Copier()
    files: list[tuple[str, str]] = []
    stack = [(os.fspath(source), os.fspath(target))]
    while stack:
        here, there = stack.pop()
        if check:
            check()
        os.mkdir(there)
        folder = there + os.sep
        with os.scandir(here) as entries:
            for entry in entries:
                goal = folder + entry.name
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), goal)
                elif entry.is_dir(follow_symlinks=False):
                    stack.append((entry.path, goal))
                elif entry.is_file(follow_symlinks=False):
                    files.append((entry.path, goal))
    _side_by_side(lambda pair: copier.put(*pair), files, check)


def unshare(paths: Iterable[str]) -> None:
    """Make each of the files `paths` that may be edited, and has a link elsewhere, a copy of its own."""
    copier = _Copier()

    def part(path: str) -> None:
        try:
            about = os.lstat(path)
        except OSError:
            return
        if about.st_nlink > 1 and stat.S_ISREG(about.st_mode):
            beside = os.path.join(os.path.dirname(path), f".{secrets.token_hex(6)}.copy")
            try:
                copier.put(path, beside)
                os.replace(beside, path)
            finally:
                # To rename one link of a file to another one does nothing, not even take the first away.
                if os.path.lexists(beside):
                    os.unlink(beside)

    _side_by_side(part, [path for path in paths if not (path.endswith(_BINARY) or _stub(path))])


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


def fingerprint(tree: PathLike, *, contents: bool = False) -> str:
    """A digest that changes when a file of `tree` is edited, comes or goes; with `contents` whatever its times say.

    Without, it takes about 5 µs a file: size, time, inode and mode count, and of texts the time of their last change,
    which no tool can set.
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
            since = about.st_ctime_ns if name.endswith(_TEXT) else 0
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
