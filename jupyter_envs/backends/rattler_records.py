"""The engine's records in our terms: what changes, what that weighs, and whether the archives are what was promised."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jupyter_envs.backends.rattler_solve import Goal, Installed
from jupyter_envs.backends.rattler_work import Done
from jupyter_envs.model.conda import CondaPackage, Swap
from jupyter_envs.model.errors import Failed, Unavailable
from jupyter_envs.system.reading import opened

if TYPE_CHECKING:
    from rattler import CacheIndex, RepoDataRecord


def difference(here: Installed, goal: Goal, index: CacheIndex) -> Done:
    """What leads from the packages `here` to `goal`."""
    after = {record.name.normalized: record for record in goal.records}
    added, changed = [], []
    for name, record in sorted(after.items()):
        old = here.get(name)
        if old is None:
            added.append(package(record, index))
        elif not same(old, record):
            changed.append(Swap(before=package(old), after=package(record, index)))
    fetched = [*added, *(swap.after for swap in changed)]
    return Done(
        added=added,
        changed=changed,
        removed=[package(here[name]) for name in sorted(here.keys() - after.keys())],
        installed=[package(record) for _, record in sorted(after.items())],
        download_size=sum(p.size or 0 for p in fetched if not p.cached),
        requested=goal.requested,
    )


def same(old: RepoDataRecord, new: RepoDataRecord) -> bool:
    """Whether two records of a name are the same build."""
    if (str(old.version), str(old.build), old.subdir) != (str(new.version), str(new.build), new.subdir):
        return False
    return all(a is None or b is None or a == b for a, b in ((old.sha256, new.sha256), (old.md5, new.md5)))


def package(record: RepoDataRecord, index: CacheIndex | None = None) -> CondaPackage:
    """`record` in our terms; the channel is its address."""
    return CondaPackage(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        subdir=record.subdir,
        channel=record.channel or record.url,
        url=record.url,
        sha256=record.sha256.hex() if record.sha256 else None,
        md5=record.md5.hex() if record.md5 else None,
        size=record.size,
        cached=None if index is None else index.contains_record(record),
    )


def told(done: Done) -> list[str]:
    """The lines of the log that say what is going to happen."""
    lines = [f"- {p.name} {p.version} {p.build}" for p in done.removed]
    lines += [f"~ {s.after.name} {s.before.version} → {s.after.version} {s.after.build}" for s in done.changed]
    return lines + [f"+ {p.name} {p.version} {p.build}" for p in done.added]


def promised(packages: list[CondaPackage], *, offline: bool) -> None:
    """Check what the engine does not: archives on this machine against their hash, and that all is there when offline.

    Raises:
        Failed: an archive is missing, or its hash differs.
        Unavailable: an archive would have to be fetched, and the work is offline.
    """
    for one in packages:
        if one.cached or one.url is None:
            continue
        parts = urlsplit(one.url)
        if parts.scheme == "file":
            _check_hash(url2pathname(parts.path), one)
        elif offline:
            raise Unavailable(
                f"{one.name} {one.version} is not in the package cache, and the work is offline.",
                hint="Go online, or leave it out.",
                reason="offline",
            )


def _check_hash(path: str, one: CondaPackage) -> None:
    kind, wanted = ("sha256", one.sha256) if one.sha256 else ("md5", one.md5)
    try:
        digest = hashlib.new(kind, usedforsecurity=False)
        with opened(path) as descriptor:
            while block := os.read(descriptor, 1 << 20):
                digest.update(block)
    except OSError as error:
        raise Failed(
            f"{os.path.basename(path)} is in the channel's index and not in the channel.",
            hint="Make the channel's index anew.",
            reason="package_missing",
            detail=str(error),
        ) from None
    if wanted and digest.hexdigest() != wanted:
        raise Failed(
            f"{os.path.basename(path)} is not the archive that was promised: its hash differs.",
            hint="Make the channel's index anew, or take the lock again.",
            reason="wrong_hash",
            detail=f"{kind}: expected {wanted}, got {digest.hexdigest()}",
        )
