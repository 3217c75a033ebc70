"""New environments: made from nothing, from a template, or as a copy of another; they appear whole or not at all."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import structs

from jupyter_envs.backends.base import Backend
from jupyter_envs.engine import journal, own_files, record, recover, scratch
from jupyter_envs.engine.adopt import adopted
from jupyter_envs.engine.adoption import new
from jupyter_envs.engine.asked import Asked, asked
from jupyter_envs.engine.channels import refuse_strange
from jupyter_envs.engine.exact import Exact
from jupyter_envs.engine.gate import asking_to_build, held_asked, holds
from jupyter_envs.engine.jobstore import now
from jupyter_envs.engine.kinds.base import Kind, Recipe, Wanted
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.prefix import read
from jupyter_envs.engine.refuse import (
    Running,
    own_root,
    refuse_parted,
    refuse_reserved,
    refuse_running,
    refuse_taken,
    refuse_uncopyable,
)
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.engine.templates import Ready
from jupyter_envs.model.check import check_display_name, check_name, check_prefix
from jupyter_envs.model.env import Environment, Own, environment_id
from jupyter_envs.model.errors import Conflict, InvalidRequest, Unavailable, Unsolvable
from jupyter_envs.model.plan import difference
from jupyter_envs.model.request import Clone, Create
from jupyter_envs.model.wire import plain
from jupyter_envs.system.copies import copy_tree
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.files import link_tree, remove_tree
from jupyter_envs.system.paths import WINDOWS


def create(parts: Parts, request: Create, running: Running, exact: Exact | None = None) -> Task:
    """The task that makes what `request` asks for; with `exact` that set and nothing beside it.

    Raises:
        InvalidRequest: a field is wrong.
        Conflict: the name or the folder is taken, or about to be; a file asks for what needs a yes.
        Forbidden: the folder cannot be written.
        Unavailable: the manager cannot be used now.
    """
    if request.manager is None and request.from_ is not None and parts.catalog.by_conda(request.from_, request.python):
        request = structs.replace(request, manager="conda")
    backend = _backend(parts, request)
    kind = parts.kind_of(backend)
    prefix = _target(parts, kind, request.name, request.prefix)
    asked_for = exact.asked if exact and not kind.pip_apart else asked(parts.catalog, kind, request)
    if not exact and holds(request):
        asked_for = held_asked(asked_for, typed=request.from_ is not None)
        own = request.typed_channels if request.build is False else request.channels
        if kind.pip_apart and request.from_ is None:
            refuse_strange(parts.settings, request.channels, request.packages, kept=own)
        elif kind.pip_apart:
            refuse_strange(parts.settings, asked_for.channels, asked_for.own, asked_for.locked.archives, kept=own)
    if exact and kind.pip_apart:
        asked_for = structs.replace(asked_for, locked=structs.replace(asked_for.locked, builds=exact.builds))
    display = request.kernel.display_name
    if display is not None:
        display = check_display_name(display, "kernel.display_name")
    anew = request.clear and os.path.lexists(prefix)
    if anew:
        _refuse_clear(parts, prefix, running)
    else:
        refuse_taken(parts, prefix)
    python = asked_for.python if request.python is None else request.python
    packages, channels = [*request.packages, *asked_for.own], request.channels or asked_for.channels
    recipe = kind.recipe(backend, structs.replace(request, python=python, packages=packages, channels=channels))
    name = parts.discovery.name_for(prefix)
    identity = environment_id(prefix, name)
    versions: dict[str, str] = {}

    def work(context: Context) -> dict[str, Any]:
        def fill(stage: Own) -> Ready:
            with asking_to_build():
                ready = _fill(parts, kind, recipe, request.kernel.register, asked_for, stage, context, exact)
            if exact:
                exact.hold(kind, stage)
            return ready

        def finish(tree: Own) -> None:
            spec = {
                "manager": backend.name,
                "python": python or _python(tree),
                "packages": asked_for.lines(kind, tree),
                "pip_packages": asked_for.pip_lines or None,
                "channels": [channel.public for channel in recipe.channels] or None,
                "pip": request.pip,
                "indexes": asked_for.rest.sources.indexes or None,
                "find_links": asked_for.rest.sources.find_links or None,
                "created": now(),
            }
            record.write_spec(tree, spec)
            noted = {k: v for k, v in plain(request).items() if v is not None}
            number = parts.ledger.first(kind, tree, prefix, _python(tree), "create", noted)
            # Here, where its records have just been read: once moved each of them would be read anew.
            versions.update(kind.versions(tree))
            _complete(parts, kind, prefix, tree, number, request.kernel.register, display, context)

        with parts.hold(prefix, context):
            context.about(identity)
            appear(parts, kind, prefix, fill, context, finish=finish, replace=anew)
            return parts.result(prefix, difference({}, versions))

    return Task(
        action="create",
        title=f"Create {name}",
        work=work,
        environment=identity,
        key=prefix,
    )


def _refuse_clear(parts: Parts, prefix: str, running: Running) -> None:
    """Raise unless the environment at `prefix` is one of ours to replace, and idle."""
    old = parts.discovery.by_prefix(prefix)
    own_root(parts, old)
    refuse_running(old, running, "Shut the kernel down first: its environment is made anew.")
    parts.refuse_busy(prefix)


def clone(parts: Parts, source: Environment, request: Clone) -> Task:
    """The task that copies `source` to a new name, history and kernel included.

    Raises:
        InvalidRequest: the name is not usable.
        Conflict: the name is taken.
        Forbidden: the source is no environment that can be copied.
    """
    kind = parts.kind_of(source)
    target = _target(parts, kind, request.name, None)
    refuse_taken(parts, target)
    refuse_uncopyable(source)
    own = adopted(parts, source, request.adopt)

    def work(context: Context) -> dict[str, Any]:
        def finish(tree: Own) -> None:
            number = parts.ledger.copied(tree, "clone", {"from": source.name}, stands)
            _complete(parts, kind, target, tree, number, bool(source.kernels), None, context)

        with parts.hold(source.prefix, context):
            stands = parts.begin(source, own, context)
            with parts.hold(target, context):
                context.about(environment_id(target, request.name))
                copy(parts, source, own, target, context, finish)
                return parts.result(target, difference({}, kind.versions(target)))

    return Task(
        action="clone",
        title=f"Copy {source.name} to {request.name}",
        work=work,
        environment=environment_id(target, request.name),
        key=target,
    )


def copy(
    parts: Parts,
    source: Environment,
    own: Own,
    target: str,
    context: Context,
    finish: Callable[[Own], None] | None = None,
    *,
    moves: bool = False,
) -> None:
    """Let a copy of `source`, the user's `own`, appear at `target`, which it goes for with `moves`; both are locked."""

    def fill(stage: Own) -> Ready:
        context.step("copy")
        if moves:
            link_tree(own, stage, context.check)
            own_files.follow(parts.settings, own, target)
            return Ready(speaks_of=own, shared=False)
        shared = copy_tree(own, stage, context.check, later=own_files.later(parts.settings))
        return Ready(speaks_of=own, shared=shared)

    appear(parts, parts.kind_of(source), target, fill, context, finish=finish)


