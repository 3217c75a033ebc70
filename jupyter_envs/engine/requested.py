"""Which packages somebody asked for, and which came along."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Any

from msgspec.structs import replace

from jupyter_envs.model.env import Package
from jupyter_envs.system.metadata import tree

_BROUGHT = frozenset({"pip", "setuptools", "wheel"})


def mark(prefix: str, packages: list[Package], spec: dict[str, Any]) -> list[Package]:
    """`packages` with `requested` as far as it can be known.

    An environment of ours has a record, and what pip marked as asked for, as ``!pip install`` in a notebook
    does, counts as well: nothing else tells of that. Elsewhere the REQUESTED files (PEP 376) tell,
    where they tell anything: uv 0.13 writes one for every package, pulled in or not.
    Then what no other package needs counts as asked for, as in ``pip list --not-required``.
    """
    if "packages" in spec:
        asked = _names(spec["packages"])
        return [_with(p, _normal(p.name) in asked or _by_hand(p) or p.editable or bool(p.url)) for p in packages]
    if any(not p.requested for p in packages) and any(p.requested for p in packages):
        return packages
    needed = {node.name for node in tree(prefix) if node.required_by}
    return [_with(p, _normal(p.name) not in needed) for p in packages]


def _by_hand(package: Package) -> bool:
    """Whether pip, called by hand, was asked for `package`; ensurepip marks what it brings in the same way."""
    return bool(package.requested and package.installer == "pip" and _normal(package.name) not in _BROUGHT)


def of_project(packages: list[Package], asked: Container[str], locked: Container[str]) -> list[Package]:
    """`packages` of a project's environment: of what is `locked` it asked for `asked`; what is there besides stays."""
    return [_with(p, _normal(p.name) in asked) if _normal(p.name) in locked else p for p in packages]


def _with(package: Package, requested: bool) -> Package:
    return package if package.requested is requested else replace(package, requested=requested)


def _names(lines: Iterable[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith("-"))
    return {_normal(m.group()) for m in found if m}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
