"""Full disks, closed folders, no network, processes killed: nothing is lost, and the next job works."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jupyter_envs.engine.background import tidy
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Change, Create, KernelRequest
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, snapshot
from tests.engine.world import NO_KERNEL, Engines, bare, done, ended, killed, other_process, run, wait_for
from tests.system.index_server import Index

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="mounts, signals")]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    tool = shutil.which("mount")
    if os.geteuid() != 0 or tool is None:
        pytest.skip("only the super user mounts")
    mounted = subprocess.run([tool, "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Fill the disk but for `leave` bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(65536))
        file.truncate(file.tell() - leave)
    return ballast


def trees(root: Path) -> list[str]:
    """What is in the root besides locks and empty folders of ours."""
    found = [path.name for path in root.iterdir() if not path.name.startswith(".")]
    return found + [path.name for folder in (".new", ".gone") for path in (root / folder).glob("*")]


def failed(job: Job, reason: str) -> None:
    assert job.state == "failed"
    assert job.error
    assert (job.error.reason, bool(job.error.message), bool(job.error.hint)) == (reason, True, True)


@pytest.fixture
def shop(index: Index) -> Index:
    """A package of 3 MB in a hundred files, and small ones."""
    text = "X = '" + "x" * 30_000 + "'\n"
    offer(index, "large", "1.0", files={f"large/m{n}.py": f"N = {n}\n{text}" for n in range(100)})
    offer(index, "small", "1.0", "2.0")
    offer(index, "other", "1.0")
    return index


def test_a_full_disk_and_a_create(engines: Engines, shop: Index, disk: Path) -> None:
    engine = engines(root=str(disk / "envs"))
    ballast = fill(disk, 1_500_000)
    job = run(engine, engine.create(Create(name="demo", packages=["large"], kernel=NO_KERNEL, pip=False)))
    failed(job, "disk_full")
    assert trees(disk / "envs") == []
    assert "demo" not in {e.name for e in engine.environments()}
    ballast.unlink()
    assert versions(bare(engine, packages=["large"]).prefix) == {"large": "1.0"}


@pytest.mark.parametrize("leave", [0, 50_000, 1_000_000])
def test_a_full_disk_and_a_change(engines: Engines, shop: Index, disk: Path, leave: int) -> None:
    engine = engines(root=str(disk / "envs"))
    made = bare(engine, packages=["small<2", "other"])
    before = snapshot(made.prefix)
    ballast = fill(disk, leave)
    job = run(engine, engine.change("demo", Change(install=["large"], upgrade=["small"], remove=["other"])))
    failed(job, "disk_full")
    assert snapshot(made.prefix) == before
    assert engine.find("demo").state == "ready"
    ballast.unlink()
    done(engine, engine.change("demo", Change(install=["large"], upgrade=["small"], remove=["other"])))
    assert versions(made.prefix) == {"large": "1.0", "small": "2.0"}


def test_a_full_disk_below_the_jobs(engines: Engines, shop: Index, disk: Path) -> None:
    """Nothing can be written of the job, nor how to undo it: it ends, tells why, and changes nothing."""
    engine = engines(state_dir=str(disk / "state"))
    bare(engine)
    fill(disk, 0)
    heard: list[str] = []
    job = engine.jobs.run(
        engine.change("demo", Change(install=["small"])), lambda _, lines: heard.extend(line.text for line in lines)
    )
    assert job.state == "failed"
    assert job.error
    assert job.error.reason == "disk_full"
    assert engine.jobs.get(job.id) == job
    assert versions(engine.find("demo").prefix) == {}


def test_a_root_that_cannot_be_written(engines: Engines, shop: Index, disk: Path) -> None:
    engine = engines(root=str(disk / "envs"))
    made = bare(engine, packages=["small<2"])
    before = snapshot(made.prefix)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for ask in (
        lambda: engine.create(Create(name="other", kernel=NO_KERNEL, pip=False)),
        lambda: engine.change("demo", Change(upgrade=["small"])),
        lambda: engine.remove("demo"),
    ):
        try:
            error = run(engine, ask()).error
            assert error
            reason, message = error.reason, error.message
        except EnvsError as refused:
            reason, message = refused.reason, refused.message
        assert reason == "not_writable"
        assert "Traceback" not in message
    assert engine.find("demo").state == "ready"
    assert engine.packages("demo")[0].version == "1.0"
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert snapshot(made.prefix) == before
    done(engine, engine.change("demo", Change(upgrade=["small"])))
    done(engine, engine.remove("demo"))


def test_no_network(engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it comes: uv tries again several times before it gives up."""
    made = bare(engine)
    before = snapshot(made.prefix)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    failed(run(engine, engine.change("demo", Change(install=["six"]))), "index_unreachable")
    assert snapshot(made.prefix) == before
    failed(run(engine, engine.create(Create(name="other"))), "index_unreachable")
    assert trees(engine.settings.all_roots[0]) == ["demo"]


