"""The standard library's venv as a manager: ``python -m venv``."""

from __future__ import annotations

import platform

from jupyter_envs.model.env import Capabilities, Interpreter, Kind


class Venv:
    """Environments by the interpreter's own venv module (PEP 405)."""

    name = "venv"
    title = "venv"
    description = "Python's own virtual environments; needs nothing besides Python."
    kind: Kind = "venv"
    can = Capabilities(without_pip=True)

    def version(self) -> str | None:
        return platform.python_version()

    def missing(self) -> str | None:
        return None

    def create_argv(self, prefix: str, python: Interpreter, *, pip: bool, prompt: str) -> list[str]:
        """`PYTHON -I -m venv [--without-pip] --prompt NAME PREFIX`"""
        without = [] if pip else ["--without-pip"]
        return [python.path, "-I", "-m", "venv", *without, "--prompt", prompt, prefix]
