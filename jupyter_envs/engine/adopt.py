"""Adopt an environment that others made: asked once, with what will run from then on."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator

from jupyter_envs.backends.base import Commands
from jupyter_envs.backends.project_files import parsed, table, text
from jupyter_envs.engine.kinds.conda_kernels import shipped
from jupyter_envs.engine.owners import Owned
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.record import drop_sources
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.errors import Conflict, Forbidden
from jupyter_envs.system import metadata
from jupyter_envs.system.conda_activate import scripts
from jupyter_envs.system.files import remove_tree
from jupyter_envs.system.paths import record_of
from jupyter_envs.system.reading import read_json, read_text

REASON = "adoption_needed"
# More than that nobody reads; how many there are is told.
_SHOWN = 20
_MOST_BYTES = 100_000


def adopted(parts: Parts, environment: Environment, agreed: bool) -> Own:
    """`environment` as one of this user's; with `agreed` it becomes one.

    Raises:
        Conflict: it is not one, and it is not agreed that it becomes one (reason ``adoption_needed``); the
            detail says what will run.
    """
    own = parts.own(environment.prefix)
    if own is None and not agreed:
        raise _needed(environment.name, what_runs(environment))
    return own or _adopt(parts, environment.prefix)


def adopted_project(parts: Parts, project: Owned, prefix: str, commands: Commands, agreed: bool) -> Own:
    """The environment of `project` at `prefix`, made or not, as `adopted`; `commands` will run in its folder."""
    own = parts.own(prefix)
    if own is None and not agreed:
        there = parts.discovery.by_prefix(prefix) if os.path.isdir(prefix) else None
        lines = [*_of_project(project, commands), *(what_runs(there) if there else [])]
        raise _needed(project.told.name, lines)
    return own or _adopt(parts, prefix)


def what_runs(environment: Environment) -> list[str]:
    """What is started in the name of `environment` once it is adopted, a line each; from files alone."""
    prefix, python = environment.prefix, environment.python.path
    lines = []
    if os.path.lexists(python):
        real = os.path.realpath(python)
        lines.append(f"Interpreter: {python}" + (f", which is {real}" if real != python else ""))
    lines.append(f"Its manager: {environment.manager}")
    lines += _listed("At each start of Python", _at_start(prefix))
    if environment.kind == "conda":
        lines += _listed("When it is activated", (os.path.relpath(path, prefix) for path in scripts(prefix)))
        lines += _listed("Kernel", _kernels(prefix))
    if noted := _revisions(prefix):
        lines.append(f"Its history: {noted} changes that somebody noted in it, and that can be gone back to")
    return [_plain(line) for line in lines]


def _revisions(prefix: str) -> int:
    try:
        return len(os.listdir(record_of(prefix) / "revisions"))
    except OSError:
        return 0


def _adopt(parts: Parts, prefix: str) -> Own:
    """Make the environment at `prefix` this user's.

    A journal of an interrupted change goes: to undo that would delete whatever its author did not list.
    """
    record = record_of(prefix)
    try:
        if os.path.islink(record):
            # What is noted of an environment is written into it, and not where somebody's link leads.
            os.unlink(record)
        remove_tree(record / "undo")
        own = parts.discovery.adoption.adopt(prefix)
        # Which index is asked is for this user to say.
        drop_sources(own)
        return own
    except OSError as error:
        raise Forbidden(
            f"{error.filename or prefix} cannot be written: {error.strerror or error}.",
            hint="Ask its owner for the right to write, or make an environment of your own.",
            reason="not_writable",
        ) from None


def _needed(name: str, lines: list[str]) -> Conflict:
    return Conflict(
        f"{_plain(name)} was not made here, and what lies in it would run.",
        hint="Look at what would run, and adopt it if you trust whoever made it.",
        reason=REASON,
        field="adopt",
        detail="\n".join(lines),
    )


def _of_project(project: Owned, commands: Commands) -> Iterator[str]:
    yield f"In {_plain(project.folder)}:"
    for argv in commands:
        yield _plain(shlex.join([os.path.splitext(os.path.basename(argv[0]))[0], *argv[1:]]))
    builder = table(parsed(project.folder, "pyproject.toml"), "build-system")
    if builder:
        yield _plain(f"Build of the project: {text(builder.get('build-backend')) or 'setuptools'}")


def _at_start(prefix: str) -> Iterator[str]:
    """The files of site-packages whose code runs whenever the interpreter starts."""
    for folder in metadata.site_packages(prefix):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            own = name.removesuffix(".py") in ("sitecustomize", "usercustomize")
            if own or (name.endswith(".pth") and _imports(os.path.join(folder, name))):
                yield name


def _imports(path: str) -> bool:
    try:
        lines = read_text(path, _MOST_BYTES, errors="replace").splitlines()
    except (OSError, ValueError):
        return True  # Whatever it is: Python would read it.
    return any(re.match(r"import[ \t]", line) for line in lines)


def _kernels(prefix: str) -> Iterator[str]:
    for name in shipped(prefix):
        try:
            argv = read_json(os.path.join(prefix, "share", "jupyter", "kernels", name, "kernel.json"))["argv"]
            yield f"{name}: {shlex.join(map(str, argv))}"
        except (OSError, ValueError, TypeError, KeyError):
            continue


def _listed(head: str, found: Iterable[str]) -> list[str]:
    names = list(found)
    lines = [f"{head}: {name}" for name in names[:_SHOWN]]
    return [*lines, f"{head}: and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else lines


def _plain(line: str) -> str:
    """`line` as it can be shown anywhere: a file's name may hold what moves a terminal's cursor."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in line)[:1000]
