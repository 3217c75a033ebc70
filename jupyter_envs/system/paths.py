"""Where things lie: the layout of an environment on each system, Jupyter's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

WINDOWS = sys.platform == "win32"
BIN = "Scripts" if WINDOWS else "bin"
EXE = ".exe" if WINDOWS else ""
RECORD_DIR = ".jupyter-envs"

PACKAGE = Path(__file__).parents[1]
# What another program runs to reach us, whatever its own path is: `OUR-PYTHON MAIN VERB…`.
MAIN = os.fspath(PACKAGE / "__main__.py")


def search_path() -> str:
    """PATH without its relative folders: what lies in the folder that we happen to be in is not meant."""
    return os.pathsep.join(filter(os.path.isabs, os.environ.get("PATH", os.defpath).split(os.pathsep)))


def python_of(prefix: str | os.PathLike[str]) -> Path:
    """The interpreter of the PEP 405 environment at `prefix`; on Windows ``Scripts\\python.exe``."""
    return Path(prefix, BIN, "python" + EXE)


def prefix_of(python: str) -> str:
    """The environment or installation that the interpreter `python` lies in, by its path alone."""
    folder = os.path.dirname(python)
    return folder if WINDOWS and os.path.basename(folder).lower() != "scripts" else os.path.dirname(folder)


def bin_of(prefix: str | os.PathLike[str]) -> Path:
    """The folder of `prefix` that activation puts on PATH first."""
    return Path(prefix, BIN)


def record_of(prefix: str | os.PathLike[str]) -> Path:
    """The folder in `prefix` that holds what this package notes about it."""
    return Path(prefix, RECORD_DIR)


def kernels_dir() -> Path:
    """The user's kernelspec folder."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir(), "kernels")


def inside(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> bool:
    """Whether `path`, links resolved, lies strictly below `folder`, links resolved."""
    real, top = os.path.realpath(path), os.path.realpath(folder)
    return real != top and os.path.normcase(real).startswith(os.path.normcase(top).rstrip(os.sep) + os.sep)
