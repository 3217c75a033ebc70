"""Change the packages of a PEP 405 environment through its installer, whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from jupyter_envs.backends.base import Installer, Outcome, Speaker
from jupyter_envs.backends.causes import explain
from jupyter_envs.engine import record
from jupyter_envs.engine.agreed import refuse_other, refuse_otherwise
from jupyter_envs.engine.hashes import Hashes
from jupyter_envs.engine.kinds.base import Wanted
from jupyter_envs.engine.task import Context, Quiet, Stream
from jupyter_envs.engine.undo import Undo, undoing
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import EnvsError, Failed, Unavailable, Unsolvable
from jupyter_envs.model.plan import Changed, Plan, difference
from jupyter_envs.model.sources import SETTINGS_ALONE, Sources
from jupyter_envs.system import git_access, toml, wheels
from jupyter_envs.system.asking import asking
from jupyter_envs.system.files import listing
from jupyter_envs.system.metadata import read_packages, versions
from jupyter_envs.system.paths import prefix_of, python_of
from jupyter_envs.system.pipconf import within
from jupyter_envs.system.process import Finished, clean_environment, run


class Installation:
    """Plans and makes changes with one installer."""

    def __init__(self, installer: Installer) -> None:
        self.installer = installer
        self.hashes = Hashes(installer)

    def plan(self, prefix: Own, wanted: Wanted, context: Context) -> Plan:
        """What `wanted` would change; nothing is changed.

        Raises:
            Unsolvable: the requirements cannot be met together.
            Unavailable: the index cannot be reached.
        """
        planned, outcome = self._planned(prefix, wanted, context)
        if wanted.goal is not None and wanted.install:
            outcome = replace(outcome, cached=self._cached(prefix, wanted, context))
        return self._sized(prefix, planned, outcome, context, self._asks(prefix, wanted))

    def apply(self, prefix: Own, wanted: Wanted, context: Context, undo: Undo | None = None) -> Plan:
        """Do `wanted` and return what has changed; on any error the environment is as it was.

        The caller holds the environment's lock. With a journal `undo` of the caller's, it is the caller who takes
        back or lets stand.

        Raises:
            Unsolvable: the requirements cannot be met together.
            Unavailable: the index cannot be reached.
            Failed: the installer failed.
            Cancelled: the user ended the job.
        """
        before = versions(prefix)
        planned, outcome = self._planned(prefix, wanted, context)
        refuse_other(planned, wanted.plan)
        if planned.empty and not outcome.added:
            context.line("Nothing to change: all of it is there.")
            return planned
        affected = {*outcome.added, *outcome.removed} & before.keys()
        # What is brought back is locked already.
        looked_up = {} if wanted.goal is not None else outcome.added
        with ExitStack() as around:
            around.enter_context(undoing(undo or Undo(prefix), context, affected, part=undo is not None))
            around.enter_context(self.hashes.meanwhile(prefix, looked_up, self._asks(prefix, wanted)))
            self._perform(prefix, wanted, context, offline=outcome.cached, total=len(outcome.added))
            did = difference(before, versions(prefix))
            refuse_otherwise(planned, did, wanted.plan)
        return did

    def fill(self, prefix: Own, wanted: Wanted, context: Context) -> None:
        """Do `wanted` in an environment that nobody uses yet; after an error it is good for nothing.

        Where every version is given the package cache is enough: to ask the index for what it says of 227
        packages takes 0.6 s with uv and to solve them by its answers 1.6 s, the cache alone less than 0.1 s.
        """
        self._perform(prefix, wanted, context, offline=self._given(prefix, wanted, context), total=None)

    def lock(
        self,
        python: str,
        requirements: Sequence[Requirement],
        context: Context,
        *,
        deps: bool,
        builds: Sequence[str],
        constraints: Sequence[Requirement] = (),
    ) -> str:
        """The pylock (PEP 751) of `requirements` for the interpreter `python`, with `deps` all that they need.

        No code of a package but of those in `builds` runs: what else is there as source alone fails.

        Raises:
            Unsolvable, Failed: it cannot be told.
            Unavailable: an index cannot be reached, or there is no uv to ask.
        """
        with ExitStack() as files:
            file = files.enter_context(listing(_entries([replace(r, hashes=()) for r in requirements])))
            limits = files.enter_context(listing(_entries(constraints))) if constraints else None
            argv = self.installer.lock_argv(python, file, deps=deps, builds=builds, constraints=limits)
            if argv is None:
                raise Unavailable(
                    "Only uv can tell what would be installed.", hint="Install uv.", reason="manager_unavailable"
                )
            return self._call(python, argv, context, None).out

    def unpack(
        self, python: str, requirements: Sequence[Requirement], folder: str, context: Context, *, builds: Sequence[str]
    ) -> None:
        """Put `requirements`, and nothing that they need, into `folder`; no code but that of `builds` runs.

        Raises:
            Unsolvable, Failed: they cannot be had.
        """
        with listing(_entries([replace(r, hashes=()) for r in requirements])) as file:
            argv = self.installer.install_argv(python, file, exact=True, builds=builds)
            self._call(python, [*argv, "--target", folder], Quiet(context), None)

    def _sized(self, prefix: Own, plan: Plan, outcome: Outcome, context: Context, asks: Sources) -> Plan:
        """`plan` with the sizes that can be known: of downloads from the index, of removals from disk."""
        here = {p.name.lower().replace("_", "-").replace(".", "-"): p.size for p in read_packages(prefix)}
        removed = [replace(pin, size=here.get(pin.name)) for pin in plan.removed]
        if outcome.cached or not outcome.added:
            return replace(plan, removed=removed, download_size=0)
        context.step("measure")
        known: dict[str, int] = {}
        with listing([f"{name}=={version}" for name, version in sorted(outcome.added.items())]) as file:
            argv = self.installer.lock_argv(_python(prefix), file)
            if argv:
                with suppress(EnvsError, ValueError):
                    told = self._call(_python(prefix), argv, Quiet(context), None, asks).out
                    known = wheels.sizes(toml.parse(told), within(os.environ, prefix))
        added = [replace(pin, size=known.get(pin.name)) for pin in plan.added]
        complete = outcome.added.keys() <= known.keys()
        return replace(plan, added=added, removed=removed, download_size=sum(known.values()) if complete else None)

    def _planned(self, prefix: Own, wanted: Wanted, context: Context) -> tuple[Plan, Outcome]:
        before, asks = versions(prefix), self._asks(prefix, wanted)
        if wanted.goal is not None:
            return _known(before, wanted, wanted.goal)
        context.step("resolve")
        added: dict[str, str] = {}
        removed: dict[str, str] = {name: before[name] for name in wanted.remove if name in before}
        cached = True
        if wanted.install:
            with self._install_argv(prefix, wanted, dry_run=True) as argv:
                told = self._call(_python(prefix), argv, context, None, asks)
            outcome = self.installer.outcome(told.out + "\n" + told.err)
            added, cached = outcome.added, outcome.cached
            removed.update({n: v for n, v in outcome.removed.items() if n not in added})
        after = {n: v for n, v in before.items() if n not in removed} | added
        return difference(before, after), Outcome(added, removed, cached)

    def _cached(self, prefix: Own, wanted: Wanted, context: Context) -> bool:
        """Whether `wanted` takes no download; raises as `plan` where it cannot be had at all."""
        asks = self._asks(prefix, wanted)
        context.step("resolve")
        for offline in (True, False):
            try:
                with self._install_argv(prefix, wanted, dry_run=True, offline=offline) as argv:
                    told = self._call(_python(prefix), argv, context, None, asks)
                return self.installer.outcome(told.out + "\n" + told.err).cached
            except (Failed, Unavailable, Unsolvable):
                if not offline:
                    raise
        return False

    def _perform(self, prefix: Own, wanted: Wanted, context: Context, *, offline: bool, total: int | None) -> None:
        if wanted.remove:
            context.step("remove", 0, len(wanted.remove), "packages")
            with listing(wanted.remove) as file:
                self._call(_python(prefix), self.installer.remove_argv(_python(prefix), file), context, None)
            context.step("remove", len(wanted.remove), len(wanted.remove), "packages")
        if wanted.install:
            asks = self._asks(prefix, wanted)
            meter = Meter(context, self.installer, total)
            try:
                with self._install_argv(prefix, wanted, offline=offline) as argv:
                    self._call(_python(prefix), argv, context, meter, asks)
            except (Failed, Unavailable, Unsolvable):
                if not offline:
                    raise
                context.check()
                context.line("The package cache does not have all of it; the index is asked.")
                with self._install_argv(prefix, wanted) as argv:
                    self._call(_python(prefix), argv, context, meter, asks)

    def _given(self, prefix: Own, wanted: Wanted, context: Context) -> bool:
        """Whether `wanted` leaves the index no choice: a lock, or pinned lines that need nothing beside them."""
        if not self.installer.can_offline:
            return False
        if wanted.exact:
            return True
        if not wanted.install or not all(line.pinned for line in wanted.install):
            return False
        asks = self._asks(prefix, wanted)
        try:
            with self._install_argv(prefix, wanted, dry_run=True, offline=True) as argv:
                told = self._call(_python(prefix), argv, Quiet(context), None, asks)
        except EnvsError:
            return False
        outcome = self.installer.outcome(told.out + "\n" + told.err)
        return outcome.cached and outcome.added.keys() <= {line.name for line in wanted.install}

    def _asks(self, prefix: Own, wanted: Wanted) -> Sources:
        """Which indexes are asked beside those of the settings: what the environment has, and what `wanted` names."""
        return record.sources(prefix).joined(wanted.sources)

    @contextmanager
    def _install_argv(
        self, prefix: Own, wanted: Wanted, *, dry_run: bool = False, offline: bool = False
    ) -> Iterator[list[str]]:
        """The command, as long as the files that it names are there."""
        with ExitStack() as files:
            limits = files.enter_context(listing(_entries(wanted.constraints))) if wanted.constraints else None
            yield self.installer.install_argv(
                _python(prefix),
                files.enter_context(listing(_entries(wanted.install))),
                upgrade=wanted.upgrade_all,
                upgrade_names=wanted.upgrade_names,
                replace_names=wanted.replace,
                exact=wanted.exact,
                hashed=all(requirement.hashes for requirement in wanted.install),
                constraints=limits,
                dry_run=dry_run,
                offline=offline,
                builds=wanted.builds,
            )

    def _call(
        self, python: str, argv: list[str], context: Context, meter: Meter | None, asks: Sources = SETTINGS_ALONE
    ) -> Finished:
        """Run `argv` for the environment of `python`."""

        def on_line(stream: str, text: str) -> None:
            kept: Stream = "out" if stream == "out" else "err"
            context.line(text, kept)
            if meter:
                meter.read(text)

        env = asking(self.installer.environment(within(clean_environment(), prefix_of(python))), asks)
        env.update(git_access.variables(env))
        done = run(argv, env=env, on_line=on_line, cancelled=context.cancelled)
        if done.code:
            raise explain(self.installer, done)
        return done


class Meter:
    """Turns an installer's lines into steps: so many of so many packages, or bytes."""

    def __init__(self, context: Context, installer: Speaker, total: int | None) -> None:
        self._context = context
        self._installer = installer
        self._packages = total
        self._sizes: dict[str, int] = {}
        self._fetched: set[str] = set()
        self._total = total
        self._placed = 0
        context.step("resolve" if total is None else "download", None if total is None else 0, total, "packages")

    def read(self, line: str) -> None:
        # A step raises when the job was cancelled; the runner ends the command then, not this thread.
        if self._context.cancelled.is_set():
            return
        event = self._installer.event(line)
        if event is None:
            return
        if event.resolved is not None:
            self._total = event.resolved
        if event.resolved is not None and self._packages is None:
            self._context.step("download", 0, event.resolved, "packages")
        if event.started is not None and event.size is not None:
            self._sizes[event.started] = event.size
        if event.fetched is not None:
            if event.size is not None:
                self._sizes[event.fetched] = event.size
            self._fetched.add(event.fetched)
        if self._sizes and (event.started or event.fetched):
            done = sum(self._sizes.get(name, 0) for name in self._fetched)
            self._context.step("download", done, sum(self._sizes.values()), "bytes")
        if event.built is not None:
            self._context.step(f"build {event.built}")
        if event.prepared is not None:
            self._context.step("install", 0, event.prepared, "packages")
        if event.placed is not None:
            self._placed += 1
            self._context.step("install", self._placed, max(self._placed, self._total or 0), "packages")
        if event.installed is not None:
            self._context.step("install", event.installed, event.installed, "packages")


