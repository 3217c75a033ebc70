"""Texts that a pattern may take longest for, found from what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

try:
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_constants as constants  # type: ignore[import-not-found,no-redef]
    import sre_parse as parser  # type: ignore[import-not-found,no-redef]

_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, getattr(constants, "POSSESSIVE_REPEAT", None))
_CATEGORIES = {
    constants.CATEGORY_DIGIT: "0",
    constants.CATEGORY_NOT_DIGIT: "a",
    constants.CATEGORY_SPACE: " ",
    constants.CATEGORY_NOT_SPACE: "a",
    constants.CATEGORY_WORD: "a",
    constants.CATEGORY_NOT_WORD: " ",
}
# What patterns of ours are about.
_COMMON = "a0 -._/\\[]=,:@'\"#*\n\t<>!~{("
_ENDS = ("", "\0", "\n\0", "!a")


def texts(pattern: re.Pattern[Any], size: int) -> Iterator[str]:
    """Texts of about `size` characters: each part that repeats, many times, between what leads to it and what fails."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    found: dict[tuple[str, str], None] = {}
    whole = _sample(tree)
    for before, body in _repeats(tree, ""):
        for pump in (*body, *_COMMON):
            found[before, pump] = None
            found["", pump] = None
        if before:
            found["", before] = None
            found["", before + body[0]] = None
    found["", whole or "a"] = None
    for before, pump in found:
        many = pump * max(1, (size - len(before)) // len(pump))
        for end in _ENDS:
            yield before + many + end


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, list[str]]]:
    """What leads to each part of `tree` that may repeat often, and samples of one turn of it."""
    for kind, value in tree:
        if kind in _REPEATS:
            _, most, body = value
            if most > 20:
                yield before, [*dict.fromkeys(filter(None, [_sample(body), *_letters(body)]))] or ["a"]
            yield from _repeats(body, before)
            before += _sample(body) * max(1, value[0])
        elif kind is constants.SUBPATTERN:
            yield from _repeats(value[-1], before)
            before += _sample(value[-1])
        elif kind is constants.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before)
            before += _sample(value[1][0])
        elif kind in (constants.ASSERT, constants.ASSERT_NOT):
            yield from _repeats(value[1], before)
        else:
            before += _sample([(kind, value)])


def _sample(tree: Any) -> str:
    """A short text that `tree` matches, or nearly."""
    made = ""
    for kind, value in tree:
        if kind is constants.LITERAL:
            made += chr(value)
        elif kind is constants.NOT_LITERAL:
            made += "b" if value == ord("a") else "a"
        elif kind is constants.ANY:
            made += "a"
        elif kind is constants.IN:
            made += (_letters([(kind, value)]) or ["a"])[0]
        elif kind in _REPEATS:
            made += _sample(value[2]) * max(1, min(value[0], 50))
        elif kind is constants.SUBPATTERN:
            made += _sample(value[-1])
        elif kind is constants.BRANCH:
            made += _sample(value[1][0])
    return made


def _letters(tree: Any) -> list[str]:
    """Letters that the first class of `tree` takes."""
    for kind, value in tree:
        if kind is not constants.IN:
            continue
        if value[0][0] is constants.NEGATE:
            refused = {chr(number) for sort, number in value if sort is constants.LITERAL}
            spaces = any(sort is constants.CATEGORY and number is constants.CATEGORY_SPACE for sort, number in value)
            return [c for c in _COMMON if c not in refused and not (spaces and c.isspace())]
        found = []
        for sort, number in value:
            if sort is constants.LITERAL:
                found.append(chr(number))
            elif sort is constants.RANGE:
                found.append(chr(number[0]))
            elif sort is constants.CATEGORY:
                found.append(_CATEGORIES.get(number, "a"))
        return found
    return []
