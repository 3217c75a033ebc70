"""A folder that claims an environment by a link gets nothing run in that, and nothing of its own run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.owners import Owners
from jupyter_envs.model.errors import Conflict, Failed
from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import Change, Create
from jupyter_envs.system.metadata import versions
from tests.engine.project_world import write
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, Engines, done, run
from tests.system.index_server import Index

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links")


@pytest.fixture
def engine(engines: Engines, home: Path, index: Index) -> Engine:
    offer(index, "one", "1.0")
    (home / "work").mkdir()
    return engines(notebook_root=str(home / "work"))


@pytest.fixture
def evil(home: Path, index: Index) -> Path:
    """A project of uv whose build notes that it ran, with a link called ``.venv`` still to be made."""
    folder = write("uv", home / "work/evil", index, name="evil")
    build = '[build-system]\nrequires = []\nbuild-backend = "sprung"\nbackend-path = ["."]\n'
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(f"{text}\n{build}\n[tool.uv]\npackage = true\n")
    (folder / "sprung.py").write_text(f"open({str(home / 'sprung')!r}, 'w')\nraise SystemExit\n")
    return folder


def test_an_environment_in_a_root_is_no_projects(engine: Engine, evil: Path, home: Path) -> None:
    made = done(engine, engine.create(Create(name="thesis", pip=False, kernel=NO_KERNEL)))["environment"]["prefix"]
    (evil / ".venv").symlink_to(made)
    assert engine.environments(refresh=True)
    assert engine.find("thesis").project is None
    done(engine, engine.change("thesis", Change(install=["one"])))
    assert versions(made) == {"one": "1.0"}
    with pytest.raises(Conflict) as caught:
        engine.project_kernel(ProjectKernel(path=str(evil), adopt=True))
    assert caught.value.reason == "not_its_own"
    assert not (home / "sprung").exists()
    assert "one" not in (evil / "pyproject.toml").read_text()


def test_one_elsewhere_is_asked_about_for_each_project(engine: Engine, evil: Path, home: Path) -> None:
    request = Create(prefix=str(home / "elsewhere/mine"), pip=False, kernel=NO_KERNEL)
    made = done(engine, engine.create(request))["environment"]
    (evil / ".venv").symlink_to(made["prefix"])
    assert engine.find(made["prefix"]).adopted
    engine.environments(refresh=True)
    for ask in (
        lambda: engine.change(made["id"], Change(install=["one"])),
        lambda: engine.project_kernel(ProjectKernel(path=str(evil))),
    ):
        with pytest.raises(Conflict) as caught:
            ask()
        assert caught.value.reason == "adoption_needed"
        assert f"In {evil}:\nuv " in (caught.value.detail or ""), caught.value.detail
        assert "Build of the project: sprung" in (caught.value.detail or "")
    assert not (home / "sprung").exists()
    assert "one" not in (evil / "pyproject.toml").read_text()


def test_what_was_agreed_to_holds_for_that_folder(engine: Engine, index: Index, home: Path) -> None:
    folder = write("uv", home / "work/good", index, "one", name="good")
    offer(index, "ipykernel", "7.0")
    done(engine, engine.project_kernel(ProjectKernel(path=str(folder), adopt=True)))
    done(engine, engine.project_kernel(ProjectKernel(path=str(folder))))
    made = engine.find("good/.venv").prefix
    assert engine._discovery.adoption.may_work(str(folder), made)
    folder.rename(home / "work/away")
    write("uv", folder, index, "one", name="good")
    assert not engine._discovery.adoption.may_work(str(folder), made)


@pytest.mark.parametrize("is_new", [False, True])
def test_a_failure_removes_elsewhere_only_what_was_made_since(
    engine: Engine, evil: Path, home: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    """Poetry, say, may make an environment at another place than was foreseen, or find an older one there."""
    old = home / "elsewhere/old"
    old.mkdir(parents=True)
    (old / "pyvenv.cfg").write_text("home = /usr/bin\n")
    if not is_new:
        os.utime(old / "pyvenv.cfg", (1, 1))

    def perform(*_: object, **__: object) -> None:
        monkeypatch.setattr(Owners, "prefixes", lambda *_: [str(old)])
        raise Failed("It failed.")

    monkeypatch.setattr("jupyter_envs.engine.projects.perform", perform)
    job = run(engine, engine.project_kernel(ProjectKernel(path=str(evil), adopt=True, lock=True)))
    assert job.state == "failed"
    assert old.exists() is not is_new


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock", "uv.toml", "setup.py", ".env"])
def test_the_yes_is_for_the_project_that_was_shown(engine: Engine, index: Index, home: Path, name: str) -> None:
    folder = write("uv", home / "work/good", index, "one", name="good")
    with pytest.raises(Conflict) as caught:
        engine.project_kernel(ProjectKernel(path=str(folder)))
    shown = str(caught.value.adopt)
    with (folder / name).open("a") as file:
        file.write("# something else\n")
    with pytest.raises(Conflict) as caught:
        engine.project_kernel(ProjectKernel(path=str(folder), adopt=shown, lock=True))
    assert caught.value.reason == "adoption_needed"
    assert caught.value.adopt != shown
