"""What is temporary goes with its process, and what a killed one left is swept, no one else's."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from jupyter_envs.system import temporary
from jupyter_envs.system.files import atomic_write, listing
from tests.engine.world import killed, other_process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

OTHER = """
import sys, time
from pathlib import Path
from jupyter_envs.system import temporary
top = Path(sys.argv[1])
temporary.use(top)
Path(temporary.home(), "secret").write_text("password")
Path(temporary.beside(top.parent / "work" / "file")).touch()
Path(temporary.beside(top.parent / "work" / "folder")).mkdir()
Path(temporary.beside(top.parent / "other" / "file")).touch()
print("there")
time.sleep(60)
"""


def other(top: Path) -> str:
    return OTHER.replace("sys.argv[1]", repr(str(top)))


def test_only_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    top = tmp_path / "tmp"
    for name in ("work", "other"):
        (tmp_path / name).mkdir()
    dead, alive = (other_process(other(top)) for _ in range(2))
    for process in (dead, alive):
        assert process.stdout
        assert process.stdout.readline() == "there\n"
    assert len(list(top.glob("*/secret"))) == 2
    killed(dead)
    temporary.sweep(top)
    assert len(list(top.glob("*/secret"))) == 1
    for left in ("work/.file.*.tmp", "work/.folder.*.tmp", "other/.file.*.tmp"):
        assert len(list(tmp_path.glob(left))) == 1, left
    killed(alive)
    # One folder is gone by now.
    shutil.rmtree(tmp_path / "other")
    temporary.sweep(top)
    assert list(top.iterdir()) == []
    assert list((tmp_path / "work").iterdir()) == []


def test_a_file_of_the_users_stays(tmp_path: Path) -> None:
    names = [".notes.tmp", ".x.0123456789abcdef.tmp", "x.0123456789abcdef-01234567.tmp"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "0123456789abcdef.lock").write_bytes(os.fsencode(tmp_path) + b"\0/half")
    temporary.sweep(tmp_path / "tmp")
    assert {path.name for path in tmp_path.iterdir()} == {*names, "tmp"}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nobody_else_looks_into_it(tmp_path: Path) -> None:
    temporary.use(tmp_path / "state" / "tmp")
    with listing(["https://user:word@host/simple"]) as path, temporary.folder() as folder:
        assert path.startswith(temporary.home())
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        for each in (folder, temporary.home(), str(tmp_path / "state" / "tmp")):
            assert stat.S_IMODE(os.stat(each).st_mode) == 0o700


def test_an_ended_process_leaves_nothing(tmp_path: Path) -> None:
    process = other_process(other(tmp_path / "tmp").replace("time.sleep(60)", ""))
    process.communicate()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_forked_process_is_another_owner(tmp_path: Path) -> None:
    temporary.use(tmp_path / "tmp")
    mine = temporary.home()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, temporary.home().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        theirs = told.read()
    assert os.path.dirname(theirs) == os.path.dirname(mine)
    assert theirs != mine
    temporary.sweep(tmp_path / "tmp")
    assert os.path.isdir(mine)
    assert not os.path.exists(theirs)


def test_where_the_folder_cannot_be_made_the_systems_is_taken(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    temporary.use(tmp_path / "file" / "tmp")
    temporary.use(tmp_path / "other")
    assert temporary.home().startswith(str(tmp_path / "other"))
    (tmp_path / "other").rename(tmp_path / "gone")
    (tmp_path / "other").touch()
    assert temporary.home() == tempfile.gettempdir()


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0o002])
def test_a_written_file_keeps_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        atomic_write(tmp_path / "plain", "x")
        atomic_write(tmp_path / "closed", "x", 0o600)
        atomic_write(tmp_path / "kept", "x", 0o755)
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("plain", "closed", "kept")}
    assert modes == {"plain": 0o666 & ~mask, "closed": 0o600, "kept": 0o755}


def test_a_durable_file_and_its_folder_are_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        flushed.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    atomic_write(tmp_path / "cache", "x")
    assert flushed == []
    atomic_write(tmp_path / "record", "x", durable=True)
    assert flushed == ["file", "folder"]
