"""What others do to an environment becomes a revision, once."""

from __future__ import annotations

import os
import subprocess
import threading
import venv
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import outside
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Clone, Rollback, Update
from jupyter_envs.system.files import lock
from jupyter_envs.system.metadata import dist_infos, unfinished, versions
from tests.engine.wheels import offer, project, wheel_file
from tests.engine.world import Engines, bare, done, wait_for
from tests.system.index_server import Index


@pytest.fixture
def shop(index: Index) -> Index:
    offer(index, "one", "1.0", "2.0", hashed=True)
    offer(index, "two", "1.0", hashed=True)
    return index


def by_hand(prefix: str, *words: str, verb: str = "install") -> None:
    subprocess.run([uv(), "pip", verb, "-q", "--python", f"{prefix}/bin/python", *words], check=True)


def told(engine: Engine, name: str = "demo") -> list[tuple[int, str, str]]:
    return [(r.revision, r.by, r.action) for r in engine.history(name)]


def test_it_is_noted_when_the_history_is_read(engine: Engine, engines: Engines, shop: Index) -> None:
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "one==2.0", "two")
    assert told(engine) == [(2, "outside", "change"), (1, "rest", "create")]
    assert told(engine) == told(engines()), "once"
    newest = engine.history("demo")[0]
    assert [(c.name, c.from_, c.to) for c in newest.plan.changed] == [("one", "1.0", "2.0")]
    assert [pin.name for pin in newest.plan.added] == ["two"]
    assert newest.asked == {}
    site = next(iter(dist_infos(made.prefix).values())).parent
    assert abs(os.stat(site).st_mtime - _seconds(newest.time)) < 1, "when it happened, not when it was seen"


def _seconds(time: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


def test_it_is_noted_before_a_change_of_ours(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "two")
    done(engine, engine.change("demo", Change(upgrade=["one"])))
    assert told(engine) == [(3, "rest", "change"), (2, "outside", "change"), (1, "rest", "create")]
    assert [c.name for c in engine.history("demo")[0].plan.changed] == ["one"]
    done(engine, engine.rollback("demo", Rollback(revision=2)))
    assert versions(made.prefix) == {"one": "1.0", "two": "1.0"}


def test_the_same_version_from_elsewhere(engine: Engine, shop: Index, tmp_path: Path) -> None:
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "--reinstall", str(wheel_file(tmp_path, "one", "1.0", files={"one.py": "x = 1\n"})))
    assert told(engine)[0] == (2, "outside", "change")
    by_hand(made.prefix, "-e", str(project(tmp_path / "src", "mine")))
    assert told(engine)[0] == (3, "outside", "change")
    by_hand(made.prefix, "--reinstall", "--no-deps", "-e", str(tmp_path / "src"))
    assert told(engine)[0] == (3, "outside", "change"), "the same once more is no change"


def test_our_own_changes_are_not_others(engine: Engine, engines: Engines, shop: Index) -> None:
    bare(engine, packages=["one==1.0"])
    done(engine, engine.change("demo", Change(install=["two"])))
    done(engine, engine.clone("demo", Clone(name="copy")))
    done(engine, engine.update("copy", Update(name="moved")))
    other = engines()
    other.environments()
    other._outside.settle(10)
    for name, actions in (("demo", ["change", "create"]), ("moved", ["rename", "clone", "change", "create"])):
        assert [action for _, _, action in told(other, name)] == actions


def test_a_running_server_notices(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "SETTLED", 0.2)
    monkeypatch.setattr(outside, "APART", 0.05)
    made = bare(engine, packages=["one==1.0"])
    engine._outside.start()
    by_hand(made.prefix, "two")
    engine.environments()
    wait_for(lambda: engine.find("demo").revision == 2)
    by_hand(made.prefix, "two", verb="uninstall")
    wait_for(lambda: engine.find("demo").revision == 3)
    assert [pin.name for pin in engine.history("demo")[0].plan.removed] == ["two"]


def test_nobody_waits_for_it(engine: Engine, shop: Index) -> None:
    """While somebody changes the environment, its history is read as it is, and nothing half done is noted."""
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "two")
    with lock(engine._parts.lock_file(made.prefix)):
        assert told(engine) == [(1, "rest", "create")]
    assert told(engine)[0][1] == "outside"


def test_an_installer_at_work_is_left_alone(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "two")
    info = dist_infos(made.prefix)["two"]
    record = (info / "RECORD").read_bytes()
    (info / "RECORD").unlink()
    assert unfinished(made.prefix)
    assert told(engine) == [(1, "rest", "create")]
    (info / "RECORD").write_bytes(record)
    aside = info.with_name("~ne-1.0.dist-info")
    aside.mkdir()
    assert unfinished(made.prefix)
    os.utime(aside, (1, 1))
    assert not unfinished(made.prefix), "what pip left for good"
    assert told(engine)[0][1] == "outside"


def test_two_who_look_at_once(engines: Engines, shop: Index) -> None:
    made = bare(engines(), packages=["one==1.0"])
    by_hand(made.prefix, "two")
    several = [engines() for _ in range(4)]
    threads = [threading.Thread(target=engine.history, args=("demo",)) for engine in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(several[0])) == 2


def test_an_environment_that_others_made(engine: Engine, shop: Index) -> None:
    """It has no history until we change it; then what was found is the first revision, and the way back."""
    prefix = engine.settings.all_roots[0] / "theirs"
    prefix.parent.mkdir(exist_ok=True)
    venv.create(prefix)
    by_hand(str(prefix), "one==1.0")
    assert told(engine, "theirs") == []
    done(engine, engine.change("theirs", Change(adopt=True, upgrade=["one"], install=["two"])))
    assert told(engine, "theirs") == [(2, "rest", "change"), (1, "outside", "found")]
    done(engine, engine.rollback("theirs", Rollback()))
    assert versions(prefix) == {"one": "1.0"}


def test_a_record_that_cannot_be_written(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bare(engine, packages=["one==1.0"])
    by_hand(made.prefix, "two")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("jupyter_envs.engine.history.atomic_write", refuse)
    assert told(engine) == [(1, "rest", "create")]


def test_what_cannot_be_noted_is_left_alone(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken environment does not keep the thread busy."""
    monkeypatch.setattr(outside, "SETTLED", 0.0)
    monkeypatch.setattr(outside, "APART", 0.02)
    made = bare(engine, packages=["one==1.0"])
    engine._outside.start()
    engine.environments()
    wait_for(lambda: not engine._discovery.suspects())
    Path(made.prefix, "bin", "python").unlink()
    info = dist_infos(made.prefix)["one"]
    info.rename(info.with_name("one-1.5.dist-info"))
    engine.environments()
    wait_for(lambda: not engine._outside._left())
    assert engine._discovery.suspects().keys() == {made.prefix}
