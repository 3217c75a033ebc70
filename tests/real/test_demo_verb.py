"""``jupyter envs demo`` as a new user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine.world import wait_for

pytestmark = pytest.mark.slow

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
    for name, value in {
        "HOME": tmp_path,
        "JUPYTER_DATA_DIR": tmp_path / "data",
        "JUPYTER_CONFIG_DIR": tmp_path / "config",
        "JUPYTER_RUNTIME_DIR": tmp_path / "runtime",
        "IPYTHONDIR": tmp_path / "ipython",
        "UV_CACHE_DIR": cache,
        "PYTHONPATH": REPO,
    }.items():
        monkeypatch.setenv(name, os.fspath(value))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_envs_config.json").write_text('{"Settings": {"templates": false}}')
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "jupyter_envs", *words], capture_output=True, text=True, timeout=280)


def kernels(home: Path) -> list[psutil.Process]:
    """Those that run in an environment of `home`."""
    lines = ((process, process.info["cmdline"] or [""]) for process in psutil.process_iter(["cmdline"]))
    return [process for process, line in lines if line[0].startswith(f"{home}/") and "ipykernel_launcher" in line]


def environments() -> list[Any]:
    return [e for e in json.loads(run("list", "--json").stdout)["environments"] if e["managed"]]


def test_twice_and_removed(home: Path) -> None:
    first = run("demo")
    assert first.returncode == 0, first.stderr
    prefix = environments()[0]["prefix"]
    assert "Creating demo" in first.stderr
    assert prefix in first.stderr, "the cell tells the kernel's prefix"
    assert "Hello from an isolated environment" in first.stderr
    assert "CPython" in first.stderr, "the magic answers"
    assert "register kernel" in first.stderr, "phases are told"
    assert "lab" in first.stdout
    assert "envs remove demo --yes" in first.stdout
    assert not kernels(home), "the kernel has ended"

    second = run("demo")
    assert second.returncode == 0, second.stderr
    assert "using it again" in second.stderr
    assert "Hello from an isolated environment" in second.stderr
    assert [e["name"] for e in environments()] == ["demo"]

    # What is missing is brought back.
    assert run("remove-packages", "demo", "cowsay").returncode == 0
    assert run("kernel", "unregister", "demo").returncode == 0
    third = run("demo", "--json")
    assert third.returncode == 0, third.stderr
    cells = json.loads(third.stdout)["cells"]
    assert not any(cell["failed"] for cell in cells)

    assert run("demo", "--remove").returncode == 0
    assert environments() == []
    assert run("demo", "--remove").stdout == "There is no demo environment.\n"


def test_an_environment_of_that_name_stays_untouched(home: Path) -> None:
    assert run("create", "demo", "--no-kernel").returncode == 0
    before = environments()
    done = run("demo")
    assert done.returncode == 0, done.stderr
    assert "envs remove envs-demo --yes" in done.stdout
    found = {e["name"]: e for e in environments()}
    assert set(found) == {"demo", "envs-demo"}
    assert found["demo"]["package_count"] == before[0]["package_count"]
    assert run("demo", "--remove").returncode == 0
    assert [e["name"] for e in environments()] == ["demo"]


@pytest.mark.parametrize("until", ["Creating", "Running"])
def test_ctrl_c_leaves_nothing_behind(home: Path, until: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "jupyter_envs", "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert child.stderr is not None
        for line in child.stderr:
            if until in line:
                break
        if until == "Creating":
            # Its first phase: the job is at work.
            assert next(child.stderr).startswith("  ")
        else:
            wait_for(lambda: kernels(home))
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert not kernels(home)
    assert [e["name"] for e in environments()] == ([] if until == "Creating" else ["demo"])
    assert run("demo").returncode == 0
