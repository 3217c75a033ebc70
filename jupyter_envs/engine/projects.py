"""Projects: listed, made into kernels, and changed, each through the tool that keeps its environment."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import structs

from jupyter_envs.backends.project_files import normal
from jupyter_envs.engine import journal, own_files
from jupyter_envs.engine.adopt import adopted_project
from jupyter_envs.engine.agreed import refuse_other, signed
from jupyter_envs.engine.aside import Aside
from jupyter_envs.engine.kinds.base import Kind, Wanted
from jupyter_envs.engine.owners import Owned
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.recover import project_back
from jupyter_envs.engine.refuse import refuse_old_python, refuse_parted
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.engine.toolrun import orphans, outdated, perform, plan_of
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.address import shown_in
from jupyter_envs.model.check import Requirement, check_display_name, check_prefix
from jupyter_envs.model.env import Environment, Own, environment_id
from jupyter_envs.model.errors import Conflict, Failed, Forbidden, InvalidRequest, Unavailable
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.project import Project, ProjectKernel
from jupyter_envs.model.request import Change
from jupyter_envs.model.wire import plain
from jupyter_envs.system.files import held_here, lock, locked
from jupyter_envs.system.metadata import tree, versions

_KERNEL = Requirement(line="ipykernel", name="ipykernel")


def projects(parts: Parts, refresh: bool) -> list[Project]:
    """The projects below the notebook root and those whose environments are known, by path."""
    made = {e.prefix: e.id for e in parts.discovery.environments(refresh)}
    reasons = {tool.name: tool.missing() for tool in parts.discovery.owners.tools.values()}
    found = []
    for project in parts.discovery.projects():
        tool, told, reason = project.tool, project.told, reasons[project.tool.name]
        found.append(
            Project(
                path=project.folder,
                name=told.name,
                manager=tool.name,
                lock=tool.lock,
                locked=told.locked,
                current=tool.current(project.folder),
                environment=next((made[p] for p in parts.discovery.owners.prefixes(project) if p in made), None),
                available=reason is None,
                reason=reason,
                python=told.python,
            )
        )
    return found


def project_of(parts: Parts, environment: Environment) -> Owned | None:
    """The project that `environment` belongs to, None where it belongs to none.

    Raises:
        Forbidden: it belongs to one whose folder is not known.
    """
    project = parts.discovery.project_of(environment.prefix)
    tool = parts.discovery.owners.tools.get(environment.manager)
    if project is None and tool and not tool.can.create:
        raise Forbidden(
            f"{environment.name} belongs to a project of {tool.title}, and it is not known which.",
            hint=f"Call {tool.name} in the project's folder, or make that project a kernel here.",
            reason="unknown_project",
        )
    return project


def kept_by_tool(parts: Parts, environment: Environment) -> bool:
    """Whether `environment` is a project's, of a folder that is known or not."""
    tool = parts.discovery.owners.tools.get(environment.manager)
    return (tool is not None and not tool.can.create) or parts.discovery.project_of(environment.prefix) is not None


def kernel(parts: Parts, request: ProjectKernel) -> Task:
    """The task that makes or syncs the environment of a project from its lock file and makes it a kernel.

    ipykernel goes into the environment alone, not into the project's files.

    Raises:
        InvalidRequest: there is no such folder, it is no project, or the display name is not usable.
        Unavailable: its tool is not there.
        Conflict: its lock file is out of date and `lock` was not asked for, or another process works on it.
        Forbidden: its environment is the one that Jupyter runs in.
    """
    project = _find(parts, request.path)
    display = check_display_name(request.display_name) if request.display_name is not None else None
    _refuse_missing(project)
    stale = project.tool.current(project.folder) is False
    if stale and not request.lock:
        raise outdated(project)
    place = _main(parts, project)
    refuse_parted(place, "path")
    if parts.discovery.is_managed(place):
        raise Conflict(
            f"The environment of {project.told.name} is a link to {place}, which is no project's.",
            hint=f"Remove the link in {project.folder}, and its tool makes one of its own.",
            reason="not_its_own",
        )
    if place == os.path.realpath(sys.prefix):
        raise Forbidden(
            f"{project.told.name} is the project that Jupyter runs in.",
            hint="Its environment is a kernel already: the one that Jupyter starts with.",
            reason="protected",
        )
    commands = project.tool.lock_commands() if stale else []
    commands += project.tool.sync_commands(project.folder, place, project.told.locked)
    prefix = adopted_project(parts, project, place, commands, request.adopt)
    _refuse_busy(parts, project, prefix)
    made = next((e for e in parts.discovery.environments() if e.prefix == prefix), None)

    def work(context: Context) -> dict[str, Any]:
        with _alone(parts, project, prefix, context) as (aside, before):
            with _whole(parts, aside, project, prefix, context):
                perform(project, prefix, commands, context, beat=aside.beat)
                there = _made(parts, project, prefix)
                environment = parts.discovery.by_prefix(there)
                refuse_old_python(environment)
                if parts.kind_of(environment).lacks_for_kernel(there):
                    _refuse_no_python(project, environment)
                    add_kernel(parts, there, context)
                parts.discovery.note_project(project)
                environment = parts.discovery.by_prefix(there)
                context.about(environment.id)
                context.step("register kernel")
                shown = None if environment.kernels else f"Python ({project.told.name})"
                parts.register(environment, there, display or shown)
                plan = parts.ledger.note(there, "kernel", plain(request), before, always=True)
            return parts.result(there, plan)

    return Task(
        action="kernel",
        title=f"Make the project {project.told.name} a kernel",
        work=work,
        environment=made.id if made else None,
        key=prefix,
    )


