"""Listings of what is installed: ``conda list`` in each of its forms, and ``pip list``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats.base import ALONE, FIELD, MOST_PACKAGES, FileFormat, Given, Read, checked, cleaned
from jupyter_envs.formats.explicit import platform
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.reading import parse_json

# `conda list --export`: numpy=1.21.2=py38h20f2e39_0, and numpy=1.21.2 where it wrote no build.
_EXPORTED = re.compile(r"([A-Za-z0-9_][\w.-]*)=([^=\s]+)(?:=([^=\s]*))?\Z")
# The table of `conda list`: name, version, build, perhaps the channel.
_ROW = re.compile(r"([A-Za-z0-9_][\w.-]*)[ \t]+([0-9][^\s]*)(?:[ \t]+([^\s]+)(?:[ \t]+([^\s]+))?)?\Z")
_PLATFORM = re.compile(r"#[ \t]*platform:[ \t]*(\S+)")
_CONDA_HEAD = re.compile(r"#[ \t]*(?:packages in environment at|\$ conda create --name|Name[ \t]+Version[ \t]+Build)")
_PIP_HEAD = re.compile(r"Package[ \t]+Version\b")
# Far more lines of comment than any of the tools writes before its first package.
_HEAD = 50


class _Entry(NamedTuple):
    """An installed package: `build` and `channel` are empty where the listing tells none."""

    name: str
    version: str
    build: str = ""
    channel: str = ""

    @property
    def by_pip(self) -> bool:
        return self.build.startswith("pypi") or self.channel == "pypi"


def read(text: str, _given: Given = ALONE) -> Read:
    """What the listing `text` names, at its versions: conda's packages as match specs, pip's as requirements.

    The builds of another kind of machine are left out, since a channel has them for that one alone.

    Raises:
        InvalidRequest: it is no listing, or an entry of it is no package.
    """
    plain = cleaned(text)
    entries = list(islice(_entries(plain), MOST_PACKAGES + 1))
    if len(entries) > MOST_PACKAGES:
        raise InvalidRequest(
            f"The file lists more than {MOST_PACKAGES} packages.", hint="Take a part of it.", field=FIELD
        )
    head = _PLATFORM.search(plain[:4000])
    elsewhere = bool(head and head[1] != platform())
    conda, pip = [], []
    channels: dict[str, None] = {}
    python = None
    by_conda = _is_conda(plain)
    for number, entry in enumerate(entries):
        if not by_conda or entry.by_pip:
            pip.append((f"{entry.name}=={entry.version}", f"entry {number + 1}"))
            continue
        build = "" if elsewhere else entry.build
        spec = "=".join(part for part in (entry.name, entry.version, build) if part)
        conda.append(check_spec(spec, f"{FIELD} entry {number + 1}").text)
        if entry.channel and entry.channel != "<develop>":
            channels[entry.channel] = None
        python = entry.version if entry.name == "python" else python
    warnings = [] if entries else ["The file lists no package."]
    if conda:
        warnings.append(
            "This is a list of conda's (`conda list`); it is read for conda"
            + ("." if channels else ", and the channels of your settings are asked, since it names none.")
        )
    if elsewhere and head:
        warnings.append(f"It was written on {head[1]}: its builds are left out, and its versions kept.")
    return Read(packages=checked(pip), conda=conda, channels=list(channels), python=python, warnings=warnings)


def _entries(text: str) -> Iterator[_Entry]:
    if text.lstrip()[:1] == "[":
        for row in _rows(text):
            known = {key: value for key, value in row.items() if isinstance(value, str)}
            if known.get("name") and known.get("version"):
                build = known.get("build_string", known.get("build", ""))
                yield _Entry(known["name"], known["version"], build, known.get("channel", ""))
        return
    exported = _is_export(text)
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", "---")) or _PIP_HEAD.match(bare):
            continue
        found = _EXPORTED.match(bare) if exported else _ROW.match(bare)
        if found is None:
            raise InvalidRequest(
                "A line of the list is no package of it.",
                hint="Hand in what `conda list --export` or `pip freeze` writes, unchanged.",
                field=f"{FIELD} line {number}",
            )
        yield _Entry(*found.groups(default=""))


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = parse_json(text)
    except ValueError:
        rows = None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _first_lines(text: str) -> Iterator[str]:
    return islice((line.strip() for line in text[:100_000].split("\n") if line.strip()), _HEAD)


def _is_export(text: str) -> bool:
    """Whether ``conda list --export`` wrote `text`: each line is NAME=VERSION, most with a build."""
    lines = [line for line in _first_lines(text) if not line.startswith("#")]
    found = [_EXPORTED.match(line) for line in lines]
    return bool(found) and all(found) and sum(bool(each and each[3]) for each in found) * 2 > len(found)


def _is_conda(text: str) -> bool:
    if text.lstrip()[:1] == "[":
        return any("build_string" in row or "dist_name" in row or "channel" in row for row in _rows(text))
    return _is_export(text) or any(_CONDA_HEAD.match(line) for line in _first_lines(text))


def _fits(filename: str, text: str) -> bool:
    plain = text.lstrip("\ufeff \t\r\n")
    if filename.endswith(".json") or (plain[:1] == "[" and not filename.endswith((".toml", ".cfg", ".ini"))):
        return plain[:1] == "[" and any("name" in row and "version" in row for row in _rows(plain))
    if filename.endswith((".txt", ".in", ".lst", ".list", ".yml", ".yaml")) or "." not in filename:
        lines = list(_first_lines(plain))
        bare = [line for line in lines if not line.startswith("#")]
        table = bool(bare) and (
            _PIP_HEAD.match(bare[0]) is not None
            or (any(_CONDA_HEAD.match(line) for line in lines) and all(_ROW.match(line) for line in bare))
        )
        return "@EXPLICIT" not in text and (table or _is_export(plain))
    return False


FORMAT = FileFormat(
    name="list",
    title="List of what is installed, by conda or pip",
    filename="conda-list.txt",
    read=read,
    fits=_fits,
)
