"""Files of unknown origin: what of them comes without a question, and the question about the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from jupyter_envs.engine.asked import Asked
from jupyter_envs.engine.kinds.base import Wanted
from jupyter_envs.formats.base import listed
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import Conflict, Failed, Unsolvable
from jupyter_envs.model.request import Change, Create
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

REASON = "approval_needed"
_SOURCE_ALONE = re.compile(
    r"Wheels are required for `([^`]+)` because building|[Bb]uilding source distributions for `([^`]+)` is disabled"
)


def source_alone(text: str) -> set[str]:
    """The packages of which uv says in `text` that they would have to be built."""
    return {normalise(one or other) for one, other in _SOURCE_ALONE.findall(text)}


def is_elsewhere(requirement: Requirement) -> bool:
    """Whether `requirement` is no package of an index: an address, a folder, a file."""
    return (
        requirement.name is None or requirement.editable or bool(re.search(r"@\s*[A-Za-z][\w.+-]*:", requirement.line))
    )


def refuse_elsewhere(requirements: Iterable[Requirement]) -> None:
    """Raise Conflict where one of a file's `requirements` is at an address, or a folder that would be built."""
    lines = [redact(str(each)) for each in requirements if is_elsewhere(each)]
    if lines:
        raise needed(
            f"The file asks for what is in no index: {listed(lines, 3)}.", lines, "that address, folder or file is used"
        )


def needed(message: str, lines: Iterable[str], what: str = "code of these packages runs") -> Conflict:
    """The question whether that may be."""
    return Conflict(
        message,
        hint=f"Say yes (`build`, or `--yes`) only where you trust the file: {what} then.",
        reason=REASON,
        field="build",
        detail="\n".join(lines),
    )


def holds(request: Create | Change) -> bool:
    """Whether no code of a package may run for `request`: what a file asks for, until somebody said yes."""
    return request.build is False or (request.from_ is not None and not request.build)


def held(wanted: Wanted) -> Wanted:
    """`wanted` so that no code of a package runs for it."""
    return replace(wanted, builds=[])


def held_asked(asked: Asked, *, typed: bool) -> Asked:
    """`asked` so that no code of a package runs for it; `typed` says that what is not of the file is typed.

    Raises:
        Conflict: its file asks for what is in no index (reason ``approval_needed``).
    """
    refuse_elsewhere([*asked.listed, *asked.brought] if typed else [*asked.rest.install, *asked.rest.pip])
    return replace(asked, locked=held(asked.locked), rest=held(asked.rest))


@contextmanager
def asking_to_build() -> Iterator[None]:
    """Turn the failure for want of a wheel into the question whether to build."""
    try:
        yield
    except (Unsolvable, Failed) as error:
        names = sorted(source_alone(f"{error.message}\n{error.detail or ''}"))
        if not names:
            raise
        raise needed(
            f"{listed(names)} is there as source alone, and is built to be installed.", [f"{n} is built" for n in names]
        ) from None
