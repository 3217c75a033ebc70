"""conda environments: changed by the embedded engine or an installed client, by uv for what pip brings."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jupyter_envs.backends.base import Backend
from jupyter_envs.backends.conda_operation import CondaInstaller, CondaOutcome, Operation
from jupyter_envs.engine import record
from jupyter_envs.engine.agreed import refuse_other
from jupyter_envs.engine.kinds import conda_health, conda_kernels, conda_return
from jupyter_envs.engine.kinds.base import Draft, Origin, Recipe, Return, Wanted
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context
from jupyter_envs.engine.undo import Undo, undoing
from jupyter_envs.model.address import Address
from jupyter_envs.model.check import Requirement, check_python, check_requirement
from jupyter_envs.model.env import Environment, Own, Package, Problem, TreeNode
from jupyter_envs.model.errors import InvalidRequest, Unsolvable
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Changed, Pin, Plan, Revision, difference
from jupyter_envs.model.request import Create
from jupyter_envs.system import (
    conda_clients,
    conda_environments,
    conda_packages,
    conda_rc,
    conda_records,
    installed,
    interpreters,
    metadata,
)
from jupyter_envs.system.conda_url import public
from jupyter_envs.system.files import remove_tree
from jupyter_envs.system.paths import python_of

if TYPE_CHECKING:
    from jupyter_envs.backends.rattler import Embedded
    from jupyter_envs.engine.install import Installation

NO_PYTHON = "none"
# Seconds: clients and their settings are looked for in dozens of places.
_HOMES_HOLD = 5.0


class Conda:
    """`installer` changes what conda brings, `installation` what pip does; to read an environment takes neither."""

    name = "conda"
    pip_apart = True

    def __init__(
        self, settings: Settings, installer: Callable[[], CondaInstaller], installation: Callable[[], Installation]
    ) -> None:
        self._settings = settings
        self._installer = installer
        self._installation = installation
        self._homes: tuple[float, list[Path]] = (-_HOMES_HOLD, [])

    def versions(self, prefix: str) -> dict[str, str]:
        return conda_packages.versions(prefix)

    def named(self, prefix: str, name: str) -> str | None:
        found = conda_packages.content(prefix)
        return found.by_pip(name) or (name if any(record.name == name for record in found.records) else None)

    def packages(self, prefix: str, store: Path | None = None, own: Own | None = None) -> list[Package]:
        return conda_packages.packages(prefix, store)

    def tree(self, prefix: str) -> list[TreeNode]:
        return conda_packages.tree(prefix)

    def origin(self, prefix: str, own: Own | None = None) -> Origin:
        found = conda_records.records(prefix)
        told = (record.channels(own) if own else []) or [public(r.channel) for r in found if r.channel]
        return Origin(
            channels=list(dict.fromkeys(told)),
            specs=conda_records.requested(prefix),
            archives=[replace(line, url=public(line.url)) for r in found if (line := r.exact)],
            variables=conda_environments.variables(prefix),
        )

    def check(self, text: str, field: str) -> Requirement:
        from jupyter_envs.backends.conda_spec import check_spec

        spec = check_spec(text, field)
        return Requirement(line=spec.text, name=spec.name)

    def check_channel(self, text: str, field: str) -> Address:
        from jupyter_envs.system.conda_channels import check_channel

        return check_channel(text, field)

    def check_package(self, text: str, field: str) -> str:
        from jupyter_envs.backends.conda_spec import check_package

        return check_package(text, field)

    def recipe(self, backend: Backend, request: Create) -> Recipe:
        """`python` is a version or the start of one, empty for the newest; none where another kernel is asked for."""
        channels = [self.check_channel(text, f"channels[{n}]") for n, text in enumerate(request.channels)]
        channels = channels or [Address(each) for each in self._settings.conda_channels]
        python = check_python(request.python) if request.python is not None else ""
        if os.path.isabs(python):
            # A Python of this machine stands for its version: conda installs its own.
            found = interpreters.pick(python, self._settings.interpreters_file).version
            python = ".".join(found.split(".")[:2])
        if python:
            self.check(f"python={python}", "python")
        elif conda_kernels.bring_their_own(request.packages):
            python = NO_PYTHON
        return Recipe(manager=backend.name, python=python, pip=request.pip, channels=channels)

    def upgrades(self, prefix: Own) -> list[Requirement]:
        """Nothing: the solver takes everything by itself."""
        return []

    def past(self, prefix: str) -> list[Revision]:
        return conda_return.past(prefix)

    def lock(self, prefix: str, python: str | None, before: Lock | None = None, since: int = 0) -> Lock:
        """conda's packages with the archives they came from; where pip's is imported in their place, that one."""
        found = conda_packages.content(prefix)
        pip = installed.lock(prefix, python, before, since, found.pip)
        shadowed = {shadow.record.name for shadow in found.shadows}
        conda = [conda_return.locked(record) for record in found.records if record.name not in shadowed]
        packages = sorted([*conda, *pip.packages], key=lambda package: package.name)
        lock = replace(pip, packages=packages)
        # Where pip has brought nothing, no installer of its packages need be there.
        return self._installation().hashes.filled(prefix, lock) if pip.packages else lock

    def completed(self, prefix: Own, lock: Lock, stop: threading.Event, *, offline: bool) -> Lock:
        return self._installation().hashes.completed(prefix, lock, stop, offline=offline)

    def back_to(self, here: Lock, goal: Lock) -> Return:
        """The very archives of `goal`; one whose address nobody knows in its version."""
        return conda_return.way_back(here, goal)

    def plan(self, prefix: Own, wanted: Wanted, context: Context) -> Plan:
        asked = wanted
        wanted, outcome = self._solved(prefix, wanted, context)
        plan = replace(_plan(outcome), warnings=_warnings(asked, wanted, outcome))
        pip = self._for_pip(prefix, wanted, outcome)
        return _joined(plan, self._installation().plan(prefix, pip, context)) if pip else plan

    def apply(self, prefix: Own, wanted: Wanted, context: Context, undo: Undo | None = None) -> Plan:
        before, asked = self.versions(prefix), wanted
        wanted, outcome = self._solved(prefix, wanted, context)
        if asked.plan is not None:
            planned = _plan(outcome)
            if pip := self._for_pip(prefix, wanted, outcome):
                planned = _joined(planned, self._installation().plan(prefix, pip, context))
            refuse_other(planned, asked.plan)
        operation = self._operation(prefix, wanted)
        context.check()
        journal, part = undo or Undo(prefix), undo is not None
        with undoing(journal, context, (), _touched(prefix, outcome), part=part):
            # Also where nothing changes: what is asked for belongs into the history.
            self._run(operation, context)
            _set_variables(prefix, wanted)
            if pip := self._for_pip(prefix, wanted, outcome):
                context.check()
                self._installation().apply(prefix, pip, context, journal)
        warnings = _warnings(asked, wanted, outcome)
        for warning in warnings:
            context.line(warning)
        return replace(difference(before, self.versions(prefix)), warnings=warnings)

    def mend(self, prefix: Own) -> bool:
        return Undo(prefix).back()

    def home(self) -> Path:
        return self.roots()[0]

    def roots(self) -> list[Path]:
        """The folders of named environments that can be written, in conda's order."""
        return [folder for folder in self.homes() if conda_clients.writable(os.fspath(folder))]

    def homes(self) -> list[Path]:
        """Also those that an administrator keeps for all."""
        moment, found = self._homes
        if time.monotonic() - moment > _HOMES_HOLD:
            root = conda_clients.root_of(conda_clients.clients())
            folders = conda_clients.envs_dirs(conda_rc.load(root=root), root)
            found = list(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))
            self._homes = (time.monotonic(), found)
        return found

    def base(self, recipe: Recipe, kernel: bool) -> list[Requirement]:
        if recipe.python == NO_PYTHON:
            return []
        python = Requirement(line=f"python={recipe.python}" if recipe.python else "python", name="python")
        names = [*(["ipykernel"] if kernel else []), *(["pip"] if recipe.pip else [])]
        return [python, *(Requirement(line=name, name=name) for name in names)]

    def identity(self, recipe: Recipe) -> object:
        """The engine, the channels and what they resolve to by the settings in force, Python and pip."""
        rc = conda_rc.load()
        said = (rc.channels, rc.channel_alias, rc.channel_priority, rc.custom_channels, rc.pinned_packages)
        installer = self._installer()
        return (recipe.manager, installer.name, installer.version(), recipe.python, recipe.pip, recipe.channels, said)

    def make(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        try:
            self._fill(tree, wanted, context, recipe.channels)
        except BaseException:
            remove_tree(tree)
            raise

    def fill(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        self._fill(tree, wanted, context, recipe.channels)

    def relocate(self, tree: str, old: Sequence[str], new: str) -> None:
        from jupyter_envs.system.conda_relocate import relocate

        relocate(tree, old, new)

    def appeared(self, prefix: str) -> None:
        conda_environments.register(prefix)

    def vanished(self, prefix: str) -> None:
        conda_environments.unregister(prefix)

    def lacks_for_kernel(self, prefix: str) -> list[Requirement]:
        if conda_kernels.shipped(prefix) or "ipykernel" in self.versions(prefix):
            return []
        return [Requirement(line="ipykernel", name="ipykernel")]

    def kernels(self, tree: Own, prefix: str, name: str) -> list[Draft]:
        # So that `!conda` in a notebook finds the client, and it this environment.
        found = sorted(conda_clients.clients(), key=lambda client: client.name != "conda")
        return conda_kernels.drafts(tree, prefix, client=found[0].path if found else None)

    def problems(self, environment: Environment) -> list[Problem]:
        return conda_health.problems(environment.prefix)

    def outlived(self, environment: Environment) -> bool:
        return any(problem.code == "no_interpreter" for problem in environment.problems)

    def remake(self, environment: Environment, own: Own, tree: Own, context: Context) -> None:
        """With the archives that its records name, and pip's packages at their versions."""
        prefix = environment.prefix
        found = conda_packages.content(prefix)
        exact = [line for record in found.records if (line := record.exact)]
        requested = list(conda_records.requested(prefix).values())
        versions = self.versions(prefix)
        pip = [Requirement(line=f"{name}=={versions[name]}", name=name) for name in found.pip if name in versions]
        try:
            self._run(Operation(prefix=tree, exact=exact, requested=requested), context)
            if pip:
                self._installation().fill(tree, Wanted(install=pip, sources=record.sources(own)), context)
        except BaseException:
            remove_tree(tree)
            raise

    def _fill(self, tree: Own, wanted: Wanted, context: Context, channels: Sequence[Address]) -> None:
        self._run(replace(self._operation(tree, wanted), channels=[*wanted.channels, *channels]), context)
        _set_variables(tree, wanted)
        if pip := self._for_pip(tree, wanted, CondaOutcome()):
            self._installation().fill(tree, pip, context)

    def _solved(self, prefix: Own, wanted: Wanted, context: Context) -> tuple[Wanted, CondaOutcome]:
        """What conda's part comes to; with `or_pip` what no channel has is pip's to bring."""
        operation = replace(self._operation(prefix, wanted), dry_run=True)
        try:
            return wanted, self._run(operation, context)
        except Unsolvable:
            if not wanted.or_pip:
                raise
            names = self._embedded().names(operation.channels, prefix=prefix, cancelled=context.cancelled)
            offered = {*names, *self.versions(prefix)}
            lacking = [r for r in wanted.install if r.name not in offered]
            if not lacking:
                raise
        pip = [check_requirement(str(r), "install") for r in lacking]
        wanted = replace(wanted, install=[r for r in wanted.install if r not in lacking], pip=[*wanted.pip, *pip])
        return wanted, self._run(replace(self._operation(prefix, wanted), dry_run=True), context)

    def _embedded(self) -> Embedded:
        from jupyter_envs.backends.rattler import Embedded

        return Embedded(self._settings.state)

    def _operation(self, prefix: Own, wanted: Wanted) -> Operation:
        found = conda_packages.content(prefix)
        archives = wanted.archives or None
        newer = {name for name in wanted.upgrade_names if not found.by_pip(name)}
        return Operation(
            prefix=prefix,
            install=[str(r) for r in wanted.install if r.name not in wanted.upgrade_names],
            update=[str(r) for r in wanted.install if r.name in newer],
            remove=[name for name in wanted.remove if not found.by_pip(name)],
            update_all=wanted.upgrade_all,
            exact=archives,
            requested=(wanted.requested or conda_return.requested(prefix, archives)) if archives else None,
            constrained=[str(r) for r in wanted.constraints],
            channels=[*wanted.channels, *map(Address, record.channels(prefix) or self._settings.conda_channels)],
            command=["jupyter", "envs", "change"],
            scripts=wanted.builds,
        )

    def _for_pip(self, prefix: str, wanted: Wanted, outcome: CondaOutcome) -> Wanted | None:
        """What is left for uv after conda's part; conda's own distributions stay as `outcome` leaves them."""
        found = conda_packages.content(prefix)
        newer = [name for name in wanted.upgrade_names if found.by_pip(name)]
        # A name and a version may be written as match specs write them, and no other way.
        brought = [check_requirement(str(r), "upgrade") for r in wanted.install if r.name in newer]
        install = [*wanted.pip, *brought]
        remove = [key for name in wanted.remove if (key := found.by_pip(name))]
        if not install and not remove:
            return None
        if install and not os.path.exists(python_of(prefix)):
            raise InvalidRequest(
                "There is no Python in this environment.", hint="Install python first.", field="pip_packages"
            )
        named = {r.name for r in wanted.pip}
        moving = {swap.before.name for swap in outcome.changed} | {package.name for package in outcome.removed}
        versions = metadata.versions(prefix)
        kept = [
            Requirement(line=f"{name}=={versions[name]}", name=name)
            for name, record in sorted(found.owners.items())
            if name not in named and name in versions and record.name not in moving
        ]
        upgraded = [*wanted.pip_upgrade_names, *(r.name for r in brought if r.name)]
        pip = Wanted(install=install, exact=wanted.exact, upgrade_names=upgraded, remove=remove, constraints=kept)
        return replace(pip, sources=wanted.sources, builds=wanted.builds)

    def _run(self, operation: Operation, context: Context) -> CondaOutcome:
        if not any((operation.install, operation.update, operation.remove, operation.update_all, operation.exact)):
            return CondaOutcome()

        def step(phase: str, done: int | None, total: int | None, unit: str | None) -> None:
            # A step raises when the job was cancelled, and this is another thread.
            if not context.cancelled.is_set():
                context.step(phase, done, total, unit)

        # A client runs each script unasked.
        installer = self._installer() if operation.scripts is None else self._embedded()
        return installer.run(
            operation, on_step=step, on_line=lambda text: context.line(text, "out"), cancelled=context.cancelled
        )


def _touched(prefix: str, outcome: CondaOutcome) -> Iterable[str]:
    """The files of what the transaction replaces or removes, relative to `prefix`."""
    names = {swap.before.name for swap in outcome.changed} | {package.name for package in outcome.removed}
    records = conda_records.records(prefix)
    # Another Python has another folder for packages: those that fit any Python move there.
    moving = [r for r in records if r.name in names or ("python" in names and r.noarch)]
    return [file for record in moving for file in conda_records.files(prefix, record)]


def _set_variables(prefix: str, wanted: Wanted) -> None:
    if wanted.variables:
        conda_environments.set_variables(prefix, {**conda_environments.variables(prefix), **wanted.variables})


def _plan(outcome: CondaOutcome) -> Plan:
    return Plan(
        added=[Pin(name=p.name, version=p.version, size=p.size) for p in outcome.added],
        changed=[Changed(name=s.after.name, from_=s.before.version, to=s.after.version) for s in outcome.changed],
        removed=[Pin(name=p.name, version=p.version, size=p.size) for p in outcome.removed],
        download_size=outcome.download_size,
    )


def _warnings(asked: Wanted, done: Wanted, outcome: CondaOutcome) -> list[str]:
    """What comes about in another way than it was asked for."""
    found = []
    if by_pip := [str(r.name or r) for r in done.pip if r not in asked.pip]:
        found.append(f"No channel has {', '.join(by_pip)}: brought by pip.")
    along = [package.name for package in outcome.removed if package.name not in asked.remove]
    if asked.remove and along:
        found.append(f"Removed as well, since they need it or only it needed them: {', '.join(along)}.")
    return found


def _joined(one: Plan, other: Plan) -> Plan:
    sizes = (one.download_size, other.download_size)
    return replace(
        one,
        added=[*one.added, *other.added],
        changed=[*one.changed, *other.changed],
        removed=[*one.removed, *other.removed],
        download_size=None if None in sizes else sum(size or 0 for size in sizes),
    )
