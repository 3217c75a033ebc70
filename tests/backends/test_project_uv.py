"""uv's project files and output, and what is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.backends.uv_project import UvProject
from jupyter_envs.model.check import Requirement

DATA = Path(__file__).parent / "data"
MANIFEST = """
[project]
name = "Q_q"
version = "0.1.0"
requires-python = ">= 3.10, <4"
dependencies = ["Six >=1, !=1.2 ; python_version < '4'", "requests[socks]", "local"]
[project.optional-dependencies]
x = ["attrs>=20"]
[dependency-groups]
dev = ["iniconfig", {include-group = "b"}]
b = ["pluggy>1"]
"""
# As uv 0.13.8 notes it.
LOCK = """
version = 1
requires-python = ">=3.10, <4"

[[package]]
name = "six"
version = "1.17.0"

[[package]]
name = "q-q"
version = "0.1.0"
source = { virtual = "." }

[package.metadata]
requires-dist = [
    { name = "attrs", marker = "extra == 'x'", specifier = ">=20" },
    { name = "local", directory = "../local" },
    { name = "requests", extras = ["socks"] },
    { name = "six", marker = "python_full_version < '4'", specifier = ">=1,!=1.2" },
]
provides-extras = ["x"]

[package.metadata.requires-dev]
b = [{ name = "pluggy", specifier = ">1" }]
dev = [
    { name = "iniconfig" },
    { name = "pluggy", specifier = ">1" },
]
"""


def current(folder: Path, manifest: str, lock: str = LOCK) -> bool | None:
    (folder / "pyproject.toml").write_text(manifest)
    (folder / "uv.lock").write_text(lock)
    told = UvProject().read(str(folder))
    assert told
    assert told.name == "Q_q"
    return UvProject().current(str(folder))


def test_whether_a_lock_file_is_current(tmp_path: Path) -> None:
    assert current(tmp_path, MANIFEST) is True
    for old, new in {
        "Six >=1,": "six >=2,",
        '"requests[socks]", ': "",
        'dev = ["iniconfig", ': 'dev = ["iniconfig", "new", ',
        "pluggy>1": "pluggy>2",
        ">= 3.10": ">= 3.11",
        "attrs>=20": "attrs>=21",
    }.items():
        assert old in MANIFEST
        assert current(tmp_path, MANIFEST.replace(old, new)) is False, new
    assert current(tmp_path, MANIFEST, "version = 1\n") is None
    assert current(tmp_path, MANIFEST, "nothing") is None
    assert current(tmp_path, MANIFEST.replace("Six >=1", "??")) is None
    assert UvProject().locked(str(tmp_path)) == {"six": "1.17.0", "q-q": "0.1.0"}


def test_what_makes_a_project(tmp_path: Path) -> None:
    assert UvProject().read(str(tmp_path)) is None
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    assert UvProject().read(str(tmp_path)) is None, "any tool could have it"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n[tool.uv]\n")
    assert UvProject().read(str(tmp_path))


def test_where_the_environment_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_PROJECT_ENVIRONMENT", raising=False)
    assert UvProject().prefixes(str(tmp_path)) == [str(tmp_path / ".venv")]
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "env")
    assert UvProject().prefixes(str(tmp_path)) == [str(tmp_path / "env")]
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "/elsewhere")
    assert UvProject().prefixes(str(tmp_path)) == ["/elsewhere"]


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(MANIFEST)
    tool = UvProject()
    assert tool.remove_commands(str(tmp_path), ["six", "pluggy", "attrs", "unknown"]) == [
        [uv(), "remove", "--no-sync", "six", "unknown"],
        [uv(), "remove", "--no-sync", "--group", "b", "pluggy"],
        [uv(), "remove", "--no-sync", "--optional", "x", "attrs"],
        [uv(), "sync", "--inexact"],
    ]
    added = tool.add_commands([Requirement(line="a>1", name="a"), Requirement(line="/p", name=None, editable=True)])
    assert added == [[uv(), "add", "a>1"], [uv(), "add", "--editable", "/p"]]
    assert tool.rehearsal([*added, *tool.upgrade_commands("", ["b"])], "") == [
        [uv(), "add", "--no-sync", "a>1"],
        [uv(), "add", "--no-sync", "--editable", "/p"],
        [uv(), "lock", "--upgrade-package=b"],
        [uv(), "sync", "--inexact", "--dry-run"],
    ]


def test_the_index_of_pip_stays_out_of_the_lock_file() -> None:
    env = UvProject().environment({"PIP_INDEX_URL": "https://a/simple", "UV_INDEX": "https://b/simple"}, "/p")
    assert {key for key in env if key.startswith("UV_")} == {
        "UV_INDEX",
        "UV_NO_PROGRESS",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON_DOWNLOADS",
    }
    assert UvProject().environment({"UV_PYTHON_DOWNLOADS": "manual"}, "/p")["UV_PYTHON_DOWNLOADS"] == "manual"


def test_failures() -> None:
    assert UvProject().outdated((DATA / "uv-0.13.8-outdated.txt").read_text())
    assert not UvProject().outdated((DATA / "uv-0.13.8-unsolvable.txt").read_text())
