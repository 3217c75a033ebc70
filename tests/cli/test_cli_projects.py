"""The verbs of projects, with uv and the tests' own index."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.project_world import stock, write
from tests.system.index_server import Index, serving

Envs = Callable[..., Any]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="compares POSIX paths")


@pytest.fixture
def index(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving() as index:
        stock(index)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(home / "uv-cache"))
        for name in ("UV_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)
        yield index


def test_from_a_folder_to_a_kernel(envs: Envs, home: Path, index: Index) -> None:
    folder = write("uv", home / "work/thesis", index, "one", name="thesis")
    assert envs("projects", "work", "--json").json["projects"][0]["environment"] is None
    lines = envs("projects").out.splitlines()
    assert lines[0].split() == ["NAME", "MANAGER", "LOCK", "FILE", "ENVIRONMENT", "PATH"]
    assert lines[1].split()[:3] == ["thesis", "uv", "missing"]

    made = envs("project", "kernel", "work/thesis", "--adopt")
    assert made.code == 0, made.err
    assert 'Kernel "Python (thesis)"' in made.out
    [project] = envs("projects", "work", "--json").json["projects"]
    assert (project["path"], project["current"]) == (str(folder), True)
    assert envs("projects").out.splitlines()[1].split()[:4] == ["thesis", "uv", "current", "made"]

    added = envs("install", project["environment"], "three", "--json")
    assert added.code == 0, added.err
    assert [pin["name"] for pin in added.json["plan"]["added"]] == ["tail", "three"]
    assert "three" in (folder / "uv.lock").read_text()
    (folder / "pyproject.toml").write_text((folder / "pyproject.toml").read_text().replace("three>=1.0", "four"))
    stale = envs("project", "kernel", "work/thesis")
    assert stale.code == 5
    assert "out of date" in stale.err
    assert envs("project", "kernel", "work/thesis", "--lock").code == 0
    assert envs("install", project["environment"], "three").code == 6, "four and three do not go together"


def test_refused(envs: Envs, home: Path) -> None:
    (home / "plain").mkdir()
    assert envs("project", "kernel", "plain").code == 2
    assert "is no project" in envs("project", "kernel", "plain").err
    assert envs("project", "kernel", "nowhere").code == 2
    assert envs("project", "remove", "plain").code == 2
    assert envs("projects", "nowhere").code == 2
    assert envs("projects").out == "No projects.\n"
