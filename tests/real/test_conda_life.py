"""The life of a conda environment, on a real channel; others find it as conda would leave it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.request import Change, Clone, Create, Rollback, Update
from jupyter_envs.system import conda_history
from tests.channel.fixture import Channel
from tests.engine.wheels import offer, snapshot
from tests.engine.world import NO_KERNEL, Engines, done, inside, run
from tests.real.conda_home import settle_conda
from tests.system.index_server import Index

pytestmark = pytest.mark.slow


@pytest.fixture
def engine(engines: Engines, home: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Engine:
    settle_conda(monkeypatch, home, channel)
    return engines()


def make(engine: Engine, *packages: str, name: str = "demo", **more: object) -> Environment:
    """A conda environment without kernel and pip."""
    asked = {"manager": "conda", "kernel": NO_KERNEL, "pip": False, **more}
    done(engine, engine.create(Create(name=name, packages=list(packages), **asked)))  # type: ignore[arg-type]
    return engine.find(name)


def versions(engine: Engine, name: str = "demo") -> dict[str, str]:
    return {package.name: package.version for package in engine.packages(name)}


def test_what_is_made(engine: Engine, home: Path, channel: Channel) -> None:
    made = make(engine, "small <2", python=channel.python)
    assert made.prefix == str(home / "conda/envs/demo")
    assert (made.manager, made.kind, made.state, made.managed) == ("conda", "conda", "ready", True)
    assert made.python.version == channel.pythons[0]
    assert made.prefix in (home / ".conda/environments.txt").read_text().splitlines()
    assert conda_history.requested(made.prefix, versions(engine)) == {
        "python": f"python={channel.python}",
        "small": "small <2",
    }
    assert inside(made.prefix, "import small; print(small.VERSION)") == "1.0"
    assert subprocess.run([f"{made.prefix}/bin/small"], capture_output=True, text=True).stdout == "1.0\n"
    found = {package.name: package for package in engine.packages("demo")}
    assert (found["small"].manager, found["small"].channel, found["small"].requested) == ("conda", "main", True)


def test_change_and_back(engine: Engine) -> None:
    made = make(engine, "small <2")
    first = snapshot(f"{made.prefix}/lib")
    done(engine, engine.change("demo", Change(install=["where-am-i"], upgrade=["small"])))
    assert versions(engine)["small"] == "2.0"
    assert inside(made.prefix, "import small; print(small.VERSION)") == "2.0"
    done(engine, engine.change("demo", Change(remove=["small"])))
    assert "small" not in versions(engine)
    assert not os.path.exists(f"{made.prefix}/bin/small")
    done(engine, engine.rollback("demo", Rollback(revision=2)))
    assert versions(engine)["small"] == "2.0"
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert versions(engine)["small"] == "1.0"
    assert "where-am-i" not in versions(engine)
    assert inside(made.prefix, "import small; print(small.VERSION)") == "1.0"
    assert snapshot(f"{made.prefix}/lib") == first
    assert [revision.action for revision in engine.history("demo")] == [
        *("rollback", "rollback", "change", "change", "create")
    ]


def test_a_plan_changes_nothing(engine: Engine) -> None:
    made = make(engine, "small <2")
    before = snapshot(made.prefix)
    plan = done(engine, engine.change("demo", Change(upgrade=["small"], install=["accel"], dry_run=True)))["plan"]
    assert plan["changed"] == [{"name": "small", "from": "1.0", "to": "2.0"}]
    assert [added["name"] for added in plan["added"]] == ["accel"]
    assert snapshot(made.prefix) == before


def test_everything_newer(engine: Engine) -> None:
    make(engine, "small <2", "demo-activate")
    done(engine, engine.change("demo", Change(install=["small"])))
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert (versions(engine)["small"], versions(engine)["demo-activate"]) == ("2.0", "2.0")


@pytest.mark.parametrize(
    ("packages", "words"),
    [
        (["needs-old", "needs-new"], ["needs-old", "needs-new", "small"]),
        (["needs-missing"], ["no-such-package"]),
        (["needs-cuda"], ["__cuda"]),
        (["not-in-any-channel"], ["not-in-any-channel"]),
    ],
)
def test_what_cannot_be(engine: Engine, home: Path, packages: list[str], words: list[str]) -> None:
    asked = Create(name="demo", manager="conda", packages=packages, kernel=NO_KERNEL, pip=False)
    job = run(engine, engine.create(asked))
    assert job.state == "failed"
    assert job.error
    text = f"{job.error.message} {job.error.detail or ''}"
    assert all(word in text for word in words), text
    assert not (home / "conda/envs/demo").exists()
    made = make(engine, "small")
    before = snapshot(made.prefix)
    failed = run(engine, engine.change("demo", Change(install=packages)))
    assert failed.state == "failed"
    assert snapshot(made.prefix) == before


def test_a_gpu(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build for a GPU comes where the machine has one, or says so."""
    made = make(engine, "accel")
    assert Path(made.prefix, "share/accel/build.txt").read_text() == "cpu_0\n"
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    made = make(engine, "accel", "needs-cuda", name="gpu")
    assert Path(made.prefix, "share/accel/build.txt").read_text() == "cuda_1\n"


