"""Credentials of repositories, on a way to git that other users of the machine do not see."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from jupyter_envs.model.address import Address, reveal_for_tool

_REPOSITORY = re.compile(r"git\+(https?://[^\s;]+)")
_MOST = 50
_headers: dict[str, Address] = {}


def without_secret(line: str) -> str:
    """The requirement `line` without the credentials of its repository, which `variables` then hold.

    An installer starts git with the URL, and command lines are seen by everybody.
    """
    found = _REPOSITORY.search(line)
    if found is None:
        return line
    address = Address(found[1])
    parts = urlsplit(reveal_for_tool(address))
    if not parts.username and not parts.password:
        return line
    if "${" in parts.netloc:
        # The installer would have put the values in; one that is not set stays for it to tell.
        address = address.map(lambda text: re.sub(r"\$\{([A-Z0-9_]+)\}", _value, text))
    place = parts.netloc.rpartition("@")[2]
    repository = f"{parts.scheme}://{place}{parts.path.partition('@')[0]}"
    while len(_headers) >= _MOST:
        _headers.pop(next(iter(_headers)), None)
    _headers.pop(repository, None)
    _headers[repository] = address
    bare = parts._replace(netloc=place).geturl()
    return line[: found.start(1)] + bare + line[found.end(1) :]


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """What a process has to be given beside `environ`, so that the git that it starts gets in where it was told how."""
    given = environ.get("GIT_CONFIG_COUNT", "0")
    count = int(given) if given.isdecimal() else 0
    out: dict[str, str] = {}
    for number, (repository, address) in enumerate(list(_headers.items()), count):
        out[f"GIT_CONFIG_KEY_{number}"] = f"http.{repository}.extraHeader"
        out[f"GIT_CONFIG_VALUE_{number}"] = f"Authorization: Basic {_basic(address)}"
    return {**out, "GIT_CONFIG_COUNT": str(count + len(out) // 2)} if out else {}


def _value(found: re.Match[str]) -> str:
    return quote(os.environ.get(found[1], found[0]), safe="")


def _basic(address: Address) -> str:
    parts = urlsplit(reveal_for_tool(address))
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return base64.b64encode(pair.encode()).decode("ascii")
