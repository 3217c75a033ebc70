"""Whose an environment is: a project's, by the files of its folder, or a manager's, by the folder that it lies in."""

from __future__ import annotations

import os
from functools import cached_property
from typing import NamedTuple

from jupyter_envs.backends.base import ProjectTool, Told
from jupyter_envs.backends.project_files import normal
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.reading import read_head

Stamps = tuple[tuple[int, int], ...]


class Owned(NamedTuple):
    """A project: its folder (links resolved), the tool that keeps its environment, what its files say."""

    folder: str
    tool: ProjectTool
    told: Told

    @property
    def own(self) -> str:
        """The normalised name of the project as a package."""
        return normal(self.told.name)


class Owners:
    """Projects by their folders, read anew when one of their files has changed; starts no process."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Stamps, Owned | None]] = {}

    @cached_property
    def tools(self) -> dict[str, ProjectTool]:
        """The managers of projects by name."""
        from jupyter_envs.backends.registry import project_tools

        return project_tools()

    @cached_property
    def markers(self) -> frozenset[str]:
        """The names of files that may make a folder a project."""
        return frozenset(name for tool in self.tools.values() for name in tool.markers)

    def project(self, folder: str) -> Owned | None:
        """The project that `folder` (links resolved) is; None when no tool keeps an environment for it."""
        stamps = tuple(_stamp(os.path.join(folder, name)) for name in sorted(self.markers))
        known = self._read.get(folder)
        if known and known[0] == stamps:
            return known[1]
        found = None
        if any(stamp != (0, 0) for stamp in stamps):
            read = ((tool, tool.read(folder)) for tool in self.tools.values())
            found = next((Owned(folder, tool, told) for tool, told in read if told), None)
        self._read[folder] = (stamps, found)
        return found

    def prefixes(self, project: Owned) -> list[str]:
        """Where the environments of `project` are or would be, links resolved, the main one first."""
        return [os.path.realpath(path) for path in project.tool.prefixes(project.folder)]

    def made(self, project: Owned) -> list[str]:
        """Those of `prefixes` that are there."""
        return [path for path in self.prefixes(project) if is_environment(path)]

    def of(self, prefix: str, noted: str | None = None) -> Owned | None:
        """The project whose environment is at `prefix`; `noted` is the folder that it had when it was seen last."""
        parent = os.path.dirname(prefix)
        for folder in (noted, parent, _pixi_folder(prefix), _pipenv_folder(prefix)):
            if folder and (project := self.project(folder)) and prefix in self.prefixes(project):
                return project
        return None


def homes() -> dict[str, str]:
    """The folders whose every environment is one manager's, links resolved, with its name; they need not exist.

    Pipenv shares its folder with others and is not among them.
    """
    from jupyter_envs.backends import tools
    from jupyter_envs.system.poetryconf import told

    found = {path: manager.name for path, manager in tools.homes().items()}
    return {os.path.realpath(told(os.environ).virtualenvs): "poetry", **found}


def _stamp(path: str) -> tuple[int, int]:
    try:
        info = os.stat(path)
    except OSError:
        return (0, 0)
    return (info.st_mtime_ns, info.st_size)


def _pixi_folder(prefix: str) -> str | None:
    """The folder of the project when `prefix` is ``FOLDER/.pixi/envs/NAME``."""
    head, *tail = prefix.replace(os.sep, "/").rsplit("/.pixi/envs/", 1)
    return os.path.normpath(head) if tail and "/" not in tail[0] else None


def _pipenv_folder(prefix: str) -> str | None:
    """The folder that Pipenv notes in each environment."""
    try:
        noted = read_head(os.path.join(prefix, ".project"), 4096).decode("utf-8", "replace")
        return os.path.realpath(noted.strip())
    except (OSError, ValueError):
        return None
