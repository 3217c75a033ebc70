"""What a manager and an installer promise to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Capabilities, Interpreter, Kind


class Event(Struct, frozen=True):
    """What one line of an installer's output means; a field that the line says nothing of is None.

    `resolved` is the number of packages in the solution, `started` and `fetched`
    name a download with its `size` in bytes, `installed` counts what was linked,
    `placed` names one package that is in place now.
    """

    resolved: int | None = None
    started: str | None = None
    fetched: str | None = None
    size: int | None = None
    prepared: int | None = None
    installed: int | None = None
    built: str | None = None
    placed: str | None = None


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


class Speaker(Protocol):
    """A tool whose output can be understood."""

    name: str

    def event(self, line: str) -> Event | None:
        """What a line of output tells about the progress."""

    def unsolvable(self, output: str) -> str | None:
        """The solver's explanation in `output`, or None when the failure is of another kind."""


class Installer(Speaker, Protocol):
    """Changes the packages of an environment. Requirements go by file, names are checked before."""

    # Whether it can be kept from asking an index: what its cache has is enough then.
    can_offline: bool

    def install_argv(
        self,
        python: str,
        requirements: str,
        *,
        upgrade: bool = False,
        upgrade_names: Sequence[str] = (),
        replace_names: Sequence[str] = (),
        exact: bool = False,
        hashed: bool = False,
        constraints: str | None = None,
        dry_run: bool = False,
        offline: bool = False,
        builds: Sequence[str] | None = None,
    ) -> list[str]:
        """The command that installs the lines of the file `requirements` for the interpreter `python`.

        `upgrade` takes the newest of everything, `upgrade_names` of those alone;
        `replace_names` are installed anew, whatever is there;
        `exact` installs just the lines, without what they need; `hashed` only files
        whose hash is given; `constraints` is a file of limits to what else comes along.
        With `builds` no code of a package but of these, from their source, runs; without, of any.
        """

    def remove_argv(self, python: str, names: str) -> list[str]:
        """The command that removes the distributions listed in the file `names`."""

    def lock_argv(
        self,
        python: str,
        requirements: str,
        *,
        offline: bool = False,
        deps: bool = False,
        builds: Sequence[str] | None = None,
        constraints: str | None = None,
    ) -> list[str] | None:
        """The command that prints the lines of a file as a pylock (PEP 751), or None where there is none.

        The lines are pinned, unless `deps` asks for what they need too. With `offline` it tells
        what its cache knows, or fails; `builds` and `constraints` are as for `install_argv`.
        """

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What to set for the commands, so that they follow the user's own configuration."""

    def outcome(self, output: str) -> Outcome:
        """What the whole output says was, or would be, done."""


class Told(Struct, frozen=True, kw_only=True):
    """What the files of a project say: its name, the Python that it asks for, and whether there is a lock file."""

    name: str
    python: str | None
    locked: bool


Commands = list[list[str]]


class ProjectTool(Speaker, Protocol):
    """A manager of projects: the environment is made from files in a folder, and changes go into those files.

    All commands are run in the project's folder. Requirements and names are checked before: none begins with a dash.
    """

    title: str
    description: str
    can: Capabilities
    # One of these in a folder may mean a project; the lock file's name is `lock`.
    markers: tuple[str, ...]
    lock: str
    # What the commands may write in the folder, apart from the environment.
    files: tuple[str, ...]
    # Whether `rehearsal` may run in the project itself; if not, in a copy of its files.
    rehearses_in_place: bool

    def version(self) -> str | None:
        """The tool's version, without starting a process; None when it is not there or does not tell."""

    def missing(self) -> str | None:
        """Why the tool cannot be used now, or None."""

    def read(self, folder: str) -> Told | None:
        """What the files of `folder` (links resolved) say; None when it is no project of this tool."""

    def prefixes(self, folder: str) -> list[str]:
        """Where the environments of the project in `folder` are or would be, the main one first."""

    def current(self, folder: str) -> bool | None:
        """Whether the lock file fits the rest; None where there is none, or where the files alone do not tell."""

    def requested(self, folder: str) -> set[str]:
        """The normalised names of the packages that the project itself asks for, in whatever group."""

    def locked(self, folder: str) -> dict[str, str]:
        """The version of each package in the lock file by its name, those for other systems included.

        A name is as the environment's kind has it: normalised (PEP 503), or conda's own.
        """

    def lock_commands(self) -> Commands:
        """The commands that bring the lock file up to date and change nothing else."""

    def sync_commands(self, folder: str, prefix: str, locked: bool) -> Commands:
        """The commands that make the environment of `folder` at `prefix` or bring it up to what is `locked`.

        What was installed there besides stays.
        """

    def add_commands(self, requirements: Sequence[Requirement]) -> Commands:
        """The commands that add `requirements` to the project and install them.

        Raises:
            InvalidRequest: the tool cannot take one of them.
        """

    def upgrade_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """The commands that take the newest that fits of `names`, without names of everything.

        Raises:
            InvalidRequest: the tool cannot upgrade one of them.
        """

    def remove_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """The commands that take `names` out of the project; what then is needed no more may stay installed."""

    def rehearsal(self, commands: Commands, prefix: str) -> Commands:
        """The commands that tell what `commands`, made by the methods above, would do to the environment."""

    def outcome(self, folder: str, output: str, here: Mapping[str, str]) -> Outcome:
        """What the `output` of a rehearsal in `folder` means for an environment with the packages `here`."""

    def environment(self, environ: Mapping[str, str], prefix: str, rehearsal: bool = False) -> dict[str, str]:
        """What to set for the commands, so that they ask nothing and work on the environment at `prefix`.

        For a `rehearsal` in a copy that environment may be read, and is never changed.
        """

    def outdated(self, output: str) -> bool:
        """Whether the tool refused because its lock file is out of date."""
