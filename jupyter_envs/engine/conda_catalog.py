"""What conda's channels offer: names, versions, and the terms under which some may be used."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from jupyter_envs.engine import record
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.address import Address
from jupyter_envs.model.catalog import Found, Versions
from jupyter_envs.model.conda import Terms
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from jupyter_envs.backends.conda_setup import Setup
    from jupyter_envs.backends.rattler import Embedded

_T = TypeVar("_T")
_Key = tuple[str | Address, ...]
MOST_FOUND = 50
# As the index of wheels, an answer holds for ten minutes.
KEPT_SECONDS = 600
_KEPT_MOST = 200


class CondaCatalog:
    """Look-ups in channels, by the embedded engine; answers are kept in memory. They may take seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[_Key, tuple[float, list[object]]] = {}
        self._lock = threading.Lock()

    def search(self, q: str, channel: str | None, prefix: Own | None = None) -> list[Found]:
        """At most 50 packages whose name holds `q`, of `channel`.

        Without one, of those from which the environment at `prefix` takes its packages; else of the settings'.

        Raises:
            InvalidRequest: `channel` is none.
            Forbidden: its terms are not accepted (reason ``terms``).
            Unavailable: it cannot be reached.
        """
        wanted = _plain(q.strip())[:200]
        if not wanted:
            return []
        channels = self._channels(channel, prefix)
        key: _Key = ("names", *self._urls(self._setup(prefix), channels))
        names = self._once(key, lambda: self._engine().names(channels, prefix=prefix))
        by_plain = sorted((_plain(name), name) for name in names)
        fitting = [pair for pair in by_plain if wanted in pair[0]]
        fitting.sort(key=lambda pair: (pair[0] != wanted, not pair[0].startswith(wanted)))
        return [Found(name=name, summary=None, source="channel") for _, name in fitting[:MOST_FOUND]]

    def versions(self, name: str, channel: str | None, prefix: Own | None = None) -> Versions:
        """The versions of `name`, newest first, of the channels that `search` looks in.

        Raises:
            InvalidRequest, Forbidden, Unavailable: as `search`, or `name` is no package name.
            NotFound: no channel knows it.
        """
        channels = self._channels(channel, prefix)
        key: _Key = ("versions", name, *self._urls(self._setup(prefix), channels))
        builds = self._once(key, lambda: self._engine().versions(name, channels, prefix=prefix))
        if not builds:
            raise NotFound(
                f"No channel has a package {ascii(name)[:80]}.",
                hint="Check the name, or add the channel that has it.",
                reason="no_package",
            )
        return Versions(name=builds[0].name, versions=list(dict.fromkeys(build.version for build in builds)))

    def terms(self, channel: str | None = None) -> list[Terms]:
        """The terms of `channel`, or of the channels of the settings; those without any are not listed.

        Raises:
            InvalidRequest: `channel` is none.
        """
        from jupyter_envs.system import conda_terms

        setup = self._setup()
        return conda_terms.terms_of(self._urls(setup, self._channels(channel)), setup.terms_file, setup.environ)

    def accept(self, channel: str) -> list[Terms]:
        """Remember that the user accepts the terms of `channel`; return them.

        Raises:
            InvalidRequest: `channel` is none, or has no terms.
        """
        from jupyter_envs.system import conda_terms

        setup = self._setup()
        found = [url for url in self._urls(setup, self._channels(channel)) if conda_terms.covered(url)]
        if not found:
            raise InvalidRequest(
                f"The channel {ascii(channel)[:80]} has no terms to accept.",
                hint="It can be used as it is.",
                field="channel",
            )
        return [conda_terms.accept(url, setup.terms_file) for url in found]

    def _channels(self, channel: str | None, prefix: Own | None = None) -> list[Address]:
        from jupyter_envs.system.conda_channels import check_channel

        if channel is not None:
            return [check_channel(channel, "channel")]
        known = (record.channels(prefix) if prefix else []) or self._settings.conda_channels
        return [Address(each) for each in known]

    def _urls(self, setup: Setup, channels: list[Address]) -> list[Address]:
        return setup.names.urls(channels or setup.rc.channels)

    def _setup(self, prefix: Own | None = None) -> Setup:
        from jupyter_envs.backends.conda_setup import Setup

        return Setup(None, self._settings.state, prefix)

    def _engine(self) -> Embedded:
        from jupyter_envs.backends.rattler import Embedded

        return Embedded(self._settings.state)

    def _once(self, key: _Key, ask: Callable[[], list[_T]]) -> list[_T]:
        moment = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept and moment - kept[0] < KEPT_SECONDS:
            return cast("list[_T]", kept[1])
        found = ask()
        with self._lock:
            while len(self._kept) >= _KEPT_MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (moment, cast("list[object]", found))
        return found


def _plain(name: str) -> str:
    """`name` as names are compared (PEP 503); one that conda alone has may begin with an underscore."""
    return re.sub(r"[-_.]+", "-", name).lower().lstrip("-")
