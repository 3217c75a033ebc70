"""What can be wrong with a conda environment: needs that are not met, pip over conda, files that are gone."""

from __future__ import annotations

import os

from jupyter_envs.model.env import Problem
from jupyter_envs.system import conda_packages, conda_records

_SHOWN = 10


def problems(prefix: str) -> list[Problem]:
    """The problems of the conda environment at `prefix`; from its records, and a look for each package's first file."""
    return [*_shadowed(prefix), *_unmet(prefix), *_gone(prefix)]


def _shadowed(prefix: str) -> list[Problem]:
    lines = [
        f"{shadow.name} {shadow.version} over conda's {shadow.record.version}"
        for shadow in conda_packages.content(prefix).shadows
    ]
    message = f"pip has replaced what conda installed: {_listed(lines)}. conda does not know, and may break it."
    return [_warning("pip_over_conda", message)] if lines else []


def _unmet(prefix: str) -> list[Problem]:
    lines = [f"{node.name} needs {name}" for node in conda_packages.tree(prefix) for name in node.missing]
    return [_warning("unmet_requirements", f"Packages are missing: {_listed(lines)}.")] if lines else []


def _gone(prefix: str) -> list[Problem]:
    lines = []
    for record in conda_records.records(prefix):
        files = conda_records.files(prefix, record)[1:2]
        if files and not os.path.lexists(os.path.join(prefix, files[0])):
            lines.append(f"{files[0]} of {record.name}")
    return [_warning("missing_files", f"Files of packages are gone: {_listed(lines)}.")] if lines else []


def _listed(lines: list[str]) -> str:
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more


def _warning(code: str, message: str) -> Problem:
    return Problem(code=code, severity="warning", message=message, repair=None)
