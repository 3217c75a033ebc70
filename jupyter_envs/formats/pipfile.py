"""Pipfile and Pipfile.lock, Pipenv's pair."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from jupyter_envs.backends.pipenv import fits
from jupyter_envs.formats import poetry
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, checked, listed
from jupyter_envs.formats.pins import Pins, applies, digest, roots_of
from jupyter_envs.formats.values import document, mapping, rows, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

_MARKERS = (
    *("os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release"),
    *("platform_system", "platform_version", "python_version", "python_full_version"),
    *("implementation_name", "implementation_version"),
)
_KNOWN = {"source", "packages", "dev-packages", "requires"}
_PIPENV = {"index", "editable", "ref", "extras", "version", "markers", "hashes", "git", "path", "file", "subdirectory"}
_VERSION = re.compile(r"\d{1,2}(\.\d{1,3}){0,2}\Z")


def read(text: str, given: Given = ALONE) -> Read:
    """What the Pipfile `text` asks for; ``dev-packages`` and others are groups.

    Raises:
        InvalidRequest: it is not TOML, or a value is wrong.
    """
    return of_tables(tables(text), given)


def of_tables(content: dict[str, Any], given: Given) -> Read:
    """As `read`, of what was parsed.

    Raises:
        InvalidRequest: a value is wrong.
    """
    # Each table beside those of Pipenv's own holds packages: a category.
    groups = {name: table for name, table in content.items() if isinstance(table, dict) and _is_category(name)}
    if "packages" not in content and not groups:
        raise InvalidRequest("The file has no [packages] table.", hint="Send a Pipfile.", field=FIELD)
    wider: list[str] = []
    names = ["packages", *given.chosen("group", given.groups, groups)]
    unknown: set[str] = set()
    lines = []
    for table in names:
        for name, value in mapping(content.get(table), table).items():
            place = f"{table}.{name}"
            found = poetry.requirements(name, _as_poetry(value, place), given, place, wider)
            lines += [(line, place) for line in found]
            if isinstance(value, dict):
                unknown |= {f"{place}.{key}" for key in value.keys() - _PIPENV - set(_MARKERS)}
    packages = checked(lines)
    indexes = _indexes(content.get("source"))
    left = [name for name in groups if name not in names]
    warnings = [] if packages else ["The file asks for no package."]
    warnings += [f"Left out, since they are for development: {listed(left)}."] if left else []
    warnings += [f"These admit the versions between their ranges (||) too: {listed(wider)}."] if wider else []
    return Read(
        packages=packages,
        python=_python(content.get("requires")),
        indexes=indexes,
        groups=sorted(groups),
        unknown=sorted(unknown | {key for key in content if key not in _KNOWN and key not in groups}),
        warnings=warnings,
    )


def read_lock(text: str, given: Given = ALONE) -> Read:
    """The packages of the Pipfile.lock `text` whose markers hold in the environment to be.

    Raises:
        InvalidRequest: it is no lock of the version that is known.
    """
    lock = document(text, "Pipfile.lock")
    meta = mapping(lock.get("_meta"), "_meta")
    if meta.get("pipfile-spec") != 6:
        raise InvalidRequest(
            f"The file's pipfile-spec is {listed([str(meta.get('pipfile-spec'))])}; what is understood is 6.",
            hint="Have `pipenv lock` write it.",
            field=f"{FIELD} _meta.pipfile-spec",
        )
    groups = [name for name in lock if name not in ("_meta", "default")]
    beside = given.beside("Pipfile")
    roots: dict[str, str] | None = None
    elsewhere: set[str] = set()
    warnings: list[str] = []
    if beside is not None:
        try:
            roots, elsewhere = _asked(beside, given)
            if fits(lock, tables(beside)) is False:
                warnings = ["The lock is behind the Pipfile, which has changed since; `pipenv lock` renews it."]
        except InvalidRequest as error:
            warnings = [*warnings, f"What the project itself asks for cannot be read beside the lock: {error.message}"]
    left = [name for name in groups if normalise(name) not in map(normalise, given.groups)]
    if any(lock[name] for name in left):
        warnings.append(f"Left out, since they are for development: {listed(left)}.")
    pins = Pins(given)
    for url in _indexes(meta.get("sources")):
        pins.index(url)
    variables = given.markers()
    taken: set[str] = set()
    for table in ["default", *given.chosen("group", given.groups, groups)]:
        for name, value in mapping(lock.get(table), table).items():
            place = f"{table}.{name}"
            entry = mapping(value, place)
            # A package of two categories stands in both.
            # Of what is for other machines Pipenv locks neither version nor marker.
            here = entry.get("version") != "*" or normalise(name) not in elsewhere
            if here and name not in taken and applies(entry.get("markers"), variables, f"{place}.markers"):
                taken.add(name)
                _add(pins, name, entry, place)
    return pins.read(
        python=_python(meta.get("requires")),
        groups=sorted(groups),
        roots=roots,
        warnings=warnings,
    )


def _asked(pipfile: str, given: Given) -> tuple[dict[str, str], set[str]]:
    """What the `pipfile` beside a lock asks for in the environment to be, and the names that are for others."""
    content = tables(pipfile)
    there = {name for name, table in content.items() if isinstance(table, dict) and _is_category(name)}
    # The lock calls it by the name that Pipenv gives it.
    wanted = {"dev-packages" if name in ("dev", "develop") else name for name in given.groups}
    found = of_tables(content, replace(given, groups=frozenset(wanted & there))).packages
    parsed = [(line, line.partition(" ; ")[2]) for line in found]
    roots = roots_of(line for line, mark in parsed if applies(mark or None, given.markers(), "Pipfile"))
    return roots, roots_of(found).keys() - roots.keys()


def _add(pins: Pins, name: str, entry: dict[str, Any], place: str) -> None:
    hashes = [digest(each, place) for each in strings(entry.get("hashes", []), f"{place}.hashes")]
    within = entry.get("subdirectory")
    subdirectory = within if isinstance(within, str) else None
    if "git" in entry:
        commit = entry.get("ref")
        url = word(entry["git"], f"{place}.git")
        pins.repository(name, "git", url, commit if isinstance(commit, str) else None, place, subdirectory)
    elif "path" in entry or "file" in entry:
        where = word(entry.get("path", entry.get("file")), place)
        if "://" in where:
            pins.url(name, where, hashes, place, subdirectory)
        else:
            pins.folder(name, where, place, editable=entry.get("editable") is True)
    elif entry.get("version") == "*":
        pins.unpinned(name, place)
    else:
        version = word(entry.get("version"), f"{place}.version")
        pins.release(name, version.removeprefix("=="), hashes, place)


def _as_poetry(value: object, place: str) -> object:
    """An entry of a Pipfile in the words of Poetry's table."""
    if not isinstance(value, dict):
        return value
    entry = {key: part for key, part in value.items() if key not in _MARKERS}
    conditions = [f"{key} {word(value[key], f'{place}.{key}')}" for key in _MARKERS if key in value]
    if "markers" in entry:
        given = word(entry["markers"], f"{place}.markers")
        conditions.insert(0, f"({given})" if conditions else given)
    if conditions:
        entry["markers"] = " and ".join(conditions)
    if "ref" in entry:
        entry["rev"] = entry["ref"]
    if "://" in str(entry.get("file", "")):
        entry["url"] = entry.pop("file")
    entry["develop"] = entry.get("editable", False)
    return entry


def _is_category(name: str) -> bool:
    return name == "dev-packages" or name not in {*_KNOWN, "pipenv", "scripts"}


def _indexes(sources: object) -> list[str]:
    return [redact(str(row["url"])) for row in rows(sources, "source") if "url" in row]


def _python(requires: object) -> str | None:
    table = mapping(requires, "requires")
    asked = table.get("python_full_version", table.get("python_version"))
    return asked if isinstance(asked, str) and _VERSION.match(asked) else None


FORMAT = FileFormat(
    name="Pipfile",
    title="Pipfile, what a Pipenv project asks for",
    filename="Pipfile",
    read=read,
    syntax="TOML",
    fits=lambda filename, _text: filename == "pipfile",
)
LOCK = FileFormat(
    name="Pipfile.lock",
    title="Pipfile.lock, the lock of a Pipenv project",
    filename="Pipfile.lock",
    read=read_lock,
    syntax="JSON",
    fits=lambda filename, _text: filename.endswith("pipfile.lock"),
)
