"""What the actions share: settings, tools, the places of locks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from jupyter_envs.backends.base import Backend
from jupyter_envs.engine import history, journal, kernels, own_files, record, shims
from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.journal import Action, Entry
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.ledger import Ledger
from jupyter_envs.engine.places import lock_file
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context
from jupyter_envs.engine.templates import Templates
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan
from jupyter_envs.system.disks import FULL
from jupyter_envs.system.files import folder_lock, held_here, lock, locked
from jupyter_envs.system.paths import inside


@dataclass(frozen=True)
class Parts:
    """The collaborators of every action."""

    settings: Settings
    kinds: Kinds
    templates: Templates
    discovery: Discovery
    catalog: Catalog
    ledger: Ledger

    @property
    def backends(self) -> dict[str, Backend]:
        return self.kinds.backends

    def kind_of(self, it: Environment | Backend) -> Kind:
        """The kind of an environment, or of those that a manager makes."""
        return self.kinds[it.kind]

    def root_of(self, prefix: str) -> Path | None:
        """The root that `prefix` lies in, links resolved, or None."""
        return next((root for root in self.kinds.roots if inside(prefix, root)), None)

    def lock_file(self, prefix: str) -> Path:
        return lock_file(self.settings, self.kinds, prefix)

    @contextmanager
    def hold(self, prefix: str, context: Context) -> Iterator[None]:
        """The lock of `prefix`, waited for; what a killed process left half done there is settled first."""
        from jupyter_envs.engine import recover

        def wait() -> None:
            context.step("wait for another change of this environment")

        with ExitStack() as held:
            try:
                held.enter_context(lock(self.lock_file(prefix), wait))
            except OSError as error:
                # A full disk has no place for a lock file, but the folder that it would lie in can be locked.
                folder = self.lock_file(prefix).parent
                if error.errno not in FULL or not folder.is_dir():
                    raise
                held.enter_context(folder_lock(folder, wait))
            own_files.wait_for(self.settings.state, prefix, context.check)
            if recover.settle_of(self, prefix):
                context.line("A change that had not ended was settled.")
            yield

    def entry(self, action: Action, prefix: str, kind: Kind, **more: Any) -> Entry:
        """The journal's entry for an `action` on `prefix`, with what is to come back when it is undone."""
        return Entry(
            action=action,
            prefix=prefix,
            kind=kind.name,
            lock=os.fspath(self.lock_file(prefix)),
            kernels=kernels.contents(prefix),
            **more,
        )

    @contextmanager
    def changing(
        self, environment: Environment, own: Own, context: Context, place: str | None = None
    ) -> Iterator[Undo]:
        """A change of packages, record and kernelspecs that stands when the block ends, else is undone.

        It is also undone when the job was cancelled or this process is killed. `Kind.apply` gets the journal of
        files, which begins with the first of them. What the block makes of one that says that it lies at `place`
        says so again. The caller holds the lock.
        """
        from jupyter_envs.engine import recover

        entry = self.entry(
            "change",
            own,
            self.kind_of(environment),
            spec=record.spec_text(own),
            magic=record.has_magic(own),
            revisions=history.numbers(own),
            place=place,
        )
        if place is not None and not os.path.lexists(place):
            followed = kernels.contents(os.path.realpath(place))
            entry = structs.replace(entry, kernels={**entry.kernels, **followed})
        undo = Undo(own)
        with journal.opened(self.settings.state, entry) as opened:
            try:
                with own_files.brought(self.settings, own):
                    yield undo
                    context.check()
                opened.done()
            except BaseException:
                if undo.pending():
                    context.line("Putting the environment back as it was.")
                recover.undo(self, opened)
                raise
            # What is left over after this is removed by the next process.
            with suppress(OSError):
                undo.commit()
                opened.drop()

    def refuse_busy(self, prefix: str) -> None:
        """Raise Conflict when another process changes `prefix` now."""
        file = self.lock_file(prefix)
        # A job of this process is waited for in the queue of its environment.
        if locked(file) and not held_here(file):
            raise Conflict(
                "Another process is changing this environment now.",
                hint="Wait for it to end (`jobs` shows it), then try again.",
                reason="busy",
            )

    def own(self, prefix: str) -> Own | None:
        """`prefix` as one of this user's, as `Adoption.own`."""
        return self.discovery.adoption.own(prefix)

    def begin(self, environment: Environment, own: Own, context: Context) -> Lock:
        """What stands before a change, once what an ended process left half done is undone; the caller holds the lock.

        What others did since the last revision becomes a revision of its own.

        Raises:
            Conflict: another folder has taken the place of the one that was asked about.
        """
        if self.own(own) is None:
            raise Conflict(
                f"What lies at {own} is not what it was when this was asked for.",
                hint="Look at it, and ask again.",
                reason="changed_meanwhile",
            )
        if self.kind_of(environment).mend(own):
            context.line("A change that had not ended was undone.")
        return self.ledger.begin(environment, own)

    def register(self, environment: Environment, tree: Own, display_name: str | None = None) -> None:
        """Write the kernelspecs of `environment`, which lies at `tree` now, as `kernels.register`."""
        drafts = self.kind_of(environment).kernels(tree, environment.prefix, environment.name)
        kernels.register(environment, tree, drafts, shims.place(self.settings.state), display_name)

    def refresh_kernels(self, own: Own) -> None:
        """Write the kernelspecs of `own` anew where there are any: a change may bring kernels and variables."""
        if kernels.of_prefix(own):
            self.register(self.discovery.by_prefix(own), own)

    def result(self, prefix: str, plan: Plan) -> dict[str, Any]:
        """What a job that changed `prefix` gives back."""
        from jupyter_envs.model.wire import plain

        environment: Environment = self.discovery.by_prefix(prefix)
        return {"environment": plain(environment), "plan": plain(plan)}
