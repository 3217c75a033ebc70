"""A folder for Binder: the files that repo2docker builds an image from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from jupyter_envs.formats import environment_yml, pipfile, pyproject, requirements
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Installed, Read, cleaned, listed
from jupyter_envs.model.errors import InvalidRequest

FOLDERS = ("binder", ".binder")
# What only such a folder has, lower-case; nothing comes of it here, since it is outside of an environment.
_OUTSIDE = {
    "apt.txt": "packages of the system",
    "postbuild": "a script that runs after the build",
    "start": "a script that runs before the server",
    "install.r": "R packages",
    "description": "an R package",
    "project.toml": "Julia packages",
    "require": "Julia packages",
    "default.nix": "a Nix expression",
    "dockerfile": "the whole image; Binder would take it alone",
}
NAMES = frozenset({"runtime.txt", "setup.py", *_OUTSIDE})
_RUNTIME = re.compile(r"python-(\d{1,2}(?:\.\d{1,3}){0,2})\Z")


def is_folder(files: Mapping[str, str]) -> bool:
    """Whether `files`, by their path, are those of a folder for Binder, and not just any project's."""
    for path in files:
        top, _, rest = path.rpartition("/")
        if top in FOLDERS or (not top and rest.lower() in NAMES - {"dockerfile", "setup.py", "start"}):
            return True
    return False


def read(_text: str, given: Given = ALONE) -> Read:
    """What the folder of `given` needs, by the files that repo2docker would take, in its order.

    Of ``environment.yml``, ``Pipfile.lock`` or ``Pipfile``, ``requirements.txt``, ``pyproject.toml`` it is
    the first that is there; ``runtime.txt`` tells the Python. A ``binder`` folder stands for the whole.

    Raises:
        InvalidRequest: a file is wrong, or there is none.
    """
    top = next((f"{name}/" for name in FOLDERS if any(path.startswith(f"{name}/") for path in given.files)), "")
    inside = {path.removeprefix(top): path for path in given.files if path.startswith(top)}
    here = {name.lower(): path for name, path in inside.items() if "/" not in name}
    if not here:
        raise InvalidRequest("The folder holds no file.", hint="Hand in its files.", field="from.files")
    found = _packages(here, given)
    python, warnings = _runtime(given.files[here["runtime.txt"]]) if "runtime.txt" in here else (None, [])
    unknown = [f"{name} ({what})" for name, what in _OUTSIDE.items() if name in here]
    if "setup.py" in here and not found.packages:
        unknown.append("setup.py (a project, installed by running it)")
    return replace(
        found,
        python=python or found.python,
        requires_python=None if python else found.requires_python,
        warnings=[*found.warnings, *warnings],
        unknown=[*found.unknown, *unknown],
    )


def _packages(here: dict[str, str], given: Given) -> Read:
    for name, known in _READERS.items():
        if name in here and known.read is not None:
            path = here[name]
            left = [other for other in _READERS if other in here and other != name and not _pair(name, other)]
            found = known.read(given.files[path], replace(given, filename=path))
            more = [f"Binder takes {name} alone; left out: {listed(left)}."] if left else []
            return replace(found, warnings=[*found.warnings, *more])
    return Read(packages=[], warnings=["The folder asks for no package."])


def _pair(name: str, other: str) -> bool:
    return {name, other} == {"pipfile", "pipfile.lock"}


def _runtime(text: str) -> tuple[str | None, list[str]]:
    asked = cleaned(text).strip()
    if found := _RUNTIME.match(asked):
        return found[1], []
    if asked.startswith("r-"):
        return None, [f"The folder is for R ({listed([asked])}), which is not made here."]
    raise InvalidRequest(
        f"runtime.txt says {listed([asked])!r}.", hint="Write it like python-3.12.", field=f"{FIELD} runtime.txt"
    )


def folder(installed: Installed) -> dict[str, str]:
    """The files of a Binder folder that brings what is installed."""
    if installed.by_conda:
        return {"binder/environment.yml": environment_yml.write_elsewhere(installed)}
    files = {"requirements.txt": requirements.write_elsewhere(installed)}
    if installed.python:
        files["runtime.txt"] = f"python-{'.'.join(installed.python.split('.')[:2])}\n"
    return {f"binder/{name}": text for name, text in files.items()}


_READERS: dict[str, FileFormat] = {
    "environment.yml": environment_yml.ALL,
    "pipfile.lock": pipfile.LOCK,
    "pipfile": pipfile.FORMAT,
    "requirements.txt": requirements.ALL,
    "pyproject.toml": pyproject.FORMAT,
}

FORMAT = FileFormat(
    name="binder",
    title="Binder folder (repo2docker)",
    filename="binder",
    read=read,
    folder=folder,
)
