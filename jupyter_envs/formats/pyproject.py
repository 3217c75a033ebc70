"""pyproject.toml: what a project depends on (PEP 621)."""

from __future__ import annotations

import re
from typing import Any

from jupyter_envs.formats.base import FIELD, FileFormat, Read, checked, cleaned, listed, strings
from jupyter_envs.formats.python import pinned
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import toml

_PROJECT = re.compile(r"^[ \t]*\[[ \t]*project[ \t]*\]", re.M)


def read(text: str) -> Read:
    """The dependencies of the project that `text` describes; the project itself is not installed.

    Raises:
        InvalidRequest: it is not TOML, has no ``[project]`` table, or a value there is wrong.
    """
    tables = parsed(text)
    project = tables.get("project")
    if not isinstance(project, dict):
        raise InvalidRequest(
            "The file has no [project] table.",
            hint="Dependencies are read from [project] (PEP 621) alone; other tools' tables are not.",
            field=FIELD,
        )
    dependencies = strings(project.get("dependencies", []), "project.dependencies")
    packages = checked((line, f"project.dependencies[{at}]") for at, line in enumerate(dependencies))
    python, requires = python_of(project.get("requires-python"), "project.requires-python")
    name = project.get("name")
    return Read(
        packages=packages,
        python=python,
        requires_python=requires,
        warnings=_warnings(tables, project, packages),
        name=name if isinstance(name, str) else None,
    )


def parsed(text: str) -> dict[str, Any]:
    """The tables of the TOML `text`.

    Raises:
        InvalidRequest: it is not TOML.
    """
    try:
        return toml.parse(cleaned(text))
    except ValueError as error:
        raise InvalidRequest(
            f"The file is not TOML: {str(error)[:200]}.", hint="Mend that place and send it again.", field=FIELD
        ) from None


def python_of(value: object, place: str) -> tuple[str | None, str | None]:
    """The pinned version and the specifier of a requires-python `value`, which may be None.

    Raises:
        InvalidRequest: it is not a version specifier.
    """
    if value is None:
        return None, None
    if not isinstance(value, str):
        raise InvalidRequest(f"{place} must be a string.", hint="Write it like >=3.10.", field=f"{FIELD} {place}")
    return pinned(value, place), value


def _warnings(tables: dict[str, Any], project: dict[str, Any], packages: list[str]) -> list[str]:
    warnings = []
    dynamic = project.get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        warnings.append("The project computes its dependencies when it is built; they are not read here.")
    elif not packages:
        warnings.append("The file asks for no package.")
    optional, groups = project.get("optional-dependencies"), tables.get("dependency-groups")
    if isinstance(optional, dict) and optional:
        warnings.append(f"Optional dependencies are left out: {listed(optional)}.")
    if isinstance(groups, dict) and groups:
        warnings.append(f"Dependency groups are left out: {listed(groups)}.")
    tool = tables.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    if isinstance(uv, dict) and isinstance(uv.get("sources"), dict):
        warnings.append(f"Sources in [tool.uv] do not hold here: {listed(uv['sources'])}.")
    return warnings


FORMAT = FileFormat(
    name="pyproject.toml",
    title="pyproject.toml, the project's dependencies",
    filename="pyproject.toml",
    read=read,
    fits=lambda filename, text: filename.endswith(".toml") and bool(_PROJECT.search(text)),
)
