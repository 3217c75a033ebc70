"""What is installed in a conda environment: conda's packages and, beside them, those that pip or uv brought."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from jupyter_envs.model.env import Package, TreeNode
from jupyter_envs.system import metadata
from jupyter_envs.system.conda_history import name_of
from jupyter_envs.system.conda_meta import short_channel
from jupyter_envs.system.conda_records import Record, records, requested_of
from jupyter_envs.system.dist_info import normalise, split_name


class Shadow(NamedTuple):
    """A distribution of pip's that is imported in place of conda's package `record`."""

    name: str
    version: str
    record: Record


class Content(NamedTuple):
    """What lies in a prefix: conda's records, and the distributions that are not theirs, by normalised name.

    `owners` gives the record whose package has, or had, the distribution of a name.
    """

    records: list[Record]
    pip: dict[str, Path]
    owners: dict[str, Record]

    @property
    def shadows(self) -> list[Shadow]:
        """conda's packages of which pip has another version in their place."""
        return [
            Shadow(name, split_name(path.name)[1] or "", self.owners[name])
            for name, path in sorted(self.pip.items())
            if name in self.owners
        ]

    def by_pip(self, name: str) -> str | None:
        """The normalised name of the distribution that pip brought and `name` means; None where that is conda's.

        conda has packages whose names differ in ``-`` and ``_`` alone.
        """
        key = normalise(name)
        record = next((record for record in self.records if record.name == name), None)
        another = record is not None and self.owners.get(key) is not record
        return key if key in self.pip and not another else None


def content(prefix: str, store: Path | None = None) -> Content:
    """What lies in the conda environment at `prefix`; `store` is as for `records`."""
    found = records(prefix, store)
    owned = {dist for record in found for dist in record.dists}
    owners = {normalise(split_name(dist)[0]): record for record in found for dist in record.dists}
    pip = {name: path for name, path in metadata.dist_infos(prefix).items() if path.name not in owned}
    return Content(found, pip, owners)


def versions(prefix: str) -> dict[str, str]:
    """The version of each package by its name; where pip's is imported in place of conda's, that one's."""
    found = content(prefix)
    told = {record.name: record.version for record in found.records}
    dists = metadata.versions(prefix) if found.pip else {}
    for name in found.pip:
        told[found.owners[name].name if name in found.owners else name] = dists[name]
    return told


def packages(prefix: str, store: Path | None = None) -> list[Package]:
    """Every package, sorted by name; pip's have the manager ``pip``."""
    found = content(prefix, store)
    asked = requested_of(prefix, found.records)
    dists = {normalise(p.name): p for p in metadata.read_packages(prefix, store)}
    summaries = {record.name: dists[name].summary for name, record in found.owners.items() if name in dists}
    conda = [
        Package(
            name=record.name,
            version=record.version,
            requested=record.name in asked,
            manager="conda",
            installer="conda",
            channel=short_channel(record.channel),
            build=record.build,
            size=record.size,
            summary=summaries.get(record.name),
        )
        for record in found.records
    ]
    needed = {node.name for node in metadata.tree(prefix) if node.required_by} if found.pip else set()
    # uv marks everything as requested: what something else needs was pulled in.
    pip = [replace(dists[n], requested=bool(dists[n].requested) and n not in needed) for n in found.pip if n in dists]
    return sorted([*conda, *pip], key=lambda p: normalise(p.name))


def tree(prefix: str) -> list[TreeNode]:
    """What each package needs and what needs it; packages of pip need conda's where those bring the distribution."""
    found = content(prefix)
    asked = requested_of(prefix, found.records)
    dists = {node.name: node for node in metadata.tree(prefix)} if found.pip else {}
    names = {record.name for record in found.records}

    def called(name: str) -> str:
        return found.owners[name].name if name in found.owners else name

    needs: dict[str, set[str]] = {record.name: {name_of(d) or d for d in record.depends} for record in found.records}
    for name in found.pip:
        needs.setdefault(called(name), set()).update(called(n) for n in (*dists[name].requires, *dists[name].missing))
    there = needs.keys() | names
    needing: dict[str, set[str]] = {name: set() for name in needs}
    for name, targets in needs.items():
        for target in targets & there:
            needing[target].add(name)
    told: Mapping[str, tuple[str, bool | None]] = {
        **{called(name): (dists[name].version, dists[name].requested) for name in found.pip},
        **{r.name: (r.version, r.name in asked) for r in found.records},
    }
    return [
        TreeNode(
            name=name,
            version=told[name][0],
            requested=told[name][1],
            requires=sorted(needs[name] & there),
            required_by=sorted(needing[name]),
            # What starts so is no package but a property of the machine, such as __glibc.
            missing=sorted(n for n in needs[name] - there if not n.startswith("__")),
        )
        for name in sorted(needs)
    ]
