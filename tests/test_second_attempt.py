"""A slow test that fails is tried once more, with everything made anew, and is named."""

from __future__ import annotations

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


def test_who_fails_is_tried_again_and_named(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n slow: as ours\n")
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(TESTS)
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0"]
    said = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True).stdout
    assert "2 failed, 1 passed, 2 rerun" in said, said
    named = [line for line in said.splitlines() if line.startswith("RERUN ")]
    assert named == [f"RERUN test_it.py::test_{name} (call)" for name in ("loses_a_race_once", "is_wrong")]