def installing(prefix: str) -> list[psutil.Process]:
    """uv where it installs into an environment: neither its removals nor those who guard it."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        uv = bool(line) and os.path.basename(line[0]) == "uv"
        if uv and "install" in line and f"{prefix}/bin/python" in line:
            found.append(process)
    return found


def test_uv_is_killed(engine: Engine, shop: Index) -> None:
    made = bare(engine, packages=["small<2", "other"])
    before = snapshot(made.prefix)
    shop.hold, shop.held = threading.Event(), "/files/large"
    job = engine.jobs.submit(engine.change("demo", Change(install=["large"], upgrade=["small"], remove=["other"])))
    # The removal is done by then: only who installs asks for a file.
    wait_for(lambda: any(path.startswith(shop.held) and ".metadata" not in path for path, _ in shop.asked))
    assert "other" not in versions(made.prefix)
    processes = installing(made.prefix)
    assert processes
    for process in processes:
        process.kill()
    failed(ended(engine, job), "installer_failed")
    assert snapshot(made.prefix) == before
    shop.hold.set()
    done(engine, engine.change("demo", Change(install=["large"])))


def server(engine: Engine, code: str) -> subprocess.Popen[str]:
    """Another process with an engine on the same folders; it says when it is about to begin."""
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
time.sleep(60)
"""
    )


def kill_after(process: subprocess.Popen[str], seconds: float) -> None:
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    threading.Event().wait(seconds)
    killed(process)


def rounds(states: list[str]) -> Iterator[int]:
    """Eight, and more for as long as none of them was interrupted: how soon the end comes, the machine decides."""
    for number in range(40):
        if number >= 8 and "interrupted" in states:
            return
        yield number


def duration(process: subprocess.Popen[str]) -> float:
    """How long it takes when nobody kills it."""
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    begun = time.monotonic()
    assert process.stdout.readline() == "ended\n"
    took = time.monotonic() - begun
    process.kill()
    process.communicate()
    return took


def test_the_server_is_killed_while_it_creates(engine: Engine, shop: Index, home: Path) -> None:
    """At any moment: the environment is there, whole and with its kernel, or there is no trace of it."""
    offer(shop, "ipykernel", "7.0")
    names = [f"part{number}" for number in range(20)]
    for name in names:
        offer(shop, name, "1.0", files={f"{name}/m{n}.py": f"X = {n}\n" * 200 for n in range(60)})
    chance = random.Random(7)
    request = f'engine.create(Create(name="demo", packages={["ipykernel", *names]!r}, pip=False))'
    whole = duration(server(engine, request))
    done(engine, engine.remove("demo"))
    states: list[str] = []
    for _ in rounds(states):
        kill_after(server(engine, request), chance.uniform(0, whole))
        job = engine.jobs.list()[0]
        states.append(job.state)
        found = {e.name: e for e in engine.environments()}
        if job.state == "interrupted":
            assert job.error
            assert job.error.hint
        if "demo" in found:
            assert found["demo"].state == "ready"
            assert [kernel.name for kernel in found["demo"].kernels] == ["demo"]
            assert found["demo"].revision == 1
            assert len(versions(found["demo"].prefix)) == 21
            done(engine, engine.remove("demo"))
        tidy(engine._parts, engine.jobs)
        assert trees(engine.settings.all_roots[0]) == []
        assert list((home / "data" / "kernels").glob("*")) == []
    assert "interrupted" in states
    done(engine, engine.create(Create(name="demo", packages=names, kernel=KernelRequest(), pip=False)))


def test_the_server_is_killed_while_it_changes(engine: Engine, shop: Index) -> None:
    names = [f"part{number}" for number in range(20)]
    for name in names:
        offer(shop, name, "1.0", "2.0", files={f"{name}/m{n}.py": f"X = {n}\n" * 200 for n in range(60)})
    made = bare(engine, packages=[f"{name}==1.0" for name in names])
    chance = random.Random(8)
    states: list[str] = []

    def content() -> dict[str, tuple[str, ...]]:
        return {k: v for k, v in snapshot(made.prefix).items() if not k.startswith(".jupyter-envs")}

    back = Change(install=[f"{name}==1.0" for name in names])
    request = f'engine.change("demo", Change(upgrade={names!r}))'
    whole = duration(server(engine, request))
    done(engine, engine.change("demo", back))
    before = content()
    for _ in rounds(states):
        kill_after(server(engine, request), chance.uniform(0, whole))
        states.append(engine.jobs.list()[0].state)
        here = versions(made.prefix)
        done(engine, engine.repair("demo"))
        mended = engine.find("demo")
        assert (mended.state, mended.problems) == ("ready", [])
        if set(versions(made.prefix).values()) == {"1.0"}:
            assert content() == before
        else:
            assert set(here.values()) == {"2.0"}, "a change that was finished stays"
            done(engine, engine.change("demo", back))
        assert set(versions(made.prefix).values()) == {"1.0"}
    assert "interrupted" in states
