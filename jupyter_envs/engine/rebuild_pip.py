"""What a notebook asks of pip: checked, told with the indexes that it comes from, and as a lock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import Struct

from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context
from jupyter_envs.formats.base import Read, listed
from jupyter_envs.model.carry import Origin, Rebuilding
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import Failed, InvalidRequest, Unsolvable
from jupyter_envs.system import interpreters, toml
from jupyter_envs.system.redact import redact


class Settled(Struct, frozen=True):
    """Where the packages come from, and the `lock` to install; None where only a build could tell that."""

    origins: list[Origin]
    lock: str | None
    notes: list[str] = []


def settle(
    parts: Parts, plan: Rebuilding, found: Read, locked: Read | None, context: Context, *, build: bool
) -> Settled:
    """What would be installed of what is asked for in `found`, or just what is `locked`; only `build` runs its code.

    Raises:
        Unsolvable, Failed: with `build`, it cannot be had.
        Failed: an index has other files than the lock names (reason ``hash_mismatch``).
    """
    wanted = locked.requirements() if locked else found.requirements()
    if not build and any(map(_address, wanted)):
        note = "Some of it is at an address that the notebook names; what that needs is known once it is asked."
        return Settled(list(named(parts, wanted)), None, [note])
    python = interpreters.pick(plan.python, parts.settings.interpreters_file)
    try:
        text = parts.kinds.installation.lock(python.path, wanted, context, deps=locked is None, build=build)
    except (Unsolvable, Failed) as error:
        if build:
            raise
        note = (
            "Some of it is not there as a wheel: what else it needs is known only when it is built,"
            f" which runs its code. {error.message}"
        )
        return Settled(list(named(parts, wanted)), None, [note])
    made = toml.parse(text)
    if locked:
        _refuse_other_files(locked, made)
    return Settled(list(_of_lock(parts, made)), text)


def named(parts: Parts, wanted: Iterable[Requirement]) -> Iterable[Origin]:
    """What is asked for, as far as its lines tell without asking an index."""
    for requirement in wanted:
        pin = re.search(r"===?\s*([A-Za-z0-9.!+_-]+)\s*(?:;|$)", requirement.line)
        source = _address(requirement) or str(parts.catalog.index())
        name = requirement.name or requirement.line.partition("#")[0].rstrip("/").rpartition("/")[2]
        yield _origin(name, pin[1] if pin else None, source, bool(requirement.hashes))


def without_local(locked: Read) -> Read:
    """`locked` without what lies on the machine that it was made on, as what a notebook declares comes without."""
    left = {str(each): each.name or os.path.basename(each.line) for each in locked.requirements() if _is_local(each)}
    if not left:
        return locked
    told = f"Left out, since a notebook may name no folder or file of this machine: {listed(left.values())}."
    packages = [line for line in locked.packages if line not in left]
    return replace(locked, packages=packages, warnings=[*locked.warnings, told])


def refuse_local(requirements: Iterable[Requirement]) -> None:
    """Raise InvalidRequest where one of `requirements` lies on this machine."""
    for requirement in requirements:
        if _is_local(requirement):
            raise InvalidRequest(
                "The notebook names a folder or file of this machine.",
                hint="Take that line out of what it declares, and install it yourself.",
                field="notebook",
                detail=redact(requirement.line),
            )


def _is_local(requirement: Requirement) -> bool:
    address = _address(requirement) or ""
    return requirement.editable or os.path.isabs(requirement.line) or bool(re.match(r"(?i)(\w+\+)?file:", address))


def _of_lock(parts: Parts, lock: dict[str, Any]) -> Iterable[Origin]:
    """The packages of a lock that was just made here, with the index that each comes from."""
    for package in lock.get("packages", []):
        direct = next((package[key] for key in ("vcs", "archive", "directory") if key in package), None)
        source = direct.get("url") or direct.get("path") if direct else package.get("index")
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        yield _origin(package["name"], package.get("version"), source or str(parts.catalog.index()), bool(files))


def _address(requirement: Requirement) -> str | None:
    """The URL that `requirement` names, or None where an index is asked for it."""
    found = re.search(r"(?:^|@\s*)([A-Za-z][A-Za-z0-9+.-]*:\S+)", requirement.line)
    return found[1] if found else None


def _origin(name: str, version: str | None, source: str, hashed: bool) -> Origin:
    shown = redact(source).rstrip("/")
    return Origin(name=name, version=version, source=shown, asked=False, approved=False, hashed=hashed)


def _refuse_other_files(locked: Read, made: dict[str, Any]) -> None:
    """Raise when an index offers, under a version that the notebook's lock names, none of that lock's files."""
    offered = {
        package["name"]: {
            f"{kind}:{digest}"
            for file in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
            for kind, digest in file.get("hashes", {}).items()
        }
        for package in made.get("packages", [])
    }
    for requirement in locked.requirements():
        here = offered.get(requirement.name or "")
        if here and requirement.hashes and not here & set(requirement.hashes):
            raise Failed(
                f"{requirement.line} is another file here than the one that the notebook's lock names.",
                hint="Do not use it unless you know why; or take the newest versions that fit.",
                reason="hash_mismatch",
            )
