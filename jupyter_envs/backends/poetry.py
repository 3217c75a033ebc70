"""Poetry as a manager of projects: ``pyproject.toml`` with ``poetry.lock``."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from glob import escape, glob
from typing import Any

from jupyter_envs.backends.base import Commands, Event, Outcome, Told
from jupyter_envs.backends.project_files import content, normal, packages, parsed, requested, table, text
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Capabilities
from jupyter_envs.system import toml, tools
from jupyter_envs.system.poetryconf import told

# Compiled when they are first used: a list of environments uses none.
_OPERATIONS = r"Package operations: (\d+) installs?, (\d+) updates?, (\d+) removals?"
_DONE = (
    r"(?m)^[ \t]{0,20}[-•] (Installing|Updating|Downgrading|Removing) (\S+) "
    r"\((?:\S+ -> )?([^\s)]+)(?:[ \t][^)\n]*)?\)(: Skipped.*)?$"
)
_OLD = r"changed significantly since poetry\.lock was last generated|poetry\.lock is not up to date"
# As `Locker` of Poetry has them; the first four were always there.
_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_MOST_PACKAGES = 100
_PROJECT = ("requires-python", "dependencies", "optional-dependencies")


class Poetry:
    """Projects of Poetry; the environment is ``.venv``, or lies in Poetry's cache."""

    name = "poetry"
    title = "Poetry"
    description = "Projects with a pyproject.toml and a poetry.lock."
    can = Capabilities(create=False, by_prefix=False, clone=False, rename=False, rollback=False, project=True)
    markers: tuple[str, ...] = ("poetry.lock", "pyproject.toml")
    lock = "poetry.lock"
    files: tuple[str, ...] = ("pyproject.toml", "poetry.lock")
    rehearses_in_place = True

    def version(self) -> str | None:
        program = _program()
        return tools.version(program, "poetry") if program else None

    def missing(self) -> str | None:
        return None if _program() else "Poetry is not installed; `pipx install poetry` brings it."

    def read(self, folder: str) -> Told | None:
        """A lock file, or a table ``[tool.poetry]``, makes the project Poetry's."""
        locked = os.path.isfile(os.path.join(folder, self.lock))
        tables = parsed(folder, "pyproject.toml")
        if tables is None or not (locked or "poetry" in table(tables, "tool")):
            return None
        project, own = table(tables, "project"), table(tables, "tool", "poetry")
        return Told(
            name=_name(tables) or os.path.basename(folder),
            python=text(project.get("requires-python")) or text(table(own, "dependencies").get("python")),
            locked=locked,
        )

    def prefixes(self, folder: str) -> list[str]:
        """``.venv`` where that is said or there, else ``NAME-HASH-pyX.Y``, the one that Poetry was told to use first.

        The hash is of the folder's path, as `EnvManager.generate_env_name` makes it.
        """
        beside = os.path.join(folder, ".venv")
        places = told(os.environ, folder)
        if places.in_project or (places.in_project is None and os.path.isdir(beside)):
            return [beside]
        stem = env_name(_name(parsed(folder, "pyproject.toml") or {}) or "non-package-mode", folder)
        top = os.path.join(places.virtualenvs, stem)
        minor = text(table(parsed(places.virtualenvs, "envs.toml"), stem).get("minor"))
        made = sorted(glob(escape(top) + "-py*"), key=_minor, reverse=True)
        return sorted(made, key=lambda path: not path.endswith(f"-py{minor}")) or [f"{top}-py{minor or '3'}"]

    def current(self, folder: str) -> bool | None:
        """By the hash of what is asked for, as `Locker.is_fresh` of Poetry compares it."""
        return _fits(content(folder, self.lock) or "", parsed(folder, "pyproject.toml"))

    def requested(self, folder: str) -> set[str]:
        """What PEP 621 and PEP 735 have, and Poetry's own tables."""
        tables = parsed(folder, "pyproject.toml")
        own = table(tables, "tool", "poetry")
        groups = [table(group, "dependencies") for group in table(own, "group").values()]
        listed = [table(own, "dependencies"), table(own, "dev-dependencies"), *groups]
        names = {normal(name) for section in listed for name in section if name != "python"}
        return names.union(*requested(tables).values())

    def locked(self, folder: str) -> dict[str, str]:
        return packages(content(folder, self.lock))

    def lock_commands(self) -> Commands:
        """`poetry lock`"""
        return [_poetry("lock")]

    def sync_commands(self, folder: str, prefix: str, locked: bool) -> Commands:
        """`poetry install [--no-root]`; `poetry sync` would take the kernel away.

        Without the project itself where it has no package, as `poetry init` leaves it: Poetry would install all
        the rest and then fail.
        """
        return [_poetry("install", *([] if _has_package(folder, parsed(folder, "pyproject.toml")) else ["--no-root"]))]

    def add_commands(self, requirements: Sequence[Requirement]) -> Commands:
        """`poetry add REQ…` and for what is editable `poetry add --editable REQ`"""
        plain = [r.line for r in requirements if not r.editable]
        found = [_poetry("add", *plain)] if plain else []
        return [*found, *(_poetry("add", "--editable", r.line) for r in requirements if r.editable)]

    def upgrade_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`poetry update [NAME…]`"""
        return [_poetry("update", *names)]

    def remove_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`poetry remove NAME…`"""
        return [_poetry("remove", *names)]

    def rehearsal(self, commands: Commands, prefix: str) -> Commands:
        """The same with ``--dry-run``, which writes nothing."""
        return [[*command, "--dry-run"] for command in commands]

    def outcome(self, folder: str, output: str, here: Mapping[str, str]) -> Outcome:
        added: dict[str, str] = {}
        removed: dict[str, str] = {}
        for verb, name, version, skipped in re.findall(_DONE, output):
            if not skipped:
                (removed if verb == "Removing" else added)[normal(name)] = version
        return Outcome(added, removed, cached=False)

    def environment(self, environ: Mapping[str, str], prefix: str, rehearsal: bool = False) -> dict[str, str]:
        return {**environ, "NO_COLOR": "1", "POETRY_NO_INTERACTION": "1", "COLUMNS": "500"}

    def event(self, line: str) -> Event | None:
        if found := re.match(_OPERATIONS, line):
            return Event(resolved=sum(map(int, found.groups())))
        found = re.match(_DONE, line)
        return Event(placed=found.group(2)) if found and not found.group(4) else None

    def unsolvable(self, output: str) -> str | None:
        """From "Because" to "version solving failed", or the name that no index has."""
        lines = [line.strip() for line in output.splitlines()]
        first = next((n for n, line in enumerate(lines) if line.startswith("Because")), None)
        if first is not None and "version solving failed" in output:
            last = next(n for n, line in enumerate(lines) if "version solving failed" in line)
            return "\n".join(reversed(_sentences(lines[first : last + 1])))
        return next((line for line in lines if line.startswith("Could not find a matching version")), None)

    def outdated(self, output: str) -> bool:
        return bool(re.search(_OLD, output))


