"""Follow a job's log as it grows, whichever process writes it."""

from __future__ import annotations

import os

import msgspec

from jupyter_envs.engine.jobstore import JobStore
from jupyter_envs.model.job import LogLine
from jupyter_envs.system.reading import decode, opened

_LINE = msgspec.json.Decoder(LogLine)
PART = 262_144


class Tail:
    """The lines of one job after number `since`, each given once.

    The place reached in the file is kept, so that looking often at a long log
    costs no more than what is new.
    """

    def __init__(self, store: JobStore, job_id: str, since: int = 0) -> None:
        self._path = store.folder / job_id / "log.jsonl"
        self._since = since
        self._place = 0

    def read(self) -> list[LogLine]:
        """What has been added, at most PART bytes of it; empty when there is nothing new."""
        lines: list[LogLine] = []
        while not lines:
            try:
                with opened(self._path) as descriptor:
                    os.lseek(descriptor, self._place, os.SEEK_SET)
                    raw = os.read(descriptor, PART)
            except OSError:
                break
            # The last line may be half written.
            end = raw.rfind(b"\n") + 1
            if not end:
                break
            self._place += end
            lines = [line for part in raw[:end].splitlines() if (line := _decoded(part)) and line.seq > self._since]
        return lines


def _decoded(raw: bytes) -> LogLine | None:
    try:
        return decode(_LINE, raw)
    except ValueError:
        return None  # cut short by a full disk or a crash
