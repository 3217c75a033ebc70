"""Channels whose use needs accepted terms of service: asked about once, remembered, never used silently."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import Terms
from jupyter_envs.system.conda_channels import default_alias
from jupyter_envs.system.conda_url import public, repository_part
from jupyter_envs.system.files import atomic_write, lock
from jupyter_envs.system.reading import read_json

_TITLE = "Anaconda Terms of Service"
# In the channel, where the clients read the terms too.
_FILE = "tos.json"
# The same packages under the address of the public channels.
_MIRRORED = frozenset({"main", "r", "msys2", "anaconda", "free", "pro"})
# What an administrator sets for the clients' own question, and what it may say.
_VARIABLE = "CONDA_PLUGINS_AUTO_ACCEPT_TOS"
_YES = frozenset({"yes", "true", "on", "1", "y"})


def covered(url: str | Address) -> bool:
    """Whether the channel at `url` is one of those with terms."""
    address = public(url).rstrip("/")
    if repository_part(address) is not None:
        return True
    if urlsplit(address).hostname != urlsplit(default_alias()).hostname:
        return False
    return urlsplit(address).path.strip("/").partition("/")[0] in _MIRRORED


def terms_of(urls: Iterable[str | Address], file: Path, environ: Mapping[str, str] | None = None) -> list[Terms]:
    """The terms of those of `urls` that have some, each channel once; `file` remembers what was accepted.

    ``CONDA_PLUGINS_AUTO_ACCEPT_TOS``, which says so for the clients, counts as accepted too.
    """
    environ = os.environ if environ is None else environ
    always = environ.get(_VARIABLE, "").strip().lower() in _YES
    known = _read(file)
    found = {}
    for url in urls:
        if covered(url):
            channel = public(url).rstrip("/")
            when = known.get(channel) or ("by " + _VARIABLE if always else None)
            found[channel] = _terms(channel, when)
    return list(found.values())


def unaccepted(urls: Iterable[str | Address], file: Path, environ: Mapping[str, str] | None = None) -> list[Terms]:
    """The terms that have to be accepted before `urls` may be used."""
    return [terms for terms in terms_of(urls, file, environ) if terms.accepted is None]


def accept(channel: str | Address, file: Path) -> Terms:
    """Remember in `file`, its owner's alone, that the terms of the channel at the address `channel` are accepted."""
    name, when = public(channel).rstrip("/"), datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    _change(file, lambda known: known.setdefault(name, when))
    return _terms(name, when)


def withdraw(channel: str | Address, file: Path) -> None:
    """Forget that the terms of `channel` were accepted."""
    name = public(channel).rstrip("/")
    _change(file, lambda known: known.pop(name, None))


def _terms(channel: str, accepted: str | None) -> Terms:
    return Terms(channel=channel, title=_TITLE, url=f"{channel}/{_FILE}", accepted=accepted)


def _read(file: Path) -> dict[str, str]:
    try:
        found = read_json(file)
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _change(file: Path, change: Callable[[dict[str, str]], object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with lock(file.with_name(f"{file.name}.lock"), lambda: None):
        known = _read(file)
        change(known)
        atomic_write(file, json.dumps(known, indent=1), 0o600, durable=True)
