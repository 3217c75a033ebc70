"""Pipenv as a manager of projects: ``Pipfile`` with ``Pipfile.lock``."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_envs.backends.base import Commands, Event, Outcome, Told
from jupyter_envs.backends.project_files import by_lock, normal, parsed, table, text
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Capabilities
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import pyvenv, tools
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import DOCUMENT, read_head, read_json

_SECTIONS = frozenset({"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"})
_CONFLICT = ("Cannot install", "No matching distribution found", "The conflict is caused by")
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


class Pipenv:
    """Projects of Pipenv; the environment is ``.venv``, or lies in WORKON_HOME."""

    name = "pipenv"
    title = "Pipenv"
    description = "Projects with a Pipfile and a Pipfile.lock."
    can = Capabilities(create=False, by_prefix=False, clone=False, rename=False, rollback=False, project=True)
    markers: tuple[str, ...] = ("Pipfile", "Pipfile.lock")
    lock = "Pipfile.lock"
    files: tuple[str, ...] = ("Pipfile", "Pipfile.lock")
    rehearses_in_place = False

    def version(self) -> str | None:
        program = tools.find("pipenv")
        return tools.version(program, "pipenv") if program else None

    def missing(self) -> str | None:
        return None if tools.find("pipenv") else "Pipenv is not installed; `pipx install pipenv` brings it."

    def read(self, folder: str) -> Told | None:
        tables = parsed(folder, "Pipfile")
        if tables is None:
            return None
        requires = table(tables, "requires")
        python = text(requires.get("python_full_version")) or text(requires.get("python_version"))
        return Told(
            name=os.path.basename(folder),
            python=None if python in (None, "*") else f"=={python}" + ("" if python.count(".") > 1 else ".*"),
            locked=os.path.isfile(os.path.join(folder, self.lock)),
        )

    def prefixes(self, folder: str) -> list[str]:
        """As `VenvLocator.get_location` of Pipenv: what it was told, a file ``.venv`` with a name, or NAME-HASH."""
        beside = os.path.join(folder, ".venv")
        home = workon_home()
        named = os.path.join(home, os.environ.get("PIPENV_CUSTOM_VENV_NAME") or env_name(folder) + _suffix())
        asked = os.environ.get("PIPENV_VENV_IN_PROJECT", "").lower()
        if os.path.isfile(beside):
            content = read_head(beside, 4096).decode("utf-8", "replace").strip()
            if content:
                return [os.path.join(folder if "/" in content or os.sep in content else home, content)]
            return [named]
        if asked in _YES:
            return [beside]
        said = table(parsed(folder, "Pipfile"), "pipenv").get("venv_in_project")
        if asked not in _NO and said is not None:
            return [beside if said else named]
        return [beside] if asked not in _NO and os.path.isdir(beside) and not os.path.isdir(named) else [named]

    def current(self, folder: str) -> bool | None:
        """By the hash of the Pipfile, as `calculate_hash` of Pipenv makes it."""
        return fits(_lock_of(folder), parsed(folder, "Pipfile") or {})

    def requested(self, folder: str) -> set[str]:
        return {normal(name) for packages in _categories(parsed(folder, "Pipfile")).values() for name in packages}

    def locked(self, folder: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for section, packages in _lock_of(folder).items():
            if section != "_meta" and isinstance(packages, dict):
                for name, entry in packages.items():
                    version = entry.get("version") if isinstance(entry, dict) else None
                    found[normal(name)] = version.removeprefix("==") if isinstance(version, str) else ""
        return found

    def lock_commands(self) -> Commands:
        """`pipenv lock`"""
        return [_pipenv("lock")]

    def sync_commands(self, folder: str, prefix: str, locked: bool) -> Commands:
        """`pipenv sync`, which looks at the lock file alone, or `pipenv install` where there is none"""
        return [_pipenv("sync" if locked else "install")]

    def add_commands(self, requirements: Sequence[Requirement]) -> Commands:
        """`pipenv install REQ…` and for what is editable `pipenv install -e REQ`"""
        plain = [r.line for r in requirements if not r.editable]
        found = [_pipenv("install", *plain)] if plain else []
        return [*found, *(_pipenv("install", "-e", r.line) for r in requirements if r.editable)]

    def upgrade_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`pipenv update [NAME…]`; what the Pipfile does not name, that would write into it."""
        asked = self.requested(folder)
        if others := [name for name in names if name not in asked]:
            raise InvalidRequest(
                f"{others[0]} came along with another package; Pipenv upgrades what the Pipfile names.",
                hint="Upgrade the package that needs it, or everything.",
                field="upgrade",
            )
        return [_pipenv("update", *names)]

    def remove_commands(self, folder: str, names: Sequence[str]) -> Commands:
        """`pipenv uninstall [--categories C] NAME…`"""
        places: dict[str, list[str]] = {}
        categories = _categories(parsed(folder, "Pipfile"))
        for name in names:
            fitting = (place for place, packages in categories.items() if name in map(normal, packages))
            places.setdefault(next(fitting, "packages"), []).append(name)
        return [
            _pipenv("uninstall", *([] if place == "packages" else ["--categories", place]), *listed)
            for place, listed in places.items()
        ]

    def rehearsal(self, commands: Commands, prefix: str) -> Commands:
        """The same in an environment of the copy's own: `pipenv upgrade --lock-only` leaves out what is new."""
        python = pyvenv.base_of(prefix, {})
        return [[commands[0][0], "--python", python] if python else [commands[0][0], "install"], *commands]

    def outcome(self, folder: str, output: str, here: Mapping[str, str]) -> Outcome:
        from packaging.markers import InvalidMarker, Marker

        fitting: dict[str, str] = {}
        for name, entry in table(_lock_of(folder), "default").items():
            version, marker = table(entry).get("version"), table(entry).get("markers")
            try:
                fits = marker is None or Marker(str(marker)).evaluate()
            except (InvalidMarker, ValueError):
                fits = True
            if isinstance(version, str) and fits:
                fitting[normal(name)] = version.removeprefix("==")
        return by_lock(fitting, here)

    def environment(self, environ: Mapping[str, str], prefix: str, rehearsal: bool = False) -> dict[str, str]:
        env = {k: v for k, v in environ.items() if k not in ("PIPENV_PIPFILE", "PIPENV_ACTIVE")}
        env.update(PIPENV_NOSPIN="1", PIPENV_YES="1", PIPENV_IGNORE_VIRTUALENVS="1", PIPENV_VERBOSITY="-1")
        env.update(NO_COLOR="1", COLUMNS="500")
        return {**env, "PIPENV_VENV_IN_PROJECT": "1"} if rehearsal else env

    def event(self, line: str) -> Event | None:
        return None

    def unsolvable(self, output: str) -> str | None:
        """What pip's resolver says, without Pipenv's hints."""
        lines = [re.sub(r"^(ERROR:\s*)+", "", line.rstrip()) for line in output.splitlines()]
        start = next((n for n, line in enumerate(lines) if line.startswith(_CONFLICT)), None)
        if start is None:
            return None
        told = [line for line in lines[start:] if line]
        end = next((n for n, line in enumerate(told) if line.startswith("Your dependencies could not")), len(told))
        causes = [line.strip() for line in told[:end] if line.startswith(" ")]
        head = [f"These do not go together: {'; '.join(causes)}."] if told[0].endswith(":") else []
        return "\n".join([*head, *told[:end]])

    def outdated(self, output: str) -> bool:
        return "is out-of-date" in output


