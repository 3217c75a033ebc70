"""conda-lock.yml, the lock of conda-lock for several kinds of machine, conda's archives and pip's files."""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_envs.formats import explicit
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, listed
from jupyter_envs.formats.pins import Pins
from jupyter_envs.formats.yaml_text import Node, mapping, parse, scalar, sequence, wrong
from jupyter_envs.model.errors import InvalidRequest

_MAIN = "main"
_VERSION = "1"
_LOOKS = re.compile(r"^package:", re.M)
_MANAGER = re.compile(r"^[ \t]*(?:-[ \t]+)?manager:[ \t]*['\"]?(?:conda|pip)\b", re.M)


def read(text: str, given: Given = ALONE) -> Read:
    """The archives and files of the lock `text` for this kind of machine; other categories than main are groups.

    Raises:
        InvalidRequest: it is no lock of a version that is known, or not for this machine.
    """
    tables = mapping(parse(text), "The file")
    version = scalar(tables["version"], "version") if "version" in tables else ""
    if version != _VERSION:
        raise wrong(
            f"The file's version is {listed([version]) or 'missing'}; what is understood is 1.",
            hint="Have conda-lock write it again, or make an explicit lock: `conda-lock render --kind explicit`.",
        )
    here = explicit.platform()
    rows = [mapping(node, "A package") for node in sequence(tables.get("package", Node("", 1)), "package")]
    for_here = [row for row in rows if _text(row, "platform") == here]
    if rows and not for_here:
        raise InvalidRequest(
            f"The lock is for {listed(sorted({_text(row, 'platform') for row in rows}))}, and this machine is {here}.",
            hint=f"Lock it for this kind of machine too: `conda-lock lock --platform {here}`.",
            field=f"{FIELD} package",
            reason="other_platform",
        )
    groups = sorted({name for row in rows for name in _categories(row)} - {_MAIN})
    wanted = {_MAIN, *given.chosen("group", given.groups, groups)}
    taken = [row for row in for_here if wanted & _categories(row)]
    lines = [_archive(row) for row in taken if _text(row, "manager") == "conda"]
    found = explicit.read("\n".join(["@EXPLICIT", *lines]), replace(given, files={}))
    pins = Pins(given)
    for row in taken:
        if _text(row, "manager") == "pip":
            _add(pins, row)
    pip = pins.read()
    left = [name for name in groups if name not in wanted]
    warnings = [f"Left out, since they are not of the main category: {listed(left)}."] if left else []
    return replace(
        found,
        packages=pip.packages,
        hashes=pip.hashes,
        groups=groups,
        warnings=[*(found.warnings if lines else []), *pins.warnings, *warnings],
    )


def _archive(row: dict[str, Node]) -> str:
    digests = mapping(row.get("hash", Node("", 1)), "hash")
    digest = next((_text(digests, kind) for kind in ("sha256", "md5") if kind in digests), "")
    url = _text(row, "url")
    return f"{url}#{digest}" if digest else url


def _add(pins: Pins, row: dict[str, Node]) -> None:
    name, url = _text(row, "name"), _text(row, "url")
    place = f"line {row['name'].line}" if "name" in row else "package"
    digests = mapping(row.get("hash", Node("", 1)), "hash")
    hashes = [f"sha256:{_text(digests, 'sha256')}"] if "sha256" in digests else []
    address, _, commit = url.removeprefix("git+").rpartition("@")
    if url.startswith("git+"):
        pins.repository(name, "git", address, commit, place)
    else:
        pins.url(name, url, hashes, place)


def _categories(row: dict[str, Node]) -> set[str]:
    if "categories" in row:
        return {scalar(node, "A category") for node in sequence(row["categories"], "categories")}
    return {_text(row, "category") or _MAIN}


def _text(row: dict[str, Node], key: str) -> str:
    return scalar(row[key], key) if key in row else ""


def _fits(filename: str, text: str) -> bool:
    if not filename.endswith((".yml", ".yaml")):
        return False
    return "conda-lock" in filename or bool(_LOOKS.search(text) and _MANAGER.search(text))


FORMAT = FileFormat(
    name="conda-lock.yml",
    title="conda-lock.yml, a lock for several kinds of machine",
    filename="conda-lock.yml",
    read=read,
    syntax="YAML",
    fits=_fits,
)
