"""A long action as others see it: state, progress, result, log lines."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "interrupted"]
ENDED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled", "interrupted"})


class Progress(Struct, frozen=True, kw_only=True):
    """Where a job stands: `done` of `total` in `unit` (``packages``, ``bytes``, ``files``), `fraction` in 0…1."""

    phase: str = "waiting"
    done: int | None = None
    total: int | None = None
    unit: str | None = None
    fraction: float | None = None


class ErrorBody(Struct, frozen=True, kw_only=True):
    """An error as REST and jobs tell it; `field` is the part of the request at fault, `detail` the tool's own text.

    `kind` is the branch of the error tree (``invalid``, ``conflict``, …), `reason` may be finer, and `cause`
    says why a tool failed where its output tells (``no_wheel``, ``python_version``, ``index_credentials``, …).
    `adopt`, sent back with the request, adopts what `detail` shows, and nothing else.
    `offer` is what can be had that is missing here: ``python`` is a version that can be downloaded.
    """

    message: str
    reason: str
    kind: str = "error"
    cause: str | UnsetType = UNSET
    adopt: str | UnsetType = UNSET
    offer: dict[str, str] | UnsetType = UNSET
    hint: str | None = None
    field: str | None = None
    detail: str | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A long action. Times are ISO 8601 UTC; `environment` is its id once there is one."""

    id: str
    action: str
    environment: str | None = None
    state: JobState = "queued"
    progress: Progress = Progress()
    created: str
    started: str | None = None
    ended: str | None = None
    result: dict[str, object] | None = None
    error: ErrorBody | None = None
    title: str = ""
    by: str = "rest"

    @property
    def over(self) -> bool:
        return self.state in ENDED


class LogLine(Struct, frozen=True, kw_only=True):
    """One line of a job's log; `seq` counts from 1 without gaps."""

    seq: int
    time: str
    stream: Literal["out", "err", "info"]
    text: str
