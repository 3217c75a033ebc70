"""Caches: how big, and emptied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.engine.caches import uv_cache
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import bare, done
from tests.system.index_server import Index


def test_what_uv_has_downloaded(engine: Engine, index: Index, home: Path) -> None:
    assert {entry.name for entry in engine.cache()} == {"templates"}, "there is nothing of uv's yet"
    offer(index, "one", "1.0", files={"one.py": "X = 1\n" * 20_000})
    made = bare(engine, packages=["one"])
    entry = next(e for e in engine.cache() if e.name == "uv")
    assert entry.path == str(home / "uv-cache")
    assert entry.cleanable
    assert (entry.size or 0) > 100_000
    freed = done(engine, engine.clean_cache([]))["freed"]
    assert freed > 100_000
    assert {e.name: e.size for e in engine.cache()}.get("uv", 0) < 10_000
    assert versions(made.prefix) == {"one": "1.0"}
    assert (Path(made.prefix) / "bin" / "python").exists()


def test_an_unknown_cache(engine: Engine) -> None:
    with pytest.raises(InvalidRequest) as caught:
        engine.clean_cache(["templates", "../x"])
    assert caught.value.field == "name"
    assert engine.jobs.list() == []


def test_nothing_to_clean(engine: Engine, index: Index) -> None:
    assert done(engine, engine.clean_cache(["templates"])) == {"freed": 0}
    assert done(engine, engine.clean_cache(["uv"])) == {"freed": 0}


def test_where_uv_keeps_it() -> None:
    assert uv_cache({"UV_CACHE_DIR": "/c"}) == "/c"
    assert uv_cache({"XDG_CACHE_HOME": "/x"}) == os.path.join("/x", "uv")
    assert uv_cache({}) == os.path.expanduser("~/.cache/uv")
