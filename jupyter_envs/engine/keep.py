"""The rest of an environment's life: rename, remove, make it a kernel, repair."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from jupyter_envs.engine import journal, kernels, scratch
from jupyter_envs.engine.adopt import adopted
from jupyter_envs.engine.change import with_kernel
from jupyter_envs.engine.create import appear, copy
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.recover import give_way, move_back, vanish
from jupyter_envs.engine.refuse import (
    Running,
    own_root,
    refuse_old_python,
    refuse_parted,
    refuse_reserved,
    refuse_running,
    refuse_taken,
    refuse_tool,
    refuse_unchangeable,
    refuse_uncopyable,
)
from jupyter_envs.engine.task import Context, Silent, Task
from jupyter_envs.engine.templates import Ready
from jupyter_envs.model.check import check_display_name, check_name
from jupyter_envs.model.env import Environment, Own, environment_id
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Register, Repair, Update
from jupyter_envs.model.wire import plain
from jupyter_envs.system.copies import copy_tree
from jupyter_envs.system.files import lock
from jupyter_envs.system.paths import inside, record_of
from jupyter_envs.system.relocate import told_place
from jupyter_envs.system.usage import reclaimable


def remove(parts: Parts, environment: Environment, force: bool, running: Running) -> Task:
    """The task that deletes `environment` and its kernelspecs.

    Raises:
        Forbidden: it is protected, or does not lie in a root after resolving links.
        Conflict: a kernel of it runs and `force` was not given, or another process changes it.
    """
    prefix = environment.prefix
    root = own_root(parts, environment)
    if not force:
        refuse_running(environment, running, "Shut the kernel down first, or remove with force.")
    parts.refuse_busy(prefix)

    def work(context: Context) -> dict[str, Any]:
        with parts.hold(prefix, context):
            context.step("measure")
            freed = reclaimable(prefix)
            context.step("remove")
            # Asked again, under the lock: a link may have been put in its place meanwhile.
            if not inside(prefix, root):
                raise Forbidden(f"{prefix} no longer lies in {root}.", reason="outside_root")
            entry = parts.entry("remove", prefix, parts.kind_of(environment))
            # On a full disk it goes on without: to remove is what frees it.
            with journal.opened(parts.settings.state, entry, needed=False) as opened:
                try:
                    vanish(parts, prefix, root, parts.kind_of(environment))
                except BaseException:
                    # Who asked is told that it failed: what still stands must not go at a later look.
                    if os.path.lexists(prefix):
                        opened.drop()
                    raise
                opened.drop()
        return {"removed": environment.id, "freed": freed}

    return Task(action="remove", title=f"Remove {environment.name}", work=work, environment=environment.id, key=prefix)


def update(parts: Parts, environment: Environment, request: Update, running: Running) -> Task:
    """The task that renames `environment`, gives its kernel another display name, or both.

    Raises:
        InvalidRequest: nothing is asked for, or a name is not usable.
        Conflict: the name is taken, or a kernel of it runs.
        Forbidden: it may not be renamed.
    """
    if request.name is None and request.display_name is None:
        raise InvalidRequest("Nothing is asked for.", hint="Give name, display_name or both.", field="name")
    display = check_display_name(request.display_name) if request.display_name is not None else None
    asked = {key: value for key, value in plain(request).items() if value is not None}
    target = environment.prefix
    if request.name is not None and request.name != environment.name:
        own_root(parts, environment)
        refuse_uncopyable(environment)
        target = os.path.join(os.path.dirname(environment.prefix), check_name(request.name))
        refuse_reserved(parts, target, "name")
        refuse_taken(parts, target)
        refuse_running(environment, running, "Shut the kernel down first: its folder moves.")
    elif not environment.kernels:
        raise Conflict(
            f"{environment.name} is no kernel yet.", hint="Register it as a kernel first.", reason="no_kernel"
        )
    own = adopted(parts, environment, request.adopt)
    parts.refuse_busy(own)

    def work(context: Context) -> dict[str, Any]:
        there = own
        with parts.hold(own, context):
            before = parts.begin(environment, own, context)
            if target != own:
                with parts.hold(target, context):
                    _move(parts, environment, own, target, asked, display, before, context)
                there = parts.discovery.adoption.adopt(target)
            else:
                with parts.changing(environment, own, context):
                    parts.ledger.note(own, "rename", asked, before, always=True)
                    parts.register(parts.discovery.by_prefix(own), own, display)
            return parts.result(there, Plan())

    return Task(
        action="rename",
        title=f"Rename {environment.name}",
        work=work,
        environment=environment_id(target, os.path.basename(target)),
        key=environment.prefix,
    )


def register(parts: Parts, environment: Environment, request: Register) -> Task:
    """The task that makes `environment` a kernel, ipykernel installed where it is missing.

    Raises:
        InvalidRequest: the display name is not usable, or the Python is too old.
        Forbidden, Conflict: ipykernel is missing and the environment may not be changed.
    """
    display = check_display_name(request.display_name) if request.display_name is not None else None
    refuse_tool(environment)
    if parts.kind_of(environment).lacks_for_kernel(environment.prefix):
        refuse_unchangeable(environment)
    refuse_old_python(environment)
    refuse_parted(environment.prefix)
    own = adopted(parts, environment, request.adopt)

    def work(context: Context) -> dict[str, Any]:
        with parts.hold(own, context):
            before = parts.begin(environment, own, context)
            if scratch.closed(own):
                # One that an administrator keeps for all: its kernel runs, and nothing is noted in it.
                context.step("register kernel")
                parts.register(parts.discovery.by_prefix(own), own, display)
                return parts.result(own, Plan())
            with parts.changing(environment, own, context) as undo:
                with_kernel(parts, environment, own, context, undo)
                plan = parts.ledger.note(own, "kernel", plain(request), before, always=True)
                context.step("register kernel")
                parts.register(parts.discovery.by_prefix(own), own, display)
            return parts.result(own, plan)

    return Task(
        action="kernel",
        title=f"Make {environment.name} a kernel",
        work=work,
        environment=environment.id,
        key=environment.prefix,
    )


def unregister(parts: Parts, environment: Environment) -> None:
    """Delete the kernelspecs of `environment` that are ours; takes no job.

    Raises:
        Conflict: it has none.
    """
    prefix, own = environment.prefix, parts.own(environment.prefix)
    if not kernels.of_prefix(prefix):
        raise Conflict(f"{environment.name} is no kernel of ours.", hint="Nothing to do.", reason="no_kernel")
    if own and scratch.closed(own):
        own = None
    with ExitStack() as held:
        try:
            if own:
                held.enter_context(lock(parts.lock_file(own)))
        except OSError:
            # While somebody changes the environment there is no waiting to have it noted.
            own = None
        if own is None:
            kernels.unregister(prefix)
            return
        before = parts.ledger.begin(environment, own)
        with parts.changing(environment, own, Silent()):
            kernels.unregister(prefix, own)
            parts.ledger.note(own, "kernel", {"register": False}, before, always=True)


def repair(parts: Parts, environment: Environment, request: Repair) -> Task:
    """The task that mends what can be: a change left half done, a lost interpreter, missing packages, the kernelspec.

    Raises:
        Forbidden: the environment is protected or not one of ours to change.
        Conflict: another process changes it.
    """
    refuse_tool(environment)
    if environment.protected:
        raise Forbidden(f"{environment.name} may not be changed here.", reason="protected")
    kind = parts.kind_of(environment)
    if kind.outlived(environment):
        own_root(parts, environment)
    prefix = adopted(parts, environment, request.adopt)
    parts.refuse_busy(prefix)

    def work(context: Context) -> dict[str, Any]:
        with parts.hold(prefix, context):
            before = parts.begin(environment, prefix, context)
            now_ = parts.discovery.by_prefix(prefix)
            place = told_place(prefix)
            if place and kind.outlived(now_):
                kernels.follow(os.path.realpath(place), prefix)
                now_ = parts.discovery.by_prefix(prefix)
            if kind.outlived(now_):
                return parts.result(prefix, _rebuild(parts, now_, prefix, before, context))
            with parts.changing(now_, prefix, context, place) as undo:
                now_ = _settled(parts, now_, prefix, context)
                if now_.kernels:
                    with_kernel(parts, now_, prefix, context, undo)
                    parts.register(parts.discovery.by_prefix(prefix), prefix)
                plan = parts.ledger.note(prefix, "repair", {}, before, always=True)
            return parts.result(prefix, plan)

    return Task(action="repair", title=f"Repair {environment.name}", work=work, environment=environment.id, key=prefix)


def _move(
    parts: Parts,
    environment: Environment,
    own: Own,
    target: str,
    asked: dict[str, Any],
    display: str | None,
    stands: Lock,
    context: Context,
) -> None:
    prefix, kind = environment.prefix, parts.kind_of(environment)
    root = own_root(parts, environment)

    def finish(tree: Own) -> None:
        parts.ledger.copied(tree, "rename", asked, stands)

    entry = parts.entry("move", prefix, kind, target=target, display_name=display)
    with journal.opened(parts.settings.state, entry) as opened:
        try:
            # A copy, then the old one away: whenever the power goes, one of them is whole.
            copy(parts, environment, own, target, context, finish, moves=True)
            give_way(parts, entry)
        except BaseException:
            move_back(parts, entry)
            opened.drop()
            raise
        vanish(parts, prefix, root, kind)
        opened.drop()


def _settled(parts: Parts, environment: Environment, own: Own, context: Context) -> Environment:
    """`environment` with its scripts and kernels speaking of its place, to which somebody may have moved it by hand.

    A copy gets no kernel of the environment that it was copied from.
    """
    place = told_place(own)
    if place is None:
        return environment
    context.step("relocate")
    kind, real = parts.kind_of(environment), os.path.realpath(place)
    kind.relocate(own, list(dict.fromkeys([place, real])), own)
    kernels.follow(real, own)
    if not os.path.lexists(real):
        kind.vanished(real)
    kind.appeared(own)
    return parts.discovery.by_prefix(own)


def _rebuild(parts: Parts, environment: Environment, own: Own, before: Lock, context: Context) -> Plan:
    """Make `environment` anew at its place, its record kept; return what that changed since `before`."""
    kind, plans = parts.kind_of(environment), []

    def finish(tree: Own) -> None:
        plans.append(parts.ledger.remade(kind, tree, environment, before))
        if environment.kernels:
            parts.register(environment, tree)

    def fill(stage: Own) -> Ready:
        kind.remake(environment, own, stage, context)
        _keep_record(environment.prefix, stage)
        return Ready(speaks_of=stage)

    appear(parts, kind, environment.prefix, fill, context, replace=True, finish=finish)
    return plans[0]


def _keep_record(source: str, stage: str) -> None:
    if record_of(source).is_dir():
        copy_tree(record_of(source), record_of(stage))
