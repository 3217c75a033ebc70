"""Events for jobs: what they hold, how often, and those of other processes."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.server.events import SCHEMA_ID, Watch

IN_ANOTHER_PROCESS = """
import sys
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
Jobs(Settings(state_dir=sys.argv[1]), "cli").run(Task("test", "Elsewhere", lambda context: {}))
"""


@pytest.fixture
def heard(app: Any, jp_serverapp: Any) -> list[dict[str, Any]]:
    """The events of our schema as they come."""
    found = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        found.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    return found


async def elsewhere(state: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", IN_ANOTHER_PROCESS, state)


async def last(heard: list[dict[str, Any]], title: str, *states: str) -> dict[str, Any]:
    while True:
        for data in heard:
            if data["title"] == title and data["state"] in states:
                return data
        await asyncio.sleep(0.02)


async def test_a_job_is_told_from_beginning_to_end(app: Any, heard: Any) -> None:
    go_on = Event()

    def work(context: Context) -> dict[str, Any]:
        context.step("resolving", 1, 4, "packages")
        context.about("thesis-12345678")
        go_on.wait(60)
        return {"secret": "result"}

    job = app.engine.jobs.submit(Task("create", "Create thesis", work))
    while not any(data["progress"]["phase"] == "resolving" for data in heard):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    go_on.set()
    end = await last(heard, "Create thesis", "succeeded")
    assert end.keys() >= {"id", "action", "title", "environment", "state", "progress"}
    assert end["id"] == job.id
    assert end["action"] == "create"
    assert end["environment"] == "thesis-12345678"
    assert end["progress"] == {
        "phase": "resolving", "done": 1, "total": 4, "unit": "packages", "fraction": 0.25,
    }  # fmt: skip
    assert not any("secret" in str(data) for data in heard)


async def test_at_most_ten_a_second_and_the_last_word_always(
    app: Any, heard: Any, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: list[float] = []
    tell = jp_serverapp.event_logger.emit

    # As they go out: where the loop is late, two may come at once.
    def emit(*, schema_id: str, data: dict[str, Any]) -> Any:
        moments.append(time.monotonic())
        return tell(schema_id=schema_id, data=data)

    monkeypatch.setattr(jp_serverapp.event_logger, "emit", emit)

    def work(context: Context) -> dict[str, Any]:
        for number in range(400):
            context.step("linking", number, 400, "files")
            # Straight to the subscribers, as often as a careless runner could.
            app.engine.jobs.publish(context.job)  # type: ignore[attr-defined]
            time.sleep(0.002)
        return {}

    app.engine.jobs.submit(Task("test", "Busy", work))
    await last(heard, "Busy", "succeeded")
    for start in moments:
        assert len([m for m in moments if start <= m < start + 1]) <= 10
    assert len(moments) >= 4
    assert [data["state"] for data in heard][-1] == "succeeded"


async def test_jobs_of_other_processes_are_noticed_once_in_each_state(
    app: Any, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_envs.server.events.ALIVE", 0.2)
    while app.events._watch._first:  # noqa: ASYNC110 - what was there before the first look is not told
        await asyncio.sleep(0.02)
    process = await elsewhere(str(app.engine.settings.state))
    await last(heard, "Elsewhere", "succeeded")
    await process.wait()
    await asyncio.sleep(0.6)  # two looks more
    told = [data["state"] for data in heard if data["title"] == "Elsewhere"]
    assert told.count("succeeded") == 1
    assert told[-1] == "succeeded"


async def test_what_was_over_before_is_not_told(
    jp_configurable_serverapp: Any, jp_environ: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_envs.server.events.ALIVE", 0.2)
    for _ in range(3):
        await (await elsewhere(str(Settings().state))).wait()
    server = jp_configurable_serverapp()
    found = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        found.append(data)

    server.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    (app,) = server.extension_manager.extension_apps["jupyter_envs"]
    while app.events._watch._first:  # noqa: ASYNC110 - of the look itself nothing is told
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.6)  # two looks more
    assert found == []


def test_what_is_new_is_found_with_few_looks(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path))
    ours, theirs = Jobs(settings), Jobs(settings, "cli")
    watch = Watch(ours)
    assert watch.news() == []
    first = theirs.run(Task("test", "One", lambda _: {}))
    assert [(job.id, job.state) for job in watch.news()] == [(first.id, "succeeded")]
    assert watch.news() == []

    go_on = Event()
    second = theirs.submit(Task("test", "Two", lambda _: {"waited": go_on.wait(60)}))
    while ours.get(second.id).state != "running":
        pass
    assert [(job.id, job.state) for job in watch.news()] == [(second.id, "running")]
    assert watch.news() == []
    go_on.set()
    while not ours.get(second.id).over:
        pass
    assert [(job.id, job.state) for job in watch.news()] == [(second.id, "succeeded")]
    assert watch.news() == []
    theirs.close()
