"""Where a verb's answer goes: text for a person, one JSON document, or a stream of JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal

from jupyter_envs.cli import show
from jupyter_envs.model.errors import Cancelled, EnvsError
from jupyter_envs.model.job import ErrorBody, Job, LogLine
from jupyter_envs.model.wire import error_body

Mode = Literal["text", "json", "stream"]


class Output:
    """Standard output carries the answer, standard error progress and errors.

    ``json`` writes one document at the end. ``stream`` writes one object a line:
    ``{"line": LogLine}``, ``{"job": Job}``, last ``{"done": Job}``; a verb
    without a job writes ``{"result": …}``; ``{"error": ErrorBody}`` before a job.
    """

    def __init__(self, mode: Mode = "text", quiet: bool = False) -> None:
        self.mode = mode
        self.quiet = quiet

    def answer(self, value: object, text: Callable[[], Iterable[str]]) -> None:
        """The result of a verb without a job: `value` for programs, `text` for a person."""
        if self.mode == "text":
            if not self.quiet:
                _write("".join(line + "\n" for line in text()))
        elif self.mode == "json":
            _write(_json(value, indent=2))
        else:
            self.emit("result", value)

    def emit(self, kind: str, value: object) -> None:
        """One line of a stream."""
        _write(_json({kind: value}))

    def log(self, lines: Iterable[LogLine]) -> None:
        for line in lines:
            self.emit("line", line)

    def note(self, text: str) -> None:
        """A remark for a person, on standard error."""
        if not self.quiet and self.mode == "text":
            print(show.clean_lines(text), file=sys.stderr, flush=True)

    def ended(self, job: Job, text: Callable[[dict[str, Any]], Iterable[str]]) -> int:
        """The end of `job`: its result, or its error; returns the exit code."""
        if self.mode == "stream":
            self.emit("done", job)
        if job.state == "succeeded":
            result = job.result or {}
            if self.mode != "stream":
                self.answer(result, lambda: text(result))
            return 0
        body = job.error or ErrorBody(message=f"The job was {job.state}.", reason=job.state)
        if self.mode != "stream":
            self.body(body)
        return Cancelled.exit_code if job.state == "cancelled" else exit_code(body.kind)

    def error(self, error: EnvsError) -> int:
        """`error`, which came before any job; returns the exit code."""
        self.body(error_body(error))
        return error.exit_code

    def body(self, body: ErrorBody) -> None:
        """An error: message, hint, then the tool's own words indented; or ``{"error": …}``."""
        if self.mode == "json":
            _write(_json({"error": body}, indent=2))
            return
        if self.mode == "stream":
            self.emit("error", body)
            return
        lines = [show.clean(body.message)]
        if body.hint:
            lines.append(show.clean(body.hint))
        lines += ["    " + show.clean(line) for line in (body.detail or "").splitlines()]
        print("\n".join(lines), file=sys.stderr, flush=True)


def exit_code(kind: str) -> int:
    """The exit code of a job that ended with `reason`."""
    return next((c.exit_code for c in EnvsError.__subclasses__() if c.default_reason == kind), 1)


def _json(value: object, indent: int | None = None) -> str:
    from jupyter_envs.model import wire

    # Written as ASCII: right in every locale, and no control character reaches a terminal.
    return json.dumps(wire.plain(value), indent=indent) + "\n"


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
