"""Environments that hold just what discovery reads, and kernelspecs for them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Environment

BASE = os.path.realpath(sys.executable)
HOME = os.path.dirname(BASE)
VERSION = ".".join(map(str, sys.version_info[:3]))
MINOR = ".".join(map(str, sys.version_info[:2]))

# As the tools write it; {home} and {base} stand for the folder and path of the base interpreter.
CONFIGS = {
    "venv of 3.8": ("venv", "home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"),
    "venv of 3.13": (
        "venv",
        "home = {home}\ninclude-system-site-packages = false\nversion = {version}\nexecutable = {base}\n"
        "command = {base} -m venv /somewhere/env\n",
    ),
    "virtualenv 20": (
        "virtualenv",
        "home = {home}\nimplementation = CPython\nversion_info = {version}.final.0\nvirtualenv = 20.26.0\n"
        "include-system-site-packages = false\nbase-prefix = /somewhere\nbase-exec-prefix = /somewhere\n"
        "base-executable = {base}\n",
    ),
    "virtualenv 21": (
        "virtualenv",
        "home = {home}\nimplementation = CPython\npython-version = 3.10\nversion_info = {version}.final.0\n"
        "version = {version}\nexecutable = {base}\nvirtualenv = 21.15.7\ninclude-system-site-packages = false\n",
    ),
    "uv 0.13": (
        "uv",
        "home = {home}\nimplementation = CPython\nuv = 0.13.8\nversion_info = {version}\n"
        "include-system-site-packages = false\nprompt = demo\n",
    ),
    "written on Windows": ("uv", "\ufeffhome = {home}\r\nuv = 0.8.0\r\nversion_info = {version}\r\n"),
}


def bare_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a machine without environments, except the one that runs the tests."""
    folder = Path(os.path.realpath(tmp_path)) / "home"
    folder.mkdir()
    for name in ("CONDA_PREFIX", "CONDA_EXE", "CONDA_ENVS_PATH", "CONDA_ENVS_DIRS", "MAMBA_ROOT_PREFIX", "WORKON_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", os.fspath(folder))
    monkeypatch.setenv("PYENV_ROOT", os.fspath(folder / "pyenv"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", os.fspath(folder / "data"))
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", list)
    return folder


def make(prefix: Path, config: str | None = None, packages: tuple[str, ...] = ("ipykernel",)) -> Path:
    """A made-up environment; discovery reads nothing else of a real one."""
    site = prefix / f"lib/python{MINOR}/site-packages"
    site.mkdir(parents=True)
    for name in packages:
        (site / f"{name}-1.0.dist-info").mkdir()
    (prefix / "bin").mkdir()
    (prefix / "bin/python").symlink_to(BASE)
    text = config or CONFIGS["uv 0.13"][1]
    (prefix / "pyvenv.cfg").write_text(text.format(home=HOME, base=BASE, version=VERSION), newline="")
    return prefix


def make_conda(prefix: Path, python: str | None = "3.12.4") -> Path:
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta/history").write_text("")
    (prefix / "conda-meta/zlib-1.3-h0_0.json").write_text("{}")
    if python:
        (prefix / f"conda-meta/python-{python}-hab00c5b_0_cpython.json").write_text("{}")
        (prefix / "bin").mkdir()
        (prefix / "bin/python").write_text("")
    return prefix


def register(home: Path, name: str, argv0: str, prefix: Path | None = None, **more: object) -> None:
    folder = home / "data/kernels" / name
    folder.mkdir(parents=True)
    ours = {"metadata": {"jupyter_envs": {"prefix": os.fspath(prefix)}}} if prefix else {}
    spec = {"argv": [argv0, "-m", "x"], "display_name": f"Python ({name})", "language": "python", **ours, **more}
    (folder / "kernel.json").write_text(json.dumps(spec))


def found(discovery: Discovery, refresh: bool = False) -> dict[str, Environment]:
    """By name, without the environment that runs the tests."""
    here = os.path.realpath(sys.prefix)
    return {e.name: e for e in discovery.environments(refresh) if e.prefix != here}


def codes(environment: Environment) -> list[str]:
    return [problem.code for problem in environment.problems]


def discovery(root: Path | None = None, **options: object) -> Discovery:
    settings = Settings(**options)
    return Discovery(settings, os.fspath(root) if root else None, Kinds(settings))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return bare_home(tmp_path, monkeypatch)


@pytest.fixture
def managed(home: Path) -> Path:
    return home / "data/envs"
