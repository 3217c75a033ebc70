"""A piece of work that has been checked and not begun, and the handle that it works through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from jupyter_envs.model.errors import Cancelled

Stream = Literal["out", "err", "info"]


class Context(Protocol):
    """What a running task may do besides its work: tell where it stands, and stop when asked to."""

    @property
    def cancelled(self) -> threading.Event: ...

    def step(self, phase: str, done: int | None = None, total: int | None = None, unit: str | None = None) -> None:
        """Say the phase, and how far in it: `done` of `total` in `unit`."""

    def line(self, text: str, stream: Stream = "info") -> None:
        """Add a line to the log, credentials stripped."""

    def about(self, environment: str) -> None:
        """Say the id of the environment that the job is about, once there is one."""

    def check(self) -> None:
        """Raise Cancelled when the user has ended the job."""


class Silent:
    """A context for work that nobody watches, such as the preparation of templates."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def step(self, phase: str, done: int | None = None, total: int | None = None, unit: str | None = None) -> None: ...

    def line(self, text: str, stream: Stream = "info") -> None: ...

    def about(self, environment: str) -> None: ...

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("The work was stopped.")


class Quiet(Silent):
    """A part of a watched job that says nothing itself and ends with the job."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.cancelled = context.cancelled


@dataclass(frozen=True)
class Task:
    """Work for the job runner: `work` returns the job's result and raises EnvsError to fail.

    Tasks of one `key` (an environment's prefix) run one after the other, others
    side by side.
    """

    action: str
    title: str
    work: Callable[[Context], dict[str, Any]]
    environment: str | None = None
    key: str | None = None
