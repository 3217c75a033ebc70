"""What the server's process and the one that runs the engine tell each other, as lines of JSON."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import CondaPackage, Priority, Swap


class Network(Struct, frozen=True, kw_only=True):
    """How channels are reached: public addresses, best first; `config` is the engine's own TOML, without `proxies`."""

    channels: list[str]
    config: str = ""
    proxies: dict[str, Address] = {}
    repodata: str
    pkgs_dirs: list[str]
    retries: int = 3
    timeout: int = 60
    offline: bool = False


class Work(Struct, frozen=True, kw_only=True):
    """One transaction. `held` are the specs asked for before, by name; `pinned` specs hold whatever is asked."""

    operation: Operation
    network: Network
    priority: Priority
    held: dict[str, str] = {}
    pinned: list[str] = []


class Lookup(Struct, frozen=True, kw_only=True):
    """A question about channels: the names in them, or the builds of `name`."""

    network: Network
    name: str | None = None


class Done(Struct, frozen=True, kw_only=True):
    """What came of a transaction: as `CondaOutcome`, channels by address; `installed` is all that is there now."""

    added: list[CondaPackage] = []
    changed: list[Swap] = []
    removed: list[CondaPackage] = []
    installed: list[CondaPackage] = []
    download_size: int = 0
    requested: dict[str, str] = {}


class Refused(Struct, frozen=True, kw_only=True):
    """An error of `model.errors`, by the name of its class."""

    kind: str
    message: str
    hint: str | None = None
    reason: str | None = None
    field: str | None = None
    detail: str | None = None


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: a `step` (phase, done, total, unit), a `line` for the log, or the end as one of the others."""

    step: tuple[str, int | None, int | None, str | None] | None = None
    line: str | None = None
    done: Done | None = None
    found: list[Any] | None = None
    refused: Refused | None = None
