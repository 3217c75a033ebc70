"""Back to a revision: the very same distributions, or a word about what is not, and a failure changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import history, record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Conflict, NotFound
from jupyter_envs.model.request import Change, Create, Register, Rollback
from jupyter_envs.system.installed import content
from jupyter_envs.system.metadata import dist_infos, versions
from tests.engine.wheels import offer, project, snapshot, wheel
from tests.engine.world import NO_KERNEL, Engines, bare, done, ended, inside, run, wait_for
from tests.system.index_server import Index


@pytest.fixture
def shop(index: Index) -> Index:
    """Two versions of each of `a`, `b` and `c`; `a` needs `base`."""
    offer(index, "base", "1.0", "2.0", hashed=True)
    offer(index, "a", "1.0", "2.0", hashed=True, requires=["base>=1"], scripts={"say": "a:VERSION"})
    offer(index, "b", "1.0", "2.0", hashed=True)
    return index


def packages(prefix: str) -> dict[str, tuple[str, ...]]:
    """Every file of an environment but our record, bytecode left out."""
    return {path: about for path, about in snapshot(prefix).items() if not path.startswith(".jupyter-envs")}


def fresh(engine: Engine, *packages: str) -> Environment:
    """A new environment whose first lock has its hashes, as it has a moment later in a server."""
    made = bare(engine, packages=list(packages))
    assert engine._ledger.complete(made.prefix, threading.Event(), offline=True)
    return made


def test_the_very_same_comes_back(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "a<2", "base<2")
    before = packages(made.prefix)
    done(engine, engine.change("demo", Change(upgrade=["a"], install=["b", "base==2.0"])))
    assert packages(made.prefix) != before
    result = done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert packages(made.prefix) == before
    assert inside(made.prefix, "import a; print(a.VERSION)") == "1.0"
    plan = result["plan"]
    assert plan["changed"] == [
        {"name": "a", "from": "2.0", "to": "1.0"},
        {"name": "base", "from": "2.0", "to": "1.0"},
    ]
    assert [pin["name"] for pin in plan["removed"]] == ["b"]
    assert plan["warnings"] == []
    newest = engine.history("demo")[0]
    assert (newest.revision, newest.action, newest.asked, newest.lock) == (3, "rollback", {"revision": 1}, "complete")
    assert record.read_spec(made.prefix)["packages"] == ["a<2", "base<2"], "what was asked for then is asked for again"


def test_every_change_is_locked_with_hashes(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    done(engine, engine.change("demo", Change(install=["a"])))
    done(engine, engine.change("demo", Change(install=["b==1.0"])))
    assert [revision.lock for revision in engine.history("demo")] == ["complete"] * 3
    assert all(revision.python == made.python.version for revision in engine.history("demo"))
    lock = history.lock_of(made.prefix, 3)
    assert lock
    assert lock.python == made.python.version
    for package in lock.packages:
        (file,) = package.files
        raw = shop.answers[f"/files/{file.name}"][2]
        assert file.hashes == [f"sha256:{hashlib.sha256(raw).hexdigest()}"]


def test_offline_from_the_package_cache(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "a==1.0")
    before = packages(made.prefix)
    done(engine, engine.change("demo", Change(upgrade=["a"], install=["b"])))
    shop.closed = True
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert packages(made.prefix) == before


def test_offline_without_the_package_cache(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    # uv tries three times more, and waits longer each time.
    monkeypatch.setenv("UV_HTTP_RETRIES", "1")
    made = fresh(engine, "a==1.0")
    done(engine, engine.change("demo", Change(upgrade=["a"], install=["b"])))
    shop.closed = True
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    before = snapshot(made.prefix)
    for request in (Rollback(revision=1), Rollback(revision=1, dry_run=True)):
        job = run(engine, engine.rollback("demo", request))
        assert job.state == "failed"
        assert job.error
        assert job.error.reason == "index_unreachable"
        assert snapshot(made.prefix) == before


def test_a_file_that_is_another_one_by_now(engine: Engine, shop: Index) -> None:
    """The index gives other content under the old name: it is refused, and nothing is changed."""
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(upgrade=["b"])))
    name, raw = wheel("b", "1.0", files={"b.py": "evil = True\n"})
    del shop.answers["/simple/b/"]
    offer(shop, "b", "1.0", "2.0", files={"b.py": "evil = True\n"})
    assert shop.answers[f"/files/{name}"][2] == raw
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    before = snapshot(made.prefix)
    job = run(engine, engine.rollback("demo", Rollback(revision=1)))
    assert job.error
    assert job.error.reason == "hash_mismatch"
    assert snapshot(made.prefix) == before


def test_a_version_that_vanished(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(upgrade=["b"], install=["a"])))
    del shop.answers["/simple/b/"]
    offer(shop, "b", "2.0")
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    before = snapshot(made.prefix)
    job = run(engine, engine.rollback("demo", Rollback(revision=1)))
    assert job.error
    assert job.error.reason == "unsolvable"
    assert "b==1.0" in job.error.message
    assert snapshot(made.prefix) == before


def test_a_plan_of_it(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "a==1.0")
    done(engine, engine.change("demo", Change(upgrade=["a"], install=["b"])))
    before = snapshot(made.prefix)
    job = run(engine, engine.rollback("demo", Rollback(revision=1, dry_run=True)))
    assert (job.action, job.state) == ("plan", "succeeded")
    assert job.result
    plan: Any = job.result["plan"]
    assert plan["changed"] == [{"name": "a", "from": "2.0", "to": "1.0"}]
    assert [pin["name"] for pin in plan["removed"]] == ["b"]
    assert plan["download_size"] == 0
    assert snapshot(made.prefix) == before
    assert len(engine.history("demo")) == 2
    shop.closed = True
    assert done(engine, engine.rollback("demo", Rollback(revision=1, dry_run=True)))["plan"] == plan
    shop.closed = False
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    again: Any = done(engine, engine.rollback("demo", Rollback(revision=1, dry_run=True)))["plan"]
    assert again["download_size"] == len(shop.answers["/files/a-1.0-py3-none-any.whl"][2])


def test_undo(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "a==1.0")
    with pytest.raises(Conflict) as caught:
        engine.rollback("demo", Rollback())
    assert caught.value.reason == "nothing_to_undo"
    done(engine, engine.change("demo", Change(install=["b"])))
    done(engine, engine.rollback("demo", Rollback()))
    assert "b" not in versions(made.prefix)
    done(engine, engine.rollback("demo", Rollback()))
    assert "b" in versions(made.prefix), "an undo can be undone"
    with pytest.raises(NotFound) as missing:
        engine.rollback("demo", Rollback(revision=99))
    assert missing.value.field == "revision"
    assert "1 to 4" in (missing.value.hint or "")


def test_a_cancel_leaves_every_byte(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "a==1.0")
    done(engine, engine.change("demo", Change(upgrade=["a"], install=["b"])))
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    before = snapshot(made.prefix)
    shop.hold, shop.held = threading.Event(), "/files/a"
    job = engine.jobs.submit(engine.rollback("demo", Rollback(revision=1)))
    wait_for(lambda: "b" not in versions(made.prefix))
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    assert snapshot(made.prefix) == before


def test_what_came_from_elsewhere(engine: Engine, shop: Index, tmp_path: Path) -> None:
    """A folder in place, a folder, a file, and the index, all under one name, one after the other."""
    source = project(tmp_path / "src", "b", "1.0")
    file, raw = wheel("b", "1.0", files={"b.py": "here = 'file'\n"})
    (tmp_path / file).write_bytes(raw)
    made = fresh(engine, "b==1.0")
    here = [content(dist_infos(made.prefix)["b"])]
    for line in (f"-e {source}", str(source), str(tmp_path / file)):
        done(engine, engine.change("demo", Change(install=[line])))
        here.append(content(dist_infos(made.prefix)["b"]))
    assert [r.action for r in engine.history("demo")] == ["change", "change", "change", "create"]
    lock = history.lock_of(made.prefix, 2)
    assert lock
    assert (lock.packages[0].editable, lock.packages[0].url) == (True, source.as_uri())
    for number in (2, 1, 3, 4, 1):
        plan: Any = done(engine, engine.rollback("demo", Rollback(revision=number)))["plan"]
        assert plan["changed"] == [{"name": "b", "from": "1.0", "to": "1.0"}]
        assert plan["warnings"] == []
        assert content(dist_infos(made.prefix)["b"]) == here[number - 1]
        package = next(p for p in engine.packages("demo") if p.name == "b")
        assert (package.editable, package.url) == [
            (False, None),
            (True, source.as_uri()),
            (False, source.as_uri()),
            (False, (tmp_path / file).as_uri()),
        ][number - 1]


def test_a_source_that_is_gone_is_said(engine: Engine, shop: Index, tmp_path: Path) -> None:
    source = project(tmp_path / "src", "mine")
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(install=[f"-e {source}"])))
    done(engine, engine.change("demo", Change(remove=["mine"], upgrade=["b"])))
    shutil.rmtree(source)
    planned: Any = done(engine, engine.rollback("demo", Rollback(revision=2, dry_run=True)))["plan"]
    plan: Any = done(engine, engine.rollback("demo", Rollback(revision=2)))["plan"]
    (warning,) = plan["warnings"]
    assert planned["warnings"] == plan["warnings"]
    assert str(source) in warning
    assert versions(made.prefix) == {"b": "1.0"}


def test_a_folder_that_has_changed_is_said(engine: Engine, shop: Index, tmp_path: Path) -> None:
    source = project(tmp_path / "src", "mine")
    bare(engine, packages=[str(source)])
    done(engine, engine.change("demo", Change(remove=["mine"])))
    (source / "mine.py").write_text("another = True\n")
    # Else uv has the old build still.
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    plan: Any = done(engine, engine.rollback("demo", Rollback(revision=1)))["plan"]
    (warning,) = plan["warnings"]
    assert "mine 1.0" in warning
    assert "not with the same files" in warning


def test_an_old_revision_without_a_lock(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(upgrade=["b"])))
    shutil.rmtree(Path(made.prefix, ".jupyter-envs", "locks"))
    plan: Any = done(engine, engine.rollback("demo", Rollback(revision=1)))["plan"]
    assert versions(made.prefix) == {"b": "1.0"}
    assert plan["warnings"] == ["No hash is known to compare with: b."]


def test_an_index_that_tells_no_hashes(engine: Engine, index: Index) -> None:
    """The lock says so; they are computed later, from the files."""
    offer(index, "one", "1.0", "2.0")
    made = bare(engine, packages=["one==1.0"])
    done(engine, engine.change("demo", Change(upgrade=["one"])))
    assert [revision.lock for revision in engine.history("demo")] == ["incomplete", "incomplete"]
    assert not engine._ledger.complete(made.prefix, threading.Event(), offline=True)
    assert engine._ledger.complete(made.prefix, threading.Event(), offline=False)
    assert [revision.lock for revision in engine.history("demo")] == ["complete", "complete"]
    lock = history.lock_of(made.prefix, 1)
    assert lock
    raw = index.answers["/files/one-1.0-py3-none-any.whl"][2]
    assert lock.packages[0].files[0].hashes == [f"sha256:{hashlib.sha256(raw).hexdigest()}"]
    assert engine.find("demo").revision == 2


def test_a_process_that_ends_completes_what_it_can(engines: Engines, shop: Index) -> None:
    short = engines()
    bare(short, packages=["a"])
    assert short.history("demo")[0].lock == "incomplete", "a new environment is not kept waiting for it"
    short.close()
    assert engines().history("demo")[0].lock == "complete"


def test_another_python_by_now(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(upgrade=["b"])))
    for path in Path(made.prefix, ".jupyter-envs", "locks").glob("*1*.toml"):
        text = path.read_text().replace(f'python = "{made.python.version}"', 'python = "3.5.9"')
        path.write_text(text)
    plan: Any = done(engine, engine.rollback("demo", Rollback(revision=1)))["plan"]
    assert "3.5.9" in plan["warnings"][0]
    assert made.python.version
    assert made.python.version in plan["warnings"][0]
    assert versions(made.prefix) == {"b": "1.0"}


def test_one_revision_and_what_differs(engine: Engine, shop: Index) -> None:
    made = fresh(engine, "b==1.0")
    done(engine, engine.change("demo", Change(upgrade=["b"], install=["a"])))
    found = engine.revision("demo", 2, against=1)
    assert {package.name: package.version for package in found.packages} == versions(made.prefix)
    assert found.lock == history.lock_text(made.prefix, 2)
    assert found.difference
    assert [pin.name for pin in found.difference.added] == ["a", "base"]
    assert [(c.name, c.from_, c.to) for c in found.difference.changed] == [("b", "1.0", "2.0")]
    assert engine.revision("demo", 1).difference is None
    for number, against, field in ((9, None, "revision"), (1, 9, "against")):
        with pytest.raises(NotFound) as caught:
            engine.revision("demo", number, against)
        assert caught.value.field == field


def test_uv_reads_the_lock(engine: Engine, shop: Index, tmp_path: Path) -> None:
    """The lock file is one that other tools install from."""
    made = bare(engine)
    done(engine, engine.change("demo", Change(install=["a==1.0", "b"])))
    path = tmp_path / "pylock.toml"
    path.write_text(engine.revision("demo", 2).lock or "")
    base = str(made.python.base)
    subprocess.run([uv(), "venv", "-q", "--python", base, tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    argv = [uv(), "pip", "install", "--preview", "--python", python, "-r", path]
    ran = subprocess.run(argv, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert versions(tmp_path / "env") == versions(made.prefix)


def test_a_server_completes_what_it_left(engines: Engines, index: Index) -> None:
    """Also from an index that tells no hashes: they are computed from what it offers, when it is quiet."""
    offer(index, "one", "1.0")
    server = engines(prepare_delay=0, compile_after=False)
    server.start_background()
    job = server.jobs.submit(server.create(Create(name="demo", packages=["one"], kernel=NO_KERNEL, pip=False)))
    assert ended(server, job).state == "succeeded"
    wait_for(lambda: server.history("demo")[0].lock == "complete")
    lock = history.lock_of(server.find("demo").prefix, 1)
    assert lock
    assert [file.name for file in lock.packages[0].files] == ["one-1.0-py3-none-any.whl"]


def test_a_kernel_that_is_lost_is_said(engine: Engine, shop: Index) -> None:
    """In the plan and after it; registering again brings it back."""
    offer(shop, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="bare", pip=False, kernel=NO_KERNEL)))
    done(engine, engine.register("bare", Register()))
    for request in (Rollback(revision=1, dry_run=True), Rollback(revision=1)):
        result = done(engine, engine.rollback("bare", request))
        said = [text for text in result["plan"]["warnings"] if "ipykernel" in text]  # type: ignore[index]
        assert len(said) == 1
        assert "'Python (bare)' will not start" in said[0]
    assert [p.code for p in engine.find("bare").problems] == ["no_ipykernel"]
    done(engine, engine.register("bare", Register()))
    assert engine.find("bare").problems == []
    result = done(engine, engine.rollback("bare", Rollback(revision=2)))
    assert not any("ipykernel" in text for text in result["plan"]["warnings"])  # type: ignore[index]
