"""Whether a lock holds what was asked for beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_envs.formats.base import Read, listed
from jupyter_envs.formats.pins import applies
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact
from jupyter_envs.system.requires import satisfied

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def differences(asked: Read, lock: Read, variables: Mapping[str, str]) -> list[str]:
    """What of `asked`, in sentences without an end, the lock does not hold; empty where it holds all of it.

    `variables` are those of markers. What an extra brings is not looked at: the lock alone does not tell.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    held: dict[str, Requirement] = {}
    for line in lock.packages:
        try:
            found = Requirement(line)
        except InvalidRequirement:
            continue
        held[normalise(found.name)] = found
    told = []
    for line in asked.packages:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            # An address alone, which tells no name.
            if not any(found.url == line for found in held.values()):
                told.append(f"{redact(line)} is not in the lock")
            continue
        if not applies(str(wanted.marker or ""), variables, "a marker"):
            continue
        name = normalise(wanted.name)
        there = held.get(name)
        if there is None:
            told.append(f"{name} is not in the lock")
        elif wanted.url and there.url != wanted.url:
            told.append(f"{name} is from another address in the lock")
        elif wanted.specifier and not there.url and not satisfied(str(wanted.specifier), _version(there)):
            told.append(f"{name} is {listed([_version(there)])} in the lock, and {wanted.specifier} is asked for")
    python = variables.get("python_full_version")
    for needed, whose in ((asked.requires_python, "asked for"), (lock.requires_python, "the lock's")):
        if needed and python and not satisfied(needed, python):
            told.append(f"Python {python} is not {needed}, which is {whose}")
    return told


def _version(requirement: Requirement) -> str:
    """The one version of a line of a lock."""
    return next((clause.version for clause in requirement.specifier), "0")
