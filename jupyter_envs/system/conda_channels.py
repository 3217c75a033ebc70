"""Channel names: what a name means by the settings in force, and what an address is called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.conda_rc import Condarc
from jupyter_envs.system.conda_url import SUBDIR, base_of, public, repository_part
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.redact import redact

_SCHEMES = ("http", "https", "file", "s3", "gcs", "oci")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*\Z")
_DEFAULTS = ("main", "r", "msys2") if WINDOWS else ("main", "r")


@cache
def default_alias() -> str:
    """The address under which public channels lie, as the engine knows it; ends without a slash."""
    from rattler import ChannelConfig

    return str(ChannelConfig()._channel_configuration.channel_alias).rstrip("/")  # noqa: SLF001 (told nowhere else)


def check_channel(value: str, field: str = "channels") -> str:
    """`value` without outer blanks: a channel's name, an address, or an absolute path.

    Raises:
        InvalidRequest: it is none of these.
    """
    text = value.strip()
    shown = redact(text if len(text) <= 60 else text[:57] + "…")
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
        self._multi = dict(rc.custom_multichannels)
        self._multi.setdefault("defaults", rc.default_channels or [f"{default_alias()}/{n}" for n in _DEFAULTS])

    @property
    def alias(self) -> str:
        return (self._rc.channel_alias or default_alias()).rstrip("/")

    def urls(self, names: Iterable[str]) -> list[str]:
        """The addresses that `names` mean, in their order, each once; with the credentials that were configured."""
        found: list[str] = []
        for name in names:
            found += self._expand(name)
        return list(dict.fromkeys(found))

    def _expand(self, name: str, depth: int = 0) -> list[str]:
        head, _, tail = name.strip("/").rpartition("/")
        if "://" not in name and not os.path.isabs(name) and head and SUBDIR.match(tail):
            name = head
        if name in self._multi and depth < 5:
            return [url for part in self._multi[name] if part != name for url in self._expand(part, depth + 1)]
        if "://" in name:
            return [base_of(name)]
        if os.path.isabs(name) or name.startswith(("~", "./", "../")):
            return [Path(os.path.abspath(os.path.expanduser(name))).as_uri()]
        name = name.strip("/")
        known = [key for key in self._rc.custom_channels if f"{name}/".startswith(key.strip("/") + "/")]
        where = self._rc.custom_channels[max(known, key=len)] if known else self.alias
        return [f"{where.rstrip('/')}/{name}"]

    def name(self, url: str) -> str:
        """What conda calls the channel at `url` (`conda-forge`, `defaults`), else its public address."""
        if "://" not in url:
            return url
        base = public(base_of(url))
        for multi, parts in self._multi.items():
            if any(public(u) == base for part in parts if part != multi for u in self._expand(part, 1)):
                return multi
        if repository := repository_part(base):
            return "defaults" if repository.removeprefix("pkgs/") in _DEFAULTS else repository
        for key, where in self._rc.custom_channels.items():
            top = f"{public(where).rstrip('/')}/{key.strip('/')}"
            if f"{base}/".startswith(f"{top}/"):
                return base[len(public(where).rstrip("/")) + 1 :]
        for alias in (self.alias, default_alias()):
            if base.startswith(f"{public(alias)}/"):
                return base[len(public(alias)) + 1 :]
        return base

    def mirrors(self) -> dict[str, list[str]]:
        """Where to look instead: public address of a channel → addresses of its mirrors, best first."""
        found = {}
        for name, places in self._rc.mirrored_channels.items():
            for url in self._expand(name):
                found[public(url)] = [place.rstrip("/") for place in places]
        return found


def _is_file(url: str) -> bool:
    return url.lower().startswith("file:")
