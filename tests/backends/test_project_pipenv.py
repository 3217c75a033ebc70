"""Pipenv's output and files, as it wrote them, and what is asked of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_envs.backends.pipenv import Pipenv, env_name
from jupyter_envs.model.errors import InvalidRequest

DATA = Path(__file__).parent / "data"


def said(name: str) -> str:
    return (DATA / f"pipenv-2026.10.3-{name}.txt").read_text()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [n for n in os.environ if n.startswith(("PIPENV_", "XDG_", "WORKON_HOME"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("jupyter_envs.backends.pipenv._pipenv", lambda *words: ["/bin/pipenv", *words])
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    folder.mkdir()
    shutil.copy(DATA / "pipenv-2026.10.3-Pipfile", folder / "Pipfile")
    shutil.copy(DATA / "pipenv-2026.10.3.lock", folder / "Pipfile.lock")
    return folder


def test_failures() -> None:
    why = Pipenv().unsolvable(said("unsolvable")) or ""
    assert why.splitlines()[0] == (
        "These do not go together: three 1.0 depends on two<2; one 1.0 depends on two; four 1.0 depends on two>=2."
    )
    assert (Pipenv().unsolvable(said("not-found")) or "").startswith("No matching distribution found for five")
    assert Pipenv().outdated(said("outdated"))
    assert Pipenv().unsolvable(said("outdated")) is None


def test_the_hash_of_a_lock_file(folder: Path) -> None:
    told = Pipenv().read(str(folder))
    assert told
    assert (told.name, told.python, told.locked) == ("my project", None, True)
    assert Pipenv().current(str(folder)) is True
    assert Pipenv().locked(str(folder)) == {"one": "2.0", "two": "2.0"}
    text = (folder / "Pipfile").read_text()
    (folder / "Pipfile").write_text(text + 'four = "*"\n[requires]\npython_version = "3.11"\n')
    told = Pipenv().read(str(folder))
    assert told
    assert (told.python, Pipenv().current(str(folder))) == ("==3.11.*", False)
    (folder / "Pipfile").write_text(text + "[scripts]\nrun = 'x'\n")
    assert Pipenv().current(str(folder)) is True, "scripts do not count"


def test_where_the_environment_is(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = home / ".local/share/virtualenvs" / env_name(str(folder))
    assert named.name.startswith("my_project-")
    assert Pipenv().prefixes(str(folder)) == [str(named)]
    monkeypatch.setenv("PIPENV_VENV_IN_PROJECT", "1")
    assert Pipenv().prefixes(str(folder)) == [str(folder / ".venv")]
    monkeypatch.delenv("PIPENV_VENV_IN_PROJECT")
    (folder / ".venv").mkdir()
    assert Pipenv().prefixes(str(folder)) == [str(folder / ".venv")]
    named.mkdir(parents=True)
    assert Pipenv().prefixes(str(folder)) == [str(named)], "one that is there comes before a folder found by chance"
    (folder / ".venv").rmdir()
    (folder / ".venv").write_text("other\n")
    monkeypatch.setenv("WORKON_HOME", str(home / "w"))
    assert Pipenv().prefixes(str(folder)) == [str(home / "w/other")]


def test_a_plan_keeps_to_the_markers(folder: Path) -> None:
    lock = (folder / "Pipfile.lock").read_text()
    other = lock.replace('"index": "local",', '"markers": "python_version < \'3\'",', 1)
    (folder / "Pipfile.lock").write_text(other)
    assert Pipenv().outcome(str(folder), "", {"two": "1.0"}).added == {"two": "2.0"}


def test_commands(folder: Path) -> None:
    (folder / "Pipfile").write_text('[packages]\nOne_X = "*"\n[dev-packages]\ntwo = "*"\n[docs]\nthree = "*"\n')
    assert Pipenv().remove_commands(str(folder), ["one-x", "two", "three", "four"]) == [
        ["/bin/pipenv", "uninstall", "one-x", "four"],
        ["/bin/pipenv", "uninstall", "--categories", "dev-packages", "two"],
        ["/bin/pipenv", "uninstall", "--categories", "docs", "three"],
    ]
    assert Pipenv().upgrade_commands(str(folder), ["one-x"]) == [["/bin/pipenv", "update", "one-x"]]
    with pytest.raises(InvalidRequest, match="four came along"):
        Pipenv().upgrade_commands(str(folder), ["four"])


def test_a_rehearsal_has_an_environment_of_its_own(tmp_path: Path) -> None:
    env = Pipenv().environment({"PIPENV_PIPFILE": "/elsewhere"}, str(tmp_path), rehearsal=True)
    assert env["PIPENV_VENV_IN_PROJECT"] == "1"
    assert "PIPENV_PIPFILE" not in env
    assert "PIPENV_VENV_IN_PROJECT" not in Pipenv().environment({}, str(tmp_path))