def _target(parts: Parts, kind: Kind, name: str | None, prefix: str | None) -> str:
    if (name is None) == (prefix is None):
        raise InvalidRequest("Give either a name or a prefix.", hint="A name is enough.", field="name")
    if name is not None:
        real = os.path.join(kind.home(), check_name(name))
        refuse_parted(real, "name")
        refuse_reserved(parts, real, "name")
        return real
    path = check_prefix(prefix or "")
    refuse_parted(path)
    parent, last = os.path.split(path)
    check_name(last.lstrip(".") or last, "prefix")
    real = os.path.join(os.path.realpath(parent), last)
    refuse_parted(real)
    refuse_reserved(parts, real, "prefix")
    # The folder of named environments of a conda installation lies in its base.
    above = itertools.takewhile(lambda folder: folder not in parts.kinds.roots, Path(real).parents)
    if any(is_environment(str(folder)) for folder in above):
        raise InvalidRequest(
            "The prefix lies inside another environment.", hint="Choose a folder outside of it.", field="prefix"
        )
    return real


def _backend(parts: Parts, request: Create) -> Backend:
    name = request.manager if request.manager is not None else parts.settings.default_manager
    backend = parts.backends.get(name)
    if tool := None if backend else parts.discovery.owners.tools.get(name):
        raise InvalidRequest(
            f"{tool.title} makes environments for projects alone.",
            hint="Make the project in a folder first; then it can be a kernel (`projects`).",
            field="manager",
        )
    if backend is None or not backend.can.create:
        raise InvalidRequest(
            f"There is no manager {ascii(name)[:60]}.",
            hint=f"Known: {', '.join(parts.backends)}.",
            field="manager",
        )
    if why := backend.missing():
        raise Unavailable(f"{backend.title} cannot be used: {why}", reason="manager_unavailable")
    if request.channels and not backend.can.channels:
        raise InvalidRequest(
            f"{backend.title} has no channels.", hint="Leave channels out, or choose conda.", field="channels"
        )
    if not request.pip and not backend.can.without_pip:
        raise InvalidRequest(f"{backend.title} always brings pip.", hint="Leave `pip` out.", field="pip")
    return backend


