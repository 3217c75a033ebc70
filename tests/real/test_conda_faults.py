"""Jobs on conda environments that are cancelled or killed at any moment: the environment is as it was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jupyter_envs.engine.background import tidy
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Create
from tests.channel.fixture import Channel
from tests.engine.wheels import snapshot
from tests.engine.world import NO_KERNEL, Engines, done, ended, inside, killed, other_process, run, wait_for
from tests.real.conda_home import settle_conda

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="signals")]

CHANGE = Change(install=["demo-activate", "numpy", "where-am-i"], upgrade=["small"], remove=["accel"])


@pytest.fixture
def engine(engines: Engines, home: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Engine:
    settle_conda(monkeypatch, home, channel)
    return engines()


@pytest.fixture
def prefix(engine: Engine, channel: Channel) -> str:
    """An environment with what the change replaces, removes and adds to."""
    asked = Create(
        name="demo",
        manager="conda",
        python=channel.python,
        packages=["small <2", "accel"],
        kernel=NO_KERNEL,
        pip=False,
    )
    done(engine, engine.create(asked))
    return engine.find("demo").prefix


def content(prefix: str) -> dict[str, tuple[str, ...]]:
    """All but our own record."""
    return {path: what for path, what in snapshot(prefix).items() if not path.startswith(".jupyter-envs")}


def as_it_was(engine: Engine, prefix: str, before: dict[str, tuple[str, ...]]) -> None:
    """The environment is `before`, usable, and the next change works."""
    now = content(prefix)
    assert {path for path in now.keys() | before.keys() if now.get(path) != before.get(path)} == set()
    assert engine.find("demo").state == "ready"
    assert inside(prefix, "import small; print(small.VERSION)") == "1.0"


def works(engine: Engine, prefix: str) -> None:
    done(engine, engine.change("demo", CHANGE))
    assert inside(prefix, "import small, numpy; print(small.VERSION)") == "2.0"
    assert "accel" not in {package.name for package in engine.packages("demo")}


@pytest.mark.parametrize("seed", range(6))
def test_cancel_at_any_moment(engine: Engine, prefix: str, seed: int) -> None:
    before = content(prefix)
    job = engine.jobs.submit(engine.change("demo", CHANGE))
    time.sleep(random.Random(seed).uniform(0.0, 1.5))
    engine.jobs.cancel(job.id)
    over = ended(engine, job)
    if over.state == "cancelled":
        as_it_was(engine, prefix, before)
        works(engine, prefix)
    else:
        assert over.state == "succeeded"


def server(engine: Engine, code: str) -> subprocess.Popen[str]:
    """Another process with an engine on the same folders; it says when it begins and when it has ended."""
    settings = engine.settings
    options = {name: getattr(settings, name) for name in settings.trait_names(config=True)}
    return other_process(
        f"""
import time
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.request import Change, Create, KernelRequest
engine = Engine(Settings(**{options!r}))
task = {code}
print("begun")
engine.jobs.submit(task)
while engine.jobs.active():
    time.sleep(0.01)
print("ended")
"""
    )


CHANGING = """engine.change("demo", Change(
    install=["demo-activate", "numpy", "where-am-i"], upgrade=["small"], remove=["accel"]))"""


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment(engine: Engine, prefix: str, seed: int) -> None:
    before = content(prefix)
    other = server(engine, CHANGING)
    assert other.stdout
    assert other.stdout.readline() == "begun\n"
    time.sleep(random.Random(seed).uniform(0.0, 1.5))
    killed(other)
    if any(problem.code == "interrupted_change" for problem in engine.find("demo").problems):
        done(engine, engine.repair("demo"))
    if "small-2.0-py_0.json" in os.listdir(f"{prefix}/conda-meta"):
        # It was faster than the signal.
        assert inside(prefix, "import small; print(small.VERSION)") == "2.0"
        return
    as_it_was(engine, prefix, before)
    works(engine, prefix)


@pytest.mark.parametrize("seed", range(4))
def test_a_create_that_is_killed(engine: Engine, home: Path, seed: int) -> None:
    """Nothing of it is seen, then or later, and its name is free."""
    asking = """engine.create(Create(name="demo", manager="conda", packages=["small"],
        kernel=KernelRequest(register=False), pip=False))"""
    other = server(engine, asking)
    assert other.stdout
    assert other.stdout.readline() == "begun\n"
    time.sleep(random.Random(seed).uniform(0.0, 1.2))
    killed(other)
    tidy(engine._parts, engine.jobs)
    envs = home / "conda/envs"
    if not (envs / "demo").exists():
        assert "demo" not in {environment.name for environment in engine.environments()}
        job = run(engine, engine.create(Create(name="demo", manager="conda", kernel=NO_KERNEL, pip=False)))
        assert job.state == "succeeded", job.error
    assert engine.find("demo").state == "ready"
    assert sorted(name for name in os.listdir(envs) if not name.startswith(".")) == ["demo"]


def test_the_engines_own_process_is_killed(engine: Engine, prefix: str) -> None:
    """A crash of it fails the job with a message, and the environment is as it was."""
    before = content(prefix)
    job = engine.jobs.submit(engine.change("demo", CHANGE))

    def crash() -> bool:
        """Kill what works for the job; several may follow each other."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any("rattler" in argument for argument in process.cmdline()):
                    process.kill()
        return engine.jobs.get(job.id).over

    wait_for(crash)
    over = engine.jobs.get(job.id)
    assert over.state == "failed"
    assert over.error
    assert over.error.message
    assert over.error.hint
    as_it_was(engine, prefix, before)
    works(engine, prefix)
