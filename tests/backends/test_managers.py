"""The command lines of the managers, and what they make."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.backends import uv as uv_module
from jupyter_envs.backends import virtualenv as virtualenv_module
from jupyter_envs.backends.base import Backend
from jupyter_envs.backends.uv import Uv, find_uv, uv
from jupyter_envs.backends.venv import Venv
from jupyter_envs.backends.virtualenv import Virtualenv
from jupyter_envs.model.env import Interpreter
from jupyter_envs.system import pyvenv
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.process import run

PYTHON = Interpreter(
    version="3.12.1", implementation="CPython", architecture="x86_64", path="/usr/bin/python3.12", source="system"
)
HERE = Interpreter(
    version=sys.version.split()[0],
    implementation="CPython",
    architecture="x86_64",
    path=os.path.realpath(sys.executable),
    source="path",
)


def test_command_lines() -> None:
    assert Uv().create_argv("/e/x", PYTHON, pip=True, prompt="x") == [
        uv(),
        *("venv", "--no-project", "--python", "/usr/bin/python3.12", "--prompt", "x", "--", "/e/x"),
    ]
    assert Venv().create_argv("/e/x", PYTHON, pip=False, prompt="x") == [
        "/usr/bin/python3.12",
        *("-I", "-m", "venv", "--without-pip", "--prompt", "x", "/e/x"),
    ]
    made = Virtualenv().create_argv("/e/x", PYTHON, pip=False, prompt="x")
    assert made[:3] == [sys.executable, "-m", "virtualenv"]
    assert "--no-seed" in made
    assert "--no-periodic-update" in made
    assert made[-1] == "/e/x"


@pytest.mark.parametrize("backend", [Uv(), Venv(), Virtualenv()], ids=lambda b: b.name)
@pytest.mark.parametrize("name", ["plain", "with blank", "it's $HOME", "é"])
def test_what_they_make(backend: Backend, tmp_path: Path, name: str) -> None:
    prefix = tmp_path / name
    done = run(backend.create_argv(str(prefix), HERE, pip=False, prompt="p"), cwd=tmp_path)
    assert done.code == 0, done.err
    config = pyvenv.read(prefix)
    assert pyvenv.manager_of(config) == backend.name
    assert pyvenv.version_of(config) == HERE.version
    assert versions(prefix) == {}
    told = run([str(prefix / "bin" / "python"), "-I", "-c", "import sys; print(sys.prefix)"])
    assert told.out == str(prefix)


def test_uv_is_found_on_path_where_it_is_not_beside_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_uv.cache_clear()
    monkeypatch.setattr(uv_module.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setitem(sys.modules, "uv", None)
    try:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_uv() is None
        assert "pip install uv" in (Uv().missing() or "")
        find_uv.cache_clear()
        (tmp_path / "uv").write_text("#!/bin/sh\n")
        (tmp_path / "uv").chmod(0o755)
        assert find_uv() == str(tmp_path / "uv")
        assert Uv().missing() is None
    finally:
        find_uv.cache_clear()


def test_virtualenv_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtualenv_module, "find_spec", lambda _: None)
    assert "pip install virtualenv" in (Virtualenv().missing() or "")


@pytest.mark.parametrize(("version", "seeded"), [("3.8.18", False), ("3.9.1", True), ("3.14.0rc1", True)])
def test_virtualenv_brings_no_pip_for_an_old_python(version: str, seeded: bool) -> None:
    python = msgspec.structs.replace(PYTHON, version=version)
    argv = Virtualenv().create_argv("/e/x", python, pip=True, prompt="x")
    assert ("--no-seed" not in argv) == seeded
