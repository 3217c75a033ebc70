"""Addresses of channels and archives: without credentials, with them, and what they are part of."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from jupyter_envs.model.address import Address, reveal_for_tool

SUBDIR = re.compile(r"(noarch|(linux|osx|win|emscripten|wasi|freebsd|zos)-[a-z0-9]+)\Z")
_TOKEN = re.compile(r"^/t/([^/]+)")
# Anaconda's own repository, which clients call `defaults`.
_REPOSITORY = re.compile(r"repo\.anaconda\.[a-z]+\Z")


def public(url: str | Address) -> str:
    """`url` without user, password and token, as it may be shown and kept."""
    return Address(url).public


def secrets_of(url: str | Address) -> dict[str, object] | None:
    """What opens `url`, in the form of the engine's credential store; None where the address holds nothing."""
    parts = urlsplit(reveal_for_tool(url))
    if token := _TOKEN.match(parts.path):
        return {"CondaToken": token[1]}
    if parts.username or parts.password:
        return {"BasicHTTP": {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}}
    return None


def leads_elsewhere(url: str) -> bool:
    """Whether the place that `url` leads to is not the one that it reads like.

    Dots and slashes that are written in percent, or a backslash, count for those who
    fetch it as what they stand for; a query or a fragment may choose another file.
    """
    path = urlsplit(url).path
    steps = unquote(path).replace("\\", "/").split("/")
    hidden = re.search(r"%(2e|2f|5c|25|00)", url, re.I)
    return bool(hidden or "\\" in url or "?" in url or "#" in url or {".", ".."} & set(steps))


def repository_part(url: str) -> str | None:
    """What `url` names of Anaconda's own repository (`pkgs/main`), or None where it lies elsewhere."""
    parts = urlsplit(url)
    inside = _REPOSITORY.match(parts.hostname or "") and parts.path.startswith("/pkgs/")
    return parts.path.strip("/") if inside else None


def base_of(url: str) -> str:
    """The channel's address that the archive or platform folder `url` lies in."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").split("/")
    if path and path[-1].endswith((".conda", ".tar.bz2")):
        path.pop()
    if path and SUBDIR.match(path[-1]):
        path.pop()
    return urlunsplit((parts.scheme, parts.netloc, "/".join(path), "", ""))
