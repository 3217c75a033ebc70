"""Managers whose environments hold one tool each, to be looked at and never changed: pipx and ``uv tool``."""

from __future__ import annotations

import os
import sys

from jupyter_envs.backends.uv import find_uv
from jupyter_envs.model.env import Capabilities
from jupyter_envs.system import tools
from jupyter_envs.system.paths import WINDOWS

_NOTHING = Capabilities(
    create=False, change=False, by_prefix=False, clone=False, rename=False, rollback=False, kernel=False, remove=False
)


class ToolManager:
    """`change` and `remove` are the manager's own commands, ``{name}`` standing for the tool."""

    can = _NOTHING

    def __init__(self, name: str, title: str, change: str, remove: str) -> None:
        self.name = name
        self.title = title
        self.description = f"Command-line tools, each in an environment of {title}'s own; shown, never changed."
        self.change = change
        self.remove = remove


PIPX = ToolManager("pipx", "pipx", "pipx inject {name} PACKAGE", "pipx uninstall {name}")
UV_TOOL = ToolManager("uv tool", "uv tool", "uv tool install {name} --with PACKAGE", "uv tool uninstall {name}")
MANAGERS = {manager.name: manager for manager in (PIPX, UV_TOOL)}


def program(manager: ToolManager) -> tuple[str | None, str | None]:
    """The path and the version of what `manager` is called by, each None where it is not there or cannot be seen."""
    path = find_uv() if manager is UV_TOOL else tools.find("pipx")
    return path, tools.version(path, "uv" if manager is UV_TOOL else "pipx") if path else None


def homes() -> dict[str, ToolManager]:
    """The folders in which each folder is a tool's environment, whether they exist or not."""
    from platformdirs import user_data_dir

    home = os.path.expanduser("~")
    pipx = [os.environ.get("PIPX_HOME") or user_data_dir("pipx"), os.path.join(home, ".local", "pipx")]
    pipx += [os.environ.get("PIPX_GLOBAL_HOME") or "/opt/pipx"] if not WINDOWS else [os.path.join(home, "pipx")]
    if sys.platform == "win32":
        data = os.path.join(os.environ.get("APPDATA") or home, "uv", "data")
    else:
        # uv follows XDG on macOS as well.
        data = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "uv")
    uv = os.environ.get("UV_TOOL_DIR") or os.path.join(data, "tools")
    found = {os.path.join(folder, "venvs"): PIPX for folder in pipx} | {uv: UV_TOOL}
    return {os.path.realpath(os.path.expanduser(folder)): manager for folder, manager in found.items()}
