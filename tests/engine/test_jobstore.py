"""Jobs on disk."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jupyter_envs.engine import jobstore
from jupyter_envs.engine.joblog import Tail
from jupyter_envs.engine.jobstore import JobStore
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.job import Job, JobState
from tests.engine.world import other_process, wait_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=str(tmp_path / "state"), root=str(tmp_path / "envs"))


@pytest.fixture
def store(settings: Settings) -> Iterator[JobStore]:
    store = JobStore(settings)
    yield store
    store.close()


def end(store: JobStore, job: Job, state: JobState = "succeeded", **more: Any) -> Job:
    job = replace(job, state=state, ended=jobstore.now(), **more)
    store.save(job)
    store.finish(job)
    return job


def test_what_is_written_is_read_by_others(store: JobStore, settings: Settings) -> None:
    job = end(store, store.new("create", "Create x", "x-1", "cli"), result={"plan": {"added": []}})
    other = JobStore(settings)
    assert other.get(job.id) == job
    assert other.get(job.id) == job, "as often as wanted"
    assert other.list() == [job]
    code = f"""
from jupyter_envs.engine.jobstore import JobStore
from jupyter_envs.engine.settings import Settings
print(JobStore(Settings(state_dir={settings.state_dir!r})).get({job.id!r}).result)
"""
    said, _ = other_process(code).communicate(timeout=120)
    assert said.strip() == str(job.result)


def test_newest_first(store: JobStore) -> None:
    ids = [store.new("change", str(number), None, "rest").id for number in range(20)]
    assert [job.id for job in store.list()] == ids[::-1]


def test_the_log_has_numbers_without_gaps(store: JobStore, settings: Settings) -> None:
    job = store.new("change", "x", None, "rest")
    for number in range(50):
        store.append(job.id, f"line {number}\nand more" if number % 7 == 0 else f"line {number}", "out")
    store.append(job.id, "", "info")
    lines = JobStore(settings).log(job.id)
    assert [line.seq for line in lines] == list(range(1, 60))
    assert lines[-1].text == ""
    assert [line.seq for line in store.log(job.id, since=55)] == [56, 57, 58, 59]
    assert Tail(store, job.id, 55).read() == lines[55:]


def test_a_half_written_line_waits(store: JobStore) -> None:
    job = store.new("change", "x", None, "rest")
    store.append(job.id, "whole", "out")
    path = store.folder / job.id / "log.jsonl"
    with path.open("ab") as file:
        file.write(b'{"seq":2,"time":"x","stre')
    tail = Tail(store, job.id)
    assert [line.text for line in tail.read()] == [line.text for line in store.log(job.id)] == ["whole"]
    with path.open("ab") as file:
        file.write(b'am":"out","text":"late"}\n')
    assert [line.text for line in tail.read()] == ["late"]


def test_a_log_is_bounded(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobstore, "MAX_LOG", 2000)
    job = store.new("change", "x", None, "rest")
    for _ in range(200):
        store.append(job.id, "x" * 100, "out")
    lines = store.log(job.id)
    assert "the log is full" in lines[-1].text
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert (store.folder / job.id / "log.jsonl").stat().st_size < 3000


def test_nobody_else_reads_a_job(store: JobStore) -> None:
    job = store.new("change", "x", None, "rest")
    assert stat.S_IMODE((store.folder / job.id).stat().st_mode) == 0o700
    assert stat.S_IMODE((store.folder / job.id / "state.json").stat().st_mode) == 0o600


def test_unknown_and_malicious_ids(store: JobStore) -> None:
    store.new("change", "x", None, "rest")
    for key in ("", "..", "../jobs", "20260101-000000-000000-abcdef", "x" * 300, "a\0b", "20260101"):
        with pytest.raises(NotFound):
            store.get(key)
        with pytest.raises(NotFound):
            store.log(key)


def test_damaged_jobs_are_left_out(store: JobStore) -> None:
    good = store.new("change", "x", None, "rest")
    bad = store.new("change", "y", None, "rest")
    (store.folder / bad.id / "state.json").write_text('{"job": 1')
    (store.folder / "notes").mkdir()
    assert [job.id for job in JobStore(store._settings).list()] == [good.id]
    with pytest.raises(NotFound):
        JobStore(store._settings).get(bad.id)


def test_a_job_of_a_living_process_runs_and_of_a_dead_one_is_interrupted(store: JobStore, settings: Settings) -> None:
    code = f"""
