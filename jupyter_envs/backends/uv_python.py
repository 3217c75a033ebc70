"""``uv python``: its command lines and the reading of what it prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from jupyter_envs.backends.uv import uv
from jupyter_envs.system.reading import parse_json

_SIZE = re.compile(r"\s*Downloading \S{1,200} (?:\(download\) )?\(([\d.]{1,12})\s*([KMGT]?i?B)\)")
_UNITS = {"B": 1, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "KB": 1000, "MB": 10**6, "GB": 10**9}
_KEY = re.compile(r"[a-z]{1,20}-[\w.+-]{1,100}\Z")
_VERSION = re.compile(r"\d{1,2}(\.\d{1,3}){2}\Z")
# uv lists some 700 builds in all; more of them are no list of Pythons.
_MOST = 5_000

# Variables that would name another Python, or look into a project.
_MISLEADING = ("UV_PYTHON", "UV_PROJECT", "UV_WORKING_DIR", "UV_NO_PROGRESS", "VIRTUAL_ENV")


class Build(NamedTuple):
    """A final release that uv can download for this machine; `key` is its name for uv and that of its folder."""

    key: str
    version: str
    implementation: str
    architecture: str

    @property
    def title(self) -> str:
        return f"{'PyPy' if self.implementation == 'pypy' else 'Python'} {self.version}"

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")))


def list_argv(*, every: bool, offline: bool) -> list[str]:
    """`uv python list --only-downloads [--all-versions] [--offline] --output-format json`

    With `every` each patch release, else the newest of each minor version.
    """
    return [
        *(uv(), "python", "list", "--only-downloads"),
        *(["--all-versions"] if every else []),
        *(["--offline"] if offline else []),
        *("--output-format", "json"),
    ]


def install_argv(key: str, folder: str) -> list[str]:
    """`uv python install --no-bin --no-registry --install-dir FOLDER KEY`: nothing outside of FOLDER changes."""
    return [uv(), "python", "install", "--no-bin", "--no-registry", "--install-dir", folder, key]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for these commands: uv's own settings hold, pip's proxy and certificates too."""
    from jupyter_envs.system.pipconf import uv_environment

    env = {k: v for k, v in environ.items() if k not in _MISLEADING}
    env.update(uv_environment(environ))
    env["NO_COLOR"] = "1"
    return env


def parse_list(text: str) -> list[Build]:
    """The builds in the JSON that the list command prints, newest first; pre-releases and variants are left out.

    Raises:
        ValueError: it is no such list.
    """
    entries = parse_json(text)
    if not isinstance(entries, list):
        raise ValueError("uv printed no list of Pythons")
    found: dict[tuple[str, str], Build] = {}
    for entry in entries[:_MOST]:
        if not isinstance(entry, dict) or entry.get("variant", "default") != "default":
            continue
        fields = [entry.get(name) for name in ("key", "version", "implementation", "arch")]
        if not all(isinstance(field, str) for field in fields):
            continue
        build = Build(*map(str, fields))
        # The first for an architecture and C library is this machine's own.
        if _KEY.match(build.key) and _VERSION.match(build.version):
            found.setdefault((build.implementation, build.version), build)
    return sorted(found.values(), key=lambda build: build.numbers, reverse=True)


def download_size(line: str) -> int | None:
    """The bytes of the archive that `line` says is downloaded, or None."""
    found = _SIZE.match(line)
    return int(float(found[1]) * _UNITS.get(found[2].upper(), 1)) if found else None
