"""A home of its own for each test, the real package cache, and the command line in this process or another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.cli.main import main

REPO = Path(__file__).resolve().parents[2]


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME and Jupyter's folders in a temporary folder, the working folder in it; nothing is prepared beforehand."""
    cache = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
    folder = tmp_path / "home"
    (folder / "config").mkdir(parents=True)
    settings = {"Settings": {"templates": False, "compile_after": False, "copy_at_once": True}}
    (folder / "config" / "jupyter_envs_config.json").write_text(json.dumps(settings))
    for name, value in {
        "HOME": folder,
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "IPYTHONDIR": folder / "ipython",
        "UV_CACHE_DIR": cache,
        "PYTHONPATH": REPO,
    }.items():
        monkeypatch.setenv(name, os.fspath(value))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def envs(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process."""

    def run(*words: str) -> Result:
        capfd.readouterr()
        code = main(list(words))
        said = capfd.readouterr()
        return Result(code, said.out, said.err)

    return run


@pytest.fixture
def process(home: Path) -> Callable[..., Result]:
    """Run the command line in a process of its own."""

    def run(*words: str, argv: tuple[str, ...] = (sys.executable, "-m", "jupyter_envs"), **more: Any) -> Result:
        done = subprocess.run([*argv, *words], capture_output=True, text=True, timeout=240, **more)
        return Result(done.returncode, done.stdout, done.stderr)

    return run