import sys
from jupyter_envs.engine.jobstore import JobStore
from jupyter_envs.engine.settings import Settings
store = JobStore(Settings(state_dir={settings.state_dir!r}))
print(store.new("create", "Create x", None, "cli").id)
sys.stdin.read()
"""
    owner = other_process(code, stdin=-1)
    assert owner.stdout
    job_id = owner.stdout.readline().strip()
    for _ in range(3):
        assert store.get(job_id).state == "queued"
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    found = store.get(job_id)
    assert found.state == "interrupted"
    assert found.over
    assert found.ended
    assert found.error
    assert found.error.reason == "interrupted"
    assert json.loads((store.folder / job_id / "state.json").read_bytes())["job"]["state"] == "interrupted"


def test_closing_gives_up_what_runs(store: JobStore, settings: Settings) -> None:
    job = store.new("change", "x", None, "rest")
    other = JobStore(settings)
    assert other.get(job.id).state == "queued"
    store.close()
    assert other.get(job.id).state == "interrupted"


def test_pruned_by_number_and_age(store: JobStore, settings: Settings) -> None:
    settings.keep_jobs = 3
    jobs = [end(store, store.new("change", str(n), None, "rest")) for n in range(5)]
    running = store.new("change", "runs", None, "rest")
    old = store.folder / "20200101-000000-000000-abcdef"
    (store.folder / jobs[4].id).rename(old)
    state = json.loads((old / "state.json").read_bytes())
    state["job"]["id"] = old.name
    (old / "state.json").write_text(json.dumps(state))
    store.prune()
    assert [job.id for job in store.list()] == [running.id, jobs[3].id, jobs[2].id, jobs[1].id]
    settings.keep_jobs = 1
    store.prune()
    assert [job.id for job in store.list()] == [running.id, jobs[3].id]


def test_dead_owners_leave_no_locks(store: JobStore, settings: Settings) -> None:
    store.new("change", "x", None, "rest")
    dead = settings.state / "owners" / "0123456789abcdef.lock"
    dead.touch()
    store.prune()
    assert [path.stem for path in (settings.state / "owners").iterdir()] == [store._owner]
    other = JobStore(settings)
    other.prune()
    assert other.list()[0].state == "queued", "a living owner's lock is left alone"


def test_many_readers_do_not_disturb_the_owner(settings: Settings) -> None:
    """A reader that looks at the owner's lock must not be taken for the owner, nor keep it from its lock."""
    code = f"""
import sys
from jupyter_envs.system.files import locked
print("ready")
while True:
    locked({str(settings.state / "owners" / "x.lock")!r})
"""
    readers = [other_process(code) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout
            reader.stdout.readline()
        for _ in range(200):
            store = JobStore(settings)
            store._owner = "x"
            job = store.new("change", "x", None, "rest")
            assert JobStore(settings).get(job.id).state == "queued"
            store._held.close()
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_a_full_disk_keeps_jobs_in_memory(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobstore, "atomic_write", full)
    job = store.new("change", "x", None, "rest")
    failed = end(store, job, "failed")
    assert store.get(job.id) == failed
    assert store.list() == [failed]


def test_word_for_the_owner(store: JobStore, settings: Settings) -> None:
    job = store.new("change", "x", None, "rest")
    assert not store.cancel_asked(job.id)
    JobStore(settings).ask_cancel(job.id)
    assert store.cancel_asked(job.id)
    JobStore(settings).ask_cancel("20260101-000000-000000-abcdef")


def test_secrets_are_stripped(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INDEX_OURS_PASSWORD", "hunter2-hunter2")
    job = store.new("change", "Install from http://me:geheim@127.0.0.1:9/x", None, "rest")
    store.append(job.id, "asked http://me:geheim@127.0.0.1:9/x with hunter2-hunter2", "err")
    end(store, job, "failed", result={"url": "http://me:geheim@127.0.0.1:9/", "word": "hunter2-hunter2"})
    wait_for((store.folder / job.id / "log.jsonl").exists)
    for folder, _, names in os.walk(store.folder):
        for name in names:
            text = Path(folder, name).read_text()
            assert "geheim" not in text
            assert "hunter2" not in text
