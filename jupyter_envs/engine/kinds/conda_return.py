"""The way back of a conda environment: what its records lock, and how a lock is brought about again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from jupyter_envs.engine.kinds.base import Return, Wanted
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.lock import Lock, Locked, LockedFile
from jupyter_envs.model.plan import Revision, difference
from jupyter_envs.system import conda_history, conda_records
from jupyter_envs.system.redact import redact


def locked(record: conda_records.Record) -> Locked:
    """A package of conda with the archive that it came from."""
    package = record.package
    known = {"sha256": package.sha256, "md5": package.md5}
    hashes = [f"{kind}:{digest}" for kind, digest in known.items() if digest]
    name = (package.url or "").rpartition("/")[2]
    return Locked(
        name=record.name,
        version=record.version,
        manager="conda",
        build=record.build,
        url=package.url,
        files=[LockedFile(name=name, url=package.url, hashes=hashes)] if hashes else [],
    )


def way_back(here: Lock, goal: Lock) -> Return:
    """What leads from `here` to `goal`: archives where the lock knows all of them, else versions for the solver."""
    now = {(package.manager, package.name): package for package in here.packages}
    then = {(package.manager, package.name): package for package in goal.packages}
    moved = here.python != goal.python
    changed = [
        package
        for key, package in then.items()
        if not (old := now.get(key)) or not old.same_as(package) or (moved and package.manager == "pip")
    ]
    gone = [key for key in now if key not in then]
    pip = [_pinned(package) for package in changed if package.manager == "pip"]
    left = sorted(name for manager, name in gone if manager == "pip")
    own = [package for package in goal.packages if package.manager == "conda"]
    if not any(p.manager == "conda" for p in changed) and not any(manager == "conda" for manager, _ in gone):
        return Return(wanted=Wanted(pip=pip, remove=left))
    if all(package.url for package in own):
        return Return(wanted=Wanted(archives=[_exact(package) for package in own], pip=pip, remove=left))
    lines = [_pinned(package) for package in changed if package.manager == "conda"]
    unknown = sorted(package.name for package in own if not package.url)
    return Return(
        wanted=Wanted(install=lines, pip=pip, remove=sorted([*left, *(name for m, name in gone if m == "conda")])),
        warnings=[f"Where these came from is not known, so the versions count: {', '.join(unknown)}."],
    )


def past(prefix: str) -> list[Revision]:
    """The transactions in conda's own history as revisions, oldest first."""
    found = []
    for number, part in enumerate(conda_history.read(prefix), 1):
        before, after = _versions(part.removed), _versions(part.added)
        asked: dict[str, object] = {"install": part.update_specs, "remove": part.remove_specs}
        found.append(
            Revision(
                revision=number,
                time=_utc(part.time),
                by="outside",
                action="create" if number == 1 else "change",
                asked={**asked, **({"command": redact(part.command)} if part.command else {})},
                plan=difference(before, after),
            )
        )
    return found


def requested(prefix: str, archives: Iterable[Exact]) -> list[str] | None:
    """The specs that count as asked for once `archives` are what `prefix` holds: by its history, at any time.

    None where that tells nothing, as in a new environment.
    """
    names = [name for line in archives if (name := conda_history.name_of(line.url))]
    ever = {str(conda_history.name_of(spec)): spec for part in conda_history.read(prefix) for spec in part.update_specs}
    asked = {**ever, **conda_records.requested(prefix)}
    return [asked[name] for name in names if name in asked] or None


def _versions(builds: Iterable[str]) -> dict[str, str]:
    """The versions by name of what conda calls ``channel/subdir::name-version-build``."""
    parts = [build.rpartition("::")[2].rsplit("-", 2) for build in builds]
    return {part[0]: part[1] for part in parts if len(part) == 3}


def _utc(local: str) -> str:
    """conda's local time as ISO 8601 UTC; as it is where it cannot be read."""
    try:
        when = datetime.strptime(local, "%Y-%m-%d %H:%M:%S").astimezone(timezone.utc)
    except ValueError:
        return local
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _exact(package: Locked) -> Exact:
    told: dict[str, str] = {}
    for file in package.files:
        for digest in file.hashes:
            kind, _, value = digest.partition(":")
            told[kind] = value
    return Exact(url=package.url or "", sha256=told.get("sha256"), md5=told.get("md5"))


def _pinned(package: Locked) -> Requirement:
    return Requirement(line=f"{package.name}=={package.version}", name=package.name)