def change(parts: Parts, project: Owned, environment: Environment, request: Change, wanted: Wanted, title: str) -> Task:
    """The task that does a checked `request` through the project's tool, so that its files and lock stay current.

    Of `wanted` an upgrade takes the names alone: a tool upgrades within what the project asks for.

    Raises:
        Unavailable: its tool is not there.
        InvalidRequest: the tool cannot do that.
        Conflict: another process works on it.
    """
    _refuse_missing(project)
    place, tool, kind = environment.prefix, project.tool, parts.kind_of(environment)
    upgrade = set(wanted.upgrade_names)
    install = [] if wanted.upgrade_all else [r for r in wanted.install if r.name not in upgrade]
    besides, removed = _removals(project, wanted.remove)
    commands = tool.remove_commands(project.folder, removed) if removed else []
    _refuse_secrets(project, install)
    commands += tool.add_commands(install) if install else []
    if wanted.upgrade_all or upgrade:
        commands += tool.upgrade_commands(project.folder, [] if wanted.upgrade_all else wanted.upgrade_names)
    prefix = adopted_project(parts, project, place, commands, request.adopt)
    _refuse_busy(parts, project, prefix)

    if request.dry_run:

        def look(context: Context) -> dict[str, Any]:
            return {"plan": plain(signed(plan_of(project, kind, prefix, commands, wanted.remove, context)))}

        return Task(action="plan", title=f"Plan a change of {environment.name}", work=look, environment=environment.id)

    def work(context: Context) -> dict[str, Any]:
        with _alone(parts, project, prefix, context) as (aside, before):
            if request.plan is not None:
                refuse_other(plan_of(project, kind, prefix, commands, wanted.remove, context), request.plan)
            locked_before = tool.locked(project.folder)
            with _whole(parts, aside, project, prefix, context):
                perform(project, prefix, commands, context, beat=aside.beat)
                there = _made(parts, project, prefix)
                gone = locked_before.keys() - tool.locked(project.folder).keys()
                if loose := {*orphans(tree(there), {*gone, *removed}), *besides}:
                    _pip(parts).apply(there, Wanted(remove=sorted(loose)), context)
                if "ipykernel" in before.pins and "ipykernel" not in besides:
                    add_kernel(parts, there, context)
                plan = parts.ledger.note(there, "change", plain(request), before, always=True)
            return parts.result(there, plan)

    return Task(
        action="change",
        title=title,
        work=work,
        environment=environment.id,
        key=prefix,
    )


def _removals(project: Owned, names: list[str]) -> tuple[list[str], list[str]]:
    """Of `names` those that were installed besides the project, and those that the project asks for.

    Raises:
        InvalidRequest: one came along with another package of the project.
    """
    asked, locked = project.tool.requested(project.folder), project.tool.locked(project.folder).keys()
    for n, name in enumerate(names):
        if normal(name) not in asked and name in locked:
            raise InvalidRequest(
                f"{name} came along with another package of {project.told.name}.",
                hint="Remove the package that needs it; `show --tree` tells which one does.",
                field=f"remove[{n}]",
            )
    besides = [name for name in names if normal(name) not in asked]
    return besides, [name for name in names if normal(name) in asked]


def _find(parts: Parts, path: str) -> Owned:
    folder = os.path.realpath(check_prefix(path, "path"))
    if not os.path.isdir(folder):
        raise InvalidRequest(
            f"There is no folder {ascii(path)[:80]}.", hint="`projects` lists what was found.", field="path"
        )
    project = parts.discovery.owners.project(folder)
    if project is None:
        tools = parts.discovery.owners.tools.values()
        raise InvalidRequest(
            f"{folder} is no project.",
            hint=f"It has no {', '.join(tool.lock for tool in tools)}, and no other file of theirs.",
            reason="no_project",
            field="path",
        )
    return project


def _main(parts: Parts, project: Owned) -> str:
    """The environment that is the kernel: the first that is there, else the one that the tool will make."""
    owners = parts.discovery.owners
    return next(iter([*owners.made(project), *owners.prefixes(project)]))


