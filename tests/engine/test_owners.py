"""Whose an environment is, told by made-up files alone: projects of each tool, tools of pipx and uv."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.backends import pipenv, poetry
from tests.engine.made_up import bare_home, discovery, found, make, make_conda

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")
PYPROJECT = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("POETRY_", "PIPENV_", "PIPX_", "UV_", "XDG_", "WORKON_HOME"))]:
        monkeypatch.delenv(name)
    return bare_home(tmp_path, monkeypatch)


def project(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_an_environment_in_its_project(home: Path) -> None:
    for tool, files in {
        "uv": {"pyproject_toml": PYPROJECT, "uv_lock": "version = 1\n"},
        "poetry": {"pyproject_toml": PYPROJECT, "poetry_lock": ""},
        "pipenv": {"Pipfile": "[packages]\n"},
    }.items():
        make(project(home / "top" / tool, **files) / ".venv")
    make(project(home / "top/plain", pyproject_toml=PYPROJECT) / ".venv")
    lister = discovery(home / "top")
    assert {name: (e.manager, e.project) for name, e in found(lister).items()} == {
        f"{tool}/.venv": ("uv" if tool == "plain" else tool, str(home / "top" / tool))
        for tool in ("uv", "poetry", "pipenv", "plain")
    }
    assert [os.path.basename(p.folder) for p in lister.projects()] == ["pipenv", "poetry", "uv"]
    # Without a search, by the environment's own place.
    assert discovery().by_prefix(str(home / "top/poetry/.venv")).manager == "poetry"


def test_an_environment_far_from_its_project(home: Path) -> None:
    one = project(home / "top/one", pyproject_toml=PYPROJECT + "[tool.poetry]\n")
    two = project(home / "top/two", Pipfile="[packages]\n")
    cache = home / (".cache/pypoetry" if sys.platform != "darwin" else "Library/Caches/pypoetry") / "virtualenvs"
    make(cache / f"{poetry.env_name('demo', str(one))}-py3.11")
    make(home / ".local/share/virtualenvs" / pipenv.env_name(str(two)))
    (home / ".local/share/virtualenvs" / pipenv.env_name(str(two)) / ".project").write_text(str(two))
    make(cache / "other-abcdefgh-py3.12")
    alone = {e.manager: e.project for e in found(discovery()).values()}
    assert alone == {"poetry": None, "pipenv": str(two)}, "Poetry notes no folder, Pipenv does"
    lister = discovery(home / "top")
    assert {name: e.project for name, e in found(lister).items()} == {
        f"{poetry.env_name('demo', str(one))}-py3.11": str(one),
        pipenv.env_name(str(two)): str(two),
        "other-abcdefgh-py3.12": None,
    }
    # What one process has seen, every other knows.
    again = {e.name: e.project for e in found(discovery()).values()}
    assert again[f"{poetry.env_name('demo', str(one))}-py3.11"] == str(one)
    (one / "pyproject.toml").write_text(PYPROJECT)
    assert found(discovery())[f"{poetry.env_name('demo', str(one))}-py3.11"].project is None, "no project any more"


def test_environments_of_pixi(home: Path) -> None:
    for name in ("a/one", "b/one"):
        folder = project(home / "top" / name, pixi_toml='[workspace]\nname = "w"\n')
        make_conda(folder / ".pixi/envs/default")
    make_conda(home / "top/a/one/.pixi/envs/cuda")
    lister = discovery(home / "top")
    seen = found(lister)
    assert {e.manager for e in seen.values()} == {"pixi"}
    assert len(seen) == 3, "each has a name of its own"
    assert "one/cuda" in seen
    assert {e.project for e in seen.values()} == {str(home / "top/a/one"), str(home / "top/b/one")}
    first = lister.projects()[0]
    assert [os.path.basename(p) for p in lister.owners.made(first)] == ["default", "cuda"]


def test_tools_of_pipx_and_uv(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = home / (".local/share" if sys.platform != "darwin" else "Library/Application Support")
    make(data / "pipx/venvs/black")
    make(home / ".local/share/uv/tools/black")
    make(home / ".local/share/uv/tools/ruff")
    seen = found(discovery(home / "top"))
    assert {name: (e.manager, e.protected, e.project) for name, e in seen.items()} == {
        "venvs/black": ("pipx", True, None),
        "tools/black": ("uv tool", True, None),
        "ruff": ("uv tool", True, None),
    }
    monkeypatch.setenv("PIPX_HOME", str(home / "px"))
    monkeypatch.setenv("UV_TOOL_DIR", str(home / "ut"))
    make(home / "px/venvs/http")
    make(home / "ut/mypy")
    assert found(discovery()).keys() == {"http", "mypy"}


def test_a_project_in_another(home: Path) -> None:
    outer = project(home / "top/outer", pyproject_toml=PYPROJECT, uv_lock="")
    inner = project(outer / "deep/inner", pyproject_toml=PYPROJECT, poetry_lock="")
    make(outer / ".venv")
    make(inner / ".venv")
    seen = found(discovery(home / "top"))
    assert {e.manager: e.project for e in seen.values()} == {"uv": str(outer), "poetry": str(inner)}


def test_one_folder_with_the_files_of_several_tools_is_one_project(home: Path) -> None:
    folder = project(home / "top/mixed", pyproject_toml=PYPROJECT, uv_lock="", poetry_lock="", Pipfile="[packages]\n")
    make(folder / ".venv")
    lister = discovery(home / "top")
    assert [p.tool.name for p in lister.projects()] == ["uv"]
    (folder / "uv.lock").unlink()
    assert [p.tool.name for p in lister.projects()] == ["poetry"], "seen without a new search"


@pytest.mark.parametrize("text", ["", "\0", "[project", "[project]\nname = 3\n[tool]\nuv = 4\n", "x = " + "[" * 5000])
def test_files_that_say_nothing_sensible(home: Path, text: str) -> None:
    for name in ("uv.lock", "poetry.lock", "Pipfile", "Pipfile.lock", "pixi.toml", "pixi.lock", "pyproject.toml"):
        folder = home / "top" / name
        folder.mkdir(parents=True)
        for other in ("pyproject.toml", "Pipfile", name):
            (folder / other).write_text(text)
        make(folder / ".venv")
    lister = discovery(home / "top")
    assert len(found(lister)) == 7
    for owned in lister.projects():
        assert owned.told.name
        assert lister.owners.prefixes(owned)
        for tool in lister.owners.tools.values():
            assert tool.current(owned.folder) in (True, False, None)
            assert isinstance(tool.requested(owned.folder), set)
            assert isinstance(tool.locked(owned.folder), dict)
