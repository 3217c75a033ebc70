"""One reader for every file that others wrote: regular files alone, bounded, and no wait at a pipe."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.system.reading import (
    CONFIG,
    opened,
    parse_json,
    read_as,
    read_bytes,
    read_bytes_if_any,
    read_head,
    read_json,
    read_text,
)
from tests.system.odd_files import ODD, put

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, sockets and devices")
_decoder = msgspec.json.Decoder(dict[str, int])


@posix
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_file_ends_in_one_of_two_errors_at_once(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "kernel.json"
    put(path, odd)
    begun = time.monotonic()
    for read in (read_json, lambda path: read_as(path, _decoder)):
        with pytest.raises((OSError, ValueError)):
            read(path)
    if odd not in ("empty", "NUL", "not UTF-8", "nested", "unreadable"):
        assert read_bytes_if_any(path) is None
        with pytest.raises(OSError):
            read_text(path, errors="replace")
    assert time.monotonic() - begun < 2


@posix
def test_an_odd_file_gives_no_head_unless_it_is_one(tmp_path: Path) -> None:
    for odd in ("pipe", "socket", "device", "folder", "loop"):
        put(tmp_path / odd, odd)
        with pytest.raises(OSError):
            read_head(tmp_path / odd, 10)
    put(tmp_path / "sparse", "sparse")
    assert read_head(tmp_path / "sparse", 10) == bytes(10)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for raw in (b"", b"{}", b'{"a": 1}\r\n', os.urandom(CONFIG)):
        path.write_bytes(raw)
        assert read_bytes(path) == raw
    path.write_bytes(b"a\r\nb\rc\n\xff")
    assert read_text(path, errors="replace") == "a\nb\nc\n\ufffd"
    with pytest.raises(ValueError):
        read_text(path)
    path.write_text('{"a": 1}')
    assert read_json(path) == read_as(path, _decoder) == {"a": 1}


def test_what_is_larger_than_its_kind_may_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(11))
    with pytest.raises(OSError, match="larger than 10 bytes"):
        read_bytes(path, 10)
    assert read_bytes(path, 11) == bytes(11)


def test_a_file_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    path, stop = tmp_path / "a", threading.Event()
    path.touch()

    def grow() -> None:
        with open(path, "ab") as file:
            while not stop.is_set() and file.tell() < 50_000_000:
                file.write(bytes(100_000))
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        while path.stat().st_size < 2_000_000:
            time.sleep(0.001)
        with pytest.raises(OSError, match="larger"):
            read_bytes(path, 1_000_000)
    finally:
        stop.set()
        writer.join()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_file_whose_size_nobody_tells_is_read() -> None:
    assert read_bytes("/proc/self/status").startswith(b"Name:")


@posix
def test_a_link_is_followed_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert read_bytes(tmp_path / "b") == b"x"
    with pytest.raises(OSError):
        read_bytes(tmp_path / "b", follow=False)


def test_a_path_with_a_nul_is_no_file() -> None:
    with pytest.raises(OSError):
        read_bytes("a\0b")


def test_deep_json_is_refused() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(ValueError):
            parse_json(text)
    assert parse_json(json.dumps({"a": [1]})) == {"a": [1]}


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with opened(path) as first:
        pass
    for _ in range(3):
        with pytest.raises(OSError):
            read_bytes(tmp_path)
        read_bytes(path)
    with opened(path) as second:
        assert second == first
