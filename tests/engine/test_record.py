"""An environment's own record: what was asked for, and its revisions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.engine import record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.request import Change, Create, Rollback
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, Engines, bare, done
from tests.system.index_server import Index


def test_a_spec_comes_back(tmp_path: Path) -> None:
    spec = {"manager": "uv", "python": "3.12", "packages": ['a"b', "c\\d", "é"], "pip": True, "nothing": None}
    record.write_spec(str(tmp_path), spec)
    spec.pop("nothing")
    assert record.read_spec(str(tmp_path)) == spec
    (tmp_path / ".jupyter-envs" / "spec.toml").write_text("= broken")
    assert record.read_spec(str(tmp_path)) == {}
    assert record.read_spec(str(tmp_path / "none")) == {}


def test_the_history_of_a_life(engines: Engines, index: Index) -> None:
    offer(index, "one", "1.0", "2.0")
    offer(index, "two", "1.0")
    server, shell = engines(by="rest"), engines(by="cli")
    made = bare(server, packages=["one<2"])
    done(shell, shell.change("demo", Change(install=["two"])))
    subprocess.run(
        ["uv", "pip", "install", "-q", "--python", made.python.path, "one==2.0"],
        env={**os.environ, "PATH": f"{os.path.dirname(_uv())}:{os.environ['PATH']}"},
        check=True,
    )
    done(server, server.change("demo", Change(remove=["two"])))
    history = server.history("demo")
    assert [(r.revision, r.by, r.action) for r in history] == [
        (4, "rest", "change"),
        (3, "outside", "change"),
        (2, "cli", "change"),
        (1, "rest", "create"),
    ]
    assert [(c.name, c.to) for c in history[1].plan.changed] == [("one", "2.0")]
    assert history[0].asked["remove"] == ["two"]
    assert history[0].user
    assert shell.find("demo").revision == 4

    done(server, server.rollback("demo", Rollback(revision=2)))
    assert versions(made.prefix) == {"one": "1.0", "two": "1.0"}
    done(server, server.rollback("demo", Rollback(revision=4)))
    assert versions(made.prefix) == {"one": "2.0"}
    assert [r.action for r in server.history("demo")][:2] == ["rollback", "rollback"]
    with pytest.raises(NotFound, match="has no revision 99"):
        server.rollback("demo", Rollback(revision=99))


def _uv() -> str:
    from jupyter_envs.backends.uv import uv

    return uv()


def test_back_to_what_does_not_fit_together(engine: Engine, index: Index) -> None:
    """Versions that stood together once come back, also against what they ask for."""
    offer(index, "base", "1.0", "2.0")
    offer(index, "top", "1.0", requires=["base"])
    made = bare(engine, packages=["top", "base==1.0"])
    offer(index, "top", "2.0", requires=["base>=2"])
    done(engine, engine.change("demo", Change(upgrade=["top"])))
    assert versions(made.prefix) == {"top": "2.0", "base": "2.0"}
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert versions(made.prefix) == {"top": "1.0", "base": "1.0"}


def test_what_is_asked_for_is_kept(engine: Engine, index: Index) -> None:
    for name in ("a", "b", "c"):
        offer(index, name, "1.0", "2.0")
    made = bare(engine, packages=["a<2", "B"])
    spec = record.read_spec(made.prefix)
    assert (spec["manager"], spec["packages"], spec["pip"]) == ("uv", ["a<2", "B"], False)
    done(engine, engine.change("demo", Change(install=["a==1.0", "c"], remove=["b"])))
    assert record.read_spec(made.prefix)["packages"] == ["a==1.0", "c"]
    done(engine, engine.change("demo", Change(upgrade=["c"])))
    assert record.read_spec(made.prefix)["packages"] == ["a==1.0", "c"]


def test_the_record_can_be_deleted(engine: Engine, index: Index) -> None:
    import shutil

    offer(index, "a", "1.0")
    made = bare(engine)
    shutil.rmtree(Path(made.prefix, ".jupyter-envs"))
    assert engine.find("demo").state == "ready"
    assert engine.history("demo") == []
    done(engine, engine.change("demo", Change(install=["a"])))
    assert versions(made.prefix) == {"a": "1.0"}


def test_secrets_are_not_recorded(engine: Engine, index: Index) -> None:
    offer(index, "a", "1.0")
    url = f"http://me:geheim4711@127.0.0.1:{index.port}/files/a-1.0-py3-none-any.whl"
    made = bare(engine, packages=[f"a @ {url}"])
    folder = Path(made.prefix, ".jupyter-envs")
    assert "geheim4711" not in "".join(p.read_text() for p in folder.rglob("*") if p.is_file())


def test_who_is_called_by_the_magic(engine: Engine, tmp_path: Path) -> None:
    done(engine, engine.create(Create(name="demo", kernel=NO_KERNEL, pip=False)))
    prefix = engine.find("demo").prefix
    path = record.place_magic(prefix)
    owner = json.loads((path.parent / "owner.json").read_text())
    assert os.path.exists(owner["python"])
    assert os.path.basename(owner["main"]) == "__main__.py"
    told = subprocess.run([owner["python"], owner["main"], "list", "--json"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
