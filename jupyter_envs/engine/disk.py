"""What each environment and cache takes on disk: counted by a job, remembered until something changes."""

from __future__ import annotations

import os
import shutil
from typing import Any

import msgspec
from msgspec.structs import replace

from jupyter_envs.engine.caches import Cache, caches
from jupyter_envs.engine.jobstore import now
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.disk import Disk, EnvironmentUse
from jupyter_envs.model.env import Environment
from jupyter_envs.model.wire import plain
from jupyter_envs.system.files import atomic_write, free_bytes
from jupyter_envs.system.reading import read_as
from jupyter_envs.system.usage import usage

Stamps = dict[str, str]


class _Kept(msgspec.Struct, frozen=True):
    """A count, and the stamps of all that was counted."""

    disk: Disk
    stamps: Stamps


_kept = msgspec.json.Decoder(_Kept)


def known(parts: Parts, environments: list[Environment]) -> Disk:
    """The last count; environments that are gone are left out of it."""
    kept = _load(parts)
    here = {environment.id for environment in environments}
    disk = replace(
        kept.disk,
        environments=[used for used in kept.disk.environments if used.id in here],
        stale=kept.disk.counted is None or kept.stamps != _stamps(environments, _there(parts)),
    )
    return _with_room(parts, disk)


def count(parts: Parts, environments: list[Environment], refresh: bool = False) -> Task:
    """The task that counts everything; what has not changed since the last count is not counted again.

    That is told by the times of folders, and `refresh` does not trust them.
    """

    def work(context: Context) -> dict[str, Any]:
        there = _there(parts)
        kept, stamps = _load(parts), _stamps(environments, there)
        if refresh or kept.disk.counted is None or kept.stamps != stamps:
            kept = _Kept(_counted(environments, there, context), stamps)
            atomic_write(parts.settings.state / "disk.json", msgspec.json.encode(kept))
        return {"disk": plain(_with_room(parts, replace(kept.disk, stale=False)))}

    return Task(action="disk", title="Measure the disk", work=work)


def _counted(environments: list[Environment], there: list[Cache], context: Context) -> Disk:
    moment = now()
    groups = {f"environment {e.name}": [e.prefix] for e in environments}
    groups |= {f"cache {cache.name}": cache.folders for cache in there}
    begun: dict[str, None] = {}

    def check(group: str) -> None:
        if group in begun:
            context.check()
        else:
            begun[group] = None
            context.step("measure", len(begun) - 1, len(groups), "folders")

    found, total = usage(groups, check)
    used = {e.id: found[f"environment {e.name}"] for e in environments}
    return Disk(
        counted=moment,
        environments=[
            EnvironmentUse(
                id=e.id,
                name=e.name,
                prefix=e.prefix,
                size=used[e.id].size,
                exclusive=used[e.id].exclusive,
                shared=used[e.id].size - used[e.id].exclusive,
            )
            for e in environments
        ],
        caches=[cache.entry(found[f"cache {cache.name}"]) for cache in there],
        total=total,
    )


def _there(parts: Parts) -> list[Cache]:
    return [cache for cache in caches(parts) if any(map(os.path.isdir, cache.folders))]


def _stamps(environments: list[Environment], there: list[Cache]) -> Stamps:
    """What differs once something was added or removed: times of environments, of the caches' first two levels."""
    found = {e.prefix: e.modified or "" for e in environments}
    for cache in there:
        for folder in cache.folders:
            found[folder] = str(_newest(folder))
    return found


def _newest(folder: str) -> int:
    times = [0]
    try:
        times.append(os.stat(folder).st_mtime_ns)
        with os.scandir(folder) as entries:
            times += [entry.stat(follow_symlinks=False).st_mtime_ns for entry in entries if entry.is_dir()]
    except OSError:
        pass
    return max(times)


def _load(parts: Parts) -> _Kept:
    try:
        return read_as(parts.settings.state / "disk.json", _kept)
    except (OSError, ValueError):
        return _Kept(Disk(), {})


def _with_room(parts: Parts, disk: Disk) -> Disk:
    root = parts.settings.all_roots[0]
    while not root.exists() and root != root.parent:
        root = root.parent
    return replace(disk, free=free_bytes(root), capacity=shutil.disk_usage(root).total)
