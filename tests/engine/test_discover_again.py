"""What changed since the last look is seen, what did not costs nothing, and both by many at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_envs.engine import discover
from tests.engine.made_up import (
    BASE,
    MINOR,
    discovery,
    found,
    home,
    make,
    managed,
)

__all__ = ["home", "managed"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")


def test_changes_are_seen(managed: Path) -> None:
    lister = discovery()
    assert found(lister) == {}
    make(managed / "one")
    assert found(lister)["one"].package_count == 1
    (managed / f"one/lib/python{MINOR}/site-packages/six-1.0.dist-info").mkdir()
    assert found(lister)["one"].package_count == 2
    (managed / "one").rename(managed / "two")
    assert list(found(lister)) == ["two"]
    (managed / "two/bin/python").unlink()
    assert found(lister)["two"].state == "broken"
    (managed / "two/bin/python").symlink_to(BASE)
    assert found(lister)["two"].state == "ready"


def test_five_hundred_are_listed_without_a_process(managed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(500):
        make(managed / f"env{number}")

    def no_process(*args: object, **options: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    monkeypatch.setattr(os, "fork", no_process)
    # As if all of them had been there for long: what is fresh is read once more.
    monkeypatch.setattr(discover.prefix, "GRAIN", 0)
    lister = discovery()
    first = found(lister)
    assert len(first) == 500
    for number in range(20):
        (managed / f"env{number}/lib/python{MINOR}/site-packages/six-1.0.dist-info").mkdir()
    reads: list[str] = []
    real = discover.prefix.read
    monkeypatch.setattr(discover.prefix, "read", lambda path, own: (reads.append(path), real(path, own))[1])
    second = found(lister)
    assert len(reads) == 20
    assert sum(e.package_count == 2 for e in second.values()) == 20
    # A new process reads what this one kept.
    reads.clear()
    assert found(discovery()) == second
    assert reads == []
    assert found(lister) == second


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b"\xff\x00", b'{"known": {"a": 1}}'])
def test_a_damaged_index_is_ignored(content: bytes, home: Path, managed: Path) -> None:
    make(managed / "demo")
    (home / "data/jupyter-envs").mkdir(parents=True)
    (home / "data/jupyter-envs/index.json").write_bytes(content)
    assert list(found(discovery())) == ["demo"]


def test_what_comes_while_it_is_read_is_seen_the_next_time(managed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(managed / "demo")
    real = discover.prefix.metadata.entries

    def late(folder: Path) -> dict[str, Path]:
        names = real(folder)
        (folder / "late-1.0.dist-info").mkdir(exist_ok=True)
        return names

    monkeypatch.setattr(discover.prefix, "GRAIN", 0)
    lister = discovery()
    with monkeypatch.context() as patch:
        patch.setattr(discover.prefix.metadata, "entries", late)
        assert found(lister)["demo"].package_count == 1
    assert found(lister)["demo"].package_count == 2


def test_a_second_change_within_the_clocks_grain_is_seen(managed: Path) -> None:
    site = make(managed / "demo") / f"lib/python{MINOR}/site-packages"
    lister = discovery()
    assert found(lister)["demo"].package_count == 1
    times = site.stat()
    (site / "late-1.0.dist-info").mkdir()
    os.utime(site, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert found(lister)["demo"].package_count == 2


def test_the_index_is_not_written_when_nothing_changed(
    home: Path, managed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover.prefix, "GRAIN", 0)
    make(managed / "demo")
    lister = discovery()
    found(lister)
    before = (home / "data/jupyter-envs/index.json").stat()
    found(lister)
    found(discovery())
    after = (home / "data/jupyter-envs/index.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_sizes_come_in_the_background_and_stay_while_recomputed(managed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = make(managed / "demo")
    (prefix / "big").write_bytes(b"x" * 100_000)
    lister = discovery()
    assert found(lister)["demo"].size is None
    done = threading.Semaphore(0)
    hold = threading.Event()
    hold.set()
    real = discover.tree_size

    def sized(path: str) -> int:
        hold.wait(60)
        result = real(path)
        done.release()
        return result

    monkeypatch.setattr(discover, "tree_size", sized)
    lister.start_sizing()
    assert done.acquire(timeout=60)
    size = wait_for(lambda: found(lister)["demo"].size)
    assert size >= 100_000
    hold.clear()
    (prefix / f"lib/python{MINOR}/site-packages/new-1.0.dist-info").mkdir()
    (prefix / "bigger").write_bytes(b"x" * 200_000)
    assert found(lister)["demo"].size == size
    hold.set()
    assert wait_for(lambda: found(lister)["demo"].size if found(lister)["demo"].size != size else None) > size
    found(lister)
    lister.close()
    assert (found(discovery())["demo"].size or 0) > size


def wait_for(ask: object) -> int:
    """The first answer that is not None; asked for two minutes at most."""
    pause = threading.Event()
    for _ in range(2400):
        answer = ask()  # type: ignore[operator]
        if answer is not None:
            return int(answer)
        pause.wait(0.05)
    raise AssertionError("no answer came")


def test_many_threads_list_at_once(managed: Path) -> None:
    for number in range(30):
        make(managed / f"env{number}")
    lister = discovery()
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(len(found(lister)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [30] * 8
