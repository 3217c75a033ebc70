"""The channels that a file names: those that this person has configured come without a question, others need a yes."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_envs.backends.conda_setup import Setup
from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.engine.gate import needed
from jupyter_envs.engine.settings import Settings
from jupyter_envs.formats.base import FIELD, listed
from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import Exact
from jupyter_envs.system.conda_channels import check_channel
from jupyter_envs.system.conda_url import base_of, public
from jupyter_envs.system.redact import redact


class ConfiguredChannels:
    """The channels of the program's settings and of conda's settings files, ``defaults`` among them."""

    def __init__(self, settings: Settings) -> None:
        setup = Setup(None, settings.state)
        rc = setup.rc
        self._names = setup.names
        self._asked = list(settings.conda_channels) or rc.channels
        names = [*self._asked, "defaults", *rc.custom_channels, *rc.custom_multichannels]
        self._places = {_place(url) for url in self._names.urls(names)}

    def strange(self, channels: Iterable[str], specs: Iterable[str], archives: Iterable[Exact]) -> list[str]:
        """The public addresses that `channels`, `specs` and `archives` name and no setting does."""
        named: list[str | Address] = [check_channel(text, f"{FIELD} channels") for text in channels]
        named += [spec.channel for text in specs if (spec := check_spec(text, FIELD)).channel]
        places = [_place(url) for url in self._names.urls(named)]
        places += [base_of(public(archive.url)).rstrip("/") for archive in archives]
        return [place for place in dict.fromkeys(places) if place not in self._places]


def refuse_strange(
    settings: Settings,
    channels: Iterable[str] = (),
    specs: Iterable[str] = (),
    archives: Iterable[Exact] = (),
    *,
    kept: Iterable[str] = (),
) -> None:
    """Raise Conflict where a file names a channel that is neither configured nor in `kept`.

    `kept` are those that the environment has already, and those that the user named.

    Raises:
        Conflict: with a line for each such channel (reason ``approval_needed``).
        InvalidRequest: one of them is not a channel or a match spec.
    """
    channels, specs, archives = list(channels), list(specs), list(archives)
    if not (channels or specs or archives):
        return
    configured = ConfiguredChannels(settings)
    own = set(configured.strange(kept, [], []))
    lines = [redact(place) for place in configured.strange(channels, specs, archives) if place not in own]
    if lines:
        raise needed(
            f"The file takes packages from a channel that is not configured here: {listed(lines, 3)}.",
            lines,
            "that channel is used",
        )


def _place(url: Address) -> str:
    return public(url).rstrip("/")
