"""The disk page: counted by a job, remembered, and true when something is removed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jupyter_envs.engine import disk
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Clone
from tests.engine.wheels import offer
from tests.engine.world import Engines, bare, done, ended, wait_for
from tests.system.index_server import Index

# No text: texts are an environment's own.
BIG = {"one.py": "X = 1\n", "one.bin": "\0\1\2\3" * 100_000}


def test_what_two_copies_share(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", files=BIG)
    made = bare(engine, packages=["one"])
    done(engine, engine.clone("demo", Clone(name="copy")))
    assert engine.disk().counted is None
    assert engine.disk().stale
    done(engine, engine.count_disk())
    found = engine.disk()
    assert found.counted
    assert not found.stale
    used = {use.name: use for use in found.environments}
    demo, copy = used["demo"], used["copy"]
    assert demo.id == made.id
    assert demo.size == demo.exclusive + demo.shared
    assert min(demo.shared, copy.shared) > 100_000
    uv = next(cache for cache in found.caches if cache.name == "uv")
    alone = {use.exclusive for use in found.environments if use.name in used} | {uv.exclusive}
    assert sum(alone) < found.total < sum(use.size for use in found.environments) + sum(c.size for c in found.caches)
    assert 0 < found.free <= found.capacity


def test_what_a_removal_frees_is_what_was_told(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", files=BIG)
    bare(engine, packages=["one"])
    done(engine, engine.clone("demo", Clone(name="copy")))
    done(engine, engine.count_disk())
    told = {use.name: use.exclusive for use in engine.disk().environments}
    before = engine.disk().total
    freed = done(engine, engine.remove("copy"))["freed"]
    assert abs(freed - told["copy"]) < 20_000
    assert freed < 300_000, "the big file is still the other's"
    assert [use.name for use in engine.disk().environments if use.name in told and use.name == "copy"] == []
    assert engine.disk().stale
    done(engine, engine.count_disk())
    assert abs(before - engine.disk().total - freed) < 60_000


def test_it_is_not_counted_again_without_need(engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(index, "one", "1.0")
    bare(engine)
    done(engine, engine.count_disk())
    first = engine.disk().counted
    monkeypatch.setattr(disk, "usage", lambda *_: pytest.fail("counted again"))
    done(engine, engine.count_disk())
    assert engine.disk().counted == first
    monkeypatch.undo()
    done(engine, engine.count_disk(refresh=True))
    assert engine.disk().counted != first
    second = engine.disk().counted
    done(engine, engine.change("demo", Change(install=["one"])))
    assert engine.disk().stale
    done(engine, engine.count_disk())
    assert engine.disk().counted != second


def test_another_process_knows_it(engine: Engine, engines: Engines) -> None:
    bare(engine)
    done(engine, engine.count_disk())
    assert engines().disk().counted == engine.disk().counted
    (engine.settings.state / "disk.json").write_text("{")
    assert engines().disk().counted is None


def test_a_count_can_be_cancelled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bare(engine)
    real, reached, go = os.scandir, threading.Event(), threading.Event()

    def slow(path: str) -> object:
        if str(path).startswith(made.prefix):
            reached.set()
            go.wait(60)
        return real(path)

    task = engine.count_disk()
    monkeypatch.setattr("jupyter_envs.system.usage.os.scandir", slow)
    job = engine.jobs.submit(task)
    wait_for(reached.is_set)
    engine.jobs.cancel(job.id)
    go.set()
    assert ended(engine, job).state == "cancelled"
    assert engine.disk().counted is None


def test_the_folder_of_an_environment_that_vanishes(engine: Engine) -> None:
    made = bare(engine)
    task = engine.count_disk()
    Path(made.prefix).rename(Path(made.prefix).with_name(".away"))
    used = {use["name"]: use["size"] for use in done(engine, task)["disk"]["environments"]}
    assert used["demo"] == 0
