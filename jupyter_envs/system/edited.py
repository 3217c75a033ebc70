"""Files of installed distributions that are no longer as they came, by RECORD (PEP 376)."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.system.metadata import Prefix, dist_infos, record_files
from jupyter_envs.system.reading import LISTING, read_bytes, read_text

# What was written so soon after RECORD came with it; in ns.
_GRAIN = 2_000_000_000


def edited(prefix: Prefix) -> list[str]:
    """The paths, relative to `prefix`, of the files that differ from their hashes, by name.

    Read are only those that were written after their RECORD: an edit of a file sets its time.
    """
    found = [os.path.relpath(path, prefix) for info in dist_infos(prefix).values() for path in _edited(info)]
    return sorted(found)


def _edited(info: Path) -> Iterator[Path]:
    record = info / "RECORD"
    try:
        written = os.stat(record).st_mtime_ns + _GRAIN
        rows = list(csv.reader(read_text(record, LISTING).splitlines()))
    except (OSError, ValueError, csv.Error):
        return
    hashes = {os.path.normpath(info.parent / row[0]): row[1] for row in rows if len(row) > 1 and row[1]}
    for path in record_files(info):
        told = hashes.get(str(path), "")
        try:
            about = os.lstat(path)
            changed = stat.S_ISREG(about.st_mode) and about.st_mtime_ns > written and told.startswith("sha256=")
            if changed and told != f"sha256={_digest(path)}":
                yield path
        except (OSError, ValueError):
            continue


def _digest(path: Path) -> str:
    raw = hashlib.sha256(read_bytes(path, LISTING)).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
