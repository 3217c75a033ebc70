"""What was read of an environment's packages, on disk, so that a new process need not read it again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from jupyter_envs.model.env import Package
from jupyter_envs.system.files import atomic_write

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
        return _decoder.decode(_file(folder, prefix).read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []


def save(folder: Path, prefix: str, entries: list[Entry]) -> None:
    """Keep `entries`; a folder that cannot be written costs time, not function."""
    file = _file(folder, prefix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make_room(folder)
        atomic_write(file, msgspec.json.encode(entries))
    except OSError:
        return


def _file(folder: Path, prefix: str) -> Path:
    return folder / f"{hashlib.sha256(prefix.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.json"


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) + 1 - _MOST_KEPT)]:
        os.unlink(path)