def _known(before: dict[str, str], wanted: Wanted, goal: dict[str, str]) -> tuple[Plan, Outcome]:
    """What `wanted` does where that is known beforehand; the package cache is asked first."""
    plan = difference(before, goal)
    same = [Changed(name=name, from_=goal[name], to=goal[name]) for name in wanted.replace]
    removed = {name: before[name] for name in wanted.remove}
    added = {str(line.name): goal[str(line.name)] for line in wanted.install}
    changed = sorted([*plan.changed, *same], key=lambda change: change.name)
    return replace(plan, changed=changed), Outcome(added, removed, cached=True)


def _entries(requirements: Sequence[Requirement]) -> list[str]:
    """`requirements` as lines of a file; paths as file URLs, so that blanks and marks in them mean nothing."""
    found = []
    for requirement in requirements:
        located = requirement
        if os.path.isabs(requirement.line):
            path, extras = re.fullmatch(r"(.*?)(\[[A-Za-z0-9._, -]*\])?", requirement.line).groups()  # type: ignore[union-attr]
            located = replace(requirement, line=Path(path).as_uri() + (extras or ""))
        found.append(
            " ".join([git_access.without_secret(str(located)), *(f"--hash={digest}" for digest in requirement.hashes)])
        )
    return found


def _python(prefix: Own) -> str:
    return os.fspath(python_of(prefix))
