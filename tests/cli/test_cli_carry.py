"""record, rebuild, run and trust, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from jupyter_envs.formats.carried import Carried, write

pytestmark = pytest.mark.slow


def book(*sources: str) -> str:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return str(nbformat.writes(made))


@pytest.fixture
def call(tmp_path: Path):  # type: ignore[no-untyped-def]
    cache = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
    home = {"HOME": str(tmp_path / "home"), "UV_CACHE_DIR": cache}
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG_", "PYTHONPATH"))} | home
    (tmp_path / "home").mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "jupyter_envs", *words]
        return subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240)

    return run


def test_a_notebook_runs_headless_in_what_it_declares(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "report.ipynb"
    path.write_text(write(book("import six", "print('six', six.__version__)"), Carried(["six==1.16.0"])))

    refused = call("run", "report.ipynb")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert not any(e["managed"] for e in json.loads(call("list", "--json").stdout)["environments"])

    done = call("run", "report.ipynb", "--yes", "-o", "done.ipynb")
    assert done.returncode == 0, done.stderr
    assert "six 1.16.0" in done.stderr
    assert "six 1.16.0" in (tmp_path / "done.ipynb").read_text()
    assert "six" in call("trust").stdout

    again = call("run", "report.ipynb")
    assert again.returncode == 0, again.stderr
    assert "from an earlier run" in again.stderr

    name = next(e["name"] for e in json.loads(call("list", "--json").stdout)["environments"] if e["managed"])
    recorded = call("record", name, "report.ipynb")
    assert recorded.returncode == 0, recorded.stderr
    assert "lock" in json.loads(path.read_text())["metadata"]["jupyter_envs"]
    assert call("trust", "--revoke", "six").returncode == 0
    assert "six" not in call("trust").stdout


def test_a_cell_that_fails_fails_the_run(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.ipynb").write_text(write(book("1/0"), Carried(["six"])))
    done = call("run", "bad.ipynb", "--yes", "-o", "out.ipynb")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback (most recent call last)" not in done.stdout
    assert "ZeroDivisionError" in (tmp_path / "out.ipynb").read_text()


@pytest.mark.parametrize("words", [("run", "none.ipynb"), ("record", "none", "none.ipynb"), ("rebuild", ".")])
def test_what_is_not_there(call, words: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    done = call(*words)
    assert done.returncode in (2, 4)
    assert "Traceback" not in done.stderr
