"""Poetry's output and files, as it wrote them, and what is asked of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_envs.backends.base import Event
from jupyter_envs.backends.poetry import Poetry, env_name
from jupyter_envs.model.check import Requirement

DATA = Path(__file__).parent / "data"


def said(name: str) -> str:
    return (DATA / f"poetry-2.5.1-{name}.txt").read_text()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith(("POETRY_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(DATA / "poetry-2.5.1-pyproject.toml", folder / "pyproject.toml")
    shutil.copy(DATA / "poetry-2.5.1.lock", folder / "poetry.lock")
    return folder


def test_progress() -> None:
    events = [Poetry().event(line) for line in said("install").splitlines()]
    assert [e for e in events if e] == [Event(resolved=2), Event(placed="two"), Event(placed="one")]


def test_plans() -> None:
    outcome = Poetry().outcome("", said("plan"), {})
    assert (outcome.added, outcome.removed) == ({"two": "1.0", "three": "1.0"}, {})
    outcome = Poetry().outcome("", said("plan-remove"), {})
    assert (outcome.added, outcome.removed) == ({}, {"three": "1.0"})


def test_failures() -> None:
    why = Poetry().unsolvable(said("unsolvable")) or ""
    assert why.splitlines()[0].startswith("So, because demo depends on both three")
    assert len(why.splitlines()) == 3
    assert Poetry().unsolvable(said("not-found")) == "Could not find a matching version of package nowhere"
    assert Poetry().outdated(said("outdated"))
    for name in ("install", "plan", "outdated"):
        assert Poetry().unsolvable(said(name)) is None
    assert not Poetry().outdated(said("unsolvable"))


def test_the_hash_of_a_lock_file(folder: Path) -> None:
    told = Poetry().read(str(folder))
    assert told
    assert (told.name, told.python, told.locked, Poetry().current(str(folder))) == ("demo", ">=3.10", True, True)
    assert Poetry().locked(str(folder)) == {"one": "2.0", "two": "1.0", "three": "1.0"}
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text + '[dependency-groups]\ndev = ["four"]\n')
    assert Poetry().current(str(folder)) is False
    lock = (folder / "poetry.lock").read_text()
    (folder / "poetry.lock").write_text(lock.replace("Poetry 2.5.1", "Poetry 2.2.1"))
    assert Poetry().current(str(folder)) is True, "groups did not count then"
    (folder / "pyproject.toml").write_text(text.replace("0.1.0", "0.2.0") + "# a comment\n")
    assert Poetry().current(str(folder)) is True, "its own version is no matter"
    (folder / "poetry.lock").write_text("")
    assert Poetry().current(str(folder)) is None


def test_where_the_environment_is(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POETRY_CACHE_DIR", str(tmp_path / "cache"))
    stem = tmp_path / "cache/virtualenvs" / env_name("demo", str(folder))
    assert Poetry().prefixes(str(folder)) == [f"{stem}-py3"]
    for minor in ("3.9", "3.12", "3.10"):
        Path(f"{stem}-py{minor}").mkdir(parents=True)
    assert Poetry().prefixes(str(folder)) == [f"{stem}-py{minor}" for minor in ("3.12", "3.10", "3.9")]
    (tmp_path / "cache/virtualenvs/envs.toml").write_text(f'["{stem.name}"]\nminor = "3.10"\npatch = "3.10.4"\n')
    assert Poetry().prefixes(str(folder))[0] == f"{stem}-py3.10"
    (folder / ".venv").mkdir()
    assert Poetry().prefixes(str(folder)) == [str(folder / ".venv")]
    (folder / "poetry.toml").write_text("[virtualenvs]\nin-project = false\n")
    assert Poetry().prefixes(str(folder))[0] == f"{stem}-py3.10"
    monkeypatch.setenv("POETRY_VIRTUALENVS_IN_PROJECT", "true")
    assert Poetry().prefixes(str(folder)) == [str(folder / ".venv")]


def test_a_name_as_poetry_makes_it() -> None:
    """A folder with a blank and a name with capitals; the hash was read from what Poetry 2.5.1 made."""
    assert env_name("Demo", "/") == "demo-" + env_name("demo", "/")[-8:]
    assert env_name("a b$c", "/x").startswith("a_b_c-")


def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.backends.poetry._program", lambda: "/bin/poetry")
    plain, editable = Requirement(line="numpy>=2", name="numpy"), Requirement(line="/x", name=None, editable=True)
    head = ["--no-interaction", "--no-ansi"]
    assert Poetry().add_commands([plain, editable]) == [
        ["/bin/poetry", "add", *head, "numpy>=2"],
        ["/bin/poetry", "add", *head, "--editable", "/x"],
    ]
    assert Poetry().rehearsal(Poetry().upgrade_commands("", []), "") == [["/bin/poetry", "update", *head, "--dry-run"]]


@pytest.mark.parametrize(
    ("tables", "files", "root"),
    [
        ("", [], False),
        ("", ["de_mo/__init__.py"], True),
        ("", ["src/de_mo/__init__.py"], True),
        ("", ["de_mo.py"], True),
        ("", ["src/de_mo.py"], True),
        ("", ["demo/__init__.py", "other.py"], False),
        ("[tool.poetry]\npackage-mode = false\n", [], True),
        ('[tool.poetry]\npackages = [{include = "lib"}]\n', [], False),
        ('[tool.poetry]\npackages = [{include = "lib"}]\n', ["lib/x.py"], True),
        ('[tool.poetry]\npackages = [{include = "lib", from = "py"}]\n', ["lib/x.py"], False),
        ('[tool.poetry]\npackages = [{include = "lib", from = "py"}]\n', ["py/lib/x.py"], True),
        ('[tool.poetry]\npackages = [{include = "lib/**/*.py"}]\n', [], True),
        ('[tool.poetry]\npackages = [{include = "lib"}, 3]\n', ["lib/x.py"], True),
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', [], True),
        ('[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n', [], False),
    ],
)
def test_a_project_without_a_package(
    tables: str, files: list[str], root: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poetry would fail at it, after it had installed all the rest."""
    monkeypatch.setattr("jupyter_envs.backends.poetry._program", lambda: "poetry")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "De.mo"\nversion = "1"\n' + tables)
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (command,) = Poetry().sync_commands(str(tmp_path), str(tmp_path / ".venv"), True)
    assert ("--no-root" not in command) is root
