"""The magics in IPython's terminal, where an output cannot be updated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kernel_session import Fake, fake_environment

START = """
from pathlib import Path
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(simple_prompt=True, colors="nocolor")
shell.safe_execfile({magic!r}, shell.user_ns, raise_exceptions=True)
print("names", sorted(n for n in shell.user_ns if not n.startswith("_") and n not in shell.user_ns_hidden))
result = shell.run_cell({line!r})
print("success", result.success)
"""


@pytest.fixture
def environment(tmp_path: Path) -> Fake:
    return fake_environment(tmp_path)


def terminal(environment: Fake, line: str) -> list[str]:
    code = START.format(magic=str(environment.home / "magic.py"), line=line)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=environment.prefix, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return (done.stdout + done.stderr).splitlines()


def test_plain_text_with_a_line_for_each_phase(environment: Fake) -> None:
    def job(phase: str) -> dict[str, Any]:
        return {"say": {"job": {"progress": {"phase": phase}}}}

    plan = {"added": [{"name": "six", "version": "1.16.0"}]}
    environment.plays(
        {"sleep": 0.5}, job("solving"), {"sleep": 0.6}, job("solving"), job("linking"), {"sleep": 0.6},
        {"say": {"done": {"state": "succeeded", "result": {"plan": plan}}}},
    )  # fmt: skip
    assert terminal(environment, "%envinstall six") == [
        "names []",
        "Installing six: starting",
        "Installing six: solving",
        "Installing six: linking",
        "1 added.",
        "+  six  1.16.0",
        "success True",
    ]


def test_an_error_is_its_message(environment: Fake) -> None:
    environment.plays({"say": {"error": {"message": "No such package.", "hint": "Look again."}}}, {"exit": 2})
    assert terminal(environment, "%envinstall nope") == ["names []", "No such package.", "Look again.", "success False"]


def test_run_by_python_it_says_what_it_is(environment: Fake) -> None:
    done = subprocess.run(
        [sys.executable, str(environment.home / "magic.py")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "This file is run by a Jupyter kernel; see `jupyter envs --help` for the command line."
    ]
