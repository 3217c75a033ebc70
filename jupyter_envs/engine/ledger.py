"""Keeps the history of environments true: what a change left, what others did, hashes that came later."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_envs.engine import history
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.jobstore import now
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.places import lock_file
from jupyter_envs.engine.prefix import packages_time, read
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.lock import Lock, changes
from jupyter_envs.model.plan import By, Plan
from jupyter_envs.system.files import lock as file_lock
from jupyter_envs.system.files import locked
from jupyter_envs.system.metadata import unfinished


class Ledger:
    """`by` is the face whose changes are noted here."""

    def __init__(self, settings: Settings, kinds: Kinds, discovery: Discovery, by: By) -> None:
        self._settings = settings
        self._kinds = kinds
        self._discovery = discovery
        self._by = by
        # What is told to whoever completes locks aside: the prefixes that a change left without hashes.
        self.incomplete: set[str] = set()

    def begin(self, environment: Environment, own: Own) -> Lock:
        """What stands before a change; what others did since the last revision becomes one of its own.

        The caller holds the environment's lock.
        """
        if not history.has(own):
            return self._kind(environment).lock(own, environment.python.version)
        with file_lock(self._guard(own), lambda: None):
            return self._caught_up(environment, own)

    def note(
        self, prefix: Own, action: str, asked: dict[str, Any], before: Lock, known: Lock | None = None, *, always: bool
    ) -> Plan:
        """Write the revision of a change that began with `before`, and return what it changed.

        Where nothing changed it is written only if that is to be noted `always`. `known`
        is a lock whose hashes hold for what came back. The first change of an environment
        that others made notes what it found, as the way back. The caller holds the lock.
        """
        environment = self._discovery.by_prefix(prefix)
        kind, python = self._kind(environment), environment.python.version
        after = kind.lock(prefix, python, before, history.written_at(prefix)).filled(known)
        plan = changes(before, after)
        if not (always or not plan.empty):
            return plan
        self._found(prefix, before)
        self._add(prefix, action, asked, plan, after)
        if not after.complete:
            self.incomplete.add(prefix)
        self._discovery.noted(prefix)
        return plan

    def first(self, kind: Kind, tree: Own, prefix: str, python: str | None, action: str, asked: dict[str, Any]) -> int:
        """Write the first revision of the new environment at `tree`, which is to appear at `prefix`; its number."""
        before, since = history.base(tree)
        lock = kind.lock(tree, python, before, since)
        history.drop_base(tree)
        if not lock.complete:
            self.incomplete.add(prefix)
        return self._add(tree, action, asked, changes(Lock(), lock), lock)

    def copied(self, tree: Own, action: str, asked: dict[str, Any], lock: Lock) -> int:
        """Write the revision of the copy at `tree` of an environment in which `lock` stands, and return its number.

        The hashes that it lacks are those that the original lacks.
        """
        plan = Plan() if history.has(tree) else changes(Lock(), lock)
        return self._add(tree, action, asked, plan, lock)

    def remade(self, kind: Kind, tree: Own, environment: Environment, before: Lock) -> Plan:
        """Write the revision of the repair that made `environment`, in which `before` stood, anew at `tree`."""
        known = read(tree, tree)
        after = kind.lock(tree, known.environment.python.version if known else None)
        plan = changes(before, after)
        self._found(tree, before)
        self._add(tree, "repair", {}, plan, after)
        if not after.complete:
            self.incomplete.add(environment.prefix)
        return plan

    def notice(self, environment: Environment) -> bool:
        """Note what others did to `environment` since its last revision, unless somebody changes it just now.

        Returns whether that was so, and it should be looked at again.
        """
        own = self._discovery.adoption.own(environment.prefix)
        if own is None or environment.state != "ready" or not history.has(own):
            return False
        try:
            with file_lock(self._guard(own), lambda: None):
                # Whoever holds it has either begun, and will note what he does, or waits for us to begin.
                if locked(lock_file(self._settings, self._kinds, own)) or unfinished(own):
                    return True
                self._caught_up(environment, own)
        except OSError:
            pass  # a record that cannot be written
        return False

    def complete(self, prefix: Own, stop: threading.Event, *, offline: bool) -> bool:
        """Add the hashes that locks of `prefix` lack, as far as they can be had; return whether all have theirs."""
        done = True
        kind = self._kinds[_kind_name(prefix)]
        known: Lock | None = None
        for number in history.incomplete(prefix):
            lock = history.lock_of(prefix, number)
            if stop.is_set() or lock is None:
                return False
            fuller = kind.completed(prefix, lock.filled(known), stop, offline=offline)
            if fuller != lock:
                try:
                    history.complete(prefix, number, fuller)
                except OSError:
                    return False
            known = fuller
            done = done and fuller.complete
        return done

    def _caught_up(self, environment: Environment, prefix: Own) -> Lock:
        python = environment.python.version
        last = history.last(prefix)
        before = history.lock_of(prefix, last.revision.revision) if last else None
        here = self._kind(environment).lock(prefix, python, before, history.written_at(prefix))
        if before is not None:
            plan = changes(before, here)
            if not plan.empty:
                self._add(prefix, "change", {}, plan, here, by="outside", time=_iso(packages_time(prefix)))
                if not here.complete:
                    self.incomplete.add(prefix)
        self._discovery.noted(prefix)
        return here

    def _add(
        self,
        prefix: Own,
        action: str,
        asked: dict[str, Any],
        plan: Plan,
        lock: Lock,
        by: By | None = None,
        time: str | None = None,
    ) -> int:
        return history.add(
            prefix, time=time or now(), by=by or self._by, action=action, asked=asked, plan=plan, lock=lock
        )

    def _found(self, prefix: Own, before: Lock) -> None:
        """Where there is no history, note what was found as the way back."""
        if before.packages and not history.has(prefix):
            found = changes(Lock(), before)
            history.add(prefix, time=now(), by="outside", action="found", asked={}, plan=found, lock=before)

    def _guard(self, prefix: str) -> Path:
        """The lock of those who look whether others changed something, so that two do not find the same."""
        file = lock_file(self._settings, self._kinds, prefix)
        return file.with_name(f"{file.name}.history")

    def _kind(self, environment: Environment) -> Kind:
        return self._kinds[environment.kind]


def _kind_name(prefix: str) -> str:
    return "venv" if os.path.exists(os.path.join(prefix, "pyvenv.cfg")) else "conda"


def _iso(nanoseconds: int) -> str:
    when = datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
