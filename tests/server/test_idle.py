"""A server at rest does nothing, and still hears at once of what another process does."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.server.environment_events import SCHEMA_ID
from jupyter_envs.system import watch
from jupyter_envs.system.watch import FolderEvents
from tests.engine.made_up import make
from tests.server.conftest import Call

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file events are those of Linux")


@pytest.fixture
def heard(app: Any, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The counters of the events that the environments have changed."""
    monkeypatch.setattr(app.engine._discovery, "start_sizing", lambda: None)
    # A second between two looks, which each wait here would have to outlast.
    monkeypatch.setattr("jupyter_envs.server.environment_events.APART", 0.2)
    found: list[int] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        found.append(data["counter"])

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    return found


async def rest(seconds: float, wakes: Callable[[], int]) -> None:
    """Return once nothing has been done for `seconds`."""
    for _ in range(60):
        before = wakes()
        await asyncio.sleep(seconds)
        if wakes() == before:
            return
    raise AssertionError("it never came to rest")


async def test_at_rest_nothing_wakes(app: Any, call: Call, heard: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each timer that we set on the loop, and each piece of work for our threads, is counted."""
    made: list[str] = []
    timers: list[asyncio.TimerHandle] = []
    loop = asyncio.get_running_loop()
    for name in ("call_at", "call_soon_threadsafe"):
        real = getattr(loop, name)

        def counted(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
            ours = [line for line in traceback.format_stack() if "jupyter_envs/" in line and "/tests/" not in line]
            made.extend(ours[-1:])
            handle = _real(*args, **kwargs)
            if ours and isinstance(handle, asyncio.TimerHandle):
                timers.append(handle)
            return handle

        monkeypatch.setattr(loop, name, counted)
    for pool in (app.threads, app.watchers):
        submit = pool.submit

        def handed(*args: Any, _submit: Any = submit, **kwargs: Any) -> Any:
            made.append(repr(args[0]))
            return _submit(*args, **kwargs)

        monkeypatch.setattr(pool, "submit", handed)
    looks: list[str] = []
    real_list = Engine.environments

    def listed(*args: Any, **kwargs: Any) -> Any:
        looks.append("list")
        return real_list(*args, **kwargs)

    monkeypatch.setattr(Engine, "environments", listed)
    make(app.engine.settings.all_roots[0] / "lab")
    assert (await call("GET", "environments")).status == 200
    await rest(0.7, lambda: len(made) + len(looks))
    made.clear()
    looks.clear()
    await asyncio.sleep(0.7)
    assert made == []
    assert looks == []
    # What would wake it later than that is known by its timer.
    due = [timer for timer in timers if not timer.cancelled() and 0 < timer.when() - loop.time() < 600]
    assert due == []


async def told(heard: list[int], before: int) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not heard or heard[-1] <= before:
        assert loop.time() - began < 30, "nothing was told"
        await asyncio.sleep(0.02)
    return loop.time() - began


async def test_what_others_do_is_told_from_rest(app: Any, call: Call, heard: list[int], tmp_path: Path) -> None:
    assert (await call("GET", "environments")).status == 200
    await rest(0.7, lambda: len(heard))
    root = app.engine.settings.all_roots[0]
    prefix = root / "lab"
    site = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    spec = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / "lab"

    def appears() -> None:
        root.mkdir(parents=True, exist_ok=True)
        os.rename(make(tmp_path / "made"), prefix)

    def installs() -> None:
        (prefix / site / "six-1.0.dist-info").mkdir(parents=True)

    def registers() -> None:
        spec.mkdir(parents=True)
        argv = [str(prefix / "bin/python"), "-m", "ipykernel_launcher"]
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Lab", "language": "python"}))

    def unregisters() -> None:
        shutil.rmtree(spec)

    def vanishes() -> None:
        os.rename(prefix, tmp_path / "gone")

    for act in (appears, installs, registers, unregisters, vanishes):
        before = heard[-1]
        act()
        # A bound that a loaded machine keeps as well; at rest it is about a second.
        assert await told(heard, before) < 15, act
        await rest(0.7, lambda: len(heard))


async def test_without_file_events_it_looks_now_and_then(
    app: Any, call: Call, heard: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_envs.server.waiting.BLIND", 0.2)
    monkeypatch.setattr("jupyter_envs.server.waiting.silent", lambda folders: True)
    assert (await call("GET", "environments")).status == 200
    await told(heard, 0)
    make(app.engine.settings.all_roots[0] / "lab")
    await told(heard, heard[-1])


def test_a_folder_that_went_is_watched_anew(tmp_path: Path) -> None:
    events = FolderEvents()
    try:
        folder = tmp_path / "a"
        folder.mkdir()
        assert events.watch([str(tmp_path), str(folder)])
        assert not events.watch([str(tmp_path), str(folder)])
        folder.rmdir()
        events.drain()
        folder.mkdir()
        assert events.watch([str(tmp_path), str(folder)])
        events.drain()
        (folder / "x").touch()
        assert os.read(events.descriptor, 4096)
        assert events.watch([]) is False
        (folder / "y").touch()
        events.drain()
        with pytest.raises(BlockingIOError):
            os.read(events.descriptor, 4096)
    finally:
        events.close()


def test_file_systems_of_other_machines_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_mounts", lambda: (("/", "ext4"), ("/home/", "nfs4"), ("/home/here/", "xfs")))
    assert watch.silent(["/home/me"])
    assert not watch.silent(["/home/here/x", "/tmp", "/homework"])


def test_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert watch.existing(str(tmp_path / "a/b")) == str(tmp_path)
