"""Where the engine's records and conda's differ, so that each takes away what the other put there.

Runs in the engine's own process.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_envs.system.files import atomic_write, remove_tree
from jupyter_envs.system.reading import LISTING, parse_json, read_bytes, read_json

if TYPE_CHECKING:
    from rattler import PrefixRecord

# How an archive without a platform names folders that are called otherwise in each prefix.
_MOVED = ("site-packages/", "python-scripts/")
# What the engine unpacks into, before it gives the package its name.
_UNPACKING = re.compile(r"\..+-[^-]+-[^-]+[A-Za-z0-9]{6}\Z")
_OLD_SECONDS = 24 * 3600


def located(path: Path) -> PrefixRecord:
    """The record in the file `path`, with every file where it lies in the prefix.

    conda notes the places inside the archive, which the engine takes for those in the
    prefix: a removal would leave the files behind.
    """
    from rattler import PrefixRecord

    raw = read_bytes(path, LISTING)
    if not any(f'"{folder}'.encode() in raw for folder in _MOVED):
        return PrefixRecord.from_path(path)
    record = parse_json(raw)
    files = list(map(str, record.get("files", [])))
    entries = record.get("paths_data", {}).get("paths", [])
    by_inner = {_inner(file): file for file in reversed(files)}
    for entry in entries:
        entry["_path"] = by_inner.get(entry["_path"], entry["_path"])
    known = {entry["_path"] for entry in entries}
    # Entry points and bytecode are in the list of files alone.
    entries += [{"_path": file, "path_type": "hardlink"} for file in files if file not in known]
    with tempfile.TemporaryDirectory() as folder:
        # The engine reads records from files alone.
        copy = Path(folder, path.name)
        copy.write_text(json.dumps(record), "utf-8")
        return PrefixRecord.from_path(copy)


def _inner(file: str) -> str:
    """Where the archive has what the prefix has as `file`; the file itself where it is no such place."""
    head, found, tail = file.partition("site-packages/")
    if found and head:
        return found + tail
    folder, parted, tail = file.partition("/")
    return f"python-scripts/{tail}" if parted and folder in ("bin", "Scripts") else file


def as_conda_notes(prefix: str, names: Iterable[str]) -> None:
    """Take the hashes of symbolic links out of the records of the packages `names` in `prefix`.

    The engine hashes the link's text, while ``conda doctor`` compares with the file behind it and
    tells of a damage that there is not.
    """
    for path, record in _records(prefix, set(names)):
        links = [entry for entry in record.get("paths_data", {}).get("paths", []) if _is_link(entry)]
        for entry in links:
            del entry["sha256_in_prefix"]
        if links:
            atomic_write(path, json.dumps(record, indent=2))


def sweep(cache: str) -> None:
    """Delete what an engine that was ended left half unpacked in the package cache `cache`, a day ago or earlier."""
    old = time.time() - _OLD_SECONDS
    # The work is done by now: a cache that is gone or another's is no reason to call it failed.
    with suppress(OSError), os.scandir(cache) as entries:
        for entry in entries:
            if _UNPACKING.match(entry.name) and entry.is_dir(follow_symlinks=False) and entry.stat().st_mtime < old:
                remove_tree(entry.path)


def _is_link(entry: dict[str, Any]) -> bool:
    return entry.get("path_type") == "softlink" and "sha256_in_prefix" in entry


def _records(prefix: str, names: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    meta = os.path.join(prefix, "conda-meta")
    for file in sorted(os.listdir(meta)):
        if file.endswith(".json") and file.rsplit("-", 2)[0] in names:
            path = os.path.join(meta, file)
            yield path, read_json(path, LISTING)
