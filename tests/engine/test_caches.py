"""Caches: how big, and emptied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.engine.caches import pip_cache, uv_cache
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import bare, done, inside
from tests.system.index_server import Index


def test_what_uv_has_downloaded(engine: Engine, index: Index, home: Path) -> None:
    assert engine.cache() == [], "there is nothing yet"
    offer(index, "one", "1.0", files={"one.py": "X = 1\n" * 20_000})
    offer(index, "two", "1.0", files={"two.py": "X = 2\n" * 20_000})
    made = bare(engine, packages=["one", "two"])
    done(engine, engine.change("demo", Change(remove=["two"])))
    engine.separate_files()
    entry = next(e for e in engine.cache() if e.name == "uv")
    assert entry.path == str(home / "uv-cache")
    assert entry.cleanable
    assert entry.size - 20_000 < entry.exclusive <= entry.size, "the environment has a copy of its own"
    freed = done(engine, engine.clean_cache([]))["freed"]
    assert entry.exclusive - 20_000 < freed <= entry.exclusive
    assert {e.name: e.size for e in engine.cache()}.get("uv", 0) < 10_000
    assert versions(made.prefix) == {"one": "1.0"}
    assert inside(made.prefix, "import one; print(one.X)") == "1"


def test_what_pip_has_downloaded(engine: Engine, index: Index, home: Path) -> None:
    """`pip cache purge` empties what pip keeps, and nothing else that lies there."""
    kept = home / "pip-cache" / "http" / "0" / "1" / "01"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x" * 50_000)
    (home / "pip-cache" / "mine.txt").write_text("not pip's")
    entry = next(e for e in engine.cache() if e.name == "pip")
    assert entry.path == str(home / "pip-cache")
    assert 50_000 <= entry.exclusive == entry.size
    assert done(engine, engine.clean_cache(["pip"]))["freed"] >= 50_000
    assert not kept.exists()
    assert (home / "pip-cache" / "mine.txt").exists()


def test_an_unknown_cache(engine: Engine) -> None:
    with pytest.raises(InvalidRequest) as caught:
        engine.clean_cache(["templates", "../x"])
    assert caught.value.field == "name"
    assert engine.jobs.list() == []


def test_nothing_to_clean(engine: Engine, index: Index) -> None:
    assert done(engine, engine.clean_cache(["templates", "spares"])) == {"freed": 0}
    assert done(engine, engine.clean_cache(["uv"])) == {"freed": 0}


def test_where_uv_keeps_it() -> None:
    assert uv_cache({"UV_CACHE_DIR": "/c"}) == "/c"
    assert uv_cache({"XDG_CACHE_HOME": "/x"}) == os.path.join("/x", "uv")
    assert uv_cache({}) == os.path.expanduser("~/.cache/uv")


def test_where_pip_keeps_it(home: Path) -> None:
    assert pip_cache({"PIP_CACHE_DIR": "/c"}) == "/c"
    assert pip_cache({"XDG_CACHE_HOME": "/x", "PIP_CONFIG_FILE": os.devnull}) == os.path.join("/x", "pip")
