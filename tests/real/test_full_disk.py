"""A disk without a free byte, or without room for another file: what frees space works, the rest fails whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_envs.engine import journal
from jupyter_envs.engine.background import tidy
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.model.request import Change, Clone, Create, KernelRequest, Register, Rollback, Update
from jupyter_envs.system import temporary
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.paths import kernels_dir
from tests.engine.wheels import offer, snapshot
from tests.engine.world import NO_KERNEL, done, other_process, run, settle, wait_for
from tests.system.index_server import Index

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="mounts")]

KERNEL = KernelRequest(register=True)


def mount(folder: Path, *options: str) -> None:
    tool = shutil.which("mount")
    if os.geteuid() != 0 or tool is None:
        pytest.skip("only the super user mounts")
    ran = subprocess.run([tool, *options, folder], capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"cannot mount: {ran.stderr.strip()}")


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of some 30 MB and a thousand files, in memory or with blocks as a real disk has them."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "tmpfs":
        mount(folder, "-t", "tmpfs", "-o", "size=30m,nr_inodes=2000", "tmpfs")
    else:
        maker = shutil.which("mkfs.ext4", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if maker is None:
            pytest.skip("there is no mkfs.ext4")
        image = tmp_path / "image"
        with image.open("wb") as file:
            file.truncate(40_000_000)
        # Nothing is kept back for the super user.
        subprocess.run([maker, "-q", "-m", "0", "-N", "2000", image], check=True)
        mount(folder, "-o", "loop", str(image))
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def engine(
    disk: Path, index: Index, pythons: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Engine]:
    """An engine whose home, root, state, kernels and temporary files all lie on the disk, with `demo` and `spare`."""
    settle(monkeypatch, disk / "home")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    offer(index, "ipykernel", "7.0")
    offer(index, "small", "1.0", "2.0")
    offer(index, "other", "1.0", files={f"other/m{n}.py": f"N = {n}\n" for n in range(20)})
    options = {"root": str(disk / "envs"), "state_dir": str(disk / "state"), "templates": False}
    (disk / "state").mkdir()
    shutil.copy(pythons, disk / "state" / "interpreters.json")
    made = Engine(Settings(**options))
    done(made, made.create(Create(name="demo", packages=["small<2"], pip=False, kernel=KERNEL)))
    done(made, made.change("demo", Change(install=["other"])))
    done(made, made.create(Create(name="spare", packages=["small"], pip=False, kernel=NO_KERNEL)))
    yield made
    made.close()


def fill_bytes(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def fill_names(disk: Path) -> None:
    """Until no further file can be made: a quota on their number does the same."""
    (disk / "names").mkdir()
    with suppress(OSError):
        for number in range(10_000):
            (disk / "names" / str(number)).touch()


def empty(disk: Path) -> None:
    shutil.rmtree(disk / "names", ignore_errors=True)
    (disk / "ballast").unlink(missing_ok=True)


@pytest.mark.parametrize("fill", [fill_bytes, fill_names])
def test_what_frees_space_works(engine: Engine, disk: Path, fill: Callable[[Path], None]) -> None:
    (disk / "state" / "templates" / "old" / "env").mkdir(parents=True)
    (disk / "state" / "templates" / "old" / "env" / "large").write_bytes(bytes(1_000_000))
    fill(disk)
    with pytest.raises(OSError, match="No space"):
        (disk / "another").write_bytes(bytes(100_000) if fill is fill_bytes else b"")
    freed = done(engine, engine.remove("demo"))["freed"]
    assert freed > 0
    assert not (disk / "envs" / "demo").exists()
    assert not list(kernels_dir().glob("*"))
    fill(disk) if fill is fill_bytes else None
    done(engine, engine.clean_cache(["templates"]))
    assert not (disk / "state" / "templates").exists()
    assert [e.name for e in engine.environments() if e.managed] == ["spare"]
    empty(disk)
    tidy(engine._parts, engine.jobs)
    assert not list((disk / "envs").glob(".[ng]*/*"))
    assert journal.left(engine.settings.state) == []


@pytest.mark.parametrize("fill", [fill_bytes, fill_names])
def test_a_job_of_another_process_is_cancelled(
    engine: Engine, disk: Path, index: Index, fill: Callable[[Path], None]
) -> None:
    done(engine, engine.change("demo", Change(remove=["other"])))
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    index.asked.clear()
    index.hold, index.held = threading.Event(), "/files/other"
    options = {name: getattr(engine.settings, name) for name in ("root", "state_dir", "templates")}
    owner = other_process(
        f"""
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.request import Change
engine = Engine(Settings(**{options!r}))
print(engine.jobs.run(engine.change("demo", Change(install=["other"]))).state)
"""
    )
    wait_for(
        lambda: engine.jobs.list()[0].state == "running" and any("/files/other" in path for path, _ in index.asked)
    )
    fill(disk)
    engine.jobs.cancel(engine.jobs.list()[0].id)
    assert owner.stdout
    assert owner.stdout.readline() == "cancelled\n"
    owner.wait()
    empty(disk)
    assert set(versions(engine.find("demo").prefix)) == {"ipykernel", "small"}


@pytest.mark.parametrize("fill", [fill_bytes, fill_names])
def test_everything_else_fails_whole(engine: Engine, disk: Path, fill: Callable[[Path], None]) -> None:
    prefix, kernels = engine.find("demo").prefix, kernels_dir()
    spare = engine.find("spare").prefix
    whole = (snapshot(prefix), snapshot(spare), snapshot(kernels))
    asks: list[Callable[[], Task]] = [
        lambda: engine.create(Create(name="new", packages=["other"], pip=False, kernel=KERNEL)),
        lambda: engine.create(Create(name="demo", packages=["other"], pip=False, kernel=KERNEL, clear=True)),
        lambda: engine.clone("demo", Clone(name="copy")),
        lambda: engine.update("demo", Update(name="moved")),
        lambda: engine.change("demo", Change(upgrade=["small"], remove=["other"])),
        lambda: engine.rollback("demo", Rollback(revision=1)),
        lambda: engine.register("spare", Register()),
    ]
    fill(disk)
    for number, ask in enumerate(asks):
        try:
            error = run(engine, ask()).error
            assert error, f"{number} succeeded"
            message, reason, hint = error.message, error.reason, error.hint
        except EnvsError as refused:
            message, reason, hint = refused.message, refused.reason, refused.hint
        assert (reason, bool(hint)) == ("disk_full", True), (number, message)
        assert str(disk) in message, (number, message)
        assert (snapshot(prefix), snapshot(spare), snapshot(kernels)) == whole, number
        assert sorted(path.name for path in (disk / "envs").iterdir() if path.name[0] != ".") == ["demo", "spare"]
    empty(disk)
    assert {e.name: e.state for e in engine.environments() if e.managed} == {"demo": "ready", "spare": "ready"}
    assert journal.left(engine.settings.state) == []
    temporary.sweep(engine.settings.state / "tmp")
    done(engine, engine.change("demo", Change(upgrade=["small"])))
    done(engine, engine.update("demo", Update(name="moved")))
