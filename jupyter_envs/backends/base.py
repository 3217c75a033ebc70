"""What a manager and an installer promise to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from jupyter_envs.model.env import Capabilities, Interpreter, Kind


class Event(Struct, frozen=True):
    """What one line of an installer's output means; a field that the line says nothing of is None.

    `resolved` is the number of packages in the solution, `started` and `fetched`
    name a download with its `size` in bytes, `installed` counts what was linked.
    """

    resolved: int | None = None
    started: str | None = None
    fetched: str | None = None
    size: int | None = None
    prepared: int | None = None
    installed: int | None = None
    built: str | None = None


class Outcome(Struct, frozen=True):
    """What an installer did, or would do: versions by normalised name; `cached` when nothing is to be fetched."""

    added: dict[str, str]
    removed: dict[str, str]
    cached: bool


class Backend(Protocol):
    """A manager: makes environments on a given interpreter."""

    name: str
    title: str
    description: str
    kind: Kind
    can: Capabilities

    def version(self) -> str | None:
        """The tool's version, without starting a process; None when it is not there."""

    def missing(self) -> str | None:
        """Why the manager cannot be used now, or None."""

    def create_argv(self, prefix: str, python: Interpreter, *, pip: bool, prompt: str) -> list[str]:
        """The command that makes an environment at `prefix`, which does not exist."""


class Installer(Protocol):
    """Changes the packages of an environment. Requirements go by file, names are checked before."""

    name: str

    def install_argv(
        self,
        python: str,
        requirements: str,
        *,
        upgrade: bool = False,
        upgrade_names: Sequence[str] = (),
        exact: bool = False,
        hashed: bool = False,
        constraints: str | None = None,
        dry_run: bool = False,
        offline: bool = False,
    ) -> list[str]:
        """The command that installs the lines of the file `requirements` for the interpreter `python`.

        `upgrade` takes the newest of everything, `upgrade_names` of those alone;
        `exact` installs just the lines, without what they need; `hashed` only files
        whose hash is given; `constraints` is a file of limits to what else comes along.
        """

    def remove_argv(self, python: str, names: str) -> list[str]:
        """The command that removes the distributions listed in the file `names`."""

    def lock_argv(self, python: str, requirements: str) -> list[str] | None:
        """The command that prints the pinned lines of a file as a pylock (PEP 751), or None where there is none."""

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What to set for the commands, so that they follow the user's own configuration."""

    def event(self, line: str) -> Event | None:
        """What a line of output tells about the progress."""

    def outcome(self, output: str) -> Outcome:
        """What the whole output says was, or would be, done."""

    def unsolvable(self, output: str) -> str | None:
        """The solver's explanation in `output`, or None when the failure is of another kind."""
