"""What requirements of pip's come to, resolved for the list that somebody approves: no code of a package runs unasked.

An address that a file names is asked only once it was approved, code of a package runs only where
that was. What then is left to know is listed as not complete, and asked about first.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_envs.engine.gate import source_alone
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context
from jupyter_envs.formats.base import Read, listed
from jupyter_envs.formats.pins import applies
from jupyter_envs.model.check import Requirement, check_requirement
from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import Failed, InvalidRequest, Unsolvable
from jupyter_envs.model.resolved import Pinned
from jupyter_envs.system import toml
from jupyter_envs.system.dist_info import normalise, requirement_lines
from jupyter_envs.system.metadata import entries
from jupyter_envs.system.redact import redact
from jupyter_envs.system.requires import marker_environment
from jupyter_envs.system.trust import Approval, approval, plain_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement as Pep508

# More rounds than anybody answers.
_MOST_ROUNDS = 50


@dataclass(frozen=True)
class Consent:
    """What this person has said yes to: packages by name now, from a source earlier, and whose code may run."""

    approve: frozenset[str] = frozenset()
    build: frozenset[str] = frozenset()
    earlier: frozenset[Approval] = frozenset()

    def covers(self, package: Pinned) -> bool:
        """Whether `package` may be installed, or asked for at its address."""
        name = plain_name(package.name)
        if package.builds and name not in self.build:
            return False
        return name in self.approve or (not package.builds and self.before(package))

    def before(self, package: Pinned) -> bool:
        """Whether it was approved from its source earlier; what runs code is asked each time."""
        return not package.builds and approval(package.name, package.source) in self.earlier


@dataclass(frozen=True)
class Settled:
    """What would be installed; where it is not `complete` only a yes to these tells the rest. `notes` say why.

    `own` is what every new environment gets, so that nobody is asked about it.
    """

    pinned: list[Pinned]
    complete: bool = True
    notes: list[str] = field(default_factory=list)
    own: frozenset[Pinned] = frozenset()


def settle(
    parts: Parts,
    python: Interpreter,
    wanted: Sequence[Requirement],
    consent: Consent,
    context: Context,
    *,
    deps: bool = True,
    limits: Sequence[Requirement] = (),
) -> Settled:
    """What `wanted` comes to on `python`, with `deps` all that it needs, within `limits`.

    Raises:
        Unsolvable, Failed: it cannot be had, with all consent that was asked for.
        InvalidRequest: an address leads to a folder or file of this machine.
    """
    wanted = list(wanted)
    variables = marker_environment(python.version, python.implementation)
    wanted = [each for each in wanted if _holds(each, variables)]
    refuse_local(wanted)
    looked_at: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        told = [named(parts, each) for each in wanted]
        unasked = [each for each in told if each.address is not None and not consent.covers(each)]
        if unasked:
            note = "Some of it is at an address that the file names; what that needs is known once it is asked."
            if any(each.builds for each in unasked):
                note += f" {listed(each.name for each in unasked if each.builds)} is built, which runs its code."
            return Settled(told, False, [note])
        new = [each for each in wanted if address_of(each) and each.line not in looked_at] if deps else []
        if not new:
            break
        looked_at.update(each.line for each in new)
        builds = sorted(each.name for each in told if each.builds)
        there = {address_of(each) for each in wanted}
        wanted += [each for each in _leads_to(parts, python, new, builds, context) if address_of(each) not in there]
        refuse_local(wanted)
    return _compiled(parts, python, wanted, consent, context, deps=deps, limits=limits)


def _compiled(
    parts: Parts,
    python: Interpreter,
    wanted: Sequence[Requirement],
    consent: Consent,
    context: Context,
    *,
    deps: bool,
    limits: Sequence[Requirement],
) -> Settled:
    told = [named(parts, each) for each in wanted]
    builds = {each.name for each in told if each.builds}
    while True:
        try:
            text = parts.kinds.installation.lock(
                python.path, wanted, context, deps=deps, builds=sorted(builds), constraints=limits
            )
            return Settled(list(_of_lock(parts, toml.parse(text), builds)))
        except (Unsolvable, Failed) as error:
            sources = source_alone(f"{error.message}\n{error.detail or ''}")
            if new := (sources & consent.build) - builds:
                builds |= new
                continue
            if not sources and all(consent.covers(each) for each in told):
                raise
            note = (
                "Some of it is not there as a wheel: what else it needs is known only when it is built,"
                f" which runs its code. {error.message}"
            )
            known = [replace(each, builds=each.builds or each.name in sources) for each in told]
            names = {each.name for each in told}
            index = str(parts.catalog.index())
            more = [Pinned(name=n, version=None, source=_shown(index), builds=True) for n in sorted(sources - names)]
            return Settled([*known, *more], False, [note])


def _leads_to(
    parts: Parts, python: Interpreter, wanted: Sequence[Requirement], builds: Sequence[str], context: Context
) -> list[Requirement]:
    """The addresses that packages at an address need in turn: an installer would ask them without a word."""
    variables = marker_environment(python.version, python.implementation)
    with tempfile.TemporaryDirectory() as folder:
        try:
            parts.kinds.installation.unpack(python.path, wanted, folder, context, builds=builds)
        except (Unsolvable, Failed):
            # Resolved as a whole it fails as well, and says why.
            return []
        lines = [line for info in entries(folder).values() for line in requirement_lines(info)]
    extras = {extra for each in wanted for extra in extras_of(each)}
    found = []
    for line in lines:
        parsed = _parsed(line)
        if parsed and parsed.url and applies(str(parsed.marker or ""), variables, "a requirement", extras):
            own = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
            found.append(check_requirement(f"{parsed.name}{own} @ {parsed.url}", "requires"))
    return found


def named(parts: Parts, requirement: Requirement) -> Pinned:
    """What is asked for, as far as its line tells without asking an index."""
    pin = re.search(r"===?\s*([A-Za-z0-9.!+_-]+)\s*(?:;|$)", requirement.line)
    address = address_of(requirement)
    name = requirement.name or requirement.line.partition("#")[0].rstrip("/").rpartition("/")[2]
    return Pinned(
        name=name,
        version=pin[1] if pin and address is None else None,
        source=_shown(address or str(parts.catalog.index())),
        address=address,
        hashes=requirement.hashes,
        builds=address is not None and _is_source(address),
    )


def refuse_local(requirements: Iterable[Requirement]) -> None:
    """Raise InvalidRequest where one of `requirements` lies on this machine, or takes a value of it along."""
    for requirement in requirements:
        if "${" in requirement.line:
            raise InvalidRequest(
                "The notebook names an address that holds a variable of this machine.",
                hint="Its server would get the value: do not use it unless you know why.",
                field="notebook",
                detail=redact(requirement.line),
            )
        if is_local(requirement):
            raise InvalidRequest(
                "The notebook names a folder or file of this machine.",
                hint="Take that line out of what it declares, and install it yourself.",
                field="notebook",
                detail=redact(requirement.line),
            )


def without_local(locked: Read) -> Read:
    """`locked` without what lies on the machine that it was made on; its names stay in `local`."""
    left = {str(each): each.name or os.path.basename(each.line) for each in locked.requirements() if is_local(each)}
    if not left:
        return locked
    told = f"Left out, since a notebook may name no folder or file of this machine: {listed(left.values())}."
    packages = [line for line in locked.packages if line not in left]
    local = [*locked.local, *(normalise(name) for name in left.values())]
    return dataclasses.replace(locked, packages=packages, warnings=[*locked.warnings, told], local=local)


def is_local(requirement: Requirement) -> bool:
    address = address_of(requirement) or ""
    return requirement.editable or os.path.isabs(requirement.line) or bool(re.match(r"(?i)(\w+\+)?file:", address))


def address_of(requirement: Requirement) -> str | None:
    """The URL that `requirement` names, or None where an index is asked for it."""
    found = re.search(r"(?:^|@\s*)([A-Za-z][A-Za-z0-9+.-]*:\S+)", requirement.line)
    return found[1] if found else None


def held_to(pinned: Sequence[Pinned], locked: Read) -> list[Pinned]:
    """`pinned` held to the hashes that the lock has; what it has none for stays as the index tells.

    Raises:
        Failed: an index has other files than the lock names (reason ``hash_mismatch``).
    """
    hashes = {each.name: each.hashes for each in locked.requirements() if each.hashes}
    found = []
    for each in pinned:
        own = hashes.get(each.name, ())
        both = tuple(digest for digest in own if digest in each.hashes)
        if own and each.hashes and not both:
            raise Failed(
                f"{each.line} is another file here than the one that the notebook's lock names.",
                hint="Do not use it unless you know why; or take the newest versions that fit.",
                reason="hash_mismatch",
            )
        found.append(replace(each, hashes=both or own or each.hashes))
    return found


def _of_lock(parts: Parts, lock: dict[str, Any], builds: set[str]) -> Iterable[Pinned]:
    """The packages of a lock that was just made here, with the index or the address that each comes from."""
    for package in lock.get("packages", []):
        name = normalise(package["name"])
        wheels, sdist = package.get("wheels", []), package.get("sdist")
        address = _address(package)
        source = address or package.get("index") or str(parts.catalog.index())
        as_source = _is_source(address) if address else not wheels or name in builds
        files = [package["archive"]] if "archive" in package else [sdist] if as_source and sdist else wheels
        hashes = [f"{kind}:{digest}" for file in files for kind, digest in file.get("hashes", {}).items()]
        size = files[0].get("size") if files else None
        yield Pinned(
            name=name,
            version=package.get("version"),
            source=_shown(source),
            address=address,
            hashes=tuple(sorted(set(hashes))),
            size=size if isinstance(size, int) else None,
            builds=as_source,
        )


def _address(package: dict[str, Any]) -> str | None:
    if "directory" in package:
        raise InvalidRequest(
            f"{listed([package['name']])} would come from a folder of this machine.",
            hint="Install it yourself, and take it out of what the file asks for.",
            field="from",
        )
    direct = package.get("vcs") or package.get("archive")
    if direct is None:
        return None
    url = str(direct.get("url") or direct.get("path"))
    if "vcs" in package:
        url = f"{direct['type']}+{url}@{direct['commit-id']}"
    within = direct.get("subdirectory")
    return f"{url}#subdirectory={within}" if within else url


def _is_source(address: str) -> bool:
    """Whether what is at `address` has to be built: anything but a wheel."""
    return not address.partition("#")[0].partition("?")[0].lower().endswith(".whl")


def _shown(source: str) -> str:
    return redact(source).rstrip("/")


def extras_of(requirement: Requirement) -> set[str]:
    parsed = _parsed(requirement.line)
    return set(parsed.extras) if parsed else set()


def _holds(requirement: Requirement, variables: dict[str, str]) -> bool:
    parsed = _parsed(requirement.line)
    return parsed is None or applies(str(parsed.marker or ""), variables, "a marker")


def _parsed(line: str) -> Pep508 | None:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    try:
        return Pep508(line)
    except (InvalidRequirement, RecursionError):
        return None