def env_name(folder: str) -> str:
    """What Pipenv calls the environment of the project in `folder`; the hash is of the Pipfile's path."""
    plain = re.sub(r'[ &$`!*@"()\[\]\\\r\n\t]', "_", os.path.basename(folder))[:42]
    digest = hashlib.sha256(os.path.join(folder, "Pipfile").encode()).digest()[:6]
    return f"{plain}-{base64.urlsafe_b64encode(digest).decode()[:8]}"


def workon_home() -> str:
    """The folder of Pipenv's environments."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    default = "~/.virtualenvs" if WINDOWS else os.path.join(data, "virtualenvs")
    return os.path.abspath(os.path.expanduser(os.path.expandvars(os.environ.get("WORKON_HOME") or default)))


def _suffix() -> str:
    python = os.environ.get("PIPENV_PYTHON")
    return f"-{os.path.basename(python) if os.path.isabs(python) else python}" if python else ""


def _pipenv(*words: str) -> list[str]:
    program = tools.find("pipenv")
    assert program
    return [program, *words]


def _categories(tables: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """The packages that a Pipfile names, by the section that they stand in, ``packages`` first."""
    others = [name for name in tables or {} if name not in _SECTIONS]
    return {name: table(tables, name) for name in ("packages", "dev-packages", *others)}


def _lock_of(folder: str) -> dict[str, Any]:
    try:
        content = read_json(os.path.join(folder, "Pipfile.lock"), DOCUMENT)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def fits(lock: Mapping[str, Any], tables: Mapping[str, Any]) -> bool | None:
    """Whether the lock file `lock` is of the Pipfile `tables`; None where that cannot be told."""
    noted = table(lock, "_meta", "hash").get("sha256")
    if not isinstance(noted, str):
        return None
    try:
        # Since 2025 the names count in their normal form.
        return noted in (_hash(tables, normal), _hash(tables, str))
    except (TypeError, ValueError):
        return None


def _hash(tables: Mapping[str, Any], name: Any) -> str:
    def named(section: str) -> dict[str, Any]:
        return {name(key): value for key, value in table(tables, section).items()}

    content: dict[str, Any] = {
        "_meta": {"sources": tables.get("source", {}), "requires": tables.get("requires", {})},
        "default": named("packages"),
        "develop": named("dev-packages"),
    }
    content |= {section: named(section) for section in tables if section not in _SECTIONS | {"default", "develop"}}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
