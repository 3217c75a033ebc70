"""The foreground runner on the real job runner, without an environment."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_envs.cli.foreground import run
from jupyter_envs.cli.output import Output, exit_code
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import load
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.errors import EnvsError, Unsolvable


@pytest.fixture
def engine(home: Path) -> Any:
    jobs = Jobs(load(), by="cli")
    yield SimpleNamespace(jobs=jobs)
    jobs.close()


def task(work: Any) -> Task:
    return Task(action="change", title="Test", work=work)


def test_stream_has_each_line_once_in_order_and_the_job_last(engine: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def work(context: Context) -> dict[str, Any]:
        for i in range(500):
            context.step("counting", i + 1, 500, "files")
            context.line(f"line {i}")
            if i % 100 == 0:
                time.sleep(0.12)
        return {"fine": True}

    out = Output("stream")
    job = run(engine, task(work), out)
    assert out.ended(job, lambda _: []) == 0
    said = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    numbers = [entry["line"]["seq"] for entry in said if "line" in entry]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 500
    assert any("job" in entry for entry in said)
    assert said[-1]["done"]["result"] == {"fine": True}


def test_plain_text_has_one_line_a_phase(engine: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def work(context: Context) -> dict[str, Any]:
        for phase in ("resolving", "\x1b[31mdownloading", "installing"):
            for i in range(3):
                context.step(phase, i, 3, "packages")
                context.line("the tool's own words", "out")
            if phase == "installing":
                time.sleep(0.25)
        return {}

    run(engine, task(work), Output("text"))
    said = capfd.readouterr()
    assert said.out == ""
    assert [line.split()[0] for line in said.err.splitlines()] == ["resolving", "downloading", "installing"]
    assert re.fullmatch(r"  installing \d of 3 packages", said.err.splitlines()[-1])


def test_verbose_prints_the_log_and_quiet_nothing(engine: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def work(context: Context) -> dict[str, Any]:
        context.line("uv says \x07hello")
        return {}

    run(engine, task(work), Output("text"), verbose=True)
    assert "uv says hello" in capfd.readouterr().err
    run(engine, task(work), Output("text", quiet=True), verbose=True)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_job_and_handlers_come_back(
    engine: Any, number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)

    def work(context: Context) -> dict[str, Any]:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert context.cancelled.wait(60)
        context.check()
        return {}

    out = Output("json")
    job = run(engine, task(work), out)
    assert job.state == "cancelled"
    assert out.ended(job, lambda _: []) == 130
    assert json.loads(capfd.readouterr().out)["error"]["reason"] == "cancelled"
    assert signal.getsignal(number) is before


def test_a_reader_that_goes_away_cancels_the_job(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    out = Output("stream")

    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(out, "emit", gone)

    def work(context: Context) -> dict[str, Any]:
        assert context.cancelled.wait(60)
        context.check()
        return {}

    assert run(engine, task(work), out).state == "cancelled"


def test_a_failure_gives_its_exit_code(engine: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def work(context: Context) -> dict[str, Any]:
        raise Unsolvable("No way.", hint="Ask for less.", detail="a needs b\nb needs \x1b[1mc")

    out = Output("text")
    assert out.ended(run(engine, task(work), out), lambda _: []) == Unsolvable.exit_code
    assert capfd.readouterr().err.endswith("No way.\nAsk for less.\n    a needs b\n    b needs c\n")


def test_each_kind_of_error_has_its_code() -> None:
    assert {c.default_reason: exit_code(c.default_reason) for c in EnvsError.__subclasses__()} == {
        c.default_reason: c.exit_code for c in EnvsError.__subclasses__()
    }
    assert exit_code("disk_full") == 1
