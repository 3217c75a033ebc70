"""From a notebook back to its environment, with a question before anything of a stranger's is touched."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine import history
from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.carry import Rebuild, Rebuilding
from jupyter_envs.model.errors import Conflict, InvalidRequest
from jupyter_envs.model.request import Change
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, project
from tests.engine.world import NO_KERNEL, bare, done, run
from tests.system.index_server import Index

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def rebuild(text: str, **more: Any) -> Rebuild:
    return Rebuild(notebook=text, filename="report.ipynb", kernel=NO_KERNEL, pip=False, **more)


def asking(*lines: str, lock: str | None = None) -> str:
    return write(EMPTY, Carried(list(lines), lock=lock))


def told(engine: Engine, text: str, **more: Any) -> Rebuilding:
    result = done(engine, engine.notebooks.rebuild(rebuild(text, dry_run=True, **more)))
    return msgspec.convert(result["rebuild"], Rebuilding)


@pytest.fixture
def shop(index: Index) -> Index:
    offer(index, "base", "1.0", "2.0", hashed=True)
    offer(index, "a", "1.0", hashed=True, requires=["base>=1"])
    return index


def test_what_would_come_and_from_where(engine: Engine, shop: Index) -> None:
    settled = told(engine, asking("a"))
    assert (settled.name, settled.exact, settled.has_lock) == ("report", False, False)
    found = [(p.name, p.version, p.asked, p.approved, p.hashed) for p in settled.packages]
    assert found == [("a", "1.0", True, False, True), ("base", "2.0", False, False, True)]
    assert {p.source for p in settled.packages} == {shop.url.rstrip("/")}
    assert not any(e.managed for e in engine.environments())


def test_nothing_is_made_before_all_of_it_is_approved(engine: Engine, shop: Index) -> None:
    job = run(engine, engine.notebooks.rebuild(rebuild(asking("a"), approve=["a"])))
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error.reason, job.error.field) == ("approval_needed", "approve")
    assert job.error.detail == f"base 2.0 from {shop.url.rstrip('/')}"
    assert not any(e.managed for e in engine.environments())
    assert engine.notebooks.approved() == []


def test_what_was_approved_once_is_not_asked_again(engine: Engine, shop: Index) -> None:
    made = done(engine, engine.notebooks.rebuild(rebuild(asking("a"), approve=["A", "base"])))
    assert {"a": "1.0", "base": "2.0"}.items() <= versions(made["environment"]["prefix"]).items()
    again = told(engine, asking("a"))
    assert again.name == "report-2"
    assert [p.approved for p in again.packages] == [True, True]
    done(engine, engine.notebooks.rebuild(rebuild(asking("a"), name="again")))
    engine.notebooks.revoke(["base"])
    assert [p.approved for p in told(engine, asking("a")).packages] == [True, False]


def test_from_another_index_it_is_asked_again(engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    done(engine, engine.notebooks.rebuild(rebuild(asking("a"), approve=["a", "base"])))
    monkeypatch.setenv("UV_DEFAULT_INDEX", shop.url.replace("127.0.0.1", "localhost"))
    assert [p.approved for p in told(engine, asking("a")).packages] == [False, False]


def test_an_environment_and_its_notebook_are_the_same(engine: Engine, shop: Index, tmp_path: Path) -> None:
    source = bare(engine, packages=["a", "base<2"])
    done(engine, engine.change("demo", Change(upgrade=["a"])))
    assert engine._ledger.complete(source.prefix, threading.Event(), offline=True)
    path = tmp_path / "report.ipynb"
    path.write_text(EMPTY)
    record = engine.notebooks.record_in(str(path), "demo")
    assert '"base<2"' in record.block
    settled = told(engine, path.read_text())
    assert (settled.exact, settled.has_lock) == (True, True)
    assert [(p.name, p.version) for p in settled.packages] == [("a", "1.0"), ("base", "1.0")]
    made = done(engine, engine.notebooks.rebuild(rebuild(path.read_text(), approve=["a", "base"])))
    prefix = made["environment"]["prefix"]
    assert versions(prefix) == versions(source.prefix)
    newest = history.last(prefix)
    assert newest is not None
    assert engine.notebooks.record("report").block == record.block
    newer = told(engine, path.read_text().replace("base<2", "base"), exact=False)
    assert [(p.name, p.version) for p in newer.packages] == [("a", "1.0"), ("base", "2.0")]


def test_the_lock_that_juv_keeps_is_taken(engine: Engine, shop: Index) -> None:
    # As `juv lock` (0.5.0, uv 0.13) writes it.
    lock = f"""\
version = 1
revision = 5
requires-python = ">=3.8"
[manifest]
requirements = [{{ name = "base" }}]
[[package]]
name = "base"
version = "1.0"
source = {{ registry = "{shop.url}" }}
"""
    notebook = json.loads(asking("base"))
    notebook["metadata"]["uv.lock"] = lock
    settled = told(engine, json.dumps(notebook))
    assert (settled.exact, settled.has_lock) == (True, True)
    assert [(p.name, p.version) for p in settled.packages] == [("base", "1.0")]


def test_a_lock_of_other_files_is_refused(engine: Engine, shop: Index) -> None:
    lock = f"""\
