"""Things that can lie where a file is expected: each made at a path, with what undoes it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

DEEP = 100_000
SPARSE = 3_000_000_000


def _socket(path: Path) -> None:
    # The address of a socket is short: bound from its folder.
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        made = socket.socket(socket.AF_UNIX)
        made.bind(path.name)
        made.close()
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(SPARSE)


def _unreadable(path: Path) -> None:
    if os.geteuid() == 0:
        # Modes do not stop root; a regular file whose first page is not mapped does.
        path.symlink_to("/proc/self/mem")
    else:
        path.write_text("{}")
        path.chmod(0)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


# Nested in the way of JSON, TOML and YAML alike.
_BRACKETS = "[" * DEEP + "]" * DEEP
_NESTED = {
    ".json": '{"a":' * DEEP + "1" + "}" * DEEP,
    ".jsonl": '{"a":' * DEEP + "1" + "}" * DEEP,
    ".lock": "a = " + _BRACKETS,
    ".toml": "a = " + _BRACKETS,
    ".yml": "a: " + _BRACKETS,
    ".yaml": "a: " + _BRACKETS,
    ".condarc": "channels: " + _BRACKETS,
}


def _nested(path: Path) -> None:
    path.write_text(_NESTED.get(path.suffix or path.name, _BRACKETS))


ODD: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo if sys.platform != "win32" else _sparse,
    "socket": _socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "sparse": _sparse,
    "unreadable": _unreadable,
    "nested": _nested,
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe\x00\xd8" * 1000),
    "NUL": lambda path: path.write_bytes(bytes(5000)),
    "empty": lambda path: path.touch(),
    "folder": lambda path: path.mkdir(),
    "loop": _loop,
    "link to nothing": lambda path: path.symlink_to("not-there"),
}


def put(path: Path, odd: str) -> None:
    """Put the thing `odd` in the place of the file `path`, whose folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    ODD[odd](path)
