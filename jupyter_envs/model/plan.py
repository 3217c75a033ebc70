"""What a change would do, or did, to the packages of an environment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

By = Literal["rest", "cli", "magic", "outside"]


class Pin(Struct, frozen=True, kw_only=True):
    """A distribution at one version; `size` is its download size in bytes where known."""

    name: str
    version: str
    size: int | None = None


class Changed(Struct, frozen=True, kw_only=True):
    """A distribution whose version changes."""

    name: str
    from_: str = field(name="from")
    to: str


class Plan(Struct, frozen=True, kw_only=True):
    """Added, changed and removed distributions; sizes are in bytes, null where not known.

    `warnings` say what will not be, or is not, quite as it was asked for. `hash` stands for the packages and
    versions in it where nothing is done yet: sent back, that and nothing else is done.
    """

    added: list[Pin] = []
    changed: list[Changed] = []
    removed: list[Pin] = []
    download_size: int | None = None
    disk_size: int | None = None
    warnings: list[str] = []
    hash: str | None = None

    @property
    def digest(self) -> str:
        """What `hash` is to be: two plans that do the same have the same one, whatever they say of sizes."""
        moves = [[c.name, c.from_, c.to] for c in self.changed]
        moves += [[pin.name, "", pin.version] for pin in self.added]
        moves += [[pin.name, pin.version, ""] for pin in self.removed]
        return f"sha256:{hashlib.sha256(json.dumps(sorted(moves)).encode()).hexdigest()}"

    @property
    def empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


class Revision(Struct, frozen=True, kw_only=True):
    """One change in the life of an environment; `time` is ISO 8601 UTC, `asked` the request as sent.

    `python` is the version of its interpreter then. `lock` tells whether the revision
    has a lock file and whether that holds the hashes of all that came from an index.
    """

    revision: int
    time: str
    by: By
    action: str
    asked: dict[str, object]
    plan: Plan
    user: str | None = None
    python: str | None = None
    lock: Literal["complete", "incomplete"] | None = None


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> Plan:
    """The plan that leads from `before` to `after`, both version by name."""
    return Plan(
        added=[Pin(name=n, version=after[n]) for n in sorted(after.keys() - before.keys())],
        changed=[
            Changed(name=n, from_=before[n], to=after[n])
            for n in sorted(after.keys() & before.keys())
            if before[n] != after[n]
        ],
        removed=[Pin(name=n, version=before[n]) for n in sorted(before.keys() - after.keys())],
    )
