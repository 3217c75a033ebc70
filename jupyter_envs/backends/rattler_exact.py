"""Exactly these archives, nothing solved: an explicit lock or an earlier revision. Runs in the engine's own process."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.backends.rattler_solve import Goal, Installed
from jupyter_envs.backends.rattler_work import Work
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.errors import Failed, InvalidRequest
from jupyter_envs.model.roots import roots
from jupyter_envs.system.conda_url import base_of, leads_elsewhere, public

if TYPE_CHECKING:
    from rattler import Gateway, RepoDataRecord

_ARCHIVE = re.compile(r"(https?|file)://.+/(?P<name>[A-Za-z0-9_.-]+)-[^/-]+-[^/-]+(\.conda|\.tar\.bz2)\Z")
_HEX = {"sha256": 64, "md5": 32}


async def goal(work: Work, here: Installed, gateway: Gateway) -> Goal:
    """The records of the archives in ``operation.exact``: as installed, else by the index of their channel, else by
    what the archive itself says.

    Raises:
        InvalidRequest: a line is no archive's address, or two are of one package.
        Failed: a channel's index has another hash than the lock.
    """
    lines = work.operation.exact or []
    names = _checked(lines)
    indexed = await _indexed({line.url: names[line.url] for line in lines}, here, gateway)
    found: list[RepoDataRecord] = []
    for line in lines:
        old = here.get(names[line.url])
        record = old if old is not None and public(old.url) == line.url and _fits(line, old) else indexed.get(line.url)
        found.append(_promised(line, record if record is not None else await _told(line, gateway)))
    present = {record.name.normalized for record in found}
    if work.operation.requested is None:
        held = {name: spec for name, spec in work.held.items() if name in present}
        return Goal(found, held or _tops(found))
    specs = [check_spec(text, f"requested[{n}]") for n, text in enumerate(work.operation.requested)]
    return Goal(found, {spec.name: spec.text for spec in specs if spec.name in present})


def _tops(found: Sequence[RepoDataRecord]) -> dict[str, str]:
    """What was asked for, where nothing tells it: the packages that no other one needs."""
    needs = {record.name.normalized: [text.split()[0].lower() for text in record.depends] for record in found}
    return {name: name for name in roots(needs)}


def _checked(lines: Sequence[Exact]) -> dict[str, str]:
    """The package's name by address."""
    names: dict[str, str] = {}
    for n, line in enumerate(lines):
        match = _ARCHIVE.match(line.url)
        hashes = all(
            not value or re.fullmatch(rf"[0-9a-f]{{{length}}}", value)
            for value, length in ((getattr(line, kind), length) for kind, length in _HEX.items())
        )
        if not match or not hashes or not line.url.isprintable() or leads_elsewhere(line.url):
            raise InvalidRequest(
                f"Line {n + 1} is not the address of a conda archive with its hash.",
                hint="Write it like URL#SHA256, as `conda list --explicit --sha256` does.",
                field=f"exact[{n}]",
            )
        name = match["name"].lower()
        if name in names.values():
            raise InvalidRequest(f"{name} is listed twice.", hint="Leave one of them.", field=f"exact[{n}]")
        names[line.url] = name
    return names


async def _indexed(names: dict[str, str], here: Installed, gateway: Gateway) -> dict[str, RepoDataRecord]:
    """The records that the channels' indexes have of the archives, by address; none of a channel that has no index."""
    from rattler import Channel, Subdir

    installed = {public(record.url) for record in here.values()}
    wanted: dict[str, set[str]] = defaultdict(set)
    platforms: dict[str, set[str]] = defaultdict(set)
    for url, name in names.items():
        if url not in installed:
            wanted[base_of(url)].add(name)
            platforms[base_of(url)].add(os.path.basename(os.path.dirname(url)))
    found: dict[str, RepoDataRecord] = {}
    for base, these in wanted.items():
        subdirs = [Subdir(name) for name in sorted(platforms[base])]
        try:
            answers = await gateway.query([Channel(base)], subdirs, sorted(these), recursive=False)
        except Exception:  # noqa: BLE001, S112 (the archive itself says enough, and whether it is there shows then)
            continue
        found.update({record.url: record for records in answers for record in records})
    return found


async def _told(line: Exact, gateway: Gateway) -> RepoDataRecord:
    """The record of an archive that no index has, such as one that was withdrawn."""
    from rattler import MatchSpec, Subdir

    ending = f"#sha256:{line.sha256}" if line.sha256 else f"#{line.md5}" if line.md5 else ""
    spec = MatchSpec.from_url(line.url + ending)
    answers = await gateway.query([], [Subdir.current(), Subdir("noarch")], [spec], recursive=False)
    record = answers[0][0]
    # The engine takes the hash from the line as it is, and checks it when it installs.
    if not record.channel:
        record.channel = base_of(line.url)
    return record


def _fits(line: Exact, record: RepoDataRecord) -> bool:
    pairs = ((line.sha256, record.sha256), (line.md5, record.md5))
    return all(not wanted or not got or wanted == got.hex() for wanted, got in pairs)


def _promised(line: Exact, record: RepoDataRecord) -> RepoDataRecord:
    """`record` with the hashes of the lock, which the engine then checks."""
    if not _fits(line, record):
        raise Failed(
            f"{os.path.basename(line.url)} has another hash in its channel than in the lock.",
            hint="The archive was replaced since; make the lock anew if that is meant.",
            reason="wrong_hash",
            detail=f"sha256: expected {line.sha256}, md5: expected {line.md5}",
        )
    if line.sha256 and not record.sha256:
        record.sha256 = bytes.fromhex(line.sha256)
    if line.md5 and not record.md5:
        record.md5 = bytes.fromhex(line.md5)
    return record
