"""What py-rattler does to those who trust it, one test a trap: each must hold whatever its version does."""

from __future__ import annotations

import asyncio
import compileall
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from jupyter_envs.backends import rattler
from jupyter_envs.model.errors import Cancelled, Failed, InvalidRequest
from jupyter_envs.system import conda_history, conda_records
from tests.backends.conda_world import World, served
from tests.backends.tiny_channel import Tiny, make_channel


def workers() -> list[psutil.Process]:
    """The processes of the engine that run below this one."""
    return [p for p in psutil.Process().children(recursive=True) if rattler.WORKER in " ".join(p.cmdline())]


def test_what_was_asked_for_reaches_the_records(world: World, channel: Path) -> None:
    world.do(install=["old"], channels=[str(channel)])
    world.do(install=["script"], channels=[str(channel)])
    os.unlink(conda_history.path_of(world.prefix))
    # Without the history only the records tell.
    assert set(conda_records.requested(world.prefix)) == {"old", "script"}


def test_a_prefix_that_is_not_absolute_is_refused(world: World, channel: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        world.do(prefix=Path("env"), install=["script"], channels=[str(channel)])
    assert caught.value.field == "prefix"


def test_scripts_name_the_prefix(world: World, channel: Path) -> None:
    world.do(install=["script"], channels=[str(channel)])
    assert (world.prefix / "bin" / "hello").read_text().startswith(f"#!{world.prefix}/bin/sh\n")
    world.do(prefix=world.top / "staged", install=["script"], channels=[str(channel)], target="/elsewhere/env")
    assert (world.top / "staged" / "bin" / "hello").read_text().startswith("#!/elsewhere/env/bin/sh\n")


def test_cancel_stops_the_native_work(world: World, tmp_path: Path) -> None:
    folder = make_channel(tmp_path / "slow", [Tiny("big")], padding=200_000)
    began, finish = threading.Event(), threading.Event()

    def answer(request: object) -> bool:
        if "big-1.0" not in request.path:  # type: ignore[attr-defined]
            return False
        began.set()
        finish.wait(60)
        return False

    cancelled = threading.Event()
    with served(folder, answer) as url:
        failure: list[BaseException] = []

        def work() -> None:
            try:
                world.do(install=["big"], channels=[url], cancelled=cancelled)
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        assert began.wait(60)
        assert workers()
        cancelled.set()
        thread.join(60)
        assert not workers()
        finish.set()
    assert [type(error) for error in failure] == [Cancelled]
    assert world.here() == {}


def test_what_an_ended_engine_left_unpacked_goes_after_a_day(world: World, channel: Path) -> None:
    world.do(install=["lib=1.0"], channels=[str(channel)])
    cache = world.top / "home" / ".conda" / "pkgs"
    stays, goes = cache / ".lib-2.0-0AbC123", cache / ".old-1.0-0AbC123"
    for folder in (stays, goes):
        (folder / "info").mkdir(parents=True)
    os.utime(goes, (1, 1))
    os.utime(cache / "lib-1.0-0", (1, 1))
    world.do(install=["script"], channels=[str(channel)])
    assert stays.is_dir()
    assert not goes.exists()
    assert (cache / "lib-1.0-0").is_dir()


def test_the_engine_dies_with_its_owner(world: World, tmp_path: Path) -> None:
    folder = make_channel(tmp_path / "slow", [Tiny("big")])
    began, finish = threading.Event(), threading.Event()

    def answer(request: object) -> bool:
        if "big-1.0" in request.path:  # type: ignore[attr-defined]
            began.set()
            finish.wait(60)
        return False

    with served(folder, answer) as url:
        code = (
            "import sys; from pathlib import Path\n"
            "from jupyter_envs.backends.rattler import Embedded\n"
            "from jupyter_envs.backends.conda_operation import Operation\n"
            "Embedded(Path(sys.argv[1])).run(Operation(prefix=sys.argv[2], install=['big'], channels=[sys.argv[3]]))\n"
        )
        owner = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(world.prefix), url])
        try:
            assert began.wait(60)
            running = workers()
            assert running
        finally:
            owner.kill()
            owner.wait()
        _, alive = psutil.wait_procs(running, timeout=60)
        finish.set()
    assert not alive


def test_nothing_asked_for_empties_nothing(world: World, channel: Path) -> None:
    world.do(install=["lib"], channels=[str(channel)])
    assert world.do(update_all=True, channels=[str(channel)]).empty
    assert world.do(channels=[str(channel)]).empty
    assert world.here() == {"lib": "2.0"}


def test_bytecode_is_left_to_the_caller(world: World, channel: Path) -> None:
    # It compiles nothing: whoever wants a quick first start compiles, and a removal must then take that away as well.
    world.do(install=["module", "script"], channels=[str(channel)])
    assert not list(world.prefix.rglob("*.pyc"))
    compileall.compile_dir(world.prefix / "lib", quiet=2)
    assert list(world.prefix.rglob("*.pyc"))
    world.do(remove=["module"], channels=[str(channel)])
    assert not list((world.prefix / "lib").glob("*.py"))


def test_a_loop_goes_on_beside_it(world: World, tmp_path: Path) -> None:
    """The archive comes only once the loop has turned: a loop that is held up would wait for ever."""
    folder = make_channel(tmp_path / "slow", [Tiny("big")])
    turned = threading.Event()

    def answer(request: object) -> bool:
        if "big-1.0" in request.path:  # type: ignore[attr-defined]
            assert turned.wait(60)
        return False

    async def beside(url: str) -> None:
        asyncio.get_running_loop().call_later(1, turned.set)
        await asyncio.to_thread(world.do, install=["big"], channels=[url])

    with served(folder, answer) as url:
        asyncio.run(asyncio.wait_for(beside(url), 60))
    assert world.here() == {"big": "1.0"}


