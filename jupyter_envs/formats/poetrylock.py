"""poetry.lock, the universal lock of Poetry projects."""

from __future__ import annotations

import re
from typing import Any

from jupyter_envs.backends.poetry import fits
from jupyter_envs.formats import poetry
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, listed
from jupyter_envs.formats.pins import Pins, applies, digest, roots_of
from jupyter_envs.formats.python import pinned
from jupyter_envs.formats.values import mapping, rows, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise

_VERSIONS = re.compile(r"(1\.[01]|2\.[0-9]+)\Z")
_MAIN = "main"

Package = dict[str, Any]


def read(text: str, given: Given = ALONE) -> Read:
    """The packages of the lock `text` that its project needs in the environment to be.

    Locks before 2.1 (Poetry 1) do not tell which package belongs to which group. Then
    all of them are walked from the ``pyproject.toml`` that was handed in too, or, without
    it, from those that no other needs.

    Raises:
        InvalidRequest: it is no lock of a version that is known.
    """
    lock = tables(text)
    metadata = mapping(lock.get("metadata"), "metadata")
    version = metadata.get("lock-version")
    if not isinstance(version, str) or not _VERSIONS.match(version):
        raise InvalidRequest(
            f"The file's lock-version is {listed([str(version)])}; what is understood is 1.1 to 2.",
            hint="Have `poetry lock` write it.",
            field=f"{FIELD} metadata.lock-version",
        )
    packages = rows(lock.get("package"), "package")
    names = mapping(lock.get("extras"), "extras")
    extras = frozenset(given.chosen("extra", given.extras, names))
    variables = given.markers()
    grouped = any("groups" in package for package in packages)
    # Locks of version 1.1 say of each package whether it is for development alone.
    categories = sorted({str(package.get("category", _MAIN)) for package in packages} - {_MAIN})
    if grouped:
        groups = sorted(
            {g for package in packages for g in strings(package.get("groups", [_MAIN]), "groups")} - {_MAIN}
        )
        wanted = {_MAIN, *given.chosen("group", given.groups, groups)}
        taken = [at for at, each in enumerate(packages) if _belongs(each, wanted, variables, extras, at)]
        warnings = []
    else:
        groups = categories
        chosen = {_MAIN, *given.chosen("group", given.groups, groups)} if groups else None
        optional = {normalise(each) for extra in extras for each in strings(names[extra], f"extras.{extra}")}
        taken = _walked(packages, given, variables, optional, chosen)
        warnings = [] if groups or given.beside("pyproject.toml") is not None else _GUESSED
    left = [name for name in groups if normalise(name) not in map(normalise, given.groups)]
    if left:
        warnings = [*warnings, f"Dependency groups are left out: {listed(left)}."]
    project = given.beside("pyproject.toml")
    pins = Pins(given)
    if project is not None and fits(text, project) is False:
        warnings = [*warnings, "The lock is behind pyproject.toml, which has changed since; `poetry lock` renews it."]
    older = mapping(metadata.get("files"), "metadata.files")
    for at in taken:
        _add(pins, packages[at], older, f"package[{at}]")
    requires, place = metadata.get("python-versions"), "metadata.python-versions"
    roots = None
    if project is not None:
        try:
            roots = roots_of(_applying(project, given))
        except InvalidRequest as error:
            warnings = [*warnings, f"What the project itself asks for cannot be read beside the lock: {error.message}"]
    limits = poetry.specifier(requires, place) if isinstance(requires, str) and requires != "*" else ""
    return pins.read(
        python=pinned(limits, place) if limits else None,
        requires_python=limits or None,
        extras=sorted(names),
        groups=groups,
        warnings=warnings,
        roots=roots,
    )


_GUESSED = [
    "The lock does not tell what is only for development, so that all of it is taken;"
    " hand in pyproject.toml with it, or have a newer Poetry write it."
]


def _belongs(package: Package, wanted: set[str], variables: dict[str, str], extras: frozenset[str], at: int) -> bool:
    place = f"package[{at}]"
    groups = wanted & set(strings(package.get("groups", [_MAIN]), f"{place}.groups"))
    markers = package.get("markers")
    if isinstance(markers, dict):
        held = [group for group in groups if applies(markers.get(group), variables, f"{place}.markers", extras)]
    else:
        held = list(groups) if applies(markers, variables, f"{place}.markers", extras) else []
    return bool(held)


