"""Other managers' programs and their versions are found without starting anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_envs.system import tools

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts of POSIX")


def program(folder: Path, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tool").write_text(text)
    (folder / "tool").chmod(0o755)
    return folder / "tool"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def test_where_it_is_found(home: Path) -> None:
    assert tools.find("tool") is None
    local = program(home / ".local/bin")
    assert tools.find("tool") == str(local)
    own = program(home / "own")
    assert tools.find("tool", str(own.parent)) == str(own), "its own place before the usual ones"
    first = program(home / "path")
    assert tools.find("tool", str(own.parent)) == str(first)
    first.chmod(0o644)
    own.chmod(0o644)
    assert tools.find("tool", str(own.parent)) == str(local), "what cannot be run is none"


@pytest.mark.parametrize("head", ["#!{python}\n", "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n", "linked"])
def test_its_version(home: Path, head: str) -> None:
    prefix = home / "a venv"
    (prefix / "lib/python3.12/site-packages/tool-2.5.1.dist-info").mkdir(parents=True)
    if head == "linked":
        inner = program(prefix / "bin")
        (home / "path").mkdir()
        script = home / "path/tool"
        script.symlink_to(inner)
    else:
        script = program(home / "path", head.format(python=prefix / "bin/python3"))
    assert tools.version(str(script), "tool") == "2.5.1"
    assert tools.version(str(script), "other") is None


def test_a_program_without_a_note_of_its_version(home: Path) -> None:
    script = program(home / "path")
    script.write_bytes(b"\x7fELF\0\xff")
    assert tools.version(str(script), "tool") is None
    assert tools.version(str(home / "nothing"), "tool") is None