def _fill(
    parts: Parts,
    kind: Kind,
    recipe: Recipe,
    kernel: bool,
    asked_for: Asked,
    stage: Own,
    context: Context,
    exact: Exact | None,
) -> Ready:
    """Put the new environment together at `stage`."""
    context.step("create")
    for warning in asked_for.warnings:
        context.line(warning, "err")
    if asked_for.locked.archives:
        kind.make(recipe, stage, asked_for.locked, context)
        lacking = kind.lacks_for_kernel(stage) if kernel else []
        rest = structs.replace(asked_for.rest, install=[*lacking, *asked_for.rest.install])
        if not rest.empty:
            kind.fill(recipe, stage, rest, context)
        return Ready(speaks_of=stage)
    wanted = [each for each in (asked_for.locked, asked_for.rest) if not each.empty]
    named = {line.name for line in asked_for.rest.install}
    base = kind.base(recipe, kernel)
    if kernel and base and not WINDOWS:
        ready = parts.templates.take(parts.templates.key(kind, recipe), stage, context.check)
        parts.templates.want(recipe)
        if ready:
            try:
                if exact and (strange := exact.strange(kind, stage)):
                    kind.fill(recipe, stage, Wanted(remove=strange), context)
                for each in wanted:
                    kind.fill(recipe, stage, each, context)
                return structs.replace(ready, shared=True) if wanted else ready
            except Unsolvable:
                if recipe.python:
                    raise
                # The newest Python is not what all of it runs on; the solver finds the one that is.
                remove_tree(stage)
    # What the lock brings itself need not come twice.
    locked = {line.name for line in asked_for.locked.install}
    first = Wanted(install=[line for line in base if line.name not in locked])
    if asked_for.locked.empty:
        # In one go: what is asked for may want another version of what the base brings.
        first, wanted = asked_for.rest, []
        lines = [line for line in base if line.name not in named]
        first = structs.replace(first, install=[*lines, *first.install])
    kind.make(recipe, stage, first, context)
    for each in wanted:
        kind.fill(recipe, stage, each, context)
    return Ready(speaks_of=stage)


def appear(
    parts: Parts,
    kind: Kind,
    prefix: str,
    fill: Callable[[Own], Ready],
    context: Context,
    *,
    replace: bool = False,
    finish: Callable[[Own], None] | None = None,
) -> None:
    """Let an environment appear at `prefix`, whole: filled aside, relocated, renamed.

    `fill` makes the tree at the path that it gets; `finish` gets the tree last, before others see it. With
    `replace` an environment at `prefix` gives way at the end. The caller holds the lock.
    """
    if os.path.lexists(prefix) and not replace:
        raise Conflict(f"{prefix} exists by now.", hint="Choose another name.", reason="name_taken")
    parent = Path(prefix).parent
    stage, aside = _beside(parts, prefix)
    entry = parts.entry(
        "appear",
        prefix,
        kind,
        # Launchers on Windows cannot be relocated, so that it is made where it stays.
        stage=None if WINDOWS else stage,
        aside=aside if replace else None,
        folders=journal.missing_above(prefix),
    )
    with journal.opened(parts.settings.state, entry) as opened:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            if WINDOWS and replace:
                os.rename(prefix, aside)
            tree = new(prefix if WINDOWS else stage)
            ready = fill(tree)
            if not WINDOWS:
                kind.relocate(tree, [ready.speaks_of, tree], prefix)
            context.check()
            if ready.shared:
                own_files.keep(parts.settings, prefix, tree)
            if finish:
                finish(tree)
            parts.discovery.adoption.adopt(prefix, tree)
            if not WINDOWS:
                if replace:
                    os.rename(prefix, aside)
                elif os.path.lexists(prefix):
                    raise Conflict(f"{prefix} exists by now.", hint="Choose another name.", reason="name_taken")
                os.rename(stage, prefix)
            opened.done()
        except BaseException:
            recover.undo(parts, opened)
            raise
        # What is left over after this is removed by the next process.
        with suppress(OSError):
            remove_tree(aside)
            opened.drop()


def _beside(parts: Parts, prefix: str) -> tuple[str, str]:
    """Free paths on the file system of `prefix` for a tree in the making, and for the one that gives way to it."""
    root = parts.root_of(prefix)
    if root == Path(prefix).parent:
        stage = scratch.staging(root, os.path.basename(prefix))
        return stage, f"{stage}.old"
    # A scratch folder of ours has no place in a folder of the user's.
    number = secrets.randbelow(10**9)
    return f"{prefix}.new-{number}", f"{prefix}.old-{number}"


def _complete(
    parts: Parts,
    kind: Kind,
    prefix: str,
    tree: Own,
    number: int,
    kernel: bool,
    display: str | None,
    context: Context,
) -> None:
    """Give the environment at `tree`, which is to appear at `prefix`, revision `number` by now, its kernel.

    Before it appears, so that whatever ends this process leaves none without
    it; where it does not, what was written here is taken back with it.
    """
    known = read(tree, tree)
    kind.appeared(prefix)
    if parts.root_of(prefix) is None:
        parts.discovery.note_prefix(prefix)
    if kernel and known:
        context.step("register kernel")
        name = parts.discovery.name_for(prefix)
        made = structs.replace(
            known.environment, id=environment_id(prefix, name), name=name, prefix=prefix, revision=number
        )
        parts.register(made, tree, display)


def _python(tree: Own) -> str | None:
    known = read(tree, tree)
    return known.environment.python.version if known else None
