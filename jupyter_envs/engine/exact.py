"""A resolved set handed to the installers: exactly that, and what is there afterwards compared with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from jupyter_envs.engine.asked import Asked
from jupyter_envs.engine.kinds.base import Kind, Wanted
from jupyter_envs.formats.base import listed
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import Failed
from jupyter_envs.model.resolved import Pinned, Resolved
from jupyter_envs.system.trust import plain_name

# What managers put into a new environment by themselves.
_SEEDS = frozenset({"pip", "setuptools", "wheel"})


class Exact(Struct, frozen=True):
    """A set to install; `lines` are what counts as asked for, `agreed` are names of packages whose code may run."""

    resolved: Resolved
    lines: list[str]
    agreed: list[str] = []

    @property
    def builds(self) -> list[str]:
        agreed = {plain_name(name) for name in self.agreed}
        conda = [each for each in self.resolved.pinned if each.manager == "conda" and plain_name(each.name) in agreed]
        return [each.name for each in (*conda, *(each for each in self.resolved.pinned if each.builds))]

    @property
    def asked(self) -> Asked:
        """The set as `create` fills an environment of pip's."""
        lines = [_requirement(each) for each in self.resolved.pinned]
        return Asked(Wanted(install=lines, exact=True, builds=self.builds), Wanted(), noted=self.lines)

    def strange(self, kind: Kind, tree: str) -> list[str]:
        """The packages at `tree` that are not in the set."""
        names = {plain_name(each.name) for each in self.resolved.pinned}
        return [name for name in kind.versions(tree) if plain_name(name) not in names | _SEEDS]

    def hold(self, kind: Kind, tree: str) -> None:
        """Raise Failed unless what is at `tree` is the set, by names, versions and addresses."""
        here = {plain_name(package.name): package for package in kind.packages(tree)}
        wanted = {plain_name(each.name): each for each in self.resolved.pinned}
        differing = [*_differing(here, wanted), *(f"{n} came along" for n in here.keys() - wanted.keys() - _SEEDS)]
        if differing:
            raise Failed(
                f"What was installed is not what was approved: {listed(sorted(differing))}.",
                hint="Nothing of it was kept. Look at the list again.",
                reason="not_as_approved",
            )


def _differing(here: Mapping[str, Package], wanted: Mapping[str, Pinned]) -> Iterable[str]:
    for name, each in wanted.items():
        package = here.get(name)
        if package is None:
            yield f"{name} is missing"
        elif each.version is not None and package.version != each.version:
            yield f"{name} is {package.version} and not {each.version}"
        elif each.manager == "pip" and bool(package.url) != (each.address is not None):
            yield f"{name} is from {package.url or 'an index'}"


def as_lock(pinned: Iterable[Pinned]) -> str:
    """`pinned` as a pylock (PEP 751), as far as our own reader needs it."""
    import tomli_w

    return tomli_w.dumps({"lock-version": "1.0", "created-by": "jupyter_envs", "packages": list(map(_entry, pinned))})


def _entry(each: Pinned) -> dict[str, Any]:
    files = [{"hashes": dict([digest.split(":", 1)])} for digest in each.hashes]
    if each.address is None:
        return {"name": each.name, "version": each.version or "", "wheels": files}
    kind, plus, rest = each.address.partition("+")
    if not plus or "/" in kind:
        hashes = {key: value for file in files for key, value in file["hashes"].items()}
        return {"name": each.name, "archive": {"url": each.address, "hashes": hashes}}
    url, _, commit = rest.rpartition("@")
    return {"name": each.name, "vcs": {"type": kind, "url": url, "commit-id": commit}}


def _requirement(each: Pinned) -> Requirement:
    return Requirement(line=each.line, name=each.name, hashes=each.hashes)
