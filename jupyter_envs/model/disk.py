"""What environments and caches take on disk; sizes in bytes by allocated blocks, a hard-linked file once."""

from __future__ import annotations

from msgspec import Struct


class EnvironmentUse(Struct, frozen=True, kw_only=True):
    """An environment on disk: `exclusive` comes free when it is removed, `shared` it shares with others or caches."""

    id: str
    name: str
    prefix: str
    size: int
    exclusive: int
    shared: int


class CacheEntry(Struct, frozen=True, kw_only=True):
    """What lies on disk to make changes fast: `exclusive` comes free when it is cleaned, if it can be (`cleanable`)."""

    name: str
    title: str
    path: str
    size: int
    cleanable: bool
    exclusive: int


class Disk(Struct, frozen=True, kw_only=True):
    """What was counted at the time `counted` (ISO 8601 UTC), null before the first count.

    `total` is what all environments and caches take together, nothing twice;
    `stale` tells that something has changed since. `free` and `capacity` are those of
    the file system of the managed environments, as they are now.
    """

    counted: str | None = None
    stale: bool = True
    environments: list[EnvironmentUse] = []
    caches: list[CacheEntry] = []
    total: int = 0
    free: int = 0
    capacity: int = 0
