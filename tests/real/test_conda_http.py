"""conda environments over http: slow, failing and private servers, and none at all."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Change, Create
from tests.channel.fixture import Channel
from tests.channel.server import ChannelServer
from tests.engine.wheels import snapshot
from tests.engine.world import NO_KERNEL, Engines, done, ended, run, wait_for
from tests.real.conda_home import settle_conda

pytestmark = pytest.mark.slow

BASE = {"manager": "conda", "kernel": NO_KERNEL, "pip": False}
# Brings its own kernel and so no Python: what is tested is the way, and it is a short one.
SHELL = "shell-kernel"


@pytest.fixture
def engine(
    engines: Engines, home: Path, channel: Channel, channel_server: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """Its channel comes over http, into a package cache that no other test has filled."""
    settle_conda(
        monkeypatch,
        home,
        channel,
        channels=[channel_server.url],
        pkgs_dirs=[str(home / "pkgs")],
        remote_max_retries=1,
        remote_read_timeout_secs=3.0,
    )
    return engines()


def create(engine: Engine, *packages: str, name: str = "demo", **more: object) -> Job:
    return run(engine, engine.create(Create(name=name, packages=[SHELL, *packages], **{**BASE, **more})))  # type: ignore[arg-type]


def failed(job: Job, reason: str) -> None:
    assert job.state == "failed"
    assert job.error
    assert job.error.reason == reason, job.error
    assert job.error.hint
    assert "Traceback" not in job.error.message


def test_a_slow_server_tells_how_far_it_is(engine: Engine, channel_server: ChannelServer) -> None:
    channel_server.delay, channel_server.rate = 0.1, 1_500_000
    seen: list[tuple[str | None, int | None, int | None, str | None]] = []
    job = engine.jobs.submit(engine.create(Create(name="demo", packages=[SHELL], **BASE)))  # type: ignore[arg-type]
    while not (now := engine.jobs.get(job.id)).over:
        if now.progress and now.progress.unit == "bytes":
            seen.append((now.progress.phase, now.progress.done, now.progress.total, now.progress.unit))
        time.sleep(0.01)
    assert ended(engine, job).state == "succeeded"
    counts = [done_ for _, done_, total, _ in seen if done_ and total]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2, seen


@pytest.mark.parametrize(("fault", "reason"), [(500, "unreachable"), ("cut", "unreachable"), ("other", "wrong_hash")])
def test_a_package_that_does_not_come(
    engine: Engine, channel_server: ChannelServer, home: Path, fault: int | str, reason: str
) -> None:
    assert create(engine, "where-am-i").state == "succeeded"
    before = snapshot(engine.find("demo").prefix)
    channel_server.faults[r"accel.*\.conda$"] = fault
    failed(create(engine, "accel", name="other"), reason)
    assert not (home / "conda/envs/other").exists()
    job = run(engine, engine.change("demo", Change(install=["accel"])))
    failed(job, reason)
    assert snapshot(engine.find("demo").prefix) == before
    assert engine.find("demo").state == "ready"
    channel_server.faults.clear()
    done(engine, engine.change("demo", Change(install=["accel"])))
    assert "accel" in {package.name for package in engine.packages("demo")}


@pytest.mark.parametrize("fault", [500, 403, "cut"])
def test_an_index_that_does_not_come(
    engine: Engine, channel_server: ChannelServer, home: Path, fault: int | str
) -> None:
    channel_server.faults["repodata"] = fault
    job = create(engine, "accel")
    assert job.state == "failed"
    assert job.error
    assert job.error.hint
    assert not (home / "conda/envs/demo").exists()


def test_a_server_that_stalls(engine: Engine, channel_server: ChannelServer, home: Path) -> None:
    """Nobody waits for ever: cancelling ends it at once, and leaves nothing."""
    channel_server.faults[r"accel.*\.conda$"] = "stall"
    job = engine.jobs.submit(engine.create(Create(name="demo", packages=[SHELL, "accel"], **BASE)))  # type: ignore[arg-type]
    wait_for(lambda: any("accel" in path for path in channel_server.asked))
    started = time.monotonic()
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    assert time.monotonic() - started < 20
    assert not (home / "conda/envs/demo").exists()


def test_without_a_network_from_the_cache(
    engine: Engine, channel_server: ChannelServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert create(engine, "accel", "where-am-i").state == "succeeded"
    channel_server.faults["."] = 500
    monkeypatch.setenv("CONDA_OFFLINE", "true")
    asked = len(channel_server.asked)
    assert create(engine, "accel", "where-am-i", name="again").state == "succeeded"
    assert len(channel_server.asked) == asked
    job = create(engine, "small", "python", name="more")
    assert job.state == "failed"
    assert job.error
    assert not (home / "conda/envs/more").exists()


def test_a_password(engine: Engine, channel_server: ChannelServer, home: Path) -> None:
    channel_server.user = "ada:hunter2secret"
    failed(create(engine, "accel"), "denied")
    with_password = channel_server.url.replace("//", "//ada:hunter2secret@")
    job = create(engine, "accel", channels=[with_password])
    assert job.state == "succeeded", job.error
    said = "\n".join(line.text for line in engine.jobs.log(job.id))
    assert "hunter2secret" not in said + str(engine.jobs.get(job.id))
    prefix = engine.find("demo").prefix
    assert "hunter2secret" not in Path(prefix, "conda-meta/history").read_text()
    for path in Path(prefix, ".jupyter-envs").rglob("*"):
        assert not path.is_file() or b"hunter2secret" not in path.read_bytes(), path


def test_a_token(engine: Engine, channel_server: ChannelServer) -> None:
    channel_server.token = "tk-hunter2secret"
    job = create(engine, "accel", channels=[f"{channel_server.top}/t/{channel_server.token}/main"])
    assert job.state == "succeeded", job.error
    said = "\n".join(line.text for line in engine.jobs.log(job.id))
    assert "hunter2secret" not in said + str(engine.jobs.get(job.id))


def test_several_at_once(engine: Engine, channel_server: ChannelServer) -> None:
    """Each takes the same packages from the same server into the same cache."""
    channel_server.delay = 0.05
    tasks = [
        engine.create(Create(name=f"env{n}", packages=["accel", "where-am-i", SHELL], **BASE))  # type: ignore[arg-type]
        for n in range(4)
    ]
    jobs = [engine.jobs.submit(task) for task in tasks]
    assert [ended(engine, job).state for job in jobs] == ["succeeded"] * 4
    for n in range(4):
        assert os.path.exists(engine.find(f"env{n}").prefix + "/bin/shell-kernel")


def test_the_engine_answers_meanwhile(engine: Engine, channel_server: ChannelServer) -> None:
    """Downloads and solving go on elsewhere: a list takes no longer than it does otherwise."""
    channel_server.rate = 3_000_000
    job = engine.jobs.submit(engine.create(Create(name="demo", packages=[SHELL], **BASE)))  # type: ignore[arg-type]
    answered = threading.Event()

    def ask() -> None:
        while not engine.jobs.get(job.id).over:
            engine.environments()
        answered.set()

    thread = threading.Thread(target=ask)
    thread.start()
    assert ended(engine, job).state == "succeeded"
    thread.join(60)
    assert answered.is_set()