def env_name(project: str, folder: str) -> str:
    """What Poetry calls the environment of `project` in `folder`, without its Python."""
    plain = re.sub(r'[ $`!*@"\\\r\n\t]', "_", project.lower())[:42]
    where = os.path.normcase(os.path.realpath(folder)).encode()
    return f"{plain}-{base64.urlsafe_b64encode(hashlib.sha256(where).digest()).decode()[:8]}"


def _program() -> str | None:
    home = os.environ.get("POETRY_HOME") or "~/.local/share/pypoetry"
    return tools.find("poetry", os.path.join(home, "bin"), os.path.join(home, "venv", "bin"))


def _poetry(*words: str) -> list[str]:
    program = _program()
    assert program
    return [program, words[0], "--no-interaction", "--no-ansi", *words[1:]]


def _name(tables: Mapping[str, Any]) -> str | None:
    return text(table(tables, "project").get("name")) or text(table(tables, "tool", "poetry").get("name"))


def _has_package(folder: str, tables: Mapping[str, Any] | None) -> bool:
    """Whether there is what Poetry would install of the project in `folder`, as `Module` of poetry-core looks for it.

    A project that is built by another backend, or has no packages by its own word, is Poetry's to judge.
    """
    own = table(tables, "tool", "poetry")
    backend = text(table(tables, "build-system").get("build-backend")) or "poetry.core.masonry.api"
    name = _name(tables or {})
    if own.get("package-mode") is False or not backend.startswith("poetry") or name is None:
        return True
    listed = own.get("packages")
    if isinstance(listed, list) and listed:
        return all(_is_there(folder, each) for each in listed[:_MOST_PACKAGES])
    module = normal(name).replace("-", "_")
    places = (os.path.join(folder, *below, module) for below in ((), ("src",)))
    return any(os.path.isdir(place) or os.path.isfile(f"{place}.py") for place in places)


def _is_there(folder: str, package: object) -> bool:
    if not isinstance(package, dict):
        return True
    words = [text(package.get(key)) or "" for key in ("from", "include")]
    return any(c in "*?[\0" for c in "".join(words)) or os.path.exists(os.path.join(folder, *words))


def _minor(path: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", path.rpartition("-py")[2]))


def _sentences(lines: list[str]) -> list[str]:
    """`lines` with those that go on put behind what they continue; the conclusion comes last."""
    found: list[str] = []
    for line in lines:
        if found and not re.match(r"(Because|And|So|Thus)\b", line):
            found[-1] += f" {line}"
        else:
            found.append(line)
    return found


def _content_hash(tables: Mapping[str, Any], *, groups: bool) -> str:
    project = table(tables, "project")
    relevant: dict[str, Any] = {}
    if kept := {key: project[key] for key in _PROJECT if project.get(key) is not None}:
        relevant["project"] = kept
    if groups and (named := table(tables, "dependency-groups")):
        relevant["dependency-groups"] = named
    own = table(tables, "tool", "poetry")
    legacy = {key: own.get(key) for key in _LEGACY if own.get(key) is not None or not relevant}
    legacy |= {"group": own["group"]} if own.get("group") is not None else {}
    content = {**relevant, "tool": {"poetry": legacy}} if relevant else legacy
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def fits(lock: str, project: str) -> bool | None:
    """Whether the text of a lock file is of the text of its ``pyproject.toml``; None where that cannot be told."""
    try:
        return _fits(lock, toml.parse(project))
    except ValueError:
        return None


def _fits(lock: str, tables: dict[str, Any] | None) -> bool | None:
    noted = re.search(r'(?m)^content-hash = "(\w+)"', lock)
    if tables is None or noted is None:
        return None
    maker = re.search(r"Poetry (\d+)\.(\d+)", lock[:1000])
    # Before 2.3 dependency groups (PEP 735) did not count.
    old = maker is not None and (int(maker[1]), int(maker[2])) < (2, 3)
    try:
        hashes = [_content_hash(tables, groups=True), *([_content_hash(tables, groups=False)] if old else [])]
    except (TypeError, ValueError):
        return None
    return noted[1] in hashes
