"""Version ranges of which any one may hold, ``^3.8 || ^3.11``: joined to what a specifier (PEP 440) can say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

_ZERO = Version("0")
# Nobody has released so much: it stands for no limit at all.
_END = Version("999999999")


class _Range(NamedTuple):
    """The versions from `low` to `high`; each limit belongs to it or not."""

    low: Version
    low_in: bool
    high: Version
    high_in: bool


def joined(alternatives: Sequence[str]) -> tuple[str, bool]:
    """Return the narrowest specifier that admits all `alternatives`, specifiers each, and whether it admits no more.

    Raises:
        ValueError: one of them is no specifier.
    """
    exact = True
    found = []
    for text in alternatives:
        each, plain = _range(text)
        found.append(each)
        exact = exact and plain
    ordered = sorted(found, key=lambda one: (one.low, not one.low_in))
    merged = ordered[:1]
    for each in ordered[1:]:
        last = merged[-1]
        if each.low > last.high or (each.low == last.high and not (each.low_in or last.high_in)):
            merged.append(each)
        elif (each.high, each.high_in) > (last.high, last.high_in):
            merged[-1] = last._replace(high=each.high, high_in=each.high_in)
    parts = []
    low, high = merged[0], merged[-1]
    if low.low != _ZERO:
        parts.append(f"{'>=' if low.low_in else '>'}{low.low}")
    if high.high != _END:
        parts.append(f"{'<=' if high.high_in else '<'}{high.high}")
    gaps = _minors_between(merged)
    parts += [f"!={minor}.*" for minor in gaps or ()]
    return ",".join(parts), exact and (len(merged) == 1 or gaps is not None)


def _minors_between(ranges: Sequence[_Range]) -> list[str] | None:
    """The series that lie between `ranges`, where whole ones of the same major version do; None where they do not."""
    found = []
    for before, after in pairwise(ranges):
        start, end = before.high.release, after.low.release
        whole = not before.high_in and after.low_in and not any((*start[2:], *end[2:]))
        if not whole or start[0] != end[0] or len(start) < 2 or end[1] - start[1] > 30:
            return None
        found += [f"{start[0]}.{minor}" for minor in range(start[1], end[1])]
    return found


def _range(text: str) -> tuple[_Range, bool]:
    """The range that the specifier `text` spans, and whether it leaves nothing out of it."""
    here, plain = _Range(_ZERO, True, _END, False), True
    for clause in SpecifierSet(text):
        sign, version = clause.operator, clause.version
        if sign == "!=" or sign == "===":
            plain = False
            continue
        try:
            series = version.endswith(".*")
            low = Version(version.removesuffix(".*"))
        except InvalidVersion:
            raise ValueError(f"{version} is not a version") from None
        if series or sign == "~=":
            parts = low.release if series else low.release[:-1]
            high = Version(".".join(map(str, (*parts[:-1], parts[-1] + 1))))
            clause_range = _Range(low, True, high, False)
        elif sign == "==":
            clause_range = _Range(low, True, low, True)
        elif sign in (">", ">="):
            clause_range = _Range(low, sign == ">=", _END, False)
        else:
            clause_range = _Range(_ZERO, True, low, sign == "<=")
        here = _both(here, clause_range)
    return here, plain


def _both(one: _Range, other: _Range) -> _Range:
    low, low_in = max((one.low, not one.low_in), (other.low, not other.low_in))
    high, high_in = min((one.high, one.high_in), (other.high, other.high_in))
    return _Range(low, not low_in, high, high_in)
