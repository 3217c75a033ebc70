"""The log socket: in order, from where the caller stands, live, to the end; of any process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from threading import Event
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.errors import Failed


async def read(socket: Any) -> list[dict[str, Any]]:
    """All messages until the server closes."""
    found = []
    while (message := await asyncio.wait_for(socket.read_message(), 60)) is not None:
        found.append(json.loads(message))
    return found


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [m["line"]["text"] for m in messages if "line" in m]


@pytest.fixture
def watch(app: Any, jp_ws_fetch: Any) -> Any:
    def fetch(job_id: str, since: Any = None, **kwargs: Any) -> Any:
        params = {} if since is None else {"since": since}
        return jp_ws_fetch("jupyter-envs", "jobs", job_id, "log", params=params, **kwargs)

    return fetch


async def test_lines_come_while_the_job_runs_and_then_its_end(app: Any, watch: Any) -> None:
    go_on = Event()

    def work(context: Context) -> dict[str, Any]:
        context.line("one\ntwo", "out")
        go_on.wait(60)
        context.line("three", "err")
        return {"n": 3}

    job = app.engine.jobs.submit(Task("test", "Test", work))
    socket = await watch(job.id)
    first = [json.loads(await socket.read_message()) for _ in range(2)]
    assert texts(first) == ["one", "two"]
    go_on.set()
    rest = await read(socket)
    assert texts(rest) == ["three"]
    assert [m["line"]["seq"] for m in [*first, *rest[:-1]]] == [1, 2, 3]
    assert rest[0]["line"]["stream"] == "err"
    assert rest[-1].keys() == {"end"}
    assert rest[-1]["end"]["state"] == "succeeded"
    assert rest[-1]["end"]["result"] == {"n": 3}
    assert socket.close_code == 1000


async def test_several_watch_an_ended_job_each_from_where_it_stands(app: Any, watch: Any, done: Any, call: Any) -> None:
    def work(context: Context) -> dict[str, Any]:
        for number in range(1, 3001):
            context.line(f"line {number} " + "x" * 200)
        raise Failed("It did not work.")

    job = app.engine.jobs.submit(Task("test", "Test", work))
    sockets = [await watch(job.id, since) for since in (None, 0, 1500, 2999, 9999)]
    everything = await asyncio.gather(*map(read, sockets))
    for messages, first in zip(everything, (1, 1, 1501, 3000, 10000), strict=True):
        numbers = [m["line"]["seq"] for m in messages[:-1]]
        # The runner adds the error as the last line.
        assert numbers == list(range(first, 3002))
        assert messages[-1]["end"]["state"] == "failed"
    again = await read(await watch(job.id, 3000))
    assert texts(again) == ["It did not work."]
    assert again[-1]["end"]["error"]["message"] == "It did not work."


async def test_a_job_of_another_process_is_watched_too(app: Any, watch: Any) -> None:
    program = """
import sys
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task

def work(context):
    context.line("begun")
    context.about("x")
    print("ready", flush=True)
    sys.stdin.readline()
    context.line("over")
    return {}

print(Jobs(Settings(state_dir=sys.argv[1]), "cli").run(Task("test", "Test", work)).state)
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(app.engine.settings.state),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdin
    assert await process.stdout.readline() == b"ready\n"
    (job,) = app.engine.jobs.list()
    assert job.state == "running"
    socket = await watch(job.id)
    assert json.loads(await socket.read_message())["line"]["text"] == "begun"
    process.stdin.write(b"\n")
    rest = await read(socket)
    assert texts(rest) == ["over"]
    assert rest[-1]["end"]["state"] == "succeeded"
    assert rest[-1]["end"]["by"] == "cli"
    await process.communicate()


async def test_what_is_wrong_is_said_before_the_upgrade(app: Any, watch: Any, call: Any) -> None:
    job = app.engine.jobs.submit(Task("test", "Test", lambda _: {}))
    for job_id, since, status in (
        ("20200101-000000-000000-abcdef", None, 404),
        ("..", None, 404),
        ("a%00b", None, 404),
        (job.id, "abc", 400),
        (job.id, "-1", 400),
        (job.id, "1.5", 400),
        (job.id, "", 400),
    ):
        with pytest.raises(HTTPClientError) as caught:
            await watch(job_id, since)
        assert caught.value.code == status, (job_id, since)
        assert caught.value.response is not None
        body = json.loads(caught.value.response.body)
        assert body["field"] == ("id" if status == 404 else "since")
    reply = await call("GET", f"jobs/{job.id}/log")
    assert reply.status == 400
    assert reply.json["field"] == "Upgrade"


async def test_nothing_is_left_when_a_watcher_goes(app: Any, watch: Any) -> None:
    go_on = Event()

    def work(context: Context) -> dict[str, Any]:
        context.line("one")
        go_on.wait(60)
        return {}

    def pumps() -> list[str]:
        return [str(t) for t in asyncio.all_tasks() if "JobLog._send" in str(t)]

    job = app.engine.jobs.submit(Task("test", "Test", work))
    sockets = [await watch(job.id) for _ in range(3)]
    for socket in sockets:
        await socket.read_message()
    assert len(pumps()) == 3
    for socket in sockets:
        socket.close()
    while pumps():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    go_on.set()


async def test_what_a_watcher_says_does_no_harm(app: Any, watch: Any) -> None:
    go_on = Event()
    job = app.engine.jobs.submit(Task("test", "Test", lambda _: {"waited": go_on.wait(60)}))
    socket = await watch(job.id)
    await socket.write_message("{")
    await socket.write_message(b"\x00\xff", binary=True)
    go_on.set()
    assert (await read(socket))[-1]["end"]["state"] == "succeeded"
