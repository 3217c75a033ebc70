"""Verbs of projects: list them, make one a kernel."""

from __future__ import annotations

import argparse
import os
from typing import Any

from msgspec.structs import replace

from jupyter_envs.cli import show
from jupyter_envs.cli.common import adopt_argument, adopting, environment, job, kernel_lines
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.project import Project, ProjectKernel


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="search below this folder; default: here")
    parser.add_argument("--refresh", action="store_true", help="look at the disk anew, nothing kept from before")


def _list(call: Call) -> None:
    call.search = _folder(call.args.folder)
    found = call.engine.projects(call.args.refresh)

    def text() -> list[str]:
        rows = [(p.name, p.manager, _lock(p), "made" if p.environment else "-", p.path) for p in found]
        if not rows:
            return ["No projects."]
        lines = show.table(("NAME", "MANAGER", "LOCK FILE", "ENVIRONMENT", "PATH"), rows, show.window())
        return [*lines, *(f"{show.clean(why)}" for why in dict.fromkeys(p.reason for p in found if p.reason))]

    call.out.answer({"projects": found}, text)


def _lock(project: Project) -> str:
    if not project.locked:
        return "missing"
    return {True: "current", False: "out of date", None: "there"}[project.current]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("kernel",), help="make it a kernel, synced from its lock file")
    parser.add_argument("folder", metavar="DIR", help="the project's folder")
    parser.add_argument("--display-name", metavar="D", help="name of the kernel in the pickers")
    parser.add_argument("--lock", action="store_true", help="bring a lock file that is out of date up to date first")
    adopt_argument(parser)


def _project(call: Call) -> int:
    path = _folder(call.args.folder)
    request = ProjectKernel(path=path, display_name=call.args.display_name, lock=call.args.lock)
    return job(call, adopting(call, lambda agreed: call.engine.project_kernel(replace(request, adopt=agreed))), _ready)


def _ready(result: dict[str, Any]) -> list[str]:
    return kernel_lines(environment(result))


def _folder(given: str) -> str:
    path = os.path.abspath(os.path.expanduser(given))
    if not os.path.isdir(path):
        raise InvalidRequest(f"{given!r} is not a folder.", hint="Give a folder that exists.", field="folder")
    return path


VERBS = [
    Verb(
        "projects",
        "list projects of uv, Poetry, Pipenv and pixi",
        "jupyter envs projects ~/papers",
        _list_arguments,
        _list,
        "Projects",
    ),
    Verb(
        "project",
        "make a project's environment a kernel",
        "jupyter envs project kernel ~/thesis",
        _arguments,
        _project,
        "Projects",
    ),
]
