"""Tasks run as jobs: how many at once, in which order, how they end."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.errors import Conflict, NotFound
from jupyter_envs.model.job import Job
from tests.engine.world import TOP, other_process, wait_for

Make = Callable[..., Jobs]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Jobs] = []

    def jobs(**options: Any) -> Jobs:
        made.append(Jobs(Settings(state_dir=str(tmp_path / "state"), root=str(tmp_path / "envs"), **options), "cli"))
        return made[-1]

    yield jobs
    for one in made:
        one.close()


@pytest.fixture
def jobs(make: Make) -> Jobs:
    return make()


def task(work: Callable[[Context], Any], key: str | None = None) -> Task:
    return Task(action="change", title="Test", work=lambda context: work(context) or {}, key=key)


class Gate:
    """Work that says when it has begun and waits until it may end."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, context: Context) -> None:
        self.begun.set()
        while not self.open.wait(0.01):
            context.check()


def over(jobs: Jobs, job: Job) -> Job:
    wait_for(lambda: jobs.get(job.id).over)
    return jobs.get(job.id)


def test_a_job_runs_and_its_result_stays(jobs: Jobs, make: Make) -> None:
    job = jobs.submit(task(lambda _: {"plan": [1]}))
    assert (job.state, job.by, job.title) == ("queued", "cli", "Test")
    ended = over(jobs, job)
    assert (ended.state, ended.result, ended.error) == ("succeeded", {"plan": [1]}, None)
    assert ended.created <= (ended.started or "") <= (ended.ended or "")
    for reader in (jobs, jobs, make()):
        wait_for(lambda reader=reader: reader.get(job.id) == ended)  # type: ignore[misc]
        assert reader.list() == [ended]


def test_failures_have_words(jobs: Jobs) -> None:
    def refuse(_: Context) -> None:
        raise Conflict("Taken.", hint="Another.", reason="name_taken", field="name", detail="all of it")

    def full(_: Context) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/x")

    def denied(_: Context) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/x")

    def other(_: Context) -> None:
        raise OSError(errno.EIO, "Input/output error", "/x")

    def wrong(_: Context) -> None:
        raise ZeroDivisionError("secret of ours")

    def reason(work: Callable[[Context], None]) -> str:
        job = jobs.run(task(work))
        assert job.state == "failed"
        assert job.error
        assert job.error.hint
        assert jobs.log(job.id)[-1].text == job.error.message
        return job.error.reason

    assert [reason(work) for work in (refuse, full, denied, other)] == [
        "name_taken",
        "disk_full",
        "not_writable",
        "failed",
    ]
    job = jobs.run(task(wrong))
    assert job.error
    assert "ZeroDivisionError" not in job.error.message
    assert any("ZeroDivisionError" in line.text for line in jobs.log(job.id))


def test_progress_and_log(jobs: Jobs) -> None:
    seen: list[Job] = []

    def work(context: Context) -> None:
        context.step("resolve")
        context.line("one", "out")
        context.step("download", 1, 2, "packages")
        wait_for(lambda: any(job.progress.done == 1 for job in seen))
        context.step("download", 2, 4, "packages")
        context.about("x-1")
        context.line("two\nthree", "err")
        context.step("install", 9, 8, "packages")

    heard: list[str] = []
    job = jobs.run(task(work), lambda job, lines: (seen.append(job), heard.extend(x.text for x in lines))[0])
    assert job.environment == "x-1"
    assert (job.progress.phase, job.progress.fraction) == ("install", 1.0)
    assert heard == ["resolve", "one", "download", "two", "three", "install"]
    lines = jobs.log(job.id)
    assert [line.text for line in lines] == heard
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [line.stream for line in lines] == ["info", "out", "info", "err", "err", "info"]
    assert seen[-1] == job


