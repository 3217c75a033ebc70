"""What a plan showed is what is done, and an undo takes back one change, the newest, whoever made it."""

from __future__ import annotations

import subprocess

import pytest
from msgspec.structs import replace

from jupyter_envs.backends.uv import uv
from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.env import Environment
from jupyter_envs.model.request import Change, Rollback
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import bare, done, run
from tests.system.index_server import Index


@pytest.fixture
def shop(index: Index) -> Index:
    offer(index, "a", "1.0", "2.0", hashed=True)
    offer(index, "b", "1.0", hashed=True)
    offer(index, "c", "1.0", hashed=True)
    return index


def outside(environment: Environment, *words: str) -> None:
    """A change that nobody tells us of."""
    argv = [uv(), "pip", *words[:1], "--python", f"{environment.prefix}/bin/python", *words[1:]]
    subprocess.run(argv, check=True, capture_output=True)


def test_an_undo_takes_back_the_unnoticed_change_alone(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a"])
    done(engine, engine.change("demo", Change(install=["b"])))
    outside(made, "install", "c")
    plan = done(engine, engine.rollback("demo", Rollback(dry_run=True)))["plan"]
    assert ([pin["name"] for pin in plan["removed"]], plan["added"], plan["changed"]) == (["c"], [], [])
    done(engine, engine.rollback("demo", Rollback(plan=plan["hash"])))
    assert versions(made.prefix) == {"a": "2.0", "b": "1.0"}
    assert [each.by for each in engine.history("demo")] == ["rest", "outside", "rest", "rest"]


@pytest.mark.parametrize("planned", [True, False])
def test_an_undo_of_the_first_change_by_others(engine: Engine, shop: Index, planned: bool) -> None:
    made = bare(engine, packages=["a"])
    outside(made, "uninstall", "a")
    if planned:
        done(engine, engine.rollback("demo", Rollback(dry_run=True)))
    done(engine, engine.rollback("demo", Rollback()))
    assert versions(made.prefix) == {"a": "2.0"}


def test_a_change_between_the_plan_and_the_undo_is_asked_about(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a"])
    done(engine, engine.change("demo", Change(install=["b"])))
    plan = done(engine, engine.rollback("demo", Rollback(dry_run=True)))["plan"]
    outside(made, "install", "c")
    job = run(engine, engine.rollback("demo", Rollback(plan=plan["hash"])))
    assert job.error is not None
    assert (job.error.kind, job.error.reason, job.error.detail) == ("conflict", "plan_changed", "- c 1.0")
    assert versions(made.prefix) == {"a": "2.0", "b": "1.0", "c": "1.0"}


@pytest.mark.parametrize("request_", [Change(install=["a"]), Change(upgrade_all=True), Change(upgrade=["a"])])
def test_a_change_is_the_one_that_the_plan_showed(engine: Engine, shop: Index, request_: Change) -> None:
    made = bare(engine, packages=[] if request_.install else ["a<2", "b"])
    if not request_.install:
        done(engine, engine.change("demo", Change(install=["a<2"], remove=["b"])))
    plan = done(engine, engine.change("demo", replace(request_, dry_run=True)))["plan"]
    before = versions(made.prefix)
    offer(shop, "a", "3.0", hashed=True, requires=["c"])
    changed = run(engine, engine.change("demo", replace(request_, plan="sha256:0")))
    assert changed.error is not None
    assert changed.error.reason == "plan_changed"
    assert versions(made.prefix) == before
    job = run(engine, engine.change("demo", replace(request_, plan=plan["hash"])))
    if job.error is None:
        # The installer keeps an index's answer for some minutes.
        plan_now = (job.result or {})["plan"]
        assert [pin["name"] for pin in plan_now["added"]] == [pin["name"] for pin in plan["added"]]  # type: ignore[index]
    else:
        assert job.error.reason == "plan_changed"
        assert versions(made.prefix) == before


def test_what_came_about_otherwise_is_taken_back(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bare(engine)
    plan = done(engine, engine.change("demo", Change(install=["b"], dry_run=True)))["plan"]
    argv = UvPip.install_argv

    def more(self: UvPip, python: str, requirements: str, **options: object) -> list[str]:
        line = argv(self, python, requirements, **options)  # type: ignore[arg-type]
        return line if options.get("dry_run") else [*line, "c"]

    monkeypatch.setattr(UvPip, "install_argv", more)
    job = run(engine, engine.change("demo", Change(install=["b"], plan=plan["hash"])))
    assert job.error is not None
    assert job.error.reason == "plan_changed"
    assert versions(made.prefix) == {}


def test_a_plan_of_removal(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a", "b"])
    plan = done(engine, engine.change("demo", Change(remove=["a"], dry_run=True)))["plan"]
    outside(made, "install", "a<2")
    job = run(engine, engine.change("demo", Change(remove=["a"], plan=plan["hash"])))
    assert job.error is not None
    assert job.error.detail == "- a 1.0"
    done(engine, engine.change("demo", Change(remove=["b"])))
    assert versions(made.prefix) == {"a": "1.0"}
