"""What was read of an environment's packages, on disk, so that a new process need not read it again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from jupyter_envs.model.env import Package
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.reading import read_as

_MOST_KEPT = 1000


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A package as read from the folder or file at `path` when its time and size were `stamp`."""

    path: str
    stamp: tuple[int, int]
    package: Package


_decoder = msgspec.json.Decoder(list[Entry])


def load(folder: Path, prefix: str) -> list[Entry]:
    """What was kept in `folder` of the environment at `prefix`; nothing where it is missing or damaged."""
    try:
        return read_as(file_of(folder, prefix), _decoder)
    except (OSError, ValueError):
        return []


def save(folder: Path, prefix: str, entries: list[Entry]) -> None:
    """Keep `entries`; a folder that cannot be written costs time, not function."""
    write(file_of(folder, prefix), msgspec.json.encode(entries))


def file_of(folder: Path, prefix: str, end: str = ".json") -> Path:
    """Where something of the environment at `prefix` is kept in `folder`; `end` tells what."""
    return folder / (hashlib.sha256(prefix.encode("utf-8", "surrogateescape")).hexdigest()[:16] + end)


def write(file: Path, raw: bytes) -> None:
    """Keep `raw` in `file`, for its owner alone, older ones going where there are many; errors are passed over."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make_room(file.parent)
        atomic_write(file, raw, 0o600)
    except OSError:
        return


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) + 1 - _MOST_KEPT)]:
        os.unlink(path)
