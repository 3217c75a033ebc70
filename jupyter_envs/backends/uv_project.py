"""uv as a manager of projects: ``pyproject.toml`` with ``uv.lock``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_envs.backends.base import Commands, Event, Outcome, Told
from jupyter_envs.backends.project_files import content, normal, packages, parsed, requested, table, text
from jupyter_envs.backends.uv import Uv, uv
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Capabilities
from jupyter_envs.system import toml

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from jupyter_envs.backends.uvpip import UvPip

_OUTDATED = r"(?s)lockfile .*needs to be updated, but `--(locked|check)`"


class UvProject:
    """Projects of uv; the environment is ``.venv``, or what UV_PROJECT_ENVIRONMENT says."""

    name = "uv"
    title = Uv.title
    description = Uv.description
    can = Capabilities(clone=False, rename=False, rollback=False, project=True)
    markers: tuple[str, ...] = ("uv.lock", "pyproject.toml")
    lock = "uv.lock"
    files: tuple[str, ...] = ("pyproject.toml", "uv.lock")
    rehearses_in_place = False

    def version(self) -> str | None:
        return Uv().version()

    def missing(self) -> str | None:
        return Uv().missing()

    def read(self, folder: str) -> Told | None:
        """A lock file, or a table ``[tool.uv]``, makes the project uv's."""
        locked = os.path.isfile(os.path.join(folder, self.lock))
        tables = parsed(folder, "pyproject.toml")
        if tables is None or not (locked or "uv" in table(tables, "tool")):
            return None
        project = table(tables, "project")
        return Told(
            name=text(project.get("name")) or os.path.basename(folder),
            python=text(project.get("requires-python")),
            locked=locked,
        )

    def prefixes(self, folder: str) -> list[str]:
        return [os.path.join(folder, os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")]

    def current(self, folder: str) -> bool | None:
        """By the packages and versions that the lock file noted of the project; markers are not compared.

        None for a project that is no package itself.
        """
        lock, tables = content(folder, self.lock), parsed(folder, "pyproject.toml")
        if lock is None or tables is None:
            return None
        own = normal(str(table(tables, "project").get("name")))
        # Parsed is what matters alone: the lock file of a large project has megabytes.
        head, *blocks = re.split(r"(?m)^(?=\[\[package\]\]$)", lock)
        mine = next((block for block in blocks if re.search(rf'(?m)^name = "{re.escape(own)}"$', block)), None)
        try:
            return None if mine is None else _fits_in(toml.parse(head), toml.parse(mine)["package"][0], tables)
        except (TypeError, ValueError, LookupError, AttributeError):
            return None

    def requested(self, folder: str) -> set[str]:
        return set().union(*requested(parsed(folder, "pyproject.toml")).values())

    def locked(self, folder: str) -> dict[str, str]:
        return packages(content(folder, self.lock))

    def lock_commands(self) -> Commands:
        """`uv lock`"""
        return [[uv(), "lock"]]

    def sync_commands(self, folder: str, prefix: str, locked: bool) -> Commands:
        """`uv sync --inexact [--locked]`; exact would take the kernel away."""
        return [[uv(), "sync", "--inexact", *(["--locked"] if locked else [])]]

    def add_commands(self, requirements: Sequence[Requirement]) -> Commands:
        """`uv add REQ…` and for what is editable `uv add --editable REQ`"""
        plain = [r.line for r in requirements if not r.editable]
        found = [[uv(), "add", *plain]] if plain else []
        return [*found, *([uv(), "add", "--editable", r.line] for r in requirements if r.editable)]

    def upgrade_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`uv sync --inexact --upgrade-package=NAME…` or `--upgrade`"""
        return [[uv(), "sync", "--inexact", *([f"--upgrade-package={name}" for name in names] or ["--upgrade"])]]

    def remove_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`uv remove --no-sync [--group G | --optional E] NAME…`, then `uv sync --inexact`

        Its own sync would take all that is not locked, the kernel too.
        """
        places: dict[tuple[str, ...], list[str]] = {}
        for name in names:
            places.setdefault(_place(parsed(folder, "pyproject.toml") or {}, name), []).append(name)
        found = [[uv(), "remove", "--no-sync", *place, *listed] for place, listed in places.items()]
        return [*found, [uv(), "sync", "--inexact"]]

    def rehearsal(self, commands: Commands, prefix: str) -> Commands:
        """`uv lock --upgrade…` for a sync, the rest with ``--no-sync``, then `uv sync --inexact --dry-run`"""
        told: Commands = []
        for command in commands:
            if command[1] == "sync":
                told.append([uv(), "lock", *(word for word in command if word.startswith("--upgrade"))])
            else:
                told.append([*command[:2], *([] if "--no-sync" in command else ["--no-sync"]), *command[2:]])
        return [*told, [uv(), "sync", "--inexact", "--dry-run"]]

    def outcome(self, folder: str, output: str, here: Mapping[str, str]) -> Outcome:
        return _pip().outcome(output)

    def environment(self, environ: Mapping[str, str], prefix: str, rehearsal: bool = False) -> dict[str, str]:
        """The user's own settings of uv hold, pip's do not: an index of theirs would be written into the lock file."""
        more = {"UV_PROJECT_ENVIRONMENT": prefix, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
        return {"UV_PYTHON_DOWNLOADS": "never", **environ, **more}

    def event(self, line: str) -> Event | None:
        return _pip().event(line)

    def unsolvable(self, output: str) -> str | None:
        return _pip().unsolvable(output)

    def outdated(self, output: str) -> bool:
        return bool(re.search(_OUTDATED, output))


def _pip() -> UvPip:
    """`uv pip`, whose output reads the same."""
    from jupyter_envs.backends.uvpip import UvPip

    return UvPip()


def _place(tables: dict[str, Any], name: str) -> tuple[str, ...]:
    """The options that tell `uv remove` where the project asks for `name`."""
    place = next((place for place, names in requested(tables).items() if name in names), ())
    return (f"--{place[0]}", place[1]) if place else ()


def fits(lock: dict[str, Any], own: dict[str, Any], project: str) -> bool | None:
    """Whether `lock`, in which `own` is the project's entry, notes what the text of its ``pyproject.toml`` asks for.

    None where that cannot be told.
    """
    try:
        return _fits_in(lock, own, toml.parse(project))
    except (TypeError, ValueError, LookupError, AttributeError):
        return None


def _fits_in(lock: dict[str, Any], mine: dict[str, Any], tables: dict[str, Any]) -> bool:
    """Whether `mine`, the project's own entry of a lock file that begins with `lock`, notes what `tables` ask for."""
    # Imported here, and below: a list without projects needs none of it.
    from packaging.specifiers import SpecifierSet

    project = table(tables, "project")
    python = project.get("requires-python")
    if python is not None and SpecifierSet(python) != SpecifierSet(lock.get("requires-python", "")):
        return False
    extras = table(project, "optional-dependencies").values()
    asked = _asked([*project.get("dependencies", []), *(line for lines in extras for line in lines)])
    noted = table(mine, "metadata").get("requires-dist", [])
    groups, noted_groups = table(tables, "dependency-groups"), table(mine, "metadata", "requires-dev")
    pairs = [(_asked(_lines(groups, n)), noted_groups.get(n, [])) for n in groups.keys() | noted_groups.keys()]
    return all(_fits(*pair) for pair in [(asked, noted), *pairs])


def _lines(groups: dict[str, Any], name: str, depth: int = 10) -> list[str]:
    """The requirements of a dependency group (PEP 735), those of the groups that it includes too."""
    lines: list[str] = []
    for entry in groups.get(name, []) if depth else []:
        lines += [entry] if isinstance(entry, str) else _lines(groups, entry["include-group"], depth - 1)
    return lines


def _asked(lines: list[str]) -> set[tuple[str, SpecifierSet]]:
    from packaging.requirements import Requirement as Pep508

    found = set()
    for line in lines:
        requirement = Pep508(line)
        found.add((normal(requirement.name), requirement.specifier))
    return found


def _fits(asked: set[tuple[str, SpecifierSet]], noted: list[dict[str, Any]]) -> bool:
    """Whether the same is noted; what comes from elsewhere than an index has no version there."""
    from packaging.specifiers import SpecifierSet

    elsewhere = {entry["name"] for entry in noted if entry.keys() & {"git", "url", "path", "directory", "editable"}}
    said = {(entry["name"], SpecifierSet(entry.get("specifier", ""))) for entry in noted}

    def bare(pairs: set[tuple[str, SpecifierSet]]) -> set[tuple[str, SpecifierSet | None]]:
        return {(name, None if name in elsewhere else version) for name, version in pairs}

    return bare(asked) == bare(said)
