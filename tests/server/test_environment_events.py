"""Events for changes of the environments: what they tell, and that nobody pays who did not ask."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.server.environment_events import SCHEMA_ID
from tests.server.conftest import Call


@pytest.fixture
def heard(app: Any, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The counters that were told."""
    # A size that becomes known is news as well, and comes when the machine has time for it.
    monkeypatch.setattr(app.engine._discovery, "start_sizing", lambda: None)
    # A second between two looks, which each wait here would have to outlast.
    monkeypatch.setattr("jupyter_envs.server.environment_events.APART", 0.2)
    found: list[int] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        assert data.keys() >= {"counter"}
        found.append(data["counter"])

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    return found


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """What a tool that knows nothing of us leaves in the managed root."""
    prefix = tmp_path / "by-hand"
    site = prefix / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    site.mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin/python").symlink_to(sys.executable)
    (prefix / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\nversion_info = 3.11.0\n")
    return prefix


async def news(heard: list[int], before: int) -> None:
    while not heard or heard[-1] <= before:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_nobody_asked_and_nobody_looks(app: Any, heard: list[int]) -> None:
    await asyncio.sleep(0.5)
    assert heard == []


async def test_what_another_hand_changes_is_told(app: Any, call: Call, heard: list[int], by_hand: Path) -> None:
    assert (await call("GET", "environments")).status == 200
    await news(heard, 0)
    assert heard == [1]
    await asyncio.sleep(0.5)  # a look more, which finds nothing
    assert heard == [1]

    moved = app.engine.settings.all_roots[0] / "by-hand"
    os.makedirs(moved.parent, exist_ok=True)
    os.rename(by_hand, moved)
    await news(heard, 1)
    listed = (await call("GET", "environments")).json["environments"]
    assert "by-hand" in [environment["name"] for environment in listed]

    before = heard[-1]
    site = next((moved / "lib").iterdir()) / "site-packages"
    os.mkdir(site / "six-1.0.dist-info")
    await news(heard, before)
    listed = (await call("GET", "environments")).json["environments"]
    assert [e["package_count"] for e in listed if e["name"] == "by-hand"] == [1]


async def test_other_questions_do_not_start_it(call: Call, heard: list[int]) -> None:
    await call("GET", "managers")
    await call("GET", "jobs")
    await asyncio.sleep(0.3)
    assert heard == []