def test_the_history_is_written(world: World, channel: Path) -> None:
    world.do(install=["old"], channels=[str(channel)], command=["jupyter", "envs", "create", "demo"])
    world.do(remove=["old"], channels=[str(channel)])
    first, last = conda_history.read(world.prefix)
    assert first.command == "jupyter envs create demo"
    assert first.update_specs == ["old"]
    builds = [f"{channel.as_uri()}/noarch::{name}-0" for name in ("lib-1.1", "old-1.0")]
    assert first.added == builds
    assert last.removed == builds
    assert last.remove_specs == ["old"]


@pytest.fixture
def crashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine's worker, to be made to crash by what is written before and after its work."""
    worker = tmp_path / "worker.py"
    monkeypatch.setattr(rattler, "WORKER", str(worker))
    return worker


CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_fails_the_work_with_a_message(world: World, channel: Path, crashing: Path) -> None:
    crashing.write_text("import sys; print('about to', file=sys.stderr, flush=True)\n" + CRASH)
    with pytest.raises(Failed) as caught:
        world.do(install=["lib"], channels=[str(channel)])
    assert caught.value.reason == "crashed"
    assert "signal 11" in caught.value.message
    assert caught.value.detail == "about to"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_after_the_work_is_nobodys_business(world: World, channel: Path, crashing: Path) -> None:
    real = Path(rattler.__file__).with_name("rattler_worker.py")
    crashing.write_text(
        f"import os, runpy, sys; sys.path.append({str(real.parents[2])!r})\n"
        f"def crash(code):\n    os.kill(os.getpid(), 11)\nos._exit = crash\n"
        f"runpy.run_path({str(real)!r}, run_name='__main__')\n"
    )
    world.do(install=["lib"], channels=[str(channel)])
    assert world.here() == {"lib": "2.0"}
    assert conda_records.requested(world.prefix) == {"lib": "lib"}


def test_nothing_of_the_question_stays(world: World, channel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = world.top / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    world.do(install=["lib"], channels=[str(channel)])
    until = time.monotonic() + 60
    while list(temporary.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(temporary.iterdir()) == []


def test_what_conda_linked_is_unlinked(world: World, tmp_path: Path) -> None:
    """conda notes the places inside an archive for any platform; the engine would look for them in the prefix."""
    versions = [
        Tiny("pure", v, ["python"], files={"site-packages/pure.py": v, f"site-packages/pure-{v}/site-packages/x": v})
        for v in ("1.0", "2.0")
    ]
    for one in versions:
        one.noarch = "python"
    folder = make_channel(tmp_path / "channel", [Tiny("python", "3.11.1"), *versions])
    world.do(install=["python", "pure=1.0"], channels=[str(folder)])
    site = world.prefix / "lib" / "python3.11" / "site-packages"
    record = world.prefix / "conda-meta" / "pure-1.0-0.json"
    noted = json.loads(record.read_text())
    for entry in noted["paths_data"]["paths"]:
        entry["_path"] = entry["_path"].removeprefix("lib/python3.11/")
    (site / "__pycache__").mkdir()
    (site / "__pycache__" / "pure.cpython-311.pyc").write_text("")
    noted["files"].append("lib/python3.11/site-packages/__pycache__/pure.cpython-311.pyc")
    assert {"site-packages/pure.py", "site-packages/pure-1.0/site-packages/x"} <= {
        entry["_path"] for entry in noted["paths_data"]["paths"]
    }
    record.write_text(json.dumps(noted))
    world.do(update=["pure"], channels=[str(folder)])
    assert sorted(p.name for p in site.iterdir()) == ["pure-2.0", "pure.py"]
    assert (site / "pure.py").read_text() == "2.0"


def test_links_are_noted_as_conda_does(world: World, tmp_path: Path) -> None:
    one = Tiny("linked", files={"lib/libx.so.1": "code"}, links={"lib/libx.so": "libx.so.1"})
    folder = make_channel(tmp_path / "channel", [one])
    world.do(install=["linked"], channels=[str(folder)])
    assert os.readlink(world.prefix / "lib" / "libx.so") == "libx.so.1"
    record = json.loads((world.prefix / "conda-meta" / "linked-1.0-0.json").read_text())
    # What `conda doctor` compares: the hash, where there is one, with that of the file as it reads it.
    for entry in record["paths_data"]["paths"]:
        content = (world.prefix / entry["_path"]).read_bytes()
        assert entry.get("sha256_in_prefix") in (None, hashlib.sha256(content).hexdigest()), entry


def test_pip_that_conda_added_to_python_is_no_tie(world: World, tmp_path: Path) -> None:
    folder = make_channel(tmp_path / "channel", [Tiny("python", "3.11.1"), Tiny("pip", "24.0", ["python"])])
    world.do(install=["python", "pip"], channels=[str(folder)])
    record = world.prefix / "conda-meta" / "python-3.11.1-0.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "depends": ["pip"]}))
    conda_history.append(
        world.prefix,
        command=["conda"],
        installed=conda_history.state(world.prefix),
        remove_specs=["pip"],
    )
    assert conda_records.requested(world.prefix) == {"python": "python"}
    assert world.do(update_all=True, channels=[str(folder)]).empty
    world.do(remove=["pip"], channels=[str(folder)])
    assert world.here() == {"python": "3.11.1"}
