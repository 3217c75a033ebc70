"""What is wrong with an environment, or may soon be; from files alone."""

from __future__ import annotations

import os

from jupyter_envs.engine import own_files
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Environment, Problem, Severity
from jupyter_envs.system import conda_places, metadata, pyvenv
from jupyter_envs.system.files import free_bytes

# Less than a middling package set with a compiled library needs.
_LITTLE_SPACE = 500_000_000
_SHOWN = 20


def check(environment: Environment, kind: Kind, settings: Settings) -> list[Problem]:
    """The problems that discovery saw and those that a closer look shows, the worst first."""
    problems = list(environment.problems)
    for problem in (*kind.problems(environment), *_look(environment), *_edited_early(environment, settings)):
        if problem.code not in {known.code for known in problems}:
            problems.append(problem)
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(problems, key=lambda problem: rank[problem.severity])


def _look(environment: Environment) -> list[Problem]:
    return [
        *_requirements(environment),
        *_edited(environment),
        *_ipykernel(environment),
        *_user_site(environment),
        *_variables(),
        *_disk(environment),
    ]


def _requirements(environment: Environment) -> list[Problem]:
    lines: list[str] = []
    if not metadata.site_packages(environment.prefix):
        return []
    for need, version in metadata.unmet(environment.prefix):
        there = f"there is {version}" if version else "it is not there"
        lines.append(f"{need.by} needs {need.name}{need.specifier}, {there}")
    if not lines:
        return []
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    can = not environment.protected
    return [
        _problem(
            "unmet_requirements",
            "warning",
            f"Requirements are not met: {'; '.join(lines[:_SHOWN])}{more}.",
            "Install what is missing." if can else None,
        )
    ]


def _edited(environment: Environment) -> list[Problem]:
    """conda writes an environment's place into files, so that their hashes tell nothing there."""
    if environment.kind == "conda":
        return []
    from jupyter_envs.system.edited import edited

    files = edited(environment.prefix)
    if not files:
        return []
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    message = f"Installed files were edited: {', '.join(files[:_SHOWN])}{more}."
    return [_problem("edited_files", "info", message, None)]


def _edited_early(environment: Environment, settings: Settings) -> list[Problem]:
    files = own_files.edited(settings, environment.prefix)
    if not files:
        return []
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    message = (
        f"Files were edited before each environment had its own: {', '.join(files[:_SHOWN])}{more}. The package cache, "
        "or an environment that this one was copied from or to, may have the same edit; `uv cache clean NAME` forgets "
        "the one in uv's cache."
    )
    return [_problem("edited_early", "warning", message, None)]


def _ipykernel(environment: Environment) -> list[Problem]:
    """Discovery trusts that the base Python lends ipykernel where it may lend packages; this looks."""
    if not any(kernel.language == "python" for kernel in environment.kernels):
        return []
    if metadata.available(environment.prefix, "ipykernel"):
        return []
    message = "It is registered as a kernel but has no ipykernel, so the kernel cannot start."
    return [_problem("no_ipykernel", "warning", message, "Install ipykernel.")]


def _user_site(environment: Environment) -> list[Problem]:
    if environment.kind == "conda":
        if conda_places.is_base(environment.prefix) or os.environ.get("PYTHONNOUSERSITE"):
            return []
        version = ".".join((environment.python.version or "").split(".")[:2])
        folder = os.path.expanduser(f"~/.local/lib/python{version}/site-packages")
        if not version or not os.path.isdir(folder):
            return []
        return [_problem("user_site", "warning", f"Packages of {folder} are seen in it as well.", None)]
    try:
        config = pyvenv.read(environment.prefix)
    except (OSError, ValueError):
        return []
    if config.get("include-system-site-packages", "").lower() != "true":
        return []
    message = "It also sees the packages of its base Python and of the user's own folder, in whatever version they are."
    return [_problem("user_site", "warning", message, None)]


def _variables() -> list[Problem]:
    found = [name for name in ("PYTHONHOME", "PYTHONPATH") if os.environ.get(name)]
    return [
        _problem(
            name.lower(),
            "error" if name == "PYTHONHOME" else "warning",
            f"{name} is set to {os.environ[name]!r}: each kernel takes modules from there first.",
            None,
        )
        for name in found
    ]


def _disk(environment: Environment) -> list[Problem]:
    problems = []
    folders = [environment.prefix, *map(os.fspath, metadata.site_packages(environment.prefix))]
    closed = [folder for folder in folders if not os.access(folder, os.W_OK)]
    if closed:
        problems.append(
            _problem("unwritable", "warning", f"{closed[0]} cannot be written: no change can be made.", None)
        )
    try:
        free = free_bytes(environment.prefix)
    except OSError:
        return problems
    if free < _LITTLE_SPACE:
        problems.append(
            _problem("disk_full", "warning", f"Only {free // 1_000_000} MB are free on the disk that it lies on.", None)
        )
    return problems


def _problem(code: str, severity: Severity, message: str, repair: str | None) -> Problem:
    return Problem(code=code, severity=severity, message=message, repair=repair)
