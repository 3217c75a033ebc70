"""What installed distributions need of each other, markers evaluated for their environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jupyter_envs.system.dist_info import normalise, requirement_lines

if TYPE_CHECKING:
    from packaging.requirements import Requirement


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"\bextra\s*==")
_OR = re.compile(r"\bor\b")


class Need(NamedTuple):
    """One requirement: who needs what, by normalised name, and the specifier (PEP 440) that it sets."""

    by: str
    name: str
    specifier: str


def marker_environment(version: str | None, implementation: str | None) -> dict[str, str]:
    """The marker variables (PEP 508) of an environment on this machine with another Python than ours."""
    from packaging.markers import default_environment

    found = {key: str(value) for key, value in default_environment().items()}
    if version:
        found["python_full_version"] = found["implementation_version"] = version
        found["python_version"] = ".".join(version.split(".")[:2])
    if implementation:
        found["platform_python_implementation"] = implementation
        found["implementation_name"] = implementation.lower()
    return found


def needs(found: Mapping[str, Path], environment: Mapping[str, str], *, among: bool = False) -> list[Need]:
    """What the distributions in `found` need in `environment`, with `among` of one another alone.

    An extra's requirements count where another distribution asks for that extra.
    """
    lines = {name: requirement_lines(path) for name, path in found.items()}
    if among:
        lines = {name: [line for line in each if _named(line) in found] for name, each in lines.items()}
    # For an extra that nobody may ever ask for; to parse them takes most of the time.
    optional = {name: [_for_an_extra(line) for line in each] for name, each in lines.items()}
    extras: dict[str, set[str]] = {name: set() for name in found}
    met: dict[tuple[str, int], Need] = {}
    waiting = list(found)
    variables = dict(environment)
    while waiting:
        name = waiting.pop()
        for index, line in enumerate(lines[name]):
            if (name, index) in met or (optional[name][index] and not extras[name]):
                continue
            requirement = _parse(line)
            if requirement is None or not _applies(requirement, variables, extras[name]):
                continue
            target = normalise(requirement.name)
            met[name, index] = Need(name, target, str(requirement.specifier))
            new = requirement.extras - extras.get(target, set())
            if new and target in extras:
                extras[target] |= new
                waiting.append(target)
    return [met[key] for key in sorted(met)]


def satisfied(specifier: str, version: str) -> bool:
    """Whether `version` meets `specifier`; a version that is not PEP 440 counts as meeting it."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidVersion:
        return True


def _named(line: str) -> str:
    name = _NAME.match(line)
    return normalise(name.group()) if name else ""


def _for_an_extra(line: str) -> bool:
    """Whether the marker of `line` surely holds for an extra alone, as build tools write it."""
    marker = line.partition(";")[2]
    return _EXTRA.search(marker) is not None and _OR.search(marker) is None


@lru_cache(maxsize=20_000)
def _parse(line: str) -> Requirement | None:
    """None for what is not PEP 508: old metadata holds such lines, and pip leaves them alone as well."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def _applies(requirement: Requirement, variables: dict[str, str], extras: set[str]) -> bool:
    if requirement.marker is None:
        return True
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    try:
        return any(requirement.marker.evaluate({**variables, "extra": extra}) for extra in ("", *sorted(extras)))
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False
