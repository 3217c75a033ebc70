"""Read what conda noted about a prefix in ``conda-meta``."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import msgspec

from jupyter_envs.model.conda import CondaPackage
from jupyter_envs.model.env import Package
from jupyter_envs.system import conda_history
from jupyter_envs.system.conda_url import public
from jupyter_envs.system.redact import redact

_FILE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.json$")


class _Noted(msgspec.Struct):
    name: str
    version: str
    build: str | None = None
    channel: str | None = None
    subdir: str = ""
    url: str | None = None
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None
    requested_spec: str | None = None
    requested_specs: list[str] | None = None


_decoder = msgspec.json.Decoder(_Noted)


def files(prefix: str | os.PathLike[str]) -> list[str]:
    """The names of the package records in ``conda-meta``, such as ``python-3.12.1-hab00c5b_1_cpython.json``."""
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))
    except OSError:
        return []
    return [name for name in names if name.endswith(".json") and _FILE.match(name)]


def python_of(names: list[str]) -> tuple[str | None, str | None]:
    """The version and implementation of Python that the record names tell; None where there is no Python."""
    for name in names:
        if name.startswith("python-") and (found := _FILE.match(name)) and found["name"] == "python":
            return found["version"], "PyPy" if "pypy" in found["build"] else "CPython"
    return None, None


def version_of(names: list[str], package: str) -> str | None:
    """The version of `package` by the record `names`, or None where it is not among them."""
    for name in names:
        if name.startswith(package + "-") and (found := _FILE.match(name)) and found["name"] == package:
            return found["version"]
    return None


def has(names: list[str], package: str) -> bool:
    """Whether `names` holds a record of `package`."""
    return version_of(names, package) is not None


def read_packages(prefix: str | os.PathLike[str]) -> list[Package]:
    """The packages that conda installed; a record that cannot be read is told by its file name."""
    noted = _read(prefix)
    asked = _asked(prefix, noted)
    return [
        Package(
            name=one.name,
            version=one.version,
            requested=one.name in asked,
            manager="conda",
            installer="conda",
            channel=_channel(one.channel),
            build=one.build,
            size=one.size,
        )
        for one in noted
    ]


def read_records(prefix: str | os.PathLike[str]) -> list[CondaPackage]:
    """The packages that conda installed, with the address and hashes of their archives, by name."""
    return [
        CondaPackage(
            name=one.name,
            version=one.version,
            build=one.build or "",
            subdir=one.subdir,
            channel=_channel(one.channel),
            url=public(one.url) if one.url else None,
            sha256=one.sha256,
            md5=one.md5,
            size=one.size,
        )
        for one in sorted(_read(prefix), key=lambda one: one.name)
    ]


def requested(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """The specs that somebody asked for and that are still there, by name.

    The history of whichever client tells them; where there is none, the records do.
    """
    return _asked(prefix, _read(prefix))


def _asked(prefix: str | os.PathLike[str], noted: list[_Noted]) -> dict[str, str]:
    if found := conda_history.requested(prefix, (one.name for one in noted)):
        return found
    specs = {one.name: [*(one.requested_specs or []), one.requested_spec or ""] for one in noted}
    # conda writes the word where nobody asked.
    return {name: said[0] for name, texts in specs.items() if (said := [t for t in texts if t and t != "None"])}


def _read(prefix: str | os.PathLike[str]) -> list[_Noted]:
    found = []
    for name in files(prefix):
        try:
            with open(os.path.join(prefix, "conda-meta", name), "rb") as file:
                noted = _decoder.decode(file.read())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            stem, version, build = name[: -len(".json")].rsplit("-", 2)
            noted = _Noted(name=stem, version=version, build=build)
        found.append(noted)
    return found


def _channel(url: str | None) -> str | None:
    """The short name of a channel URL: its last part, without the platform."""
    if not url:
        return None
    parts = [part for part in urlsplit(url).path.split("/") if part]
    if len(parts) > 1 and (parts[-1] == "noarch" or re.match(r"(linux|osx|win|emscripten|wasi)-", parts[-1])):
        parts.pop()
    return parts[-1] if parts else redact(url)
