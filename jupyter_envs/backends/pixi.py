"""pixi as a manager of projects: ``pixi.toml``, or ``pyproject.toml`` with a table for it, and ``pixi.lock``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from jupyter_envs.backends.base import Commands, Event, Outcome, Told
from jupyter_envs.backends.project_files import by_lock, normal, parsed, requested, table, text
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Capabilities
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import tools
from jupyter_envs.system.reading import LISTING, read_text

_CONFLICT = r"(?i)failed to solve|Cannot solve the request|No candidates were found|No solution found"
_OLD = r"(?i)lock-?\s?file not up-to-date"


class Pixi:
    """Projects of pixi; the environments are conda prefixes in ``.pixi/envs``."""

    name = "pixi"
    title = "pixi"
    description = "Projects with a pixi.toml and a pixi.lock."
    can = Capabilities(
        create=False, by_prefix=False, channels=True, clone=False, rename=False, rollback=False, project=True
    )
    markers: tuple[str, ...] = ("pixi.toml", "pixi.lock", "pyproject.toml")
    lock = "pixi.lock"
    files: tuple[str, ...] = ("pixi.toml", "pyproject.toml", "pixi.lock")
    rehearses_in_place = False

    def version(self) -> str | None:
        """It is one binary without a note of its version."""
        return None

    def missing(self) -> str | None:
        return None if _program() else "pixi is not installed; its own site tells how to install it."

    def read(self, folder: str) -> Told | None:
        tables = _manifest(folder)
        if tables is None:
            return None
        about = table(tables, "workspace") or table(tables, "project")
        locked = os.path.isfile(os.path.join(folder, self.lock))
        return Told(
            name=text(about.get("name")) or os.path.basename(folder),
            python=_python(table(tables, "dependencies").get("python")),
            locked=locked,
        )

    def prefixes(self, folder: str) -> list[str]:
        """The ``default`` one first; environments outside the project (``detached-environments``) are not followed."""
        top = os.path.join(folder, ".pixi", "envs")
        try:
            others = sorted(name for name in os.listdir(top) if name != "default")
        except OSError:
            others = []
        return [os.path.join(top, name) for name in ("default", *others)]

    def current(self, folder: str) -> bool | None:
        """Its lock file holds nothing to compare the manifest to."""
        return None

    def requested(self, folder: str) -> set[str]:
        """What stands in the manifest for every environment or for a feature, conda's and the index's."""
        tables = _manifest(folder) or {}
        parts = [tables, *table(tables, "feature").values()]
        kinds = ("dependencies", "pypi-dependencies")
        names = {normal(name) for part in parts for kind in kinds for name in table(part, kind)}
        return names.union(*requested(parsed(folder, "pyproject.toml")).values())

    def locked(self, folder: str) -> dict[str, str]:
        return {name: version for _, _, name, version in _packages(os.path.join(folder, self.lock))}

    def lock_commands(self) -> Commands:
        """`pixi lock`"""
        return [_pixi("lock")]

    def sync_commands(self, folder: str, prefix: str, locked: bool) -> Commands:
        """`pixi install [--locked] --environment NAME`"""
        frozen = ["--locked"] if locked else []
        return [_pixi("install", *frozen, "--environment", os.path.basename(prefix))]

    def add_commands(self, requirements: Sequence[Requirement]) -> Commands:
        """`pixi add SPEC…`

        Raises:
            InvalidRequest: one is a path or a URL.
        """
        for requirement in requirements:
            if requirement.name is None or requirement.editable or "@" in requirement.line:
                raise InvalidRequest(
                    "pixi takes packages of its channels here, not a path or a URL.",
                    hint="Use `pixi add --pypi` or `--path` in a terminal.",
                    field="install",
                )
        return [_pixi("add", *(r.line.replace(" ", "") for r in requirements))]

    def upgrade_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`pixi update [NAME…]`, which stays within what the manifest allows"""
        return [_pixi("update", *names)]

    def remove_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`pixi remove NAME…` and `pixi remove --pypi NAME…`, each name as the manifest writes it"""
        tables = _manifest(folder) or {}
        conda = {normal(name): name for name in table(tables, "dependencies")}
        listed = [n for n in names if normal(n) in conda]
        others = [n for n in names if normal(n) not in conda]
        found = [_pixi("remove", *(conda[normal(n)] for n in listed))] if listed else []
        return [*found, *([_pixi("remove", "--pypi", *others)] if others else [])]

    def rehearsal(self, commands: Commands, prefix: str) -> Commands:
        """The same with ``--no-install``"""
        return [[*command[:2], "--no-install", *command[2:]] for command in commands]

    def outcome(self, folder: str, output: str, here: Mapping[str, str]) -> Outcome:
        """What the lock file has for this system in the environment ``default``."""
        lock = os.path.join(folder, self.lock)
        wanted = {
            name: version
            for environment, platform, name, version in _packages(lock)
            if (environment, platform) == ("default", subdir())
        }
        return by_lock(wanted, here)

    def environment(self, environ: Mapping[str, str], prefix: str, rehearsal: bool = False) -> dict[str, str]:
        env = {k: v for k, v in environ.items() if not k.startswith("PIXI_PROJECT_")}
        return {**env, "NO_COLOR": "1", "PIXI_NO_PROGRESS": "true"}

    def event(self, line: str) -> Event | None:
        return None

    def unsolvable(self, output: str) -> str | None:
        """From the line that names the failure on, without the boxes that pixi draws."""
        at = re.search(_CONFLICT, output)
        if at is None:
            return None
        told = output[output.rfind("\n", 0, at.start()) + 1 :].splitlines()
        lines = [re.sub(r"^(Error:)?[\s×╰─▶│├└|:]+", "", line) for line in told]
        return "\n".join(line for line in lines if line)

    def outdated(self, output: str) -> bool:
        return bool(re.search(_OLD, output))


def subdir() -> str:
    """This system as conda's channels call it."""
    import platform

    machine = platform.machine().lower()
    arm = machine in ("arm64", "aarch64")
    if sys.platform == "darwin":
        return "osx-arm64" if arm else "osx-64"
    if sys.platform == "win32":
        return "win-arm64" if arm else "win-64"
    return "linux-aarch64" if arm else "linux-64"


