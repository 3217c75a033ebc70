"""What stood in an environment at one revision, exactly enough to bring it back."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from jupyter_envs.model.plan import Changed, Pin, Plan, Revision

_ARCHIVE = re.compile(r"\.(whl|zip|tar|tgz|tar\.[a-z0-9]+)$", re.I)


class LockedFile(Struct, frozen=True, kw_only=True):
    """A file that a distribution is installed from; `hashes` are like ``sha256:…``, `size` is in bytes."""

    name: str
    url: str | None = None
    size: int | None = None
    hashes: list[str] = []


class Locked(Struct, frozen=True, kw_only=True):
    """A distribution as it stood.

    `url` is set where it came from elsewhere than an index, in the form of PEP 508,
    credentials left out. `files` are those with the hashes that it may be installed
    from, the installed one alone where that is known. `content` is a digest of what
    was installed (its RECORD, PEP 376), null where nothing tells it or where it is editable.
    """

    name: str
    version: str
    manager: Literal["pip", "conda"] = "pip"
    build: str | None = None
    url: str | None = None
    editable: bool = False
    files: list[LockedFile] = []
    content: str | None = None

    @property
    def source(self) -> Literal["index", "archive", "directory", "vcs"]:
        """Where it came from."""
        if self.url is None:
            return "index"
        if re.match(r"[a-z]+\+", self.url):
            return "vcs"
        local = self.url.startswith("file:")
        path = self.url.partition("#")[0]
        return "directory" if self.editable or (local and not _ARCHIVE.search(path)) else "archive"

    @property
    def hashed(self) -> bool:
        """Whether what would be fetched is held to a hash; a commit is one, a folder has none."""
        return self.source in ("vcs", "directory") or any(file.hashes for file in self.files)

    def same_as(self, other: Locked) -> bool:
        """Whether both are the same distribution, as far as is known."""
        mine = (self.version, self.build, self.url, self.editable)
        known = self.content is not None and other.content is not None
        return mine == (other.version, other.build, other.url, other.editable) and (
            not known or self.content == other.content
        )


class Lock(Struct, frozen=True, kw_only=True):
    """The distributions of an environment, sorted by name, and the version of its Python."""

    python: str | None = None
    packages: list[Locked] = []

    @property
    def complete(self) -> bool:
        return all(package.hashed for package in self.packages)

    @property
    def pins(self) -> dict[str, str]:
        return {package.name: package.version for package in self.packages}

    def filled(self, known: Lock | None) -> Lock:
        """This lock with the files that `known` has for the same distributions, where it has none itself."""
        if known is None:
            return self
        others = {package.name: package for package in known.packages}
        packages = [
            replace(package, files=other.files)
            if not package.hashed and (other := others.get(package.name)) and package.same_as(other)
            else package
            for package in self.packages
        ]
        return replace(self, packages=packages)


class RevisionDetail(Struct, frozen=True, kw_only=True):
    """A revision with what stood after it.

    `lock` is the text of its lock file (``pylock.toml``, PEP 751), null where it has
    none; `packages` are then known by name and version alone. `difference` is what
    changed since the revision `against`, where one was asked for.
    """

    revision: Revision
    packages: list[Locked]
    lock: str | None = None
    against: int | None = None
    difference: Plan | None = None


def changes(before: Lock, after: Lock) -> Plan:
    """The plan that leads from `before` to `after`; a change of source alone has the same version on both sides."""
    old = {package.name: package for package in before.packages}
    new = {package.name: package for package in after.packages}
    return Plan(
        added=[Pin(name=n, version=new[n].version) for n in sorted(new.keys() - old.keys())],
        changed=[
            Changed(name=n, from_=old[n].version, to=new[n].version)
            for n in sorted(new.keys() & old.keys())
            if not old[n].same_as(new[n])
        ],
        removed=[Pin(name=n, version=old[n].version) for n in sorted(old.keys() - new.keys())],
    )
