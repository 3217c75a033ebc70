"""A slow test that fails is tried once more, with everything made anew, and is named; who shares stays together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

attempts = []

@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    yield folder
    attempts.append("stopped")

@pytest.mark.slow
def test_loses_a_race_once(server):
    (server / "thesis").mkdir()
    attempts.append("made")
    assert attempts == ["made", "stopped", "made"]

@pytest.mark.slow
def test_is_wrong(server):
    assert not server.exists()

def test_is_quick_and_wrong():
    assert False
"""


SHARING = """
import pathlib
import time

import pytest

@pytest.fixture(scope="module")
def server():
    with open(pathlib.Path(__file__).with_name("made.txt"), "a") as file:
        file.write("made ")

@pytest.mark.parametrize("number", range(6))
def test_asks(server, number):
    time.sleep(0.05)
"""


def said_of(folder: Path, tests: str, *options: str) -> str:
    """What pytest says of `tests` under our conftest."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n slow: as ours\n")
    (folder / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (folder / "test_it.py").write_text(tests)
    # The other plugins are those of our own tests, and take a second each to import.
    plugins = [word for name in ("xdist.plugin", "pytest_rerunfailures", "pytest_timeout") for word in ("-p", name)]
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugins, *options]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True).stdout


def test_who_shares_is_in_one_worker(tmp_path: Path) -> None:
    said = said_of(tmp_path, SHARING, "-n", "2", "--dist", "loadgroup")
    assert "6 passed" in said, said
    assert (tmp_path / "made.txt").read_text().split() == ["made"]


def test_who_fails_is_tried_again_and_named(tmp_path: Path) -> None:
    said = said_of(tmp_path, TESTS, "-n", "0")
    assert "2 failed, 1 passed, 2 rerun" in said, said
    named = [line for line in said.splitlines() if line.startswith("RERUN ")]
    assert [line.partition(" at ")[0] for line in named] == [
        f"RERUN test_it.py::test_{name} (call)" for name in ("loses_a_race_once", "is_wrong")
    ]
    assert all(re.match(r"test_it\.py:\d+: AssertionError: assert ", line.partition(" at ")[2]) for line in named)
