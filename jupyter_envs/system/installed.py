"""What is installed in a PEP 405 environment, exactly: versions, origins, and digests of the content."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Container
from pathlib import Path

from msgspec.structs import replace

from jupyter_envs.model.lock import Lock, Locked, LockedFile
from jupyter_envs.system.dist_info import split_name
from jupyter_envs.system.metadata import dist_infos, package_of
from jupyter_envs.system.reading import LISTING, read_bytes, read_text

_TAG = re.compile(r"^(Tag|Build):[ \t]*(\S+)", re.M)
# A wheel: name, version, perhaps a build, and the tags of Python, ABI and platform, each perhaps several.
_WHEEL = re.compile(r"[^-]+-[^-]+(?:-(?P<build>\d[^-]*))?-(?P<tags>[^-]+-[^-]+-[^-]+)\.whl\Z")
# What differs between installations: files outside of site-packages, what the installer notes itself, bytecode.
_OWN = re.compile(rb"^(?:\.\.|[^/\n]+\.dist-info/(?!METADATA,|WHEEL,)).*\n?", re.M)
_BYTECODE = re.compile(rb"^.*\.pyc,.*\n?", re.M)


def lock(
    prefix: str,
    python: str | None,
    before: Lock | None = None,
    since: int = 0,
    names: Container[str] | None = None,
) -> Lock:
    """The lock of the environment at `prefix`, whose Python is of version `python`, or of the distributions `names`.

    What `before` knows of a distribution that has not changed is taken over, its files with
    their hashes among it; one not written to after `since` (ns) need not be read for that.
    """
    known = {package.name: package for package in before.packages} if before else {}
    packages = []
    for name, path in sorted(dist_infos(prefix).items()):
        if names is not None and name not in names:
            continue
        old = known.get(name)
        if old and since and _untouched(path, old, since):
            packages.append(old)
            continue
        read = package_of(path)
        new = Locked(
            name=name,
            version=read.version,
            url=read.url,
            editable=read.editable,
            content=None if read.editable else content(path),
        )
        packages.append(replace(new, files=old.files) if old and old.same_as(new) else new)
    return Lock(python=python, packages=packages)


def content(dist_info: Path) -> str | None:
    """A digest of what a distribution installed, by its RECORD; None where it has none.

    What differs from one installation of the same wheel to the next is left out:
    bytecode, scripts and other files outside of site-packages, the installer's own notes.
    """
    try:
        record = read_bytes(dist_info / "RECORD", LISTING)
    except OSError:
        return None
    # In one go each: line by line takes three times as long, and there are hundreds of thousands.
    kept = _OWN.sub(b"", record)
    if b".pyc," in kept:
        kept = _BYTECODE.sub(b"", kept)
    return "sha256:" + hashlib.sha256(b"\n".join(sorted(kept.splitlines()))).hexdigest()


def installed_one(dist_info: Path, files: list[LockedFile]) -> list[LockedFile]:
    """Of `files`, those of one version that an index offers, the one that was installed; all where nothing fits.

    A wheel tells by its tags (``WHEEL``, PEP 427); what was built here came from the source.
    """
    try:
        told = _TAG.findall(read_text(dist_info / "WHEEL", errors="replace"))
    except OSError:
        return files
    tags = {tag for key, tag in told if key == "Tag"}
    build = next((value for key, value in told if key == "Build"), None)
    for file in files:
        found = _WHEEL.match(file.name)
        if found and found["build"] == build and _expanded(found["tags"]) == tags:
            return [file]
    return [file for file in files if not file.name.endswith(".whl")] or files


def _untouched(path: Path, old: Locked, since: int) -> bool:
    try:
        changed = max(os.stat(path).st_mtime_ns, os.lstat(path).st_ctime_ns)
    except OSError:
        return False
    # Clocks of file systems are coarse: what was written in the same moment is read again.
    return changed < since and split_name(path.name)[1] == old.version


def _expanded(tags: str) -> set[str]:
    """``py2.py3-none-any`` as ``{"py2-none-any", "py3-none-any"}``."""
    pythons, abis, platforms = (part.split(".") for part in tags.split("-"))
    return {f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms}
