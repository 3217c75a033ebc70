"""A project is put back exactly, after a failure and after a crash, unless somebody has worked on it since."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.aside import Aside
from tests.engine.wheels import snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".venv/lib").mkdir(parents=True)
    (folder / ".venv/lib/a.py").write_text("1")
    (folder / "pyproject.toml").write_text("old")
    (folder / "pyproject.toml").chmod(0o640)
    return folder


@pytest.fixture
def aside(folder: Path, tmp_path: Path) -> Aside:
    aside = Aside(tmp_path / "state/projects/it")
    aside.begin(str(folder), ("pyproject.toml", "uv.lock"), str(folder / ".venv"))
    return aside


def work(folder: Path) -> None:
    """As a tool does that makes the environment anew."""
    (folder / "pyproject.toml").write_text("new")
    (folder / "uv.lock").write_text("new")
    shutil.rmtree(folder / ".venv")
    (folder / ".venv").mkdir()
    (folder / ".venv/b.py").write_text("2")


def test_back(aside: Aside, folder: Path) -> None:
    aside.commit()
    before = snapshot(folder)
    aside.begin(str(folder), ("pyproject.toml", "uv.lock"), str(folder / ".venv"))
    time_before = os.stat(folder / "pyproject.toml").st_mtime_ns
    work(folder)
    aside.back()
    assert snapshot(folder) == before
    assert os.stat(folder / "pyproject.toml").st_mtime_ns == time_before
    aside.back()
    assert snapshot(folder) == before, "there is nothing more to put back"


def test_commit(aside: Aside, folder: Path) -> None:
    work(folder)
    now = {path: what for path, what in snapshot(folder).items() if not path.startswith(".jupyter-envs")}
    aside.commit()
    aside.back()
    assert not aside.mend()
    assert snapshot(folder) == now


def test_what_was_not_there_is_gone(tmp_path: Path, folder: Path) -> None:
    shutil.rmtree(folder / ".venv")
    before = snapshot(folder)
    aside = Aside(tmp_path / "state/it")
    aside.begin(str(folder), ("pyproject.toml", "uv.lock"), str(folder / ".venv"))
    (folder / ".venv").mkdir()
    aside.back()
    assert snapshot(folder) == before


def test_another_process_mends(aside: Aside, folder: Path, tmp_path: Path) -> None:
    work(folder)
    assert Aside(tmp_path / "state/projects/it").mend()
    assert (folder / "pyproject.toml").read_text() == "old"
    assert not (folder / "uv.lock").exists()
    assert [path.name for path in (folder / ".venv").iterdir()] == ["lib"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".jupyter-envs")]


def test_what_a_person_wrote_after_a_crash_stays(aside: Aside, folder: Path, tmp_path: Path) -> None:
    work(folder)
    later = time.time() + 3600
    os.utime(folder / "pyproject.toml", (later, later))
    assert not Aside(tmp_path / "state/projects/it").mend()
    assert (folder / "pyproject.toml").read_text() == "new"
    assert (folder / ".venv/b.py").exists()
    assert not [path for path in folder.iterdir() if path.name.startswith(".jupyter-envs")]


def test_a_link_is_written_through(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.toml"
    (folder / "pyproject.toml").rename(real)
    (folder / "pyproject.toml").symlink_to(real)
    aside = Aside(tmp_path / "state/it")
    aside.begin(str(folder), ("pyproject.toml",), str(folder / ".venv"))
    (folder / "pyproject.toml").write_text("new")
    aside.back()
    assert real.read_text() == "old"
    assert (folder / "pyproject.toml").is_symlink()
