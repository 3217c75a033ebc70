"""The errors that reach a user, as one tree.

::

    EnvsError
    ├── InvalidRequest   what the caller sent is wrong; `field` says where     (400)
    │   └── NoInterpreter  a Python that is not on this machine
    ├── Forbidden        refused by a rule: protected, outside the roots       (403)
    ├── NotFound         no such environment, job, format                      (404)
    ├── Conflict         name taken, environment busy, kernel running          (409)
    ├── Unsolvable       requirements that cannot be met together              (422)
    ├── Unavailable      manager, interpreter or index not usable now          (503)
    ├── Failed           a tool failed while a job ran                         (job)
    └── Cancelled        the user ended the job                                (job)

Each face maps the tree once: REST to a status, the command line to an exit
code, the magic to the cell's text. Any of them can end a job.
"""

from __future__ import annotations

# Characters: more of a message, and of what a tool printed, nobody reads, and jobs, events and answers would carry it.
MOST_MESSAGE = 2_000
MOST_DETAIL = 64_000


class EnvsError(Exception):
    """An error with text for a person.

    Attributes:
        message: what is wrong, one sentence.
        hint: what to do next, one sentence, or None.
        reason: a stable word for programs, such as ``name_taken``.
        field: the request field at fault, such as ``packages[2]``, or None.
        detail: the tool's own explanation, several lines, or None.
        adopt: what sent back as `adopt` agrees to what `detail` shows, or None where nothing is to be adopted.
        cause: why a tool failed, a stable word such as ``no_wheel``, or None where its output does not tell.
        offer: what can be had that is missing here, such as ``{"python": "3.9.25"}``, or None.
    """

    default_reason = "error"
    exit_code = 1
    cause: str | None = None
    adopt: str | None = None
    offer: dict[str, str] | None = None

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        reason: str | None = None,
        field: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = _beginning(message, MOST_MESSAGE)
        self.hint = _beginning(hint, MOST_MESSAGE) if hint else hint
        self.reason = reason or self.default_reason
        self.field = field[:200] if field else field
        self.detail = _end(detail, MOST_DETAIL) if detail else detail


def _beginning(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    # Between two words: of a cut address one would no longer see that it holds a password.
    head, _, _ = text[: most - 2].rpartition(" ")
    return f"{head} …" if head else text[: most - 1] + "…"


def _end(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    _, _, tail = text[-most + 2 :].partition("\n")
    return f"…\n{tail}" if tail else "…" + text[-most + 1 :]


class InvalidRequest(EnvsError):
    default_reason = "invalid"
    exit_code = 2


class NoInterpreter(InvalidRequest):
    """No Python of this machine has the `version` that was asked for."""

    def __init__(self, message: str, version: str, *, hint: str) -> None:
        super().__init__(message, hint=hint, reason="no_interpreter", field="python")
        self.version = version


class Forbidden(EnvsError):
    default_reason = "forbidden"
    exit_code = 3


class NotFound(EnvsError):
    default_reason = "not_found"
    exit_code = 4


class Conflict(EnvsError):
    default_reason = "conflict"
    exit_code = 5


class Unsolvable(EnvsError):
    default_reason = "unsolvable"
    exit_code = 6


class Unavailable(EnvsError):
    default_reason = "unavailable"
    exit_code = 7


class Failed(EnvsError):
    default_reason = "failed"
    exit_code = 1


class Cancelled(EnvsError):
    default_reason = "cancelled"
    exit_code = 130
