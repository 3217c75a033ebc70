"""The table of all routes below ``{base_url}jupyter-envs/``; tornado and the OpenAPI document both come from it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jupyter_envs.model.carry import NotebookRecord, Rebuild
from jupyter_envs.model.catalog import Providers, Versions
from jupyter_envs.model.disk import Disk
from jupyter_envs.model.env import Activation, Environment
from jupyter_envs.model.job import Job
from jupyter_envs.model.lock import RevisionDetail
from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import (
    Change,
    Clone,
    Create,
    Inspect,
    Inspected,
    InstallPython,
    Register,
    Repair,
    Rollback,
    Update,
)
from jupyter_envs.server import bodies, catalog, environments, jobs, packages, projects
from jupyter_envs.server.bodies import Document
from jupyter_envs.server.operation import Operation

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.server.serving import Serving

PREFIX = "jupyter-envs"
LOG_PATH = "jobs/{id}/log"


@cache
def document() -> Document:
    """The OpenAPI 3.1 document of all routes."""
    # Imported here: few servers are ever asked for it.
    from jupyter_envs.server import openapi

    return openapi.describe(OPERATIONS, LOG_PATH)


def _document(engine: Engine) -> Document:  # noqa: ARG001
    return document()


def _starts(
    verb: str, path: str, run: Any, summary: str, action: Any = "execute", body: Any = None, query: Any = None
) -> Operation:
    return Operation(verb, path, run, summary, Job, action, query, body, 202)


_ENV = "environments/{id}"
OPERATIONS = [
    Operation("GET", "openapi.json", _document, "This document", Document),
    Operation("GET", "managers", catalog.managers, "The tools that make environments", bodies.Managers),
    Operation(
        "GET", "interpreters", catalog.interpreters, "The Pythons of the machine", bodies.Interpreters,
        query=bodies.OfPythons,
    ),
    _starts("POST", "interpreters", catalog.install_python, "Download a Python", body=InstallPython),
    Operation("GET", "environments", environments.index, "All environments", bodies.Environments, query=bodies.Refresh),
    _starts("POST", "environments", environments.create, "Create an environment", body=Create),
    Operation("GET", _ENV, environments.show, "One environment", Environment),
    _starts("PATCH", _ENV, environments.update, "Rename it or its kernel's display name", "write", Update),
    _starts("DELETE", _ENV, environments.remove, "Remove it with its kernelspecs", "write", query=bodies.Force),
    Operation("GET", f"{_ENV}/packages", packages.index, "What is installed", bodies.Packages),
    _starts("POST", f"{_ENV}/packages", packages.change, "Install, upgrade, remove, or plan it", body=Change),
    Operation("GET", f"{_ENV}/tree", packages.tree, "What needs what", bodies.Tree),
    _starts("POST", f"{_ENV}/clone", environments.clone, "Copy it under a new name", body=Clone),
    Operation("GET", f"{_ENV}/export", environments.export, "A file to make it again", str, query=bodies.ExportAs),
    Operation("GET", f"{_ENV}/activation", environments.activation, "What to type in a terminal", Activation),
    _starts("POST", f"{_ENV}/kernel", environments.register, "Make it a kernel", body=Register),
    Operation("DELETE", f"{_ENV}/kernel", environments.unregister, "Take its kernel away", Environment, "write"),
    Operation("GET", f"{_ENV}/history", environments.history, "Its revisions", bodies.Revisions),
    Operation(
        "GET", f"{_ENV}/history/{{revision}}", environments.revision, "One of them, with its lock", RevisionDetail,
        query=bodies.Against,
    ),
    Operation(
        "GET", f"{_ENV}/notebook", environments.notebook, "What a notebook in it should carry", NotebookRecord,
        query=bodies.RecordIn,
    ),
    _starts("POST", "rebuild", environments.rebuild, "Make what a notebook carries, or tell it", body=Rebuild),
    _starts("POST", f"{_ENV}/rollback", environments.rollback, "Back to a revision, or plan it", body=Rollback),
    Operation("GET", f"{_ENV}/health", environments.health, "What is wrong with it", bodies.Problems),
    _starts("POST", f"{_ENV}/repair", environments.repair, "Mend what can be mended", body=Repair),
    Operation("GET", "projects", projects.index, "Folders whose environment a tool keeps", bodies.Projects,
              query=bodies.Refresh),
    _starts("POST", "projects/kernel", projects.kernel, "Make a project a kernel", body=ProjectKernel),
    Operation("GET", "formats", catalog.formats, "The file formats", bodies.Formats),
    Operation("POST", "inspect", catalog.inspect, "What a file asks for; changes nothing", Inspected, body=Inspect),
    Operation("GET", "search", catalog.search, "Package names", bodies.Results, query=bodies.Search),
    Operation(
        "GET", "search/{name}", catalog.versions, "The versions of a package", Versions, query=bodies.Source,
    ),
    Operation(
        "GET", "terms", catalog.terms, "The terms of conda's channels", bodies.TermsList, query=bodies.OfChannel,
    ),
    Operation(
        "POST", "terms", catalog.accept, "Accept a channel's terms", bodies.TermsList, "write", body=bodies.Accept,
    ),
    Operation(
        "GET", "modules/{module}", catalog.providers, "The packages that bring a module", Providers,
        query=bodies.ForEnvironment,
    ),
    Operation("GET", "kernels/gone", catalog.gone_kernels, "Kernels whose environment is gone", bodies.GoneKernels),
    Operation(
        "DELETE", "kernels/gone", catalog.prune_kernels, "Delete them", bodies.GoneKernels, "write",
        query=bodies.Unmounted,
    ),
    Operation("GET", "cache", catalog.caches, "The caches and their sizes", bodies.Caches),
    _starts("DELETE", "cache", catalog.clean, "Empty the caches, or one", "write", query=bodies.OneCache),
    Operation("GET", "disk", catalog.disk, "What everything takes on disk, as counted last", Disk),
    _starts("POST", "disk", catalog.count, "Count what everything takes on disk", query=bodies.Refresh),
    Operation("GET", "jobs", jobs.index, "The jobs of every face, newest first", bodies.JobList),
    Operation("GET", "jobs/{id}", jobs.show, "One job", Job),
    Operation("DELETE", "jobs/{id}", jobs.cancel, "Cancel it; one that has ended stays as it is", Job, "write"),
]  # fmt: skip


def handlers(serving: Serving) -> list[tuple[str, type, dict[str, Any]]]:
    """What tornado is given: pattern below the base URL, handler class, its keywords."""
    from jupyter_envs.server.base import NoRoute, handler_of
    from jupyter_envs.server.stream import JobLog

    by_path: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    table: list[tuple[str, type]] = [(path, handler_of(operations)) for path, operations in by_path.items()]
    table.append((LOG_PATH, JobLog))
    found = [(f"{PREFIX}/{pattern(path)}", kind, {"serving": serving}) for path, kind in table]
    return [*found, (f"{PREFIX}(?:/.*)?", NoRoute, {"serving": serving})]


def pattern(path: str) -> str:
    """The regular expression for a path of the table; a parameter is one part, decoded by tornado."""
    return re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path))
