"""Environments that hatch, pdm, tox and nox make for a project: whose they are, told by files alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jupyter_envs.backends.project_files import parsed, table, text
from jupyter_envs.engine.scan import Seen
from jupyter_envs.system import tool_homes
from jupyter_envs.system.env_pointers import CONTAINERS, children, is_environment

_HATCH_FILES = ("hatch.toml", "pyproject.toml")
_MOST_PATHS = 100


class Made(NamedTuple):
    """`tool` made the environment, or nobody says who; `project` is the folder that it is for, where that is known."""

    tool: str | None
    project: str | None


class ToolEnvironments:
    """What was found last, kept by the times of the files that tell it."""

    def __init__(self) -> None:
        self._hatch: dict[str, tuple[object, list[str]]] = {}

    def made(self, walked: Seen, noted: dict[str, str]) -> dict[str, Made]:
        """The environments of the tools by prefix; `noted` are folders of projects that were known earlier."""
        folders = [*walked.projects, *noted.values()]
        keys = {key: folder for folder in folders for key in tool_homes.keys(folder)}
        found = {path: Made(link.tool, link.folder) for path, link in walked.links.items()}
        for each in tool_homes.kept(os.environ):
            found[each.prefix] = Made(each.tool, keys.get(each.key) or noted.get(each.prefix))
        top = tool_homes.hatch_folder(os.environ) if walked.projects else ""
        for folder in walked.projects:
            for path in self._of_hatch(folder, "" if os.path.isabs(top) else top):
                found[path] = Made("hatch", folder)
        return found

    def _of_hatch(self, folder: str, below: str) -> list[str]:
        """Those for which the configuration of hatch names a place of their own, or one `below` each project."""
        stamps = tuple(_stamp(os.path.join(folder, name)) for name in _HATCH_FILES)
        known = self._hatch.get(folder)
        if known is None or known[0] != stamps:
            known = (stamps, list(_paths_of_hatch(folder)) if any(stamps) else [])
            self._hatch[folder] = known
        told = os.environ.get("HATCH_ENV_TYPE_VIRTUAL_PATH") if any(stamps) else None
        places = [os.path.join(folder, path) for path in [*known[1], *([told] if told else [])]]
        inside = children(os.path.join(folder, below)) if below and any(stamps) else []
        return [*(path for path in map(os.path.realpath, places) if is_environment(path)), *inside]


def of_place(prefix: str) -> Made | None:
    """Who made the environment at `prefix`, where the folder that it lies in tells it."""
    project, *tail = prefix.rsplit(os.sep, 2)
    if len(tail) == 2 and (tool := CONTAINERS.get(tail[0])):
        return Made(tool, project)
    return None


def names(prefixes: Iterable[str]) -> dict[str, str]:
    """Project and environment for those of `prefixes` that a tool keeps in a folder of its own."""
    kept = {each.prefix: each.name for each in tool_homes.kept(os.environ)}
    found = {}
    for prefix in prefixes:
        if prefix in kept:
            found[prefix] = kept[prefix]
        elif made := of_place(prefix):
            found[prefix] = f"{os.path.basename(made.project or '')}/{os.path.basename(prefix)}"
    return found


def _paths_of_hatch(folder: str) -> Iterator[str]:
    for name in _HATCH_FILES:
        tables = parsed(folder, name)
        envs = table(tables, "envs") if name == "hatch.toml" else table(tables, "tool", "hatch", "envs")
        for env in list(envs.values())[:_MOST_PATHS]:
            if isinstance(env, dict) and (path := text(env.get("path"))) and "\0" not in path:
                yield path


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return (info.st_mtime_ns, info.st_size)