def test_a_bar_never_goes_back_within_a_phase(jobs: Jobs) -> None:
    fractions: list[float | None] = []
    jobs.subscribe(lambda job: fractions.append(job.progress.fraction))

    def work(context: Context) -> None:
        for done, total in ((1, 2), (1, 10), (6, 10), (10, 10)):
            # Counted first: the step may be told before this thread goes on.
            number = len(fractions)
            context.step("download", done, total, "bytes")
            wait_for(lambda number=number: len(fractions) > number)  # type: ignore[misc]
        context.step("install", 0, 2, "packages")

    assert jobs.run(task(work)).progress.fraction == 0
    known = [f for f in fractions if f is not None]
    assert known == [0.5, 0.5, 0.6, 1.0, 0.0]


def test_at_most_so_many_at_once(make: Make) -> None:
    jobs = make(max_jobs=2)
    gates = [Gate() for _ in range(4)]
    made = [jobs.submit(task(gate, key=str(n))) for n, gate in enumerate(gates)]
    wait_for(lambda: gates[0].begun.is_set() and gates[1].begun.is_set())
    assert [job.state for job in reversed(jobs.list())] == ["running", "running", "queued", "queued"]
    gates[0].open.set()
    wait_for(gates[2].begun.is_set)
    assert not gates[3].begun.is_set()
    for gate in gates:
        gate.open.set()
    assert {over(jobs, job).state for job in made} == {"succeeded"}


def test_one_environment_has_one_writer_and_others_do_not_wait(jobs: Jobs) -> None:
    first, second, elsewhere = Gate(), Gate(), Gate()
    a = jobs.submit(task(first, key="/envs/a"))
    b = jobs.submit(task(second, key="/envs/a"))
    c = jobs.submit(task(elsewhere, key="/envs/b"))
    wait_for(lambda: first.begun.is_set() and elsewhere.begun.is_set())
    assert not second.begun.is_set()
    assert jobs.get(b.id).state == "queued"
    first.open.set()
    wait_for(second.begun.is_set)
    assert over(jobs, a).state == "succeeded"
    second.open.set()
    elsewhere.open.set()
    assert over(jobs, b).state == over(jobs, c).state == "succeeded"
    again = jobs.submit(task(lambda _: None, key="/envs/a"))
    assert over(jobs, again).state == "succeeded"


def test_waiting_jobs_of_one_environment_hold_nobody_else_up(make: Make) -> None:
    jobs = make(max_jobs=2)
    gate = Gate()
    waiting = [jobs.submit(task(gate, key="/envs/a")) for _ in range(5)]
    other = jobs.submit(task(lambda _: None, key="/envs/b"))
    assert over(jobs, other).state == "succeeded"
    gate.open.set()
    assert [over(jobs, job).state for job in waiting] == ["succeeded"] * 5


def test_cancel(jobs: Jobs) -> None:
    running, waiting = Gate(), Gate()
    a = jobs.submit(task(running, key="/envs/a"))
    b = jobs.submit(task(waiting, key="/envs/a"))
    wait_for(running.begun.is_set)
    jobs.cancel(b.id)
    jobs.cancel(a.id)
    ended = over(jobs, a)
    assert ended.state == "cancelled"
    assert ended.error
    assert ended.error.reason == "cancelled"
    assert over(jobs, b).state == "cancelled"
    assert not waiting.begun.is_set()
    assert jobs.cancel(a.id) == ended, "one that has ended stays as it is"
    with pytest.raises(NotFound):
        jobs.cancel("20260101-000000-000000-abcdef")


def test_a_failure_on_the_way_out_of_a_cancel_is_a_cancel(jobs: Jobs) -> None:
    gate = Gate()

    def work(context: Context) -> None:
        gate.begun.set()
        context.cancelled.wait(60)
        raise OSError(errno.EIO, "killed")

    job = jobs.submit(task(work))
    wait_for(gate.begun.is_set)
    jobs.cancel(job.id)
    assert over(jobs, job).state == "cancelled"


