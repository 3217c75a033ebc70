"""A version that its maker took back (PEP 592): never chosen, and where somebody pins it, said."""

from __future__ import annotations

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Create
from tests.engine.world import NO_KERNEL, run
from tests.system.index_server import Index


def create(*packages: str) -> Create:
    return Create(name="demo", packages=list(packages), kernel=NO_KERNEL, pip=False)


def test_an_older_one_is_taken(engine: Engine, index: Index) -> None:
    index.add("a", "1.0", "2.0", yanked=("2.0",))
    assert run(engine, engine.create(create("a"))).state == "succeeded"
    assert {p.name: p.version for p in engine.packages("demo")} == {"a": "1.0"}


def test_a_pinned_one_comes_with_a_word(engine: Engine, index: Index) -> None:
    index.add("a", "1.0", "2.0", yanked=("2.0",))
    job = run(engine, engine.create(create("a==2.0")))
    assert job.state == "succeeded"
    assert "yanked" in "\n".join(line.text for line in engine.jobs.log(job.id))


def test_where_all_were_taken_back_nothing_is_made(engine: Engine, index: Index) -> None:
    index.add("a", "1.0", yanked=("1.0",))
    job = run(engine, engine.create(create("a")))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.reason == "unsolvable"
    assert job.error.hint
    assert not any(known.managed for known in engine.environments())
