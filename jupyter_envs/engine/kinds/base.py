"""What the engine asks of a kind of environment; an action never asks which one it has."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from jupyter_envs.backends.base import Backend
from jupyter_envs.engine.task import Context
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.address import Address
from jupyter_envs.model.check import Requirement, check_requirement
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.env import Environment, Own, Package, Problem, TreeNode
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan, Revision
from jupyter_envs.model.request import Create
from jupyter_envs.model.sources import Sources


class Wanted(Struct, frozen=True, kw_only=True):
    """A checked change: what to install, of that what to upgrade, what to remove (normalised names).

    `upgrade_all` takes the newest of all lines, of which the last `along` were not named by
    anybody; `exact` installs the lines without what they need. Files of a requirement with
    hashes are compared to them; where
    each one has hashes nothing without comes along. `constraints` limit the versions
    of whatever comes along. `pip` is what pip is to bring afterwards, where that is
    apart (`Kind.pip_apart`), `pip_upgrade_names` what of that to upgrade, with `or_pip` also what
    no channel has; `archives` take the place of all that is there, and the specs `requested` then
    count as asked for (none: as far as that can be known); `variables` are the environment's own
    from then on; `channels` are asked before those of the settings, `sources` beside its own (pip's and
    uv's). What is in `replace` is
    installed anew although its version is right; `goal` are the versions that stand afterwards,
    where they are known before. `plan` is the hash of the plan that was agreed to.
    With `builds` no code of a package but of these runs meanwhile.
    """

    install: list[Requirement] = []
    pip: list[Requirement] = []
    pip_upgrade_names: list[str] = []
    or_pip: bool = False
    archives: list[Exact] = []
    requested: list[str] = []
    variables: dict[str, str] = {}
    channels: list[Address] = []
    sources: Sources = Sources()
    constraints: list[Requirement] = []
    upgrade_names: list[str] = []
    remove: list[str] = []
    upgrade_all: bool = False
    along: int = 0
    exact: bool = False
    replace: list[str] = []
    builds: list[str] | None = None
    goal: dict[str, str] | None = None
    plan: str | None = None

    @property
    def empty(self) -> bool:
        return not (self.install or self.pip or self.remove or self.upgrade_all or self.archives or self.variables)


class Origin(Struct, frozen=True, kw_only=True):
    """How a file says where an environment's packages come from, beside their names and versions.

    `specs` are what was asked for by name; `archives` carry no credentials.
    """

    channels: list[str] = []
    specs: dict[str, str] = {}
    archives: list[Exact] = []
    variables: dict[str, str] = {}


class Return(Struct, frozen=True, kw_only=True):
    """The way back to a lock; `warnings` say what cannot be brought back, or not quite."""

    wanted: Wanted
    warnings: list[str] = []


class Recipe(Struct, frozen=True, kw_only=True):
    """What an environment without packages of its user's is made by, as it can be kept on disk.

    `python` is an interpreter's path, or what to ask the channels for where the
    manager brings its own Python; `channels` come in the order of their priority.
    """

    manager: str
    python: str
    pip: bool
    channels: list[Address] = []


class Draft(Struct, frozen=True, kw_only=True):
    """A kernelspec that an environment could have; `name` tells it from the others of the same environment.

    `title` names the kernel without the environment, `magic` tells that its argv
    takes ipykernel's options, `protocol` is the version of Jupyter's messages that
    it speaks, where it says so, `resources` is a folder with logos.
    """

    name: str
    title: str
    language: str
    argv: list[str]
    env: dict[str, str]
    interrupt_mode: str = "signal"
    metadata: dict[str, object] = {}
    magic: bool = False
    protocol: str | None = None
    resources: Path | None = None


class Kind(Protocol):
    """One kind of environment. A `prefix` has its links resolved; the caller holds the lock of what is changed."""

    name: str
    # Whether packages of pip lie beside others in such an environment.
    pip_apart: bool

    # What is there; from files alone, within milliseconds.

    def versions(self, prefix: str) -> dict[str, str]:
        """The version of each package by normalised name."""

    def named(self, prefix: str, name: str) -> str | None:
        """Under which name the package that `name` means is installed; None where it is not."""

    def packages(self, prefix: str, store: Path | None = None, own: Own | None = None) -> list[Package]:
        """Every package, sorted by name, with `requested` as far as it is known; `store` keeps what was read.

        The record of what was asked for is read of the user's `own` alone, also in `origin`.
        """

    def tree(self, prefix: str) -> list[TreeNode]:
        """What each package needs and what needs it, sorted by name."""

    def origin(self, prefix: str, own: Own | None = None) -> Origin:
        """Where the packages come from, as far as that is not in each of them."""

    # What a caller asks for.

    def check(self, text: str, field: str) -> Requirement:
        """The requirement that `text` means; raises InvalidRequest with `field`."""

    def check_channel(self, text: str, field: str) -> Address:
        """The channel that `text` means; raises InvalidRequest with `field`."""

    def check_package(self, text: str, field: str) -> str:
        """The normalised name of the package name `text`; raises InvalidRequest with `field`."""

    def recipe(self, backend: Backend, request: Create) -> Recipe:
        """How the new environment of `request` begins.

        Raises:
            InvalidRequest: a field is wrong.
            Unavailable: there is no such Python here.
        """

    def upgrades(self, prefix: Own) -> list[Requirement]:
        """What an upgrade of everything has to name, within the limits that were asked for."""

    # The past.

    def past(self, prefix: str) -> list[Revision]:
        """What the tool itself noted of changes before we noted any, oldest first; there is no way back to them."""

    def lock(self, prefix: str, python: str | None, before: Lock | None = None, since: int = 0) -> Lock:
        """What stands now, on Python `python`; what `before` knows of it is taken over.

        What was not written to after `since` (ns since the epoch) is as `before` has it.
        """

    def completed(self, prefix: Own, lock: Lock, stop: threading.Event, *, offline: bool) -> Lock:
        """`lock` with the hashes that it lacks, as far as they can be found; `stop` ends that."""

    def back_to(self, here: Lock, goal: Lock) -> Return:
        """What leads from `here` to `goal`."""

    # Changes of an environment: whole or not at all.

    def plan(self, prefix: Own, wanted: Wanted, context: Context) -> Plan:
        """What `wanted` would change; nothing is changed.

        Raises:
            Unsolvable: the requirements cannot be met together.
            Unavailable: an index or a channel cannot be reached.
        """

    def apply(self, prefix: Own, wanted: Wanted, context: Context, undo: Undo | None = None) -> Plan:
        """Do `wanted` and return what has changed; on any error the environment is as it was.

        With a journal `undo` of the caller's, it is the caller who takes back or lets stand.

        Raises:
            Unsolvable, Unavailable: as `plan`.
            Conflict: the plan, or what came of it, is not the one that was agreed to (reason ``plan_changed``).
            Failed: the installer failed.
            Cancelled: the user ended the job.
        """

    def mend(self, prefix: Own) -> bool:
        """Undo a change whose process ended in the middle; return whether there was one."""

    # New environments, put together where nobody sees them yet.

    def home(self) -> Path:
        """The folder that a new environment with a name goes to, links resolved."""

    def roots(self) -> list[Path]:
        """The folders whose environments are managed, links resolved."""

    def homes(self) -> list[Path]:
        """The folders that hold environments by name, the roots and others, links resolved."""

    def base(self, recipe: Recipe, kernel: bool) -> list[Requirement]:
        """What an environment by `recipe` starts with, for a kernel and for notebooks that call pip."""

    def identity(self, recipe: Recipe) -> object:
        """What a template made by `recipe` depends on, settings and tools included; its `repr` is compared.

        Raises:
            OSError: the interpreter is gone.
        """

    def make(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        """Make an environment with what is `wanted` at `tree`, which does not exist; an error leaves nothing of it.

        Raises:
            Failed: the manager could not make it.
            EnvsError: as `apply`.
        """

    def fill(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        """Install what is `wanted` into a tree that nobody uses yet; after an error it is good for nothing."""

    def relocate(self, tree: str, old: Sequence[str], new: str) -> None:
        """Let the environment at `tree`, which speaks of the first of `old` and perhaps the others, speak of `new`."""

    def appeared(self, prefix: str) -> None:
        """Tell others, such as the tool's own list, of the environment that is at `prefix` from now on."""

    def vanished(self, prefix: str) -> None:
        """Take back what `appeared` told."""

    # Kernels.

    def lacks_for_kernel(self, prefix: str) -> list[Requirement]:
        """What has to be installed before the environment can be a kernel."""

    def kernels(self, tree: Own, prefix: str, name: str) -> list[Draft]:
        """The kernels of the environment called `name`, now at `tree`, in the end at `prefix`; the main one first."""

    # Health and repair.

    def problems(self, environment: Environment) -> list[Problem]:
        """What a close look finds wrong that is of this kind alone; takes some milliseconds."""

    def outlived(self, environment: Environment) -> bool:
        """Whether its interpreter is gone or not its own any more, so that it has to be made anew."""

    def remake(self, environment: Environment, own: Own, tree: Own, context: Context) -> None:
        """Make `environment` anew at `tree`, as near to what it was as this machine allows.

        Raises:
            EnvsError: as `make`.
        """


def check_pip(texts: Sequence[str], field: str = "pip_packages") -> list[Requirement]:
    """The requirements for pip that `texts` mean; raises InvalidRequest with `field` and the number."""
    return [check_requirement(text, f"{field}[{n}]") for n, text in enumerate(texts)]
