"""Files that real tools wrote, by the tool and its version; their index and file hosts are made up."""

from __future__ import annotations

from pathlib import Path

from jupyter_envs.formats.base import Given, Read

DATA = Path(__file__).with_name("data")
NEW = Given(python="3.12.1", implementation="CPython")
OLD = Given(python="3.10.4", implementation="CPython")


def recorded(name: str) -> str:
    return (DATA / name).read_text("utf-8")


def names(found: Read) -> set[str]:
    return {requirement.name or requirement.line for requirement in found.requirements()}


def pinned(found: Read) -> dict[str, tuple[str, frozenset[str]]]:
    """Each line with its hashes, by name."""
    return {str(r.name): (r.line, frozenset(r.hashes)) for r in found.requirements()}
