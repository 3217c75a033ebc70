"""The managers that there are: the built-in ones and those of entry points ``jupyter_envs.backends``."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points

from jupyter_envs.backends.base import Backend, Installer, ProjectTool
from jupyter_envs.backends.conda import Conda
from jupyter_envs.backends.uv import Uv
from jupyter_envs.backends.venv import Venv
from jupyter_envs.backends.virtualenv import Virtualenv


def backends() -> dict[str, Backend]:
    """The managers by name, in the order in which a person should see them.

    An entry point names a class without arguments that meets `Backend`; it may
    not take the name of a built-in one.
    """
    found: dict[str, Backend] = {b.name: b for b in (Uv(), Venv(), Virtualenv(), Conda())}
    for point in entry_points(group="jupyter_envs.backends"):
        try:
            backend: Backend = point.load()()
        except Exception as error:  # noqa: BLE001
            # Somebody else's package must not take ours along.
            warnings.warn(f"The manager {point.value} cannot be loaded: {error}.", stacklevel=2)
            continue
        found.setdefault(backend.name, backend)
    return found


def installer() -> Installer:
    """The installer for PEP 405 environments: uv, or pip on a machine that has no uv."""
    from jupyter_envs.backends.pip import Pip
    from jupyter_envs.backends.uvpip import UvPip

    return UvPip() if Uv().missing() is None else Pip()


def project_tools() -> dict[str, ProjectTool]:
    """The managers of projects by name; where a folder has the files of several, the first one's project it is."""
    from jupyter_envs.backends.pipenv import Pipenv
    from jupyter_envs.backends.pixi import Pixi
    from jupyter_envs.backends.poetry import Poetry
    from jupyter_envs.backends.uv_project import UvProject

    found: tuple[ProjectTool, ...] = (UvProject(), Poetry(), Pipenv(), Pixi())
    return {tool.name: tool for tool in found}
