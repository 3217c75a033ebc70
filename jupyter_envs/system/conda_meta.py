"""What the names of the records in ``conda-meta`` tell, and how a channel is called."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from jupyter_envs.system.redact import redact

_FILE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<build>[^-]+)\.json$")


def files(prefix: str | os.PathLike[str]) -> list[str]:
    """The names of the package records in ``conda-meta``, such as ``python-3.12.1-hab00c5b_1_cpython.json``."""
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))
    except OSError:
        return []
    # Without the pattern: of hundreds of environments each has dozens of records.
    return [name for name in names if name.endswith(".json") and name.count("-") > 1]


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


def short_channel(url: str | None) -> str | None:
    """The short name of a channel URL: its last part, without the platform."""
    if not url:
        return None
    parts = [part for part in urlsplit(url).path.split("/") if part]
    if len(parts) > 1 and (parts[-1] == "noarch" or re.match(r"(linux|osx|win|emscripten|wasi)-", parts[-1])):
        parts.pop()
    return parts[-1] if parts else redact(url)