def test_cancel_of_another_process(jobs: Jobs, make: Make) -> None:
    code = f"""
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
def work(context):
    print("begun")
    context.cancelled.wait(60)
    context.check()
job = Jobs(Settings(state_dir={str(jobs.store.folder.parent)!r})).run(Task("change", "x", work))
print(job.state)
"""
    owner = other_process(code)
    assert owner.stdout
    assert owner.stdout.readline() == "begun\n"
    (job,) = jobs.list()
    assert job.state == "running"
    jobs.cancel(job.id)
    said, _ = owner.communicate(timeout=60)
    assert said == "cancelled\n"
    assert jobs.get(job.id).state == make().get(job.id).state == "cancelled"


def test_killed_with_its_owner(jobs: Jobs) -> None:
    code = f"""
import time
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
def work(context):
    print("begun")
    time.sleep(60)
jobs = Jobs(Settings(state_dir={str(jobs.store.folder.parent)!r}))
jobs.submit(Task("change", "x", work, key="a"))
jobs.submit(Task("change", "y", work, key="a"))
time.sleep(60)
"""
    owner = other_process(code)
    assert owner.stdout
    owner.stdout.readline()
    wait_for(lambda: len(jobs.list()) == 2)
    assert [job.state for job in jobs.list()] == ["queued", "running"]
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert [job.state for job in jobs.list()] == ["interrupted", "interrupted"]
    assert jobs.cancel(jobs.list()[0].id).state == "interrupted"


def test_a_clean_exit_interrupts_nothing_by_mistake(jobs: Jobs) -> None:
    """A program that ends while its job does: others see the end, never an interruption."""
    code = f"""
import sys
sys.path.insert(0, {TOP!r})
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
for _ in range(30):
    jobs = Jobs(Settings(state_dir={str(jobs.store.folder.parent)!r}))
    jobs.run(Task("change", "x", lambda context: {{}}))
    jobs.close()
"""
    owner = other_process(code)
    seen = set()
    while owner.poll() is None:
        seen |= {job.state for job in jobs.list()}
    owner.communicate()
    assert "interrupted" not in seen
    assert [job.state for job in jobs.list()] == ["succeeded"] * 30


def test_close_cancels(make: Make) -> None:
    jobs = make(max_jobs=1)
    gates = [Gate(), Gate(), Gate()]
    made = [jobs.submit(task(gates[0], key="a")), jobs.submit(task(gates[1], key="a")), jobs.submit(task(gates[2]))]
    wait_for(gates[0].begun.is_set)
    jobs.close()
    assert not gates[1].begun.is_set()
    assert not gates[2].begun.is_set()
    assert {make().get(job.id).state for job in made} == {"cancelled"}


def test_subscribers_hear_each_state(jobs: Jobs) -> None:
    heard: list[tuple[str, str]] = []
    end = jobs.subscribe(lambda job: heard.append((job.id, job.state)))
    jobs.subscribe(lambda _: None)()
    first = jobs.run(task(lambda _: None))
    assert heard == [(first.id, state) for state in ("queued", "running", "succeeded")]
    end()
    end()
    jobs.run(task(lambda _: None))
    assert len(heard) == 3


def test_a_subscriber_that_fails_harms_no_job(jobs: Jobs) -> None:
    def broken(_: Job) -> None:
        raise RuntimeError("closed")

    jobs.subscribe(broken)
    gate = Gate()
    job = jobs.submit(task(gate, key="a"))
    after = jobs.submit(task(lambda _: None, key="a"))
    wait_for(gate.begun.is_set)
    gate.open.set()
    assert over(jobs, job).state == "succeeded"
    assert over(jobs, after).state == "succeeded"
    assert jobs.active() == []


def test_secrets_stay_out_of_what_subscribers_hear(jobs: Jobs) -> None:
    def work(context: Context) -> None:
        context.step("fetch http://me:geheim@127.0.0.1:9/x")
        raise Conflict(
            "At http://me:geheim@127.0.0.1:9/x.", hint="See http://me:geheim@h/", detail="http://me:geheim@127.0.0.1:9/"
        )

    heard: list[Job] = []
    jobs.subscribe(heard.append)
    job = jobs.run(task(work), lambda job, lines: heard.extend([job, *lines]))  # type: ignore[list-item]
    assert "geheim" not in repr([job, heard, jobs.list(), jobs.get(job.id)])
