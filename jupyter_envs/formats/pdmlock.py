"""pdm.lock, the lock of PDM projects."""

from __future__ import annotations

import re
from typing import Any

from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, listed
from jupyter_envs.formats.pins import Pins, applies, digest, roots_of
from jupyter_envs.formats.python import choose, python_of
from jupyter_envs.formats.values import mapping, rows, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise

_VERSION = re.compile(r"4(\.\d+)*\Z")
_DEFAULT = "default"


def read(text: str, given: Given = ALONE) -> Read:
    """The packages of the lock `text` that its default group needs in the environment to be; other groups are optional.

    Raises:
        InvalidRequest: it is no lock of a version that is known.
    """
    lock = tables(text)
    metadata = mapping(lock.get("metadata"), "metadata")
    version = metadata.get("lock_version")
    if not isinstance(version, str) or not _VERSION.match(version):
        raise InvalidRequest(
            f"The file's lock_version is {listed([str(version)])}; what is understood is 4.",
            hint="Have `pdm lock` write it, or `pdm export -f pylock`.",
            field=f"{FIELD} metadata.lock_version",
        )
    names = strings(metadata.get("groups", [_DEFAULT]), "metadata.groups")
    groups = [name for name in names if name != _DEFAULT]
    wanted = {_DEFAULT, *given.chosen("group", given.groups, groups)}
    targets = [mapping(each, "metadata.targets") for each in rows(metadata.get("targets"), "metadata.targets")]
    requires = next((each["requires_python"] for each in targets if isinstance(each.get("requires_python"), str)), None)
    python, requires = python_of(requires, "metadata.targets.requires_python")
    pins, variables = Pins(given), given.markers()
    for at, package in enumerate(rows(lock.get("package"), "package")):
        place = f"package[{at}]"
        # An entry with extras names what these need beside the package, which has an entry of its own.
        if package.get("extras") or not wanted & set(strings(package.get("groups", [_DEFAULT]), f"{place}.groups")):
            continue
        limits = package.get("requires_python")
        fits = not isinstance(limits, str) or choose(limits, [variables["python_full_version"]]) is not None
        if applies(package.get("marker"), variables, f"{place}.marker") and (fits or not limits):
            _add(pins, package, place)
    left = [name for name in groups if name not in wanted]
    project = given.beside("pyproject.toml")
    return pins.read(
        python=python,
        requires_python=requires,
        groups=groups,
        roots=_asked(project, given) if project is not None else None,
        warnings=[f"Dependency groups are left out: {listed(left)}."] if left else [],
    )


def _asked(project: str, given: Given) -> dict[str, str] | None:
    from jupyter_envs.formats import pyproject

    try:
        return roots_of(pyproject.read(project, given).packages)
    except InvalidRequest:
        return None


def _add(pins: Pins, package: dict[str, Any], place: str) -> None:
    name = word(package.get("name"), f"{place}.name")
    hashes = [digest(file.get("hash"), place) for file in rows(package.get("files"), f"{place}.files")]
    within = package.get("subdirectory")
    subdirectory = within if isinstance(within, str) else None
    if "git" in package:
        commit = package.get("revision")
        url = word(package["git"], f"{place}.git")
        pins.repository(name, "git", url, commit if isinstance(commit, str) else None, place, subdirectory)
    elif "url" in package:
        pins.url(name, word(package["url"], f"{place}.url"), hashes, place, subdirectory)
    elif "path" in package:
        pins.folder(name, word(package["path"], f"{place}.path"), place, editable=package.get("editable") is True)
    else:
        pins.release(normalise(name), word(package.get("version"), f"{place}.version"), hashes, place)


FORMAT = FileFormat(
    name="pdm.lock",
    title="pdm.lock, the lock of a PDM project",
    filename="pdm.lock",
    read=read,
    syntax="TOML",
    fits=lambda filename, _text: filename.endswith("pdm.lock"),
)
