"""Read what conda noted about a prefix in ``conda-meta``."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import msgspec

from jupyter_envs.model.env import Package
from jupyter_envs.system.redact import redact

_FILE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.json$")


class _Noted(msgspec.Struct):
    name: str
    version: str
    build: str | None = None
    channel: str | None = None
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


def has(names: list[str], package: str) -> bool:
    """Whether `names` holds a record of `package`."""
    return any(n.startswith(package + "-") and (m := _FILE.match(n)) and m["name"] == package for n in names)


def read_packages(prefix: str | os.PathLike[str]) -> list[Package]:
    """The packages that conda installed; a record that cannot be read is told by its file name."""
    found = []
    for name in files(prefix):
        try:
            with open(os.path.join(prefix, "conda-meta", name), "rb") as file:
                noted = _decoder.decode(file.read())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            stem, version, build = name[: -len(".json")].rsplit("-", 2)
            noted = _Noted(name=stem, version=version, build=build)
        found.append(
            Package(
                name=noted.name,
                version=noted.version,
                requested=bool(noted.requested_specs or noted.requested_spec),
                manager="conda",
                installer="conda",
                channel=_channel(noted.channel),
                build=noted.build,
                size=noted.size,
            )
        )
    return found


def _channel(url: str | None) -> str | None:
    """The short name of a channel URL: its last part, without the platform."""
    if not url:
        return None
    parts = [part for part in urlsplit(url).path.split("/") if part]
    if len(parts) > 1 and (parts[-1] == "noarch" or re.match(r"(linux|osx|win|emscripten|wasi)-", parts[-1])):
        parts.pop()
    return parts[-1] if parts else redact(url)