def _manifest(folder: str) -> dict[str, Any] | None:
    if (tables := parsed(folder, "pixi.toml")) is not None:
        return tables
    return table(parsed(folder, "pyproject.toml"), "tool", "pixi") or None


def _python(asked: object) -> str | None:
    """A conda version as a specifier: ``3.12.*`` means ``==3.12.*``."""
    asked = asked.get("version") if isinstance(asked, dict) else asked
    if not isinstance(asked, str) or asked.strip() in ("", "*"):
        return None
    return asked if re.match(r"\s*[<>=!~]", asked) else f"=={asked.strip()}"


def _program() -> str | None:
    return tools.find("pixi", os.path.join(os.environ.get("PIXI_HOME") or "~/.pixi", "bin"))


def _pixi(*words: str) -> list[str]:
    program = _program()
    assert program
    return [program, *words]


def _packages(lock: str) -> Iterator[tuple[str, str, str, str]]:
    """Environment, system, name and version of each package that ``environments`` of a lock file (version 5 on) lists.

    Read line by line: a parser of all of YAML takes seconds for a large one.
    """
    environment = platform = ""
    inside = False
    try:
        text = read_text(lock, LISTING, errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        if not line.startswith(" "):
            inside = line.startswith("environments:")
        elif inside and (found := re.match(r"( +)(\S+):\s*$", line)):
            depth = len(found[1])
            environment, platform = (found[2], "") if depth == 2 else (environment, found[2])
        elif inside and (found := re.match(r" +- (?:conda|pypi): (\S+)", line)):
            name = _file(unquote(found[1]).rpartition("/")[2])
            if name:
                yield environment, platform, *name


def _file(name: str) -> tuple[str, str] | None:
    """The name and the version that a package's file name tells; conda's names have no normal form."""
    if found := re.match(r"(.+)-([^-]+)-[^-]+\.(?:conda|tar\.bz2)$", name):
        return found[1], found[2]
    if found := re.match(r"([^-]+)-([^-]+)-.*\.whl$", name) or re.match(r"(.+)-([^-]+)\.(?:tar\.gz|zip)$", name):
        return normal(found[1]), found[2]
    return None