def test_channels_by_priority(engine: Engine, channel: Channel) -> None:
    make(engine, "small", name="one", channels=[channel.url, channel.extra])
    assert versions(engine, "one")["small"] == "2.0"
    make(engine, "small", name="two", channels=[channel.extra, channel.url])
    assert versions(engine, "two")["small"] == "3.0"
    make(engine, f"{channel.extra}::small", name="three")
    assert versions(engine, "three")["small"] == "3.0"
    done(engine, engine.change("one", Change(install=["small >2"], channels=[channel.extra])))
    assert versions(engine, "one")["small"] == "3.0"


def test_copy_rename_remove(engine: Engine, home: Path) -> None:
    made = make(engine, "small", "demo-activate", "where-am-i")
    done(engine, engine.clone("demo", Clone(name="copy")))
    copy = engine.find("copy")
    assert copy.prefix == str(home / "conda/envs/copy")
    assert versions(engine, "copy") == versions(engine)
    assert inside(copy.prefix, "import sys; print(sys.prefix)") == copy.prefix
    where = subprocess.run([f"{copy.prefix}/bin/where-am-i"], capture_output=True, text=True).stdout.strip()
    assert where == copy.prefix
    done(engine, engine.remove("demo"))
    assert not os.path.exists(made.prefix)
    done(engine, engine.update("copy", Update(name="other")))
    other = engine.find("other")
    assert subprocess.run([f"{other.prefix}/bin/small"], capture_output=True, text=True).stdout == "2.0\n"
    noted = (home / ".conda/environments.txt").read_text().splitlines()
    assert other.prefix in noted
    assert not {made.prefix, copy.prefix} & set(noted)
    assert conda_history.requested(other.prefix, versions(engine, "other")).keys() >= {"small", "demo-activate"}
    done(engine, engine.change("other", Change(install=["small <2"])))
    assert versions(engine, "other")["small"] == "1.0"
    done(engine, engine.remove("other"))
    assert (home / ".conda/environments.txt").read_text().strip() == ""


def test_pip_beside_conda(engine: Engine, index: Index) -> None:
    offer(index, "wheel-only", "1.0", "2.0", requires=["small"])
    offer(index, "small", "9.0")
    made = make(engine, "small", "pip", pip_packages=["wheel-only<2"])
    found = {package.name: package for package in engine.packages("demo")}
    assert (found["wheel-only"].manager, found["wheel-only"].version) == ("pip", "1.0")
    assert (found["small"].manager, found["small"].version) == ("conda", "2.0")
    done(engine, engine.change("demo", Change(upgrade=["wheel-only"])))
    assert versions(engine)["wheel-only"] == "2.0"
    assert inside(made.prefix, "import small; print(small.VERSION)") == "2.0"
    # Over conda's own: said, and shown as what is wrong.
    done(engine, engine.change("demo", Change(pip_packages=["small==9.0"])))
    assert inside(made.prefix, "import small; print(small.VERSION)") == "9.0"
    assert "pip_over_conda" in {problem.code for problem in engine.health("demo")}
    done(engine, engine.change("demo", Change(remove=["wheel-only"])))
    assert "wheel-only" not in versions(engine)


def test_base_is_protected(engine: Engine, home: Path) -> None:
    made = make(engine, "small")
    os.makedirs(f"{made.prefix}/condabin")
    engine.environments(refresh=True)
    assert engine.find(made.prefix).protected


def test_a_name_that_is_taken(engine: Engine) -> None:
    make(engine, "small")
    with pytest.raises(Conflict):
        engine.create(Create(name="demo", manager="conda"))
