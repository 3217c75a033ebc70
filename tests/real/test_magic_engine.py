"""The magics in a kernel that our own command line registered: the whole way, nothing played."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "magic"))
from kernel_session import Session

import jupyter_envs

pytestmark = pytest.mark.slow

MAIN = Path(jupyter_envs.__file__).with_name("__main__.py")
SLOW_BACKEND = """
import time

def build_editable(*args, **kwargs):
    time.sleep(120)

build_wheel = build_editable
"""


class Home:
    """A Jupyter data folder with one environment and its kernel."""

    def __init__(self, folder: Path) -> None:
        self.env = {**os.environ, "JUPYTER_DATA_DIR": str(folder / "data")}
        self.cwd = folder
        created = self.cli("create", "magic", "six==1.15.0")
        self.prefix = created["environment"]["prefix"]
        self.spec = json.loads((folder / "data" / "kernels" / "magic" / "kernel.json").read_text(encoding="utf-8"))

    def cli(self, *args: str) -> Any:
        argv = [sys.executable, str(MAIN), *args, "--json"]
        done = subprocess.run(argv, env=self.env, cwd=self.cwd, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def versions(self) -> dict[str, str]:
        packages = self.cli("show", "magic", "--packages")["packages"]
        return {package["name"]: package["version"] for package in packages}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def kernel(home: Home) -> Iterator[Session]:
    session = Session(home.spec["argv"], home.cwd, home.env)
    yield session
    session.close()


def text_of(lines: list[str]) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))


def test_packages_come_and_go(home: Home, kernel: Session) -> None:
    assert kernel.run("import six").status == "ok"
    assert kernel.run("import toolz").ename == "ModuleNotFoundError"
    planned = kernel.run("%envinstall six==1.16.0 toolz==1.0.0 --dry-run")
    assert planned.text.startswith("Would be: 1 added, 1 changed.")
    assert home.versions()["six"] == "1.15.0"

    outcome = kernel.run("%envinstall six==1.16.0 toolz==1.0.0")
    assert outcome.text.splitlines() == [
        "1 added, 1 changed.",
        "+  toolz  1.0.0",
        "~  six    1.15.0 → 1.16.0",
        "Restart the kernel: six is loaded as it was before this change.",
    ]
    assert kernel.run("import toolz").status == "ok"
    assert kernel.run("%envinstall six").text == "Nothing to change."
    assert re.search(r"^toolz +1\.0\.0", kernel.run("%envlist").text, re.M)
    assert kernel.run("%envinfo").text.startswith("Name      magic\n")

    assert kernel.run("%envremove toolz").text.splitlines() == [
        "1 removed.",
        "-  toolz  1.0.0",
        "Restart the kernel: toolz is loaded as it was before this change.",
    ]
    assert "toolz" not in home.versions()

    assert kernel.run("%envrollback").text.splitlines()[:2] == ["1 added.", "+  toolz  1.0.0"]
    assert kernel.run("%envrollback 2 --dry-run").text == "Nothing would change."
    assert kernel.run("%envrollback").text.splitlines()[0] == "1 removed."
    assert re.search(r"^six==1\.16\.0", kernel.run("%envexport").text, re.M)


def test_a_requirements_file(home: Home, kernel: Session) -> None:
    (home.cwd / "wanted.txt").write_text("toolz==1.0.0  # a comment\n", encoding="utf-8")
    assert "+  toolz  1.0.0" in kernel.run("%envinstall -r wanted.txt").text
    assert kernel.run("import toolz").status == "ok"


def test_copied_commands_and_names_of_modules(home: Home, kernel: Session) -> None:
    """One reader and one table of names, as for a notebook and for what is pasted in the panel."""
    before = home.versions()
    refused = kernel.run("%envinstall cv2")
    assert "the package that brings it is opencv-python" in text_of(refused.error)
    assert "pandas, matplotlib" in text_of(kernel.run("%envinstall import pandas, matplotlib.pyplot as plt").error)
    assert "not asked without your consent" in text_of(kernel.run("%envinstall -i https://host.example/s six").error)
    assert home.versions() == before
    for line in ("$ pip3 install sniffio==1.3.0  # why", "uv add sniffio==1.3.1", "poetry add sniffio@^1.3"):
        assert kernel.run(f"%envinstall {line}").status == "ok", line
    assert home.versions()["sniffio"] == "1.3.1"
    said = kernel.run("%envinstall sniffio=1.3.1").text
    assert "it is read as '=='" in said


@pytest.mark.parametrize("line", ["six>=99", "no-such-package-of-anyone-at-all", "six==1.2;x;", "six@../x"])
def test_what_cannot_be_done_is_said_and_nothing_is_changed(home: Home, kernel: Session, line: str) -> None:
    before = home.versions()
    outcome = kernel.run(f"%envinstall '{line}'")
    assert outcome.status == "error"
    assert "Traceback" not in text_of(outcome.error)
    assert "ended without an answer" not in text_of(outcome.error)
    assert home.versions() == before


def test_an_interrupt_leaves_the_environment_as_it_was(home: Home, kernel: Session) -> None:
    project = home.cwd / "project"
    project.mkdir()
    (project / "slow.py").write_text(SLOW_BACKEND, encoding="utf-8")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n'
        '[project]\nname = "slow-project"\nversion = "1"\n',
        encoding="utf-8",
    )
    before = home.versions()
    outcome = kernel.run("%envinstall -e project", interrupt_on="Installing")
    assert outcome.status == "error"
    # On a busy machine the interrupt comes before the job has begun.
    said = ("Cancelled; the environment is as it was.", "Cancelled before anything was changed.")
    assert text_of(outcome.error) in said
    assert home.versions() == before
    assert kernel.run("%envinstall six==1.17.0").status == "ok"
