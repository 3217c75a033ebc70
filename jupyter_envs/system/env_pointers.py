"""Where a project's folder says that its environments are: ``.venv``, ``.python-envs``, ``.pdm-python``, ``.tox``, …

A path in such a file is data: what lies there is looked at with `os.stat` alone, and only where it is an environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from typing import NamedTuple

from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import read_text

# Folders of a project in which a tool keeps an environment each, with the tool's name.
CONTAINERS = {".tox": "tox", ".nox": "nox", ".hatch": "hatch"}
_LINKS = (".venv", "venv", "env")
_LISTING = ".python-envs"
_PDM = ".pdm-python"
_NAMES = frozenset({*CONTAINERS, *_LINKS, _LISTING, _PDM})
_MOST_BYTES = 64_000
_MOST_LINES = 200
_MOST_FOLDERS = 500
_LONGEST = 4_096


class Pointed(NamedTuple):
    """An environment, its links resolved, and the tool that made it where the pointer tells."""

    prefix: str
    tool: str | None = None


def is_environment(path: str) -> bool:
    """Whether `path` has what marks a PEP 405 environment or a conda prefix."""
    return os.path.isfile(path + "/pyvenv.cfg") or os.path.isdir(path + "/conda-meta")


def of_folder(folder: str, names: Set[str], workon: str | None = None) -> Iterator[Pointed]:
    """The environments that the project in `folder` points at; `names` are the entries of `folder`.

    A plain folder ``.venv`` is no pointer and is left out. `workon` is the folder of Pipenv's environments, for a
    file ``.venv`` that holds a name alone.
    """
    if names.isdisjoint(_NAMES):
        return
    if _PDM in names:
        for line in _lines(os.path.join(folder, _PDM))[:1]:
            # The interpreter may be a link to the base Python: the folder tells which environment is meant.
            for each in _pointed(folder, os.path.dirname(os.path.dirname(line))):
                # Elsewhere the file may name an environment that pdm was only told to use.
                inside = each.prefix.startswith(folder.rstrip(os.sep) + os.sep)
                yield Pointed(each.prefix, "pdm" if inside else None)
    for name in _LINKS:
        if name in names:
            yield from _of_link(folder, name, workon)
    if _LISTING in names:
        for line in _lines(os.path.join(folder, _LISTING)):
            yield from _pointed(folder, line)
    for name, tool in CONTAINERS.items():
        if name in names:
            yield from (Pointed(path, tool) for path in children(os.path.join(folder, name)))


def children(folder: str) -> list[str]:
    """The environments in `folder`, no links and nothing hidden, in order of name; of a tool's own builds none."""
    try:
        with os.scandir(folder) as entries:
            found = [e.name for _, e in zip(range(_MOST_FOLDERS), entries, strict=False) if _is_plain_folder(e)]
    except OSError:
        return []
    there = set(found)
    # Beside each environment hatch keeps one to build the project in.
    own = [n for n in sorted(found) if n != "hatch-build" and not (n.endswith("-build") and n[:-6] in there)]
    top = os.path.realpath(folder)
    return [path for name in own if is_environment(path := os.path.join(top, name))]


def folders(folder: str) -> list[str]:
    """The paths of the folders in `folder`, no links and nothing hidden."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.path for _, e in zip(range(_MOST_FOLDERS), entries, strict=False) if _is_plain_folder(e))
    except OSError:
        return []


def _is_plain_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _of_link(folder: str, name: str, workon: str | None) -> Iterator[Pointed]:
    path = os.path.join(folder, name)
    if os.path.islink(path) and os.path.isdir(path):
        yield from _pointed(folder, name)
    elif name == ".venv" and os.path.isfile(path):
        for line in _lines(path)[:1]:
            here = list(_pointed(folder, line))
            if not here and workon and not ({"/", os.sep} & set(line)):
                here = list(_pointed(workon, line))
            yield from here


def _lines(path: str) -> list[str]:
    """The lines of the file `path` that say something; none where it cannot be read or is no text."""
    try:
        text = read_text(path, _MOST_BYTES, encoding="utf-8-sig")
    except (OSError, ValueError):
        return []
    lines = (line.strip() for line in text.split("\n", _MOST_LINES)[:_MOST_LINES])
    return [line for line in lines if line and len(line) <= _LONGEST and line.isprintable()]


def _pointed(folder: str, line: str) -> Iterator[Pointed]:
    # A share of another machine would be asked, and on Windows be sent this user's credentials.
    if not line or (WINDOWS and line[:2].replace("\\", "/") == "//"):
        return
    path = os.path.realpath(os.path.join(folder, line))
    if is_environment(path):
        yield Pointed(path)
