"""Following a log: each line once, in order, whole, however it is written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine import joblog
from jupyter_envs.engine.joblog import Tail
from jupyter_envs.engine.jobstore import JobStore
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.job import LogLine


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(Settings(state_dir=str(tmp_path)))


def raw(seq: int) -> bytes:
    return msgspec.json.encode(LogLine(seq=seq, time="", stream="out", text=f"line {seq}")) + b"\n"


def test_new_lines_come_once(store: JobStore) -> None:
    job = store.new("test", "Test", None, "cli")
    tail, late = Tail(store, job.id), Tail(store, job.id, since=2)
    assert tail.read() == []
    store.append(job.id, "a\nb", "out")
    assert [line.text for line in tail.read()] == ["a", "b"]
    assert tail.read() == []
    assert late.read() == []
    store.append(job.id, "c", "err")
    assert [line.seq for line in tail.read()] == [3]
    assert [line.seq for line in late.read()] == [3]
    store.close()


def test_a_half_written_line_waits_for_its_rest(store: JobStore) -> None:
    job = store.new("test", "Test", None, "cli")
    path = store.folder / job.id / "log.jsonl"
    whole = raw(1) + raw(2)
    tail = Tail(store, job.id)
    path.write_bytes(whole[:-10])
    assert [line.seq for line in tail.read()] == [1]
    assert tail.read() == []
    path.write_bytes(whole)
    assert [line.seq for line in tail.read()] == [2]
    store.close()


def test_a_broken_line_does_not_hide_the_next(store: JobStore) -> None:
    job = store.new("test", "Test", None, "cli")
    (store.folder / job.id / "log.jsonl").write_bytes(raw(1) + b'{"seq": 2, "te\n' + b"\xff\n\n" + raw(3))
    assert [line.seq for line in Tail(store, job.id).read()] == [1, 3]
    store.close()


def test_a_long_log_comes_in_parts(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblog, "PART", 300)
    job = store.new("test", "Test", None, "cli")
    (store.folder / job.id / "log.jsonl").write_bytes(b"".join(map(raw, range(1, 101))))
    tail, found = Tail(store, job.id, since=50), []
    while lines := tail.read():
        found += [line.seq for line in lines]
    assert found == list(range(51, 101))
    store.close()


def test_a_job_without_a_log_has_no_lines(store: JobStore) -> None:
    assert Tail(store, "20200101-000000-000000-abcdef").read() == []
