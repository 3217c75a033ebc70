"""pylock.toml, the lock file of PEP 751."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Installed, Read, listed
from jupyter_envs.formats.pins import Pins, applies, digest
from jupyter_envs.formats.python import choose, python_of
from jupyter_envs.formats.values import mapping, rows, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.roots import roots
from jupyter_envs.system.dist_info import normalise

_KNOWN = {"lock-version", "environments", "requires-python", "extras", "dependency-groups", "default-groups"}
_KNOWN |= {"created-by", "packages", "tool"}
_NAME = re.compile(r"pylock(\.[^.]+)?\.toml\Z")


def read(text: str, given: Given = ALONE) -> Read:
    """The packages of the lock `text` whose markers hold in the environment to be.

    Raises:
        InvalidRequest: it is no lock of a version that is known, or not for this machine.
    """
    lock = tables(text)
    _check_version(lock.get("lock-version"))
    environments = strings(lock.get("environments", []), "environments")
    extras = strings(lock.get("extras", []), "extras")
    groups = strings(lock.get("dependency-groups", []), "dependency-groups")
    default = strings(lock.get("default-groups", []), "default-groups")
    python, requires = python_of(lock.get("requires-python"), "requires-python")
    variables = _variables(given, extras, groups, default)
    # Where this Python is not the right one at all, its reader comes again with another.
    right = requires is None or given.python is None or choose(requires, [given.python]) is not None
    if (
        right
        and environments
        and not any(applies(line, variables, f"environments[{at}]") for at, line in enumerate(environments))
    ):
        raise InvalidRequest(
            f"The lock is not for this machine and Python: {listed(environments)}.",
            hint="Choose a Python that it is for, or have its tool lock again.",
            field=f"{FIELD} environments",
        )
    pins = Pins(given)
    taken = []
    for at, package in enumerate(rows(lock.get("packages"), "packages")):
        place = f"packages[{at}]"
        if applies(package.get("marker"), variables, f"{place}.marker"):
            _add(pins, package, place)
            taken.append(package)
    return pins.read(
        python=python,
        requires_python=requires,
        extras=extras,
        groups=[name for name in groups if name not in default],
        unknown=sorted(lock.keys() - _KNOWN),
        roots=_roots(lock, taken),
    )


def _roots(lock: dict[str, Any], taken: list[dict[str, Any]]) -> dict[str, str] | None:
    """What the lock says was asked for: our own record, else what nothing in it depends on, where it tells that."""
    ours = mapping(mapping(lock.get("tool"), "tool").get("jupyter_envs"), "tool.jupyter_envs")
    names = {normalise(str(package["name"])) for package in taken}
    if "requested" in ours:
        noted = strings(ours["requested"], "tool.jupyter_envs.requested")
        return {name: name for name in map(normalise, noted) if name in names}
    if not any("dependencies" in package for package in taken):
        return None
    needs: dict[str, list[str]] = {}
    for package in taken:
        entries = rows(package.get("dependencies"), "packages.dependencies")
        needs[normalise(str(package["name"]))] = [normalise(str(entry.get("name", ""))) for entry in entries]
    return {name: name for name in roots(needs)}


def _check_version(version: object) -> None:
    if not isinstance(version, str) or not re.match(r"1(\.\d+)?\Z", version):
        shown = listed([str(version)]) if version is not None else "none"
        raise InvalidRequest(
            f"The file's lock-version is {shown}; what is understood is 1.0 (PEP 751).",
            hint="Have its tool write it in version 1.0.",
            field=f"{FIELD} lock-version",
        )


def _variables(given: Given, extras: list[str], groups: list[str], default: list[str]) -> dict[str, Any]:
    chosen = {*default, *given.chosen("group", given.groups, groups)}
    return {
        **given.markers(),
        "extras": frozenset(given.chosen("extra", given.extras, extras)),
        "dependency_groups": frozenset(chosen),
    }


def _add(pins: Pins, package: dict[str, Any], place: str) -> None:
    name = word(package.get("name"), f"{place}.name")
    pins.index(package.get("index"))
    if "vcs" in package:
        vcs = mapping(package["vcs"], f"{place}.vcs")
        kind = word(vcs.get("type"), f"{place}.vcs.type")
        if "url" in vcs:
            url = word(vcs["url"], f"{place}.vcs.url")
            pins.repository(name, kind, url, vcs.get("commit-id"), place, _subdirectory(vcs))
        else:
            pins.folder(name, word(vcs.get("path"), f"{place}.vcs.path"), place)
    elif "directory" in package:
        directory = mapping(package["directory"], f"{place}.directory")
        path = word(directory.get("path"), f"{place}.directory.path")
        pins.folder(name, path, place, editable=directory.get("editable") is True)
    elif "archive" in package:
        archive = mapping(package["archive"], f"{place}.archive")
        if "url" in archive:
            hashes = list(_hashes(archive, f"{place}.archive"))
            pins.url(name, word(archive["url"], f"{place}.archive.url"), hashes, place, _subdirectory(archive))
        else:
            pins.folder(name, word(archive.get("path"), f"{place}.archive.path"), place)
    else:
        files = rows(package.get("wheels"), f"{place}.wheels")
        files += [mapping(package["sdist"], f"{place}.sdist")] if "sdist" in package else []
        if not files:
            raise InvalidRequest(
                f"{listed([name])} has no file.", hint="Have its tool lock again.", field=f"{FIELD} {place}"
            )
        hashes = [each for file in files for each in _hashes(file, place)]
        pins.release(name, word(package.get("version"), f"{place}.version"), hashes, place)


def _hashes(file: dict[str, Any], place: str) -> Iterator[str]:
    """The hashes of `file` that prove something; PEP 751 wants one at least."""
    found = mapping(file.get("hashes"), f"{place}.hashes")
    strong = {kind: value for kind, value in found.items() if kind in ("sha256", "sha384", "sha512")}
    if not strong:
        raise InvalidRequest(
            "A file has no hash that can be compared.", hint="Have its tool lock again.", field=f"{FIELD} {place}"
        )
    for kind, value in strong.items():
        yield digest(f"{kind}:{value}", place)


def _subdirectory(table: dict[str, Any]) -> str | None:
    found = table.get("subdirectory")
    return found if isinstance(found, str) and re.match(r"[\w./-]{1,200}\Z", found) and ".." not in found else None


def write(installed: Installed) -> str:
    """The lock of the environment, as its installer made it."""
    import tomli_w

    lock = dict(installed.lock or {})
    packages, tool = lock.pop("packages", []), lock.pop("tool", None)
    head: dict[str, Any] = {"lock-version": "1.0", "created-by": "jupyter_envs"}
    if installed.python:
        head["requires-python"] = f"=={'.'.join(installed.python.split('.')[:2])}.*"
    return installed.not_hashed + tomli_w.dumps({**head, "packages": packages, **({"tool": tool} if tool else {})})


FORMAT = FileFormat(
    name="pylock.toml",
    title="pylock.toml, a lock with hashes (PEP 751)",
    filename="pylock.toml",
    read=read,
    write=write,
    locks=True,
    syntax="TOML",
    fits=lambda filename, _text: bool(_NAME.search(filename)),
    media_type="application/toml",
)
