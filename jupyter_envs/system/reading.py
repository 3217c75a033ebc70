"""Read files that others may have made: regular ones alone, bounded, and never waiting for a writer."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

PathLike = str | os.PathLike[str]
T = TypeVar("T")
READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
# The most bytes that are read of a file, by its kind. A larger one is refused unread.
CONFIG = 1_000_000  # settings, the metadata of one thing
DOCUMENT = 20_000_000  # what a person keeps: a notebook, a lock, a project
LISTING = 50_000_000  # what tools write about many files: RECORD, a conda record, an index
BINARY = 2_000_000_000  # a program or library of a package that was just linked


@contextmanager
def opened(path: PathLike, *, follow: bool = True) -> Iterator[int]:
    """A descriptor to read the regular file `path` by; with `follow` false, `path` must not be a link.

    Raises:
        OSError: it cannot be opened, or is a pipe, socket, device or folder.
    """
    try:
        # Without O_NONBLOCK the opening of a pipe waits for a writer.
        descriptor = os.open(path, READ if follow else READ | getattr(os, "O_NOFOLLOW", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "the path holds a NUL", repr(path)) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        yield descriptor
    finally:
        os.close(descriptor)


def read_bytes(path: PathLike, limit: int = CONFIG, *, follow: bool = True) -> bytes:
    """The content of the regular file `path`.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `limit` bytes.
    """
    # `os.open` takes half the time of `open`, and a list reads a thousand files.
    with opened(path, follow=follow) as descriptor:
        return read_from(descriptor, limit)


def read_from(descriptor: int, limit: int) -> bytes:
    """What can be read from `descriptor` of a file that was `opened`.

    Raises:
        OSError: it cannot be read, or has more than `limit` bytes.
    """
    size = os.fstat(descriptor).st_size
    if size <= limit:
        raw = os.read(descriptor, size + 1)
        if len(raw) == size:
            return raw
        # It grows, or is of a file system that tells no size.
        parts, size = [raw], len(raw)
        while size <= limit and (more := os.read(descriptor, 1 << 20)):
            parts.append(more)
            size += len(more)
        if size <= limit:
            return b"".join(parts)
    raise OSError(errno.EFBIG, f"larger than {limit:,} bytes")


def read_bytes_if_any(path: PathLike, limit: int = CONFIG) -> bytes | None:
    """As `read_bytes`, but None for what cannot be read."""
    try:
        return read_bytes(path, limit)
    except OSError:
        return None


def read_head(path: PathLike, size: int) -> bytes:
    """The first `size` bytes of the regular file `path`, or all where it has fewer.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with opened(path) as descriptor:
        return os.read(descriptor, size)


def append_bytes(path: PathLike, raw: bytes) -> None:
    """Add `raw` at the end of the regular file `path` in one write; the file is made where there is none.

    Raises:
        OSError: it cannot be written, or is a pipe, socket, device or folder.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (READ & ~os.O_RDONLY)
    descriptor = os.open(path, flags, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        os.write(descriptor, raw)
    finally:
        os.close(descriptor)


def read_text(path: PathLike, limit: int = CONFIG, *, errors: str = "strict", encoding: str = "utf-8") -> str:
    """The content of the regular file `path` as text, each line ending as ``\\n``.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `limit` bytes.
        ValueError: it is not text of `encoding`.
    """
    text = read_bytes(path, limit).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_json(path: PathLike, limit: int = CONFIG) -> Any:
    """The value in the JSON file `path`.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `limit` bytes.
        ValueError: it is not JSON, or is nested too deeply.
    """
    return parse_json(read_bytes(path, limit))


def parse_json(text: str | bytes) -> Any:
    """The value of the JSON `text`.

    Raises:
        ValueError: it is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_as(path: PathLike, decoder: msgspec.json.Decoder[T], limit: int = LISTING) -> T:
    """What `decoder` makes of the JSON file `path`.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `limit` bytes.
        ValueError: it is not what the decoder expects, or is nested too deeply.
    """
    return decode(decoder, read_bytes(path, limit))


def decode(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    """What `decoder` makes of `raw`.

    Raises:
        ValueError: it is not what the decoder expects, or is nested too deeply.
    """
    try:
        return decoder.decode(raw)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
