"""Channel names: what a name means by the settings in force, and what an address is called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_envs.model.address import Address
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.conda_rc import Condarc
from jupyter_envs.system.conda_url import SUBDIR, base_of, public, repository_part
from jupyter_envs.system.paths import WINDOWS

_SCHEMES = ("http", "https", "file", "s3", "gcs", "oci")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*\Z")
_DEFAULTS = ("main", "r", "msys2") if WINDOWS else ("main", "r")


@cache
def default_alias() -> str:
    """The address under which public channels lie, as the engine knows it; ends without a slash."""
    from rattler import ChannelConfig

    return str(ChannelConfig()._channel_configuration.channel_alias).rstrip("/")  # noqa: SLF001 (told nowhere else)


def check_channel(value: str | Address, field: str = "channels") -> Address:
    """`value` without outer blanks: a channel's name, an address, or an absolute path.

    Raises:
        InvalidRequest: it is none of these.
    """
    return Address(value).map(partial(_checked, field))


def without_secret(value: str, field: str) -> str:
    """`value`, a channel that travels in a URL.

    Raises:
        InvalidRequest: it holds credentials, which servers on the way write into their logs.
    """
    channel = Address(value.strip())
    if channel.has_secret:
        raise InvalidRequest(
            f"The channel {str(channel)[:200]!a} holds credentials, and a URL is written into logs.",
            hint=f"Put its address into .condarc (channels, or custom_channels) and send {channel.public[:200]!a}, "
            "or its name there; the credentials are found by that.",
            reason="secret_in_query",
            field=field,
        )
    return value


def _checked(field: str, value: str) -> str:
    text = value.strip()
    shown = str(Address(text))
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    if not text or len(text) > 500 or not text.isprintable() or re.search(r"[\s'\"<>\[\]]", text):
        raise InvalidRequest(
            f"{shown!a} is not a channel.", hint="Give a name such as conda-forge, or a URL.", field=field
        )
    if "://" in text:
        try:
            parts = urlsplit(text)
            good = parts.scheme.lower() in _SCHEMES and bool(parts.path.strip("/") if _is_file(text) else parts.netloc)
        except ValueError:
            good = False
    else:
        good = os.path.isabs(text) or bool(_NAME.match(text))
    if not good or ".." in re.split(r"[/\\]", text):
        raise InvalidRequest(
            f"'{shown}' is not a channel.",
            hint="Give a name such as conda-forge, an absolute path, or a URL.",
            field=field,
        )
    return text


class Channels:
    """Names and addresses by the settings `rc`."""

    def __init__(self, rc: Condarc) -> None:
        self._rc = rc
        self._multi = {name: _addresses(parts) for name, parts in rc.custom_multichannels.items()}
        self._multi.setdefault(
            "defaults", _addresses(rc.default_channels or [f"{default_alias()}/{n}" for n in _DEFAULTS])
        )
        self._custom = {name: Address(where) for name, where in rc.custom_channels.items()}
        self._alias = Address(rc.channel_alias or default_alias()).map(_stripped)

    @property
    def alias(self) -> str:
        """The public address under which channels lie that have none of their own."""
        return self._alias.public

    def urls(self, names: Iterable[str | Address]) -> list[Address]:
        """The addresses that `names` mean, in their order, each once; with the credentials that were configured.

        An address without any is given those of the configured channel that lies there.
        """
        found: list[Address] = []
        for name in _addresses(names):
            found += map(self._opened, self._expand(name))
        return list(dict.fromkeys(found))

    def _expand(self, channel: Address, depth: int = 0) -> list[Address]:
        if channel.is_url:
            return [channel.map(base_of)]
        name = channel.public
        head, _, tail = name.strip("/").rpartition("/")
        if not os.path.isabs(name) and head and SUBDIR.match(tail):
            name = head
        if name in self._multi and depth < 5:
            return [url for part in self._multi[name] if part != name for url in self._expand(part, depth + 1)]
        if os.path.isabs(name) or name.startswith(("~", "./", "../")):
            return [Address(Path(os.path.abspath(os.path.expanduser(name))).as_uri())]
        name = name.strip("/")
        known = [key for key in self._custom if f"{name}/".startswith(key.strip("/") + "/")]
        where = self._custom[max(known, key=len)] if known else self._alias
        return [_below(where, name)]

    def _opened(self, url: Address) -> Address:
        """`url` with the credentials of the configured channel at its address; as it is where it has its own."""
        if url.has_secret or not url.is_url:
            return url
        wanted = _stripped(url.public)
        for own in self._secret():
            place = own.map(base_of)
            if _stripped(place.public) == wanted:
                return place
        for where in (*self._custom.values(), self._alias):
            top = _stripped(where.public)
            if where.has_secret and wanted.startswith(f"{top}/"):
                return _below(where, wanted[len(top) + 1 :])
        return url

    def _secret(self) -> list[Address]:
        """The channels of the settings whose address holds credentials."""
        parts = [*_addresses(self._rc.channels), *(part for multi in self._multi.values() for part in multi)]
        parts += [_below(where, name.strip("/")) for name, where in self._custom.items()]
        return [part for part in parts if part.is_url and part.has_secret]

    def name(self, url: str) -> str:
        """What conda calls the channel at `url` (`conda-forge`, `defaults`), else its public address."""
        if "://" not in url:
            return url
        base = public(base_of(url))
        for multi, parts in self._multi.items():
            if any(u.public == base for part in parts if part != multi for u in self._expand(part, 1)):
                return multi
        if repository := repository_part(base):
            return "defaults" if repository.removeprefix("pkgs/") in _DEFAULTS else repository
        for key, where in self._custom.items():
            top = f"{_stripped(where.public)}/{key.strip('/')}"
            if f"{base}/".startswith(f"{top}/"):
                return base[len(_stripped(where.public)) + 1 :]
        for alias in (self.alias, default_alias()):
            if base.startswith(f"{public(alias)}/"):
                return base[len(public(alias)) + 1 :]
        return base

    def mirrors(self) -> dict[str, list[Address]]:
        """Where to look instead: public address of a channel → addresses of its mirrors, best first."""
        found = {}
        for name, places in self._rc.mirrored_channels.items():
            for url in self._expand(Address(name)):
                found[url.public] = [place.map(_stripped) for place in _addresses(places)]
        return found


def _addresses(values: Iterable[str | Address]) -> list[Address]:
    return [Address(value) for value in values]


def _below(where: Address, name: str) -> Address:
    return where.map(lambda text: f"{_stripped(text)}/{name}")


def _stripped(text: str) -> str:
    return text.rstrip("/")


def _is_file(url: str) -> bool:
    return url.lower().startswith("file:")
