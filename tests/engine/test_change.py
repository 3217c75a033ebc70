"""Packages come, move and go; a plan is what happens, and a failure changes nothing."""

from __future__ import annotations

import os
import sys
import threading
import venv
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest, NotFound
from jupyter_envs.model.request import Change, ImportText, Rollback
from jupyter_envs.system.files import lock
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, project, snapshot, wheel_file
from tests.engine.world import Engines, bare, done, ended, inside, killed, other_process, run, wait_for
from tests.system.index_server import Index


@pytest.fixture
def shop(index: Index) -> Index:
    """Two versions of each of `a`, `b` and `c`; `a` needs `base`."""
    offer(index, "base", "1.0", "2.0")
    offer(index, "a", "1.0", "2.0", requires=["base>=1"], scripts={"say": "a:VERSION"})
    offer(index, "b", "1.0", "2.0")
    offer(index, "c", "1.0", "2.0")
    offer(index, "clash", "1.0", requires=["base==9"])
    return index


def test_install(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    result = done(engine, engine.change("demo", Change(install=["a<2", "b"])))
    assert versions(made.prefix) == {"a": "1.0", "b": "2.0", "base": "2.0"}
    assert [(pin["name"], pin["version"]) for pin in result["plan"]["added"]] == [
        ("a", "1.0"),
        ("b", "2.0"),
        ("base", "2.0"),
    ]
    assert result["environment"]["package_count"] == 3
    again = done(engine, engine.change("demo", Change(install=["b"])))
    assert again["plan"]["added"] == again["plan"]["changed"] == []
    assert engine.find("demo").revision == 2, "nothing changed, nothing to remember"


def test_upgrade_moves_what_is_named(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0", "b==1.0", "base==1.0"])
    result = done(engine, engine.change("demo", Change(upgrade=["a"])))
    assert versions(made.prefix) == {"a": "2.0", "b": "1.0", "base": "1.0"}
    assert result["plan"]["changed"] == [{"name": "a", "from": "1.0", "to": "2.0"}]
    assert inside(made.prefix, "import a; print(a.VERSION)") == "2.0"


def test_remove(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a", "b"])
    result = done(engine, engine.change("demo", Change(remove=["A"])))
    assert versions(made.prefix) == {"b": "2.0", "base": "2.0"}
    assert [pin["name"] for pin in result["plan"]["removed"]] == ["a"]
    assert not Path(made.prefix, "bin", "say").exists()
    with pytest.raises(InvalidRequest, match="not installed in demo") as caught:
        engine.change("demo", Change(remove=["b", "zzz"]))
    assert caught.value.field == "remove[1]"


def test_all_at_once(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0", "b==1.0", "base==1.0"])
    wanted = Change(install=["c<2"], upgrade=["b"], remove=["a"])
    planned = done(engine, engine.change("demo", structs.replace(wanted, dry_run=True)))["plan"]
    did = done(engine, engine.change("demo", wanted))["plan"]
    assert _versions(did) == _versions(planned)
    assert versions(made.prefix) == {"b": "2.0", "c": "1.0", "base": "1.0"}


def _versions(plan: Any) -> Any:
    added, removed = ([(pin["name"], pin["version"]) for pin in plan[key]] for key in ("added", "removed"))
    return added, plan["changed"], removed


def test_upgrade_all_keeps_what_was_asked_for(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a<2", "b"])
    done(engine, engine.change("demo", Change(install=["base==1.0", "c==1.0"])))
    done(engine, engine.change("demo", Change(upgrade=["c"])))
    offer(shop, "b", "3.0")
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(made.prefix) == {"a": "1.0", "b": "3.0", "base": "1.0", "c": "2.0"}
    done(engine, engine.change("demo", Change(install=["a>=2", "base"])))
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(made.prefix) == {"a": "2.0", "b": "3.0", "base": "2.0", "c": "2.0"}


def test_from_a_requirements_file(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    text = "# ours\na==1.0  # old\n\nb ; python_version < '3'\nc>=1,\\\n  <2\n"
    done(engine, engine.change("demo", Change(from_=ImportText(text=text))))
    assert versions(made.prefix) == {"a": "1.0", "c": "1.0", "base": "2.0"}


def test_a_plan_changes_nothing(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0", "b==1.0", "base==1.0"])
    before = snapshot(made.prefix)
    job = run(engine, engine.change("demo", Change(install=["c"], upgrade=["b"], remove=["a"], dry_run=True)))
    assert job.action == "plan"
    assert job.result
    assert set(job.result) == {"plan"}
    plan: Any = job.result["plan"]
    assert [pin["name"] for pin in plan["added"]] == ["c"]
    assert plan["changed"] == [{"name": "b", "from": "1.0", "to": "2.0"}]
    assert [pin["name"] for pin in plan["removed"]] == ["a"]
    assert snapshot(made.prefix) == before
    assert made.revision == engine.find("demo").revision


def test_what_cannot_be_met(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0", "base==1.0"])
    before = snapshot(made.prefix)
    for dry in (True, False):
        job = run(engine, engine.change("demo", Change(install=["clash", "a"], dry_run=dry)))
        assert job.state == "failed"
        assert job.error
        assert job.error.reason == "unsolvable"
        assert job.error.hint
        assert "base==9" in (job.error.detail or "")
        assert "clash" in job.error.message
        job = run(engine, engine.change("demo", Change(install=["not-there-at-all"], dry_run=dry)))
        assert job.error
        assert "not-there-at-all" in job.error.message
        assert "spelling" in (job.error.hint or "")
    assert snapshot(made.prefix) == before


def test_wrong_fields(engine: Engine, shop: Index) -> None:
    bare(engine, packages=["a"])
    for request, field in (
        (Change(), "install"),
        (Change(install=["a", "-r x"]), "install[1]"),
        (Change(upgrade=["a b"]), "upgrade[0]"),
        (Change(remove=["a==1"]), "remove[0]"),
        (Change(install=["a"], remove=["A"]), "remove"),
        (Change(from_=ImportText(format="no", text="")), "from.format"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            engine.change("demo", request)
        assert caught.value.field == field
    with pytest.raises(NotFound):
        engine.change("nobody", Change(install=["a"]))


def test_a_failure_leaves_every_byte(engine: Engine, shop: Index, tmp_path: Path) -> None:
    """The removal is done when the build fails: the removed package comes back."""
    made = bare(engine, packages=["a==1.0", "b==1.0"])
    broken = project(tmp_path / "broken", "broken")
    (broken / "builder.py").write_text(
        (broken / "builder.py").read_text() + "\n\ndef build_wheel(*_):\n    raise SystemExit('no compiler')\n"
    )
    before = snapshot(made.prefix)
    job = run(engine, engine.change("demo", Change(install=[str(broken)], upgrade=["b"], remove=["a"])))
    assert job.state == "failed"
    assert job.error
    assert job.error.reason == "build_failed"
    assert "no compiler" in (job.error.detail or "")
    assert snapshot(made.prefix) == before
    assert inside(made.prefix, "import a; print(a.VERSION)") == "1.0"


def test_a_cancel_leaves_every_byte(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0", "b==1.0"])
    before = snapshot(made.prefix)
    shop.hold, shop.held = threading.Event(), "/files/c"
    job = engine.jobs.submit(engine.change("demo", Change(install=["c"], upgrade=["b"], remove=["a"])))
    wait_for(lambda: not Path(made.prefix, "bin", "say").exists())
    assert engine.find("demo").state == "busy"
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    assert snapshot(made.prefix) == before
    assert engine.find("demo").state == "ready"


def test_killed_in_the_middle(engine: Engine, shop: Index) -> None:
    """The process dies with `a` removed and `c` not there yet."""
    made = bare(engine, packages=["a==1.0", "b==1.0"])
    before = snapshot(made.prefix)
    shop.hold, shop.held = threading.Event(), "/files/c"
    options = {"root": engine.settings.root, "state_dir": engine.settings.state_dir, "templates": False}
    code = f"""
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.request import Change
engine = Engine(Settings(**{options!r}))
engine.jobs.run(engine.change("demo", Change(install=["c"], upgrade=["b"], remove=["a"])))
"""
    owner = other_process(code)
    wait_for(lambda: "a" not in versions(made.prefix))
    with pytest.raises(Conflict) as caught:
        engine.change("demo", Change(install=["c"]))
    assert caught.value.reason == "busy"
    killed(owner)
    shop.hold.set()
    shop.hold = None
    assert engine.jobs.list()[0].state == "interrupted"
    # The next look undoes it.
    mended = engine.find("demo")
    assert (mended.state, mended.problems) == ("ready", [])
    assert snapshot(made.prefix) == before

    done(engine, engine.change("demo", Change(install=["c"])))
    assert versions(made.prefix) == {"a": "1.0", "b": "1.0", "base": "2.0", "c": "2.0"}
    mended = engine.find("demo")
    assert (mended.state, mended.problems) == ("ready", [])
    done(engine, engine.change("demo", Change(remove=["c"])))
    after = snapshot(made.prefix)
    ours = {key for key in before.keys() | after.keys() if key.startswith(".jupyter-envs")}
    assert {k: v for k, v in after.items() if k not in ours} == {k: v for k, v in before.items() if k not in ours}


def test_repair_undoes_too(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["a==1.0"])
    before = snapshot(made.prefix)
    Undo(made.prefix).begin(["a"])
    Path(made.prefix, "bin", "say").unlink()
    assert engine.find("demo").problems[0].code == "interrupted_change"
    done(engine, engine.repair("demo"))
    assert engine.find("demo").problems == []
    after = snapshot(made.prefix)
    assert {k: v for k, v in after.items() if ".jupyter-envs" not in k} == {
        k: v for k, v in before.items() if ".jupyter-envs" not in k
    }


def test_one_writer_across_processes(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    code = f"""
import sys
from jupyter_envs.system.files import lock
with lock({str(engine._parts.lock_file(made.prefix))!r}):
    print("held")
    sys.stdin.read()
"""
    other = other_process(code, stdin=-1)
    assert other.stdout
    other.stdout.readline()
    for ask in (
        lambda: engine.change("demo", Change(install=["a"])),
        lambda: engine.remove("demo"),
        lambda: engine.repair("demo"),
        lambda: engine.rollback("demo", Rollback(revision=1)),
    ):
        with pytest.raises(Conflict) as caught:
            ask()
        assert caught.value.reason == "busy"
    assert done(engine, engine.change("demo", Change(install=["a"], dry_run=True)))["plan"]["added"]
    other.communicate("")
    done(engine, engine.change("demo", Change(install=["a"])))


def test_a_lock_taken_in_between_is_waited_for(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    task = engine.change("demo", Change(install=["a"]))
    with lock(engine._parts.lock_file(made.prefix)):
        job = engine.jobs.submit(task)
        wait_for(lambda: "wait" in engine.jobs.get(job.id).progress.phase)
        assert versions(made.prefix) == {}
    assert ended(engine, job).state == "succeeded"


def test_jobs_of_one_process_queue_up(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    shop.hold, shop.held = threading.Event(), "/files/a"
    first = engine.jobs.submit(engine.change("demo", Change(install=["a"])))
    wait_for(lambda: any(path.startswith("/files/a") for path, _ in shop.asked))
    second = engine.jobs.submit(engine.change("demo", Change(install=["b"])))
    assert engine.jobs.get(second.id).state == "queued"
    shop.hold.set()
    assert ended(engine, first).state == ended(engine, second).state == "succeeded"
    assert versions(made.prefix) == {"a": "2.0", "b": "2.0", "base": "2.0"}


def test_different_environments_side_by_side(engine: Engine, shop: Index) -> None:
    for name in ("one", "two"):
        bare(engine, name)
    shop.hold, shop.held = threading.Event(), "/files/"
    slow = engine.jobs.submit(engine.change("one", Change(install=["a"])))
    wait_for(lambda: any(path.startswith("/files/a") for path, _ in shop.asked))
    shop.held = "/files/a"
    assert done(engine, engine.change("two", Change(install=["b"])))["plan"]["added"]
    assert engine.jobs.get(slow.id).state == "running"
    engine.jobs.cancel(slow.id)
    assert ended(engine, slow).state == "cancelled"


def test_others_environments(engine: Engine, engines: Engines, shop: Index, tmp_path: Path) -> None:
    """A project's environment may be changed; the one that runs us, and conda's base, may not."""
    venv.create(tmp_path / "project" / ".venv")
    theirs = engines(notebook_root=str(tmp_path))
    found = theirs.find(str(tmp_path / "project" / ".venv"))
    done(theirs, theirs.change(found.id, Change(adopt=True, install=["a"])))
    assert versions(found.prefix) == {"a": "2.0", "base": "2.0"}
    assert not Path(found.prefix, ".jupyter-envs", "spec.toml").exists(), "no record is begun for it"
    if sys.prefix != sys.base_prefix:
        with pytest.raises(Forbidden) as caught:
            engine.change(sys.prefix, Change(install=["a"]))
        assert caught.value.reason == "protected"
    conda = tmp_path / "conda"
    (conda / "conda-meta").mkdir(parents=True)
    (conda / "condabin").mkdir()
    with pytest.raises(Forbidden) as caught:
        engine.change(str(conda), Change(install=["a"]))
    assert caught.value.reason == "protected"


def test_a_local_wheel_and_a_path_with_blanks(engine: Engine, shop: Index, tmp_path: Path) -> None:
    made = bare(engine)
    local = wheel_file(tmp_path / "my wheels", "local", "1.0", extras={"more": ["a"]})
    result = done(engine, engine.change("demo", Change(install=[f"{local}[more]"])))
    assert {pin["name"] for pin in result["plan"]["added"]} == {"local", "a", "base"}
    assert os.path.exists(made.prefix)
