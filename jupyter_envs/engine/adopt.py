"""Adopt an environment that others made: asked once, with what will run from then on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

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
from jupyter_envs.system.pipconf import site_file
from jupyter_envs.system.reading import read_json, read_text

REASON = "adoption_needed"
# More than that nobody reads; how many there are is told.
_SHOWN = 20
_MOST_BYTES = 100_000
# Files of a project that say what its tools do: whom they ask, and how the project is built.
_STEERING = (
    *("pyproject.toml", "setup.py", "setup.cfg", "uv.toml", "poetry.toml", ".env", ".python-version"),
    os.path.join(".pixi", "config.toml"),
)


@dataclass
class Runs:
    """What will run: `lines` for a person, and the files that they speak of."""

    lines: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def add(self, head: str, found: Iterable[tuple[str, str]]) -> None:
        """Add a line each for the first of `found`, a text and its file; how many more there are is told."""
        each = list(found)
        self.files += [path for _, path in each]
        self.lines += [_plain(f"{head}: {text}") for text, _ in each[:_SHOWN]]
        if len(each) > _SHOWN:
            self.lines.append(f"{head}: and {len(each) - _SHOWN} more")

    @property
    def digest(self) -> str:
        """Another one as soon as a line is, or a file that the lines speak of, also one that they only count."""
        content = json.dumps([self.lines, sorted((path, _state(path)) for path in self.files)])
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def adopted(parts: Parts, environment: Environment, agreed: bool | str) -> Own:
    """`environment` as one of this user's; with `agreed` it becomes one, with a hash only if that is what runs.

    Raises:
        Conflict: it is not one, and it is not agreed that it becomes one (reason ``adoption_needed``); the
            detail says what will run, and `adopt` is the hash of it.
    """
    own = parts.own(environment.prefix)
    if own is None and agreed is not True:
        _refuse_unseen(environment.name, what_runs(environment), agreed)
    return own or _adopt(parts, environment.prefix)


def adopted_project(parts: Parts, project: Owned, prefix: str, commands: Commands, agreed: bool | str) -> Own:
    """The environment of `project` at `prefix`, made or not, as `adopted`; `commands` will run in its folder.

    One of this user's is asked about too, until it was agreed that this project's tool works on it.
    """
    own = parts.own(prefix)
    if own and parts.discovery.adoption.may_work(project.folder, prefix):
        return own
    if agreed is not True:
        there = parts.discovery.by_prefix(prefix) if os.path.isdir(prefix) else None
        runs = what_runs(there) if there else Runs()
        runs.lines[:0] = map(_plain, _of_project(project, commands))
        names = {*project.tool.files, *_STEERING}
        runs.files += [os.path.join(project.folder, name) for name in sorted(names)]
        _refuse_unseen(project.told.name, runs, agreed)
    return parts.discovery.adoption.adopt(own or _adopt(parts, prefix), project=project.folder)


def what_runs(environment: Environment) -> Runs:
    """What is started in the name of `environment` once it is adopted; from files alone."""
    prefix, python = environment.prefix, environment.python.path
    runs = Runs()
    if os.path.lexists(python):
        real = os.path.realpath(python)
        runs.add("Interpreter", [(python + (f", which is {real}" if real != python else ""), real)])
    runs.lines.append(_plain(f"Its manager: {environment.manager}"))
    runs.add("At each start of Python", _at_start(prefix))
    if environment.kind == "conda":
        runs.add("When it is activated", ((os.path.relpath(path, prefix), path) for path in scripts(prefix)))
        runs.add("Kernel", _kernels(prefix))
    site = site_file(prefix)
    if os.path.isfile(site):
        runs.add("At each installation", [(f"{site}, which may name an index of its author's", site)])
    if noted := _revisions(prefix):
        runs.lines.append(f"Its history: {noted} changes that somebody noted in it, and that can be gone back to")
    return runs


def _state(path: str) -> str:
    """What differs when somebody wrote to `path`; without reading it, since it may be large."""
    try:
        info = os.stat(path)
    except OSError:
        return "absent"
    return f"{info.st_dev} {info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"


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


def _refuse_unseen(name: str, runs: Runs, agreed: bool | str) -> None:
    if agreed == runs.digest:
        return
    message = f"{_plain(name)} was not made here, and what lies in it would run."
    if agreed:
        message = f"What would run in {_plain(name)} is not what was shown any more."
    error = Conflict(
        message,
        hint="Look at what would run, and adopt it if you trust whoever made it.",
        reason=REASON,
        field="adopt",
        detail="\n".join(runs.lines),
    )
    error.adopt = runs.digest
    raise error


def _of_project(project: Owned, commands: Commands) -> Iterator[str]:
    yield f"In {_plain(project.folder)}:"
    for argv in commands:
        yield _plain(shlex.join([os.path.splitext(os.path.basename(argv[0]))[0], *argv[1:]]))
    builder = table(parsed(project.folder, "pyproject.toml"), "build-system")
    if builder:
        yield _plain(f"Build of the project: {text(builder.get('build-backend')) or 'setuptools'}")


def _at_start(prefix: str) -> Iterator[tuple[str, str]]:
    """The files of site-packages whose code runs whenever the interpreter starts."""
    for folder in metadata.site_packages(prefix):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            own = name.removesuffix(".py") in ("sitecustomize", "usercustomize")
            if own or (name.endswith(".pth") and _imports(os.path.join(folder, name))):
                yield name, os.path.join(folder, name)


def _imports(path: str) -> bool:
    try:
        lines = read_text(path, _MOST_BYTES, errors="replace").splitlines()
    except (OSError, ValueError):
        return True  # Whatever it is: Python would read it.
    return any(re.match(r"import[ \t]", line) for line in lines)


def _kernels(prefix: str) -> Iterator[tuple[str, str]]:
    for name in shipped(prefix):
        file = os.path.join(prefix, "share", "jupyter", "kernels", name, "kernel.json")
        try:
            yield f"{name}: {shlex.join(map(str, read_json(file)['argv']))}", file
        except (OSError, ValueError, TypeError, KeyError):
            continue


def _plain(line: str) -> str:
    """`line` as it can be shown anywhere: a file's name may hold what moves a terminal's cursor."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in line)[:1000]
