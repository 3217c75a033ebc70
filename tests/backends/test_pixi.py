"""pixi's files as its documentation shows them, and what is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.backends.pixi import Pixi, subdir
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import InvalidRequest

MANIFEST = """
[workspace]
name = "bio"
channels = ["conda-forge"]
platforms = ["linux-64"]

[dependencies]
python = "3.12.*"
typing_extensions = ">=4"

[pypi-dependencies]
requests = "*"
"""
# The layout of version 6 of the lock file.
LOCK = """version: 6
environments:
  cuda:
    channels:
    - url: https://channel.example/main/
    packages:
      {subdir}:
      - conda: https://channel.example/main/{subdir}/cuda-12.0-h1_0.conda
  default:
    channels:
    - url: https://channel.example/main/
    indexes:
    - https://index.example/simple
    packages:
      other-64:
      - conda: https://channel.example/main/other-64/win-only-1.0-0.conda
      {subdir}:
      - conda: https://channel.example/main/{subdir}/_libgcc_mutex-0.1-conda_forge.tar.bz2
      - conda: https://channel.example/main/{subdir}/python-3.12.3-hab00c5b_0_cpython.conda
      - conda: https://channel.example/main/noarch/typing_extensions-4.12.0-pyha770c72_0.conda
      - pypi: https://files.example/requests-2.32.3-py3-none-any.whl
      - pypi: https://files.example/sdist-only-1.5.tar.gz
      - pypi: ./mine
packages:
- conda: https://channel.example/main/{subdir}/not-listed-above-1.0-0.conda
  sha256: 00
"""
# As pixi prints it when a name is in no channel.
UNSOLVABLE = """Error:   × failed to solve the conda requirements of 'default' 'linux-64'
  ╰─▶ Cannot solve the request because of: No candidates were found for nowhere *.
"""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.backends.pixi._pixi", lambda *words: ["/bin/pixi", *words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pixi.toml").write_text(MANIFEST)
    (tmp_path / "pixi.lock").write_text(LOCK.replace("{subdir}", subdir()))
    return tmp_path


def test_what_a_manifest_tells(folder: Path) -> None:
    told = Pixi().read(str(folder))
    assert told
    assert (told.name, told.python, told.locked, Pixi().current(str(folder))) == ("bio", "==3.12.*", True, None)
    (folder / "pyproject.toml").write_text("[tool.pixi.workspace]\nname = 'inner'\n")
    (folder / "pixi.toml").unlink()
    assert Pixi().read(str(folder)).name == "inner"  # type: ignore[union-attr]
    (folder / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert Pixi().read(str(folder)) is None, "a lock file alone is no project"


def test_what_is_locked(folder: Path) -> None:
    assert Pixi().locked(str(folder)).keys() >= {"cuda", "win-only", "typing_extensions", "requests"}
    here = {"python": "3.12.3", "typing_extensions": "4.11.0", "extra": "1"}
    assert Pixi().outcome(str(folder), "", here).added == {
        "_libgcc_mutex": "0.1",
        "typing_extensions": "4.12.0",
        "requests": "2.32.3",
        "sdist-only": "1.5",
    }
    (folder / "pixi.lock").unlink()
    assert Pixi().locked(str(folder)) == {}


def test_where_the_environments_are(folder: Path) -> None:
    top = folder / ".pixi/envs"
    assert Pixi().prefixes(str(folder)) == [str(top / "default")]
    for name in ("test", "cuda", "default"):
        (top / name).mkdir(parents=True)
    assert Pixi().prefixes(str(folder)) == [str(top / name) for name in ("default", "cuda", "test")]


def test_commands(folder: Path) -> None:
    pixi = Pixi()
    assert pixi.sync_commands("/p", "/p/.pixi/envs/cuda", True) == [
        ["/bin/pixi", "install", "--locked", "--environment", "cuda"]
    ]
    added = pixi.add_commands([Requirement(line="numpy >=2, <3", name="numpy")])
    assert added == [["/bin/pixi", "add", "numpy>=2,<3"]]
    assert pixi.rehearsal(added, "") == [["/bin/pixi", "add", "--no-install", "numpy>=2,<3"]]
    assert pixi.remove_commands(str(folder), ["typing-extensions", "requests"]) == [
        ["/bin/pixi", "remove", "typing_extensions"],
        ["/bin/pixi", "remove", "--pypi", "requests"],
    ]
    with pytest.raises(InvalidRequest):
        pixi.add_commands([Requirement(line="/a/project", name=None)])


def test_failures() -> None:
    why = (Pixi().unsolvable(UNSOLVABLE) or "").splitlines()
    assert why[0] == "failed to solve the conda requirements of 'default' 'linux-64'"
    assert why[1].startswith("Cannot solve the request")
    assert Pixi().outdated("Error:   × lock-file not up-to-date with the workspace")
    assert Pixi().outdated("lockfile not up-to-date with the project")
    assert not Pixi().outdated(UNSOLVABLE)
