"""Read the files of projects, whoever's they are: whole, small enough, and never an error."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jupyter_envs.backends.base import Outcome
from jupyter_envs.system import toml
from jupyter_envs.system.reading import DOCUMENT, read_text

_ENTRY = re.compile(r'(?m)^\[\[package\]\]\nname = "([^"\n]+)"\nversion = "([^"\n]+)"$')


def content(folder: str, name: str) -> str | None:
    """The text of the file `name` in `folder`; None when it is missing, too large or no text."""
    try:
        return read_text(os.path.join(folder, name), DOCUMENT, encoding="utf-8-sig")
    except (OSError, ValueError):
        return None


def parsed(folder: str, name: str) -> dict[str, Any] | None:
    """The tables of the TOML file `name` in `folder`; None when it is missing, too large or no TOML."""
    path = os.path.join(folder, name)
    try:
        info = os.stat(path)
    except OSError:
        return None
    # Several tools ask for the same pyproject.toml, again and again; to parse one takes milliseconds.
    tables = _parsed(path, info.st_mtime_ns, info.st_size, info.st_ino)
    return None if tables is None else copy.deepcopy(tables)


@lru_cache(maxsize=64)
def _parsed(path: str, _mtime: int, _size: int, _inode: int) -> dict[str, Any] | None:
    text = content(*os.path.split(path))
    try:
        return None if text is None else toml.parse(text)
    except ValueError:
        return None


def packages(lock: str | None) -> dict[str, str]:
    """The versions by normalised name in the text of a ``uv.lock`` or ``poetry.lock``.

    Both write name and version first; a parser takes a second for what a large project locks.
    """
    return {normal(name): version for name, version in _ENTRY.findall(lock or "")}


def table(tables: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    """The table below `names`; an empty one where there is none."""
    here: Any = tables
    for name in names:
        here = here.get(name) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def text(value: object) -> str | None:
    """`value` when it is a text that says something."""
    return value if isinstance(value, str) and value else None


def normal(name: str) -> str:
    """`name` as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(lines: object) -> set[str]:
    """The normalised names that the requirements (PEP 508) `lines` begin with; what is no text is passed over."""
    texts = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    found = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line) for line in texts)
    return {normal(match[1]) for match in found if match}


def requested(tables: Mapping[str, Any] | None) -> dict[tuple[str, ...], set[str]]:
    """What a ``pyproject.toml`` asks for (PEP 621, PEP 735), by where that stands: (), group or extra and its name."""
    found: dict[tuple[str, ...], set[str]] = {(): named(table(tables, "project").get("dependencies"))}
    found |= {("group", name): named(lines) for name, lines in table(tables, "dependency-groups").items()}
    extras = table(tables, "project", "optional-dependencies")
    return found | {("optional", name): named(lines) for name, lines in extras.items()}


def by_lock(locked: Mapping[str, str], here: Mapping[str, str]) -> Outcome:
    """What it takes to bring the packages `here` to what is `locked`; what is there besides stays."""
    added = {name: version for name, version in locked.items() if here.get(name) != version}
    return Outcome(added, {}, cached=False)
