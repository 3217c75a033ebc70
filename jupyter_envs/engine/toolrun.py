"""Run the commands of a project's tool, for good or as a rehearsal on a copy, and say what they mean."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from jupyter_envs.backends.base import Commands, Outcome
from jupyter_envs.backends.causes import explain
from jupyter_envs.engine.install import Meter
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.owners import Owned
from jupyter_envs.engine.task import Context, Stream
from jupyter_envs.model.env import Own, TreeNode
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.plan import Plan, difference
from jupyter_envs.system import temporary
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.process import clean_environment, run
from jupyter_envs.system.reading import DOCUMENT, read_bytes, read_text

# What a copy must not share with the project: an environment there would be changed.
_OWN = frozenset({".venv", ".pixi"})


def perform(
    project: Owned,
    prefix: Own,
    commands: Commands,
    context: Context,
    *,
    copy: str | None = None,
    beat: Callable[[], None] = lambda: None,
) -> str:
    """Run `commands` in the project, or as a rehearsal in its `copy`, for the environment at `prefix`.

    Returns what they printed. `beat` is called with each line.

    Raises:
        Conflict: the lock file is out of date.
        EnvsError: the tool failed; what it said is the detail.
    """
    tool, said = project.tool, []
    env = tool.environment(clean_environment(), prefix, rehearsal=copy is not None)
    for argv in commands:
        context.line(shlex.join([os.path.splitext(os.path.basename(argv[0]))[0], *argv[1:]]))
        meter = Meter(context, tool, None)

        def on_line(stream: str, text: str, meter: Meter = meter) -> None:
            kept: Stream = "out" if stream == "out" else "err"
            context.line(text, kept)
            meter.read(text)
            beat()

        done = run(argv, env=env, cwd=copy or project.folder, on_line=on_line, cancelled=context.cancelled)
        output = f"{done.out}\n{done.err}".strip()
        if done.code:
            raise outdated(project) if tool.outdated(output) else explain(tool, done)
        said.append(output)
    return "\n".join(said)


def outdated(project: Owned) -> Conflict:
    """The error for a project whose lock file no longer fits what it asks for."""
    return Conflict(
        f"The lock file {project.tool.lock} of {project.told.name} is out of date.",
        hint=f"Run `{project.tool.name} lock` there, or ask for the lock file to be brought up to date.",
        reason="lock_outdated",
        field="lock",
    )


def plan_of(
    project: Owned, kind: Kind, prefix: Own, commands: Commands, removed: Sequence[str], context: Context
) -> Plan:
    """What `commands`, that take `removed` out among others, would do to the environment at `prefix`."""
    tool, here = project.tool, kind.versions(prefix)
    outcome, gone = Outcome({}, {}, cached=False), set(removed)
    if commands:
        with _copied(project) as copy:
            place = None if tool.rehearses_in_place else copy
            said = perform(project, prefix, tool.rehearsal(commands, prefix), context, copy=place)
            outcome = tool.outcome(copy, said, here)
            gone |= tool.locked(project.folder).keys() - tool.locked(copy).keys()
    own = project.own
    leaving = {*outcome.removed, *orphans(kind.tree(prefix), gone, own)} - outcome.added.keys()
    after = {name: version for name, version in here.items() if name not in leaving} | outcome.added
    return difference(
        {name: version for name, version in here.items() if name != own},
        {name: version for name, version in after.items() if name != own},
    )


def orphans(tree: Iterable[TreeNode], gone: set[str], own: str | None = None) -> list[str]:
    """Those of `gone` that are installed and that nothing else in `tree` needs, the project `own` left out."""
    nodes = {node.name: set(node.required_by) - {own} for node in tree}
    loose = gone & nodes.keys()
    while kept := {name for name in loose if nodes[name] - loose}:
        loose -= kept
    return sorted(loose)


@contextmanager
def _copied(project: Owned) -> Iterator[str]:
    """A copy of the project's files, with links to the rest of its folder and to what they name beside it."""
    above = os.path.dirname(project.folder)
    with temporary.folder() as top:
        copy = os.path.join(top, os.path.basename(project.folder) or "project")
        os.mkdir(copy)
        for name in os.listdir(project.folder):
            source, target = os.path.join(project.folder, name), os.path.join(copy, name)
            if name in project.tool.files:
                atomic_write(target, read_bytes(source, DOCUMENT))
                for beside in _beside(target) & set(os.listdir(above)) - set(os.listdir(top)):
                    os.symlink(os.path.join(above, beside), os.path.join(top, beside))
            elif name not in _OWN and not name.startswith(".jupyter-envs"):
                os.symlink(source, target)
        yield copy


def _beside(file: str) -> set[str]:
    """The names after ``../`` in the text of `file`: what a project may need that lies beside it."""
    text = read_text(file, DOCUMENT, errors="replace")
    return set(re.findall(r"""\.\./([^/"'\s\]]+)""", text))
