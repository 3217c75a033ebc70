"""Inline script metadata (PEP 723): the comment blocks that say what a script or a notebook's cell needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OPEN, CLOSE = "# /// script", "# ///"


class Block(NamedTuple):
    """A block in a text: `start` and `end` are its first character's place and the one behind its last line's end."""

    start: int
    end: int
    content: str


def blocks(text: str) -> Iterator[Block]:
    """The script blocks of `text`, lines ending in one newline; one without its last line is none, as PEP 723 has it.

    One pass, whatever the text.
    """
    if OPEN not in text:
        return
    content: list[str] | None = None
    start = end = at = 0
    closed: int | None = None
    for line in [*text.split("\n"), ""]:
        here, at = at, at + len(line) + 1
        if content is not None:
            if line.startswith("# ") or line == "#":
                # The last such line in a row ends the block: the content may hold one too.
                if line.rstrip() == CLOSE:
                    closed, end = len(content), here + len(line)
                content.append(line[2:])
                continue
            if closed is not None:
                yield Block(start, end, "\n".join(content[:closed]))
        content, closed, start = ([], None, here) if line.rstrip() == OPEN else (None, None, 0)