def _walked(
    packages: list[Package], given: Given, variables: dict[str, str], optional: set[str], wanted: set[str] | None
) -> list[int]:
    """Those that are needed, from the project or from those that nobody needs on; of the categories `wanted` alone."""
    if wanted is not None:
        places = [at for at, package in enumerate(packages) if str(package.get("category", _MAIN)) in wanted]
        found = _walked([packages[at] for at in places], given, variables, optional, None)
        return [places[at] for at in found]
    by_name: dict[str, list[int]] = {}
    for at, package in enumerate(packages):
        by_name.setdefault(normalise(word(package.get("name"), f"package[{at}].name")), []).append(at)
    waiting = [(name, frozenset[str]()) for name in optional]
    project = given.beside("pyproject.toml")
    if project is not None:
        waiting += _roots(project, given)
    else:
        needed = {normalise(name) for package in packages for name in mapping(package.get("dependencies"), "package")}
        free = (name for name, held in by_name.items() if packages[held[0]].get("optional") is not True)
        waiting += [(name, frozenset()) for name in free if name not in needed]
    seen: dict[int, set[str]] = {}
    while waiting:
        name, extras = waiting.pop()
        for at in by_name.get(name, []):
            package, place = packages[at], f"package[{at}]"
            limits = str(package.get("python-versions", "*"))
            if len(by_name[name]) > 1 and not _fits_python(limits, variables, place):
                continue
            new = at not in seen
            fresh = extras - seen.setdefault(at, set())
            seen[at] |= extras
            if new or fresh:
                waiting += _needs(package, variables, extras, place)
    return sorted(seen)


def _needs(
    package: Package, variables: dict[str, str], extras: frozenset[str], place: str
) -> list[tuple[str, frozenset[str]]]:
    found = []
    offered = mapping(package.get("extras"), f"{place}.extras")
    asked = {normalise(re.split(r"[^\w.-]", line.strip())[0]) for extra in extras for line in offered.get(extra, [])}
    for name, value in mapping(package.get("dependencies"), f"{place}.dependencies").items():
        for entry in value if isinstance(value, list) else [value]:
            table = entry if isinstance(entry, dict) else {}
            if table.get("optional") is True and normalise(name) not in asked:
                continue
            if applies(table.get("markers"), variables, f"{place}.dependencies.{name}", extras):
                more = strings(table.get("extras", []), f"{place}.dependencies.{name}.extras")
                found.append((normalise(name), frozenset(more)))
    return found


def _roots(project: str, given: Given) -> list[tuple[str, frozenset[str]]]:
    from packaging.requirements import Requirement

    parsed = (Requirement(line) for line in _applying(project, given))
    return [(normalise(each.name), frozenset(each.extras)) for each in parsed]


def _applying(project: str, given: Given) -> list[str]:
    """The requirements of the project, its `project` file says, that hold in the environment to be."""
    from packaging.requirements import InvalidRequirement, Requirement

    from jupyter_envs.formats import pyproject

    found = []
    for line in pyproject.read(project, given).packages:
        try:
            mark = Requirement(line).marker
        except InvalidRequirement:
            continue
        if mark is None or applies(str(mark), given.markers(), "pyproject.toml"):
            found.append(line)
    return found


def _fits_python(limits: str, variables: dict[str, str], place: str) -> bool:
    from packaging.specifiers import SpecifierSet

    if limits == "*":
        return True
    return SpecifierSet(poetry.specifier(limits, place)).contains(variables["python_full_version"], prereleases=True)


def _add(pins: Pins, package: Package, older: dict[str, Any], place: str) -> None:
    name = word(package.get("name"), f"{place}.name")
    files = rows(package.get("files", older.get(name)), f"{place}.files")
    hashes = [digest(file.get("hash"), place) for file in files]
    source = mapping(package.get("source"), f"{place}.source")
    kind = source.get("type")
    within = source.get("subdirectory")
    subdirectory = within if isinstance(within, str) else None
    if kind in (None, "legacy"):
        pins.index(source.get("url"))
        pins.release(name, word(package.get("version"), f"{place}.version"), hashes, place)
    elif kind == "git":
        commit = source.get("resolved_reference")
        url = word(source.get("url"), f"{place}.source.url")
        pins.repository(name, "git", url, commit if isinstance(commit, str) else None, place, subdirectory)
    elif kind == "url":
        pins.url(name, word(source.get("url"), f"{place}.source.url"), hashes, place, subdirectory)
    elif kind in ("directory", "file"):
        editable = package.get("develop") is True
        pins.folder(name, word(source.get("url"), f"{place}.source.url"), place, editable=editable)
    else:
        raise InvalidRequest(
            f"{listed([name])} comes from {listed([str(kind)])}, which is not known here.",
            hint="Install it by hand afterwards.",
            field=f"{FIELD} {place}",
        )


FORMAT = FileFormat(
    name="poetry.lock",
    title="poetry.lock, the lock of a Poetry project",
    filename="poetry.lock",
    read=read,
    syntax="TOML",
    fits=lambda filename, _text: filename.endswith("poetry.lock"),
)
