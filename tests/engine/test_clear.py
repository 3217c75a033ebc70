"""An environment made anew under its name, as ``python -m venv --clear`` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, Forbidden
from jupyter_envs.model.request import Create
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, Engines, bare, done, run
from tests.system.index_server import Index


def test_the_old_one_gives_way(engine: Engine, index: Index) -> None:
    offer(index, "first", "1.0")
    offer(index, "second", "1.0")
    made = bare(engine, packages=["first"])
    Path(made.prefix, "mine.txt").touch()
    done(engine, engine.create(Create(name="demo", packages=["second"], kernel=NO_KERNEL, pip=False, clear=True)))
    assert set(versions(made.prefix)) == {"second"}
    assert not Path(made.prefix, "mine.txt").exists()
    assert [r.action for r in engine.history("demo")] == ["create"]


def test_one_that_cannot_be_made_leaves_the_old_one(engine: Engine, index: Index) -> None:
    offer(index, "first", "1.0")
    made = bare(engine, packages=["first"])
    again = engine.create(Create(name="demo", packages=["nowhere"], kernel=NO_KERNEL, pip=False, clear=True))
    assert run(engine, again).state == "failed"
    assert set(versions(made.prefix)) == {"first"}


def test_without_an_old_one_it_is_a_plain_create(engine: Engine) -> None:
    assert bare(engine, clear=True).state == "ready"


def test_a_folder_that_is_no_environment_is_not_cleared(engine: Engine) -> None:
    folder = engine.settings.all_roots[0] / "demo"
    folder.mkdir(parents=True)
    (folder / "keep.txt").touch()
    with pytest.raises(Exception, match="demo"):
        engine.create(Create(name="demo", kernel=NO_KERNEL, clear=True))
    assert (folder / "keep.txt").exists()


def test_one_outside_the_roots_is_not_cleared(engine: Engine, home: Path) -> None:
    done(engine, engine.create(Create(prefix=str(home / "elsewhere"), kernel=NO_KERNEL, pip=False)))
    with pytest.raises(Forbidden):
        engine.create(Create(prefix=str(home / "elsewhere"), kernel=NO_KERNEL, pip=False, clear=True))


def test_a_running_one_is_not_cleared(engines: Engines) -> None:
    engine = engines(running=lambda: ["demo"])
    made = bare(engine)
    engine._parts.register(made, made.prefix)
    with pytest.raises(Conflict):
        engine.create(Create(name="demo", kernel=NO_KERNEL, clear=True))
