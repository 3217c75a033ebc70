"""Whether an explicit lock of conda's holds what was asked for beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote

from jupyter_envs.backends.conda_spec import Spec
from jupyter_envs.formats.base import listed
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.conda import Exact
from jupyter_envs.system.conda_url import base_of, public
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact
from jupyter_envs.system.requires import satisfied


def parts_of(archive: Exact) -> tuple[str, str, str]:
    """The name in lower case, the version and the build that the file name of `archive` tells."""
    stem = archive.url.rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = stem.rsplit("-", 2)
    return name.lower(), unquote(version), unquote(build)


def conda_differences(
    specs: Iterable[Spec], pip: Iterable[Requirement], archives: Iterable[Exact], urls: Callable[[str], list[str]]
) -> list[str]:
    """What of `specs`, in sentences without an end, the lock with `archives` does not hold; empty where it holds all.

    `urls` are the addresses that the name of a channel stands for. Of what is asked of `pip` only that
    counts which conda brings in its place.
    """
    held = {parts_of(archive)[0]: archive for archive in archives}
    told = []
    for spec in specs:
        archive = held.get(spec.name)
        if archive is None:
            told.append(f"{listed([spec.name])} is not in the lock")
            continue
        _, version, build = parts_of(archive)
        there = base_of(public(archive.url)).rstrip("/")
        if spec.channel and there not in {base_of(url).rstrip("/") for url in urls(spec.channel)}:
            told.append(f"{spec.name} is from {redact(there)} in the lock, and {listed([_shown(spec)])} is asked for")
        elif not _matches(spec, archive):
            told.append(f"{spec.name} is {listed([f'{version} {build}'])} in the lock, and {_shown(spec)} is asked for")
    versions = {name: parts_of(archive)[1] for name, archive in held.items()}
    return [*told, *(f"{said} in the lock of conda, and {limit} is asked for" for said, limit in unmet(pip, versions))]


def unmet(pip: Iterable[Requirement], versions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What conda brings at one of `versions` in place of pip, though another one is asked of `pip`, and which."""
    for each in pip:
        version = versions.get(normalise(each.name)) if each.name else None
        limit = _limit(each)
        if version is not None and limit and not satisfied(limit, version):
            yield f"{each.name} is {listed([version])}", limit


def _matches(spec: Spec, archive: Exact) -> bool:
    from rattler import BuildString, MatchSpec, PackageRecord

    name, version, build = parts_of(archive)
    number = re.search(r"(?:^|_)(\d+)\Z", build)
    try:
        record = PackageRecord(
            name=name,
            version=version,
            build=BuildString(build),
            build_number=int(number[1]) if number else 0,
            subdir=os.path.basename(os.path.dirname(archive.url)),
            sha256=bytes.fromhex(archive.sha256) if archive.sha256 else None,
            md5=bytes.fromhex(archive.md5) if archive.md5 else None,
        )
        matched = MatchSpec(spec.text.rpartition("::")[2], strict=False).matches(record)
    except Exception:  # noqa: BLE001 (the engine has a class for each of its layers; what it cannot read, it cannot meet)
        return False
    return bool(matched)


def _limit(requirement: Requirement) -> str:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    try:
        return str(Pep508(requirement.line).specifier)
    except InvalidRequirement:
        return ""


def _shown(spec: Spec) -> str:
    text = redact(spec.text)
    return text if len(text) <= 60 else text[:57] + "…"