lock-version = "1.0"
created-by = "somebody"
[[packages]]
name = "a"
version = "1.0"
index = "{shop.url}"
wheels = [{{ url = "{shop.url}/a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{"0" * 64}" }} }}]
"""
    job = run(engine, engine.notebooks.rebuild(rebuild(asking("a", lock=lock), dry_run=True)))
    assert job.error is not None
    assert job.error.reason == "hash_mismatch"


def test_no_address_of_the_notebooks_own_is_asked_before_the_yes(engine: Engine, shop: Index) -> None:
    url = f"{shop.url}/never/asked-1.0-py3-none-any.whl"
    settled = told(engine, asking(f"asked @ {url}"))
    assert [(p.name, p.source) for p in settled.packages] == [("asked", url)]
    assert "address" in settled.warnings[-1]
    assert not any("never" in path for path in shop.asked)


def test_an_approved_address_tells_what_it_needs(engine: Engine, shop: Index) -> None:
    url = f"{shop.url.removesuffix('/simple')}/files/a-1.0-py3-none-any.whl"
    first = told(engine, asking(f"a @ {url}"))
    assert (first.complete, [p.name for p in first.packages]) == (False, ["a"])
    second = told(engine, asking(f"a @ {url}"), approve=["a"])
    assert (second.complete, [p.name for p in second.packages]) == (True, ["a", "base"])
    made = done(engine, engine.notebooks.rebuild(rebuild(asking(f"a @ {url}"), approve=["a", "base"])))
    assert {"a": "1.0", "base": "2.0"}.items() <= versions(made["environment"]["prefix"]).items()


@pytest.mark.parametrize("line", ["x @ file:///etc/passwd", "x @ git+file:///home/me/x"])
def test_files_of_this_machine_are_refused(engine: Engine, shop: Index, line: str) -> None:
    with pytest.raises(InvalidRequest, match="this machine"):
        engine.notebooks.rebuild(rebuild(asking(line)))


def test_a_guess_is_said_to_be_one(engine: Engine, shop: Index) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "%pip install a", "outputs": [], "execution_count": None}
    guessed = told(engine, json.dumps({**json.loads(EMPTY), "cells": [cell]}))
    assert ([p.name for p in guessed.packages], guessed.declared) == (["a", "base"], False)
    assert told(engine, asking("a")).declared


def test_a_slip_is_pointed_out(engine: Engine, index: Index) -> None:
    offer(index, "nunpy", "1.0")
    assert [p.meant for p in told(engine, asking("nunpy")).packages] == ["numpy"]


def test_what_has_to_be_built_is_not_built_for_the_list(engine: Engine, index: Index) -> None:
    offer(index, "a", "1.0", requires=["only-source"])
    settled = told(engine, asking("a", "only-source"))
    assert sorted(p.name for p in settled.packages) == ["a", "only-source"]
    assert not settled.complete
    assert "built" in settled.warnings[-1]


def test_a_lock_is_wanted_and_there_is_none(engine: Engine, shop: Index) -> None:
    with pytest.raises(InvalidRequest, match="no lock"):
        engine.notebooks.rebuild(rebuild(asking("a"), exact=True))


def test_a_taken_name(engine: Engine, shop: Index) -> None:
    bare(engine, "report")
    with pytest.raises(Conflict):
        engine.notebooks.rebuild(rebuild(asking("a"), name="report"))


@pytest.mark.parametrize(
    "metadata",
    [
        {"version": 1, "lock": "not toml ["},
        {"version": 1, "lock": 'lock-version = "9.0"\n'},
        {"version": 1, "dependencies": ["--index-url=http://x"]},
        {"version": 1, "dependencies": ["a; python_version <"]},
    ],
)
def test_hostile_metadata_is_told(engine: Engine, shop: Index, metadata: dict[str, Any]) -> None:
    text = json.dumps({"cells": [], "metadata": {"jupyter_envs": metadata}, "nbformat": 4, "nbformat_minor": 5})
    with pytest.raises(InvalidRequest) as told_why:
        engine.notebooks.rebuild(rebuild(text, dry_run=True))
    assert told_why.value.field
    assert not any(e.managed for e in engine.environments())
    assert shop.asked == []


def test_a_project_of_this_machine_is_left_out(engine: Engine, shop: Index, tmp_path: Path) -> None:
    source = bare(engine, packages=["a"])
    done(engine, engine.change("demo", Change(install=[f"-e {project(tmp_path / 'mine', 'mine')}"])))
    assert engine._ledger.complete(source.prefix, threading.Event(), offline=True)
    path = tmp_path / "report.ipynb"
    path.write_text(EMPTY)
    assert any("mine" in warning for warning in engine.notebooks.record_in(str(path), "demo").warnings)
    settled = told(engine, path.read_text())
    assert settled.exact
    assert [p.name for p in settled.packages] == ["a", "base"]
    assert any("mine" in warning for warning in settled.warnings)
