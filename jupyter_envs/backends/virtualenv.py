"""virtualenv as a manager, with its seed cache."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec

from jupyter_envs.model.env import Capabilities, Interpreter, Kind

SEEDED = (3, 9)


class Virtualenv:
    """Environments by virtualenv."""

    name = "virtualenv"
    title = "virtualenv"
    description = "Virtual environments with more options than venv; takes older Pythons too."
    kind: Kind = "venv"
    can = Capabilities(without_pip=True)

    def version(self) -> str | None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("virtualenv")
        except PackageNotFoundError:
            return None

    def missing(self) -> str | None:
        if find_spec("virtualenv"):
            return None
        return "virtualenv is not installed; `pip install virtualenv` beside jupyter_envs brings it."

    def create_argv(self, prefix: str, python: Interpreter, *, pip: bool, prompt: str) -> list[str]:
        """`OUR-PYTHON -m virtualenv --python PATH --prompt NAME [--no-seed] --no-vcs-ignore PREFIX`"""
        # For older ones it has no pip of its own any more; theirs comes with the first packages.
        seeded = pip and tuple(map(int, re.findall(r"\d+", python.version)[:2])) >= SEEDED
        without = [] if seeded else ["--no-seed"]
        return [
            sys.executable,
            "-m",
            "virtualenv",
            *("--python", python.path),
            *("--prompt", prompt),
            *without,
            "--no-vcs-ignore",
            "--no-periodic-update",
            prefix,
        ]
