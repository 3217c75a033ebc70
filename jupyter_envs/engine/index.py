"""What discovery knew last time, on disk, so that a new process lists at once."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.prefix import Known
from jupyter_envs.engine.scan import Seen
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.reading import read_as

# Raised whenever what `Known` holds, or how it is read, changes.
_FORMAT = 4
_MOST_WALKS = 20


class Index(msgspec.Struct):
    """What was read of each prefix, what was found below each notebook root, the project's folder by its prefix."""

    format: int = _FORMAT
    known: dict[str, Known] = {}
    walks: dict[str, Seen] = {}
    projects: dict[str, str] = {}


_decoder = msgspec.json.Decoder(Index)


def load(path: Path) -> Index:
    """The index in the file `path`; an empty one when it is missing, damaged or of another format."""
    try:
        index = read_as(path, _decoder)
    except (OSError, ValueError):
        return Index()
    return index if index.format == _FORMAT else Index()


def save(path: Path, index: Index) -> None:
    """Write `index` in one step; a folder that cannot be written costs time, not function."""
    for root in list(index.walks)[:-_MOST_WALKS]:
        del index.walks[root]
    try:
        os.makedirs(path.parent, exist_ok=True)
        atomic_write(path, msgspec.json.encode(index))
    except OSError:
        return
