"""What a killed process left of a project whose tool keeps environments elsewhere; Poetry by a stand-in."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from tests.engine.made_up import make
from tests.engine.project_world import write
from tests.engine.world import Engines, killed, other_process, wait_for
from tests.system.index_server import Index

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills a process")

# Makes an environment where the real one would, whole or begun, and a lock file; then it is at work for long.
POETRY = """#!{python}
import os, time
where = os.path.join(os.environ["POETRY_VIRTUALENVS_PATH"], {name!r})
os.makedirs(os.path.join(where, "lib"))
if {whole!r}:
    open(os.path.join(where, "pyvenv.cfg"), "w").write("home = /usr/bin\\n")
open("poetry.lock", "w").write("# half\\n")
print("at work", flush=True)
time.sleep(300)
"""
CODE = """
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.project import ProjectKernel
engine = Engine(Settings(root={root!r}, state_dir={state!r}, templates=False), notebook_root={top!r})
engine.jobs.run(engine.project_kernel(ProjectKernel(path={folder!r}, lock=True, adopt=True)))
"""


@pytest.fixture
def folder(home: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of Poetry without an environment; other environments of that tool lie beside its place."""
    monkeypatch.setenv("POETRY_VIRTUALENVS_PATH", str(home / "virtualenvs"))
    for name in ("other-0123abcd-py3.11", "demo-0123abcd-py3.11"):
        make(home / "virtualenvs" / name)
    return write("poetry", home / "work" / "demo", index, "one")


@pytest.fixture
def engine(engines: Engines, folder: Path) -> Engine:
    return engines(notebook_root=str(folder.parent))


def place(engine: Engine, folder: Path) -> Path:
    """Where Poetry makes the environment; only it knows for which Python."""
    project = engine._discovery.owners.project(str(folder))
    assert project
    [foreseen] = engine._discovery.owners.prefixes(project)
    return Path(foreseen).with_name(f"{os.path.basename(foreseen)}.11")


def kill_at_work(engine: Engine, folder: Path, whole: bool, patch: pytest.MonkeyPatch) -> Path:
    """Let another process begin to make the project a kernel, and kill it; return where the environment lies."""
    there, program = place(engine, folder), folder.parent.parent / "bin" / "poetry"
    program.parent.mkdir()
    program.write_text(POETRY.format(python=sys.executable, name=there.name, whole=whole))
    program.chmod(0o755)
    patch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    settings = engine.settings
    names = {"root": settings.root, "state": settings.state_dir, "top": str(folder.parent), "folder": str(folder)}
    other = other_process(CODE.format(**names))
    wait_for((folder / "poetry.lock").exists)
    killed(other)
    assert there.is_dir()
    return there


@pytest.mark.parametrize("whole", [True, False])
def test_what_its_tool_had_made_elsewhere_goes(
    engine: Engine, folder: Path, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = kill_at_work(engine, folder, whole, monkeypatch)
    engine._recovery.look(60)
    assert sorted(path.name for path in there.parent.iterdir()) == ["demo-0123abcd-py3.11", "other-0123abcd-py3.11"]
    assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml"]
    assert list((engine.settings.state / "journal").iterdir()) == []


def test_what_was_made_before_stays(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was put there meanwhile under the name that the tool takes, and is older than the tool's work."""
    there = kill_at_work(engine, folder, True, monkeypatch)
    os.utime(there / "pyvenv.cfg", (time.time() - 3600,) * 2)
    engine._recovery.look(60)
    assert (there / "pyvenv.cfg").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml"]


def test_what_a_person_made_after_the_kill_stays(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = kill_at_work(engine, folder, True, monkeypatch)
    os.utime(there / "pyvenv.cfg", (time.time() + 3600,) * 2)
    engine._recovery.look(60)
    assert (there / "pyvenv.cfg").exists()


def test_the_folder_that_its_tool_had_made_goes_too(
    engine: Engine, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_PATH", str(home / "none" / "virtualenvs"))
    kill_at_work(engine, folder, False, monkeypatch)
    engine._recovery.look(60)
    assert not (home / "none").exists()
    assert list((engine.settings.state / "journal").iterdir()) == []
