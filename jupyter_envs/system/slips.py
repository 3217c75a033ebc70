"""Package names that look like a slip of a much used one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

# Shorter names differ from each other by a letter anyway: `ply`, `pip`, `six`.
_SHORTEST = 5
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


def meant(name: str, popular: Collection[str]) -> str | None:
    """The much used name that `name` is one slip away from, or None; both normalised (PEP 503).

    A slip is a letter too many, too few, or wrong, two letters in the wrong order
    (Damerau's distance 1), or a hyphen more or less. A much used name is no slip.

    >>> meant("nunpy", {"numpy", "pandas"})
    'numpy'
    """
    if name in popular or len(name) < _SHORTEST:
        return None
    bare = {known.replace("-", ""): known for known in popular}
    if found := bare.get(name.replace("-", "")):
        return found
    return next((near for near in _near(name) if near in popular and len(near) >= _SHORTEST), None)


def _near(name: str) -> Iterator[str]:
    for at in range(len(name)):
        head, tail = name[:at], name[at:]
        yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail[1:]
            yield head + letter + tail
    yield from (name + letter for letter in _LETTERS)
