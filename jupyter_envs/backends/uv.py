"""uv as a manager: ``uv venv``."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache

from jupyter_envs.model.env import Capabilities, Interpreter, Kind
from jupyter_envs.system.paths import search_path


@cache
def find_uv() -> str | None:
    """The uv of our own installation, else the one on PATH, else None."""
    # uv's own find_uv_bin() does the same with more places; the common one needs no import.
    beside = os.path.join(os.path.dirname(sys.executable), "uv.exe" if sys.platform == "win32" else "uv")
    if os.path.isfile(beside):
        return beside
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv", path=search_path())


def uv() -> str:
    """The path of uv, once `Uv.missing` has said that there is one."""
    found = find_uv()
    assert found
    return found


class Uv:
    """Environments by uv, with a pip for notebooks that call it."""

    name = "uv"
    title = "uv"
    description = "Fast, the default; a standard virtual environment."
    kind: Kind = "venv"
    can = Capabilities(without_pip=True, project=True)

    def version(self) -> str | None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("uv")
        except PackageNotFoundError:
            return None

    def missing(self) -> str | None:
        return None if find_uv() else "uv is not installed; `pip install uv` beside jupyter_envs brings it."

    def create_argv(self, prefix: str, python: Interpreter, *, pip: bool, prompt: str) -> list[str]:
        """`uv venv --python PATH --prompt NAME -- PREFIX`; pip comes with the first packages, from the index.

        An interpreter's path and never a version: uv would try to download what it does not find.
        """
        return [uv(), "venv", "--no-project", "--python", python.path, "--prompt", prompt, "--", prefix]
