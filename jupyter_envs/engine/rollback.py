"""A revision looked at, and the way back to it: its very distributions, compared to their hashes, and nothing else."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from jupyter_envs.engine import history, projects, record
from jupyter_envs.engine.adopt import adopted
from jupyter_envs.engine.agreed import refuse_other, signed
from jupyter_envs.engine.kinds.way_back import not_quite
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.refuse import refuse_unchangeable
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.errors import Conflict, Forbidden, NotFound
from jupyter_envs.model.lock import Lock, RevisionDetail, changes
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Rollback
from jupyter_envs.model.wire import plain


def detail(environment: Environment, own: Own | None, number: int, against: int | None = None) -> RevisionDetail:
    """One revision with what stood after it, and what had changed since the revision `against`.

    Raises:
        NotFound: there is no such revision.
    """
    stored, lock = _revision(environment, own, number, "revision")
    since = None if against is None else _revision(environment, own, against, "against")[1]
    return RevisionDetail(
        revision=stored.revision,
        packages=lock.packages,
        lock=history.lock_text(own, number) if own else None,
        against=against,
        difference=None if since is None else changes(since, lock),
    )


def rollback(parts: Parts, environment: Environment, request: Rollback) -> Task:
    """The task that brings back what stood after a revision, or plans it; it makes a revision itself.

    Without a number the newest change alone is undone: where others made it and nobody has noticed yet,
    it is noticed now.

    Raises:
        NotFound: there is no such revision.
        Conflict: there is no revision before the newest, or another process changes the environment.
        Forbidden: the environment may not be changed.
    """
    refuse_unchangeable(environment)
    if project := projects.project_of(parts, environment):
        raise Forbidden(
            f"{environment.name} follows the lock file of its project.",
            hint=f"Bring {project.tool.lock} back, from version control perhaps, and make the project a kernel again.",
            reason="project",
        )
    prefix, kind = adopted(parts, environment, request.adopt), parts.kind_of(environment)
    if not request.dry_run:
        parts.refuse_busy(prefix)
    if request.revision is None:
        parts.ledger.notice(environment)
    number = request.revision or _before_last(environment, prefix)
    _revision(environment, prefix, number, "revision")

    def look(context: Context) -> dict[str, Any]:
        if request.revision is None:
            parts.ledger.notice(environment)
        goal = _revision(environment, prefix, request.revision or _before_last(environment, prefix), "revision")[1]
        here = kind.lock(prefix, environment.python.version)
        way = kind.back_to(here, goal)
        plan = kind.plan(prefix, way.wanted, context)
        return {"plan": plain(signed(replace(plan, warnings=[*way.warnings, *_lost(environment, here, goal)])))}

    def work(context: Context) -> dict[str, Any]:
        with parts.hold(prefix, context):
            before = parts.begin(environment, prefix, context)
            # Only now: what others have done by this moment is the newest change.
            number = request.revision or _before_last(environment, prefix)
            stored, goal = _revision(environment, prefix, number, "revision")
            way = kind.back_to(before, goal)
            warnings = [*way.warnings, *_lost(environment, before, goal)]
            for warning in warnings:
                context.line(warning)
            with parts.changing(environment, prefix, context) as undo:
                if not way.wanted.empty:
                    kind.apply(prefix, replace(way.wanted, plan=request.plan), context, undo)
                else:
                    refuse_other(Plan(), request.plan)
                if stored.requested is not None:
                    asked_for = {"packages": stored.requested, "pip_packages": stored.requested_pip}
                    record.write_spec(prefix, {**record.read_spec(prefix), **asked_for})
                asked = {"revision": number}
                plan = parts.ledger.note(prefix, "rollback", asked, before, goal, always=True)
                parts.refresh_kernels(prefix)
            differing = not_quite(kind.lock(prefix, environment.python.version), goal)
            return parts.result(prefix, replace(plan, warnings=[*warnings, *differing]))

    if request.dry_run:
        title = f"Plan the way of {environment.name} back to revision {number}"
        return Task(action="plan", title=title, work=look, environment=environment.id)
    return Task(
        action="rollback",
        title=f"Bring {environment.name} back to revision {number}",
        work=work,
        environment=environment.id,
        key=prefix,
    )


def _revision(environment: Environment, own: Own | None, number: int, field: str) -> tuple[history.Stored, Lock]:
    stored, lock = (history.get(own, number), history.lock_of(own, number)) if own else (None, None)
    if stored is None or lock is None:
        known = [revision.revision for revision in history.revisions(own)] if own else []
        raise NotFound(
            f"{environment.name} has no revision {number}.",
            hint=f"It has {known[0]} to {known[-1]}." if known else "It has no history yet.",
            field=field,
        )
    return stored, lock


def _lost(environment: Environment, here: Lock, goal: Lock) -> list[str]:
    """What is to be said where the environment's kernel does not start any more at `goal`."""
    named = [repr(kernel.display_name) for kernel in environment.kernels if kernel.language == "python"]
    if not named or "ipykernel" not in here.pins or "ipykernel" in goal.pins:
        return []
    return [
        f"There was no ipykernel then, so {' and '.join(named)} will not start: register the kernel again to have it "
        "back, or unregister it."
    ]


def _before_last(environment: Environment, own: Own) -> int:
    number = history.before_last(own)
    if number is None:
        raise Conflict(
            f"{environment.name} has no change to undo.",
            hint="`history` lists its revisions.",
            reason="nothing_to_undo",
            field="revision",
        )
    return number
