"""From a requires-python specifier to a version that an environment can be made with."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_envs.formats.base import FIELD
from jupyter_envs.model.errors import InvalidRequest

_MINORS = [f"3.{minor}" for minor in range(100)]
# A specifier can name a patch level: a minor version counts as admitted when one of its releases is.
_PATCHES = range(40)


def pinned(specifier: str, place: str = "requires-python") -> str | None:
    """The one minor version that `specifier` admits, such as ``3.12``; None when there are several or none.

    Raises:
        InvalidRequest: it is not a version specifier (PEP 440).
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        if len(specifier) > 200:
            raise InvalidSpecifier(specifier)
        wanted = SpecifierSet(specifier)
    except InvalidSpecifier:
        raise InvalidRequest(
            f"{place} is not a version specifier.", hint="Write it like >=3.10.", field=f"{FIELD} {place}"
        ) from None
    exact = [part.version for part in wanted if part.operator in ("==", "===") and not part.version.endswith("*")]
    if exact:
        return exact[0] if len(wanted) == 1 and _plain(exact[0]) else None
    fitting: list[str] = []
    for minor in _MINORS:
        if any(f"{minor}.{patch}" in wanted for patch in _PATCHES):
            fitting.append(minor)
            if len(fitting) > 1:
                return None
    return fitting[0] if fitting else None


def python_of(value: object, place: str) -> tuple[str | None, str | None]:
    """The pinned version and the specifier of a requires-python `value`, which may be None.

    Raises:
        InvalidRequest: it is not a version specifier.
    """
    if value is None:
        return None, None
    if not isinstance(value, str):
        raise InvalidRequest(f"{place} must be a string.", hint="Write it like >=3.10.", field=f"{FIELD} {place}")
    return pinned(value, place), value


def choose(specifier: str, versions: Iterable[str]) -> str | None:
    """The first of `versions` that `specifier`, a valid one, admits; None when none fits."""
    from packaging.specifiers import SpecifierSet

    wanted = SpecifierSet(specifier)
    return next((version for version in versions if wanted.contains(version, prereleases=True)), None)


def _plain(version: str) -> bool:
    parts = version.split(".")
    return 1 < len(parts) <= 3 and all(part.isdecimal() for part in parts)
