"""What the actions share: settings, tools, the places of locks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_envs.backends.base import Backend
from jupyter_envs.engine import kernels
from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.ledger import Ledger
from jupyter_envs.engine.places import lock_file
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context
from jupyter_envs.engine.templates import Templates
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan
from jupyter_envs.system.files import held_here, lock, locked
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

    def hold(self, prefix: str, context: Context) -> Any:
        """The lock of `prefix`, waited for."""

        def wait() -> None:
            context.step("wait for another change of this environment")

        return lock(self.lock_file(prefix), wait)

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

    def begin(self, environment: Environment, context: Context) -> Lock:
        """What stands before a change, once what an ended process left half done is undone; the caller holds the lock.

        What others did since the last revision becomes a revision of its own.
        """
        if self.kind_of(environment).mend(environment.prefix):
            context.line("A change that had not ended was undone.")
        return self.ledger.begin(environment)

    def register(self, environment: Environment, display_name: str | None = None, tree: str | None = None) -> None:
        """Write the kernelspecs of `environment`, as `kernels.register`."""
        drafts = self.kind_of(environment).kernels(tree or environment.prefix, environment.prefix, environment.name)
        kernels.register(environment, drafts, display_name, tree)

    def refresh_kernels(self, prefix: str) -> None:
        """Write the kernelspecs of `prefix` anew where there are any: a change may bring kernels and variables."""
        if kernels.of_prefix(prefix):
            self.register(self.discovery.by_prefix(prefix))

    def result(self, prefix: str, plan: Plan) -> dict[str, Any]:
        """What a job that changed `prefix` gives back."""
        from jupyter_envs.model.wire import plain

        environment: Environment = self.discovery.by_prefix(prefix)
        return {"environment": plain(environment), "plan": plain(plan)}