def _made(parts: Parts, project: Owned, prefix: Own) -> Own:
    """The environment after the tool's work, which may lie elsewhere than was foreseen; this user's as it was."""
    made = parts.discovery.owners.made(project)
    if not made:
        raise Failed(
            f"{project.tool.title} made no environment for {project.told.name}.",
            hint="Its configuration may keep it from making one; the job's log holds what it said.",
            reason="no_environment",
        )
    return parts.discovery.adoption.adopt(prefix if prefix in made else made[0], project=project.folder)


def add_kernel(parts: Parts, prefix: Own, context: Context, undo: Undo | None = None) -> Plan:
    """Install what ipykernel needs and is not there, without a change of what the project has.

    The caller holds the lock of the environment at `prefix`.
    """
    limits = [Requirement(line=f"{name}=={version}", name=name) for name, version in versions(prefix).items()]
    return _pip(parts).apply(prefix, Wanted(install=[_KERNEL], constraints=limits), context, undo)


def _pip(parts: Parts) -> Kind:
    """What installs from the package index, in a conda prefix too: conda packages its tool would take away again."""
    return parts.kinds["venv"]


def _refuse_no_python(project: Owned, environment: Environment) -> None:
    if environment.python.version is None:
        raise Conflict(
            f"{project.told.name} asks for no Python, so that it cannot be a kernel.",
            hint=f"`{project.tool.name} add python` in the project's folder brings one.",
            reason="no_python",
        )


def _refuse_secrets(project: Owned, install: Sequence[Requirement]) -> None:
    """Its tool gets them on a command line, which everybody sees, and writes them into files that are shared."""
    for requirement in install:
        if requirement.has_secret:
            raise InvalidRequest(
                f"{shown_in(str(requirement))!r} holds credentials, which {project.tool.title} would write into the "
                "project's files.",
                hint=f"Leave them out, and give them to {project.tool.title} or git in their own configuration.",
                reason="secret_in_project",
                field="install",
            )


def _refuse_missing(project: Owned) -> None:
    if reason := project.tool.missing():
        raise Unavailable(
            f"{project.told.name} is a project of {project.tool.title}, which is not there.",
            hint=reason,
            reason="tool_missing",
        )


def _refuse_busy(parts: Parts, project: Owned, prefix: str) -> None:
    file = _lock_file(parts, project)
    if locked(file) and not held_here(file):
        raise Conflict(
            f"Another process works on the project {project.told.name} now.",
            hint="Wait for it to end (`jobs` shows it), then try again.",
            reason="busy",
        )
    parts.refuse_busy(prefix)


def _store(parts: Parts, project: Owned) -> Path:
    return parts.settings.state / "projects" / environment_id(project.folder, project.told.name)


def _lock_file(parts: Parts, project: Owned) -> Path:
    return _store(parts, project).with_suffix(".lock")


@contextmanager
def _alone(parts: Parts, project: Owned, prefix: Own, context: Context) -> Iterator[tuple[Aside, Lock]]:
    """Alone with the project and its environment, what an ended process left half done put back.

    With it comes what stands in the environment, nothing where it is not made yet.
    """

    def wait() -> None:
        context.step("wait for another change of this project")

    with lock(_lock_file(parts, project), wait), parts.hold(prefix, context):
        aside = Aside(_store(parts, project))
        if aside.mend():
            context.line("A change of the project that had not ended was undone.")
            parts.discovery.adoption.adopt(prefix)
        there = os.path.isdir(prefix)
        yield aside, parts.begin(parts.discovery.by_prefix(prefix), prefix, context) if there else Lock()


@contextmanager
def _whole(parts: Parts, aside: Aside, project: Owned, prefix: Own, context: Context) -> Iterator[None]:
    """What is done to the project, its environment and its kernels, whole or not at all."""
    places = parts.discovery.owners.prefixes(project)
    entry = parts.entry(
        "project",
        prefix,
        _pip(parts),
        store=os.fspath(_store(parts, project)),
        project=project.folder,
        absent=[path for path in places if not os.path.lexists(path)],
        present=[path for path in places if os.path.lexists(path)],
        began=time.time(),
        folders=journal.missing_above(prefix),
        scratch=[aside.folder_of(prefix)],
    )
    with journal.opened(parts.settings.state, structs.replace(entry, lock=str(_lock_file(parts, project)))) as opened:
        aside.begin(project.folder, project.tool.files, prefix)
        try:
            with own_files.brought(parts.settings, prefix):
                yield
                context.check()
            opened.done()
        except BaseException:
            context.line("Putting the project back as it was.")
            aside.back(partial(project_back, parts, entry))
            opened.drop()
            raise
        # What is left over after this is removed by the next process.
        with suppress(OSError):
            aside.commit()
            opened.drop()
