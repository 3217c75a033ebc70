"""What uv is told by its own configuration: variables and the user's and the system's ``uv.toml``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jupyter_envs.model.address import Address
from jupyter_envs.system import toml
from jupyter_envs.system.reading import read_text

_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})


class Told(NamedTuple):
    """Where uv looks for packages; None and empty stand for nothing said.

    `default` replaces uv's own index, `extra` are asked besides it, `options` are
    the names of all keys set in a ``uv.toml``.
    """

    default: Address | None
    extra: tuple[Address, ...]
    find_links: tuple[Address, ...]
    no_index: bool
    strategy: str | None
    insecure: tuple[str, ...]
    options: frozenset[str]


def told(environ: Mapping[str, str]) -> Told:
    """What the variables in `environ` and the files that they lead to say; a variable wins over a file.

    A file that is not readable is passed over here: uv itself will refuse it.
    """
    files = [_flat(table) for table in _tables(environ)]
    indexes = [entry for file in files for entry in _listed(file.get("index")) if isinstance(entry, dict)]
    usable = [entry for entry in indexes if isinstance(entry.get("url"), str) and not entry.get("explicit")]
    flat = [entry["url"] for entry in usable if entry.get("format") == "flat"]
    simple = [entry for entry in usable if entry.get("format") != "flat"]
    defaults = [entry["url"] for entry in simple if entry.get("default")] + _strings(files, "index-url")
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or next(iter(defaults), None)
    extra = (
        *_without_names(environ.get("UV_INDEX", "").split()),
        *environ.get("UV_EXTRA_INDEX_URL", "").split(),
        *(entry["url"] for entry in simple if not entry.get("default")),
        *_strings(files, "extra-index-url"),
    )
    links = (*filter(None, environ.get("UV_FIND_LINKS", "").split(",")), *_strings(files, "find-links"), *flat)
    return Told(
        default=Address(_without_names([default])[0]) if default else None,
        extra=tuple(map(Address, dict.fromkeys(extra))),
        find_links=tuple(map(Address, dict.fromkeys(links))),
        no_index=any(file.get("no-index") is True for file in files),
        strategy=environ.get("UV_INDEX_STRATEGY") or next(iter(_strings(files, "index-strategy")), None),
        insecure=(*environ.get("UV_INSECURE_HOST", "").split(), *_strings(files, "allow-insecure-host")),
        options=frozenset(key for file in files for key in file),
    )


def downloads_pythons(environ: Mapping[str, str]) -> bool:
    """Whether uv may download a Python where somebody asks for it: neither a variable nor a file says never."""
    said = environ.get("UV_PYTHON_DOWNLOADS") or next(
        (file["python-downloads"] for file in _tables(environ) if "python-downloads" in file), None
    )
    return said is not False and str(said).lower() not in ("never", "false", "0")


def _tables(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The parsed configuration files, the one that wins first."""
    for path in _files(environ):
        with contextlib.suppress(OSError, ValueError):
            yield toml.parse(read_text(path))


def _files(environ: Mapping[str, str]) -> list[str]:
    if environ.get("UV_CONFIG_FILE"):
        return [environ["UV_CONFIG_FILE"]]
    if environ.get("UV_NO_CONFIG", "").lower() in _TRUE:
        return []
    if sys.platform == "win32":
        folders = [environ.get("APPDATA", ""), environ.get("PROGRAMDATA", "")]
        return [os.path.join(folder, "uv", "uv.toml") for folder in folders if folder]
    home = environ.get("HOME") or os.path.expanduser("~")
    user = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    system = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    return [os.path.join(folder, "uv", "uv.toml") for folder in (user, *system, "/etc") if folder]


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    """`table` with what its ``[pip]`` section says, which holds for ``uv pip`` alone, on top."""
    pip = table.get("pip")
    return {**table, **pip} if isinstance(pip, dict) else table


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _strings(files: list[dict[str, Any]], key: str) -> list[str]:
    return [value for file in files for value in _listed(file.get(key)) if isinstance(value, str)]


def _without_names(entries: list[str]) -> list[str]:
    """Index entries without their name: ``torch=https://…`` says the same as the URL for a look-up."""
    return [
        url if sign and ":" not in name and "/" not in name else entry
        for entry in entries
        for name, sign, url in [entry.partition("=")]
    ]
