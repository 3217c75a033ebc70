"""What an installer brings shares no file that may be edited with its cache, nor with another environment."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from jupyter_envs.model.request import Change, Clone
from jupyter_envs.system.metadata import site_packages
from tests.engine.wheels import offer, snapshot
from tests.engine.world import Engine, bare, done
from tests.system.index_server import Index

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX systems")


def module(prefix: str, name: str) -> Path:
    root = site_packages(prefix)[0]
    return next(path for path in (root / f"{name}.py", root / name / "__init__.py") if path.exists())


def edit(path: Path) -> None:
    with path.open("a") as file:
        file.write("# edited\n")


@pytest.fixture
def two(engine: Engine, index: Index) -> list[str]:
    """Two environments with one package: in the first from the beginning, in the second by a change."""
    offer(index, "tool", "1.0")
    bare(engine, "one", packages=["tool"])
    bare(engine, "two")
    done(engine, engine.change("two", Change(install=["tool"])))
    engine.separate_files()
    return [engine.find(name).prefix for name in ("one", "two")]


def test_an_edit_stays_in_its_environment(engine: Engine, two: list[str]) -> None:
    one, two_ = two
    before = snapshot(two_)
    for path in (module(one, "tool"), *site_packages(one)[0].glob("tool-1.0.dist-info/*")):
        edit(path)
    assert snapshot(two_) == before
    bare(engine, "three", packages=["tool"])
    engine.separate_files()
    assert module(engine.find("three").prefix, "tool").read_text() == module(two_, "tool").read_text()


def test_an_edit_in_a_copy_stays_there(engine: Engine, two: list[str]) -> None:
    done(engine, engine.clone("one", Clone(name="copy")))
    engine.separate_files()
    before = snapshot(two[0])
    for above, _, names in os.walk(engine.find("copy").prefix):
        for name in names:
            path = Path(above, name)
            if not path.is_symlink() and path.suffix != ".so" and b"\0" not in path.read_bytes()[:1024]:
                edit(path)
    assert snapshot(two[0]) == before


def test_health_names_what_was_edited(engine: Engine, two: list[str]) -> None:
    path = module(two[0], "tool")
    assert "edited_files" not in {problem.code for problem in engine.health("one")}
    edit(path)
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**10))
    (told,) = [problem for problem in engine.health("one") if problem.code == "edited_files"]
    assert os.path.relpath(path, two[0]) in told.message
    assert "edited_files" not in {problem.code for problem in engine.health("two")}


def test_nothing_is_left_beside(two: list[str]) -> None:
    for prefix in two:
        assert not list(Path(prefix).rglob("*.copy"))
