import base64
import csv
import hashlib
import os
import subprocess
import sys

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.system.relocate import MAX_SHEBANG, header, relocate

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments stay where they are made there")


def make(path, tool):
    argv = {
        "venv": [sys.executable, "-m", "venv", "--prompt", "old-prompt", str(path)],
        "virtualenv": [sys.executable, "-m", "virtualenv", "-q", "--prompt", "old-prompt", str(path)],
        "uv": [uv(), "venv", "-q", "--seed", "--prompt", "old-prompt", "--python", sys.executable, str(path)],
    }[tool]
    subprocess.run(argv, check=True, capture_output=True)


@pytest.mark.parametrize("tool", ["venv", "virtualenv", "uv"])
def test_a_moved_environment_speaks_of_its_new_place_only(tmp_path, tool):
    old, new = tmp_path / "old", tmp_path / "new-place"
    make(old, tool)
    relocate(str(old), [str(old)], str(new), "old-prompt", "new-place")
    os.rename(old, new)
    told = subprocess.run([new / "bin" / "pip", "--version"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert str(new) in told.stdout
    for path in [new / "pyvenv.cfg", *(new / "bin").iterdir()]:
        if not path.is_symlink():
            assert str(old).encode() + b"/" not in path.read_bytes(), path
            assert b"old-prompt" not in path.read_bytes(), path
    script = f". {new}/bin/activate && echo $VIRTUAL_ENV && command -v python"
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert shown.stdout.split() == [str(new), str(new / "bin" / "python")]


def test_a_place_too_long_for_the_first_line_goes_by_sh(tmp_path):
    old, new = tmp_path / "o", tmp_path / ("n" * 120) / "with blank"
    make(old, "uv")
    new.parent.mkdir()
    relocate(str(old), [str(old)], str(new), "old-prompt", "x")
    os.rename(old, new)
    for name in ("pip", "pip3"):
        assert subprocess.run([new / "bin" / name, "--version"], capture_output=True).returncode == 0
    # And back again, from the long form to the short one.
    relocate(str(new), [str(new)], str(old), "x", "y")
    os.rename(new, old)
    assert (old / "bin" / "pip").read_bytes().startswith(f"#!{old}/bin/python".encode())
    assert subprocess.run([old / "bin" / "pip", "--version"], capture_output=True).returncode == 0


def test_a_file_shared_by_a_hard_link_is_not_written_through(tmp_path):
    old = tmp_path / "o"
    make(old, "uv")
    other = tmp_path / "other-name"
    os.link(old / "bin" / "pip", other)
    before = other.read_bytes()
    relocate(str(old), [str(old)], "/elsewhere/env", "old-prompt", "x")
    assert other.read_bytes() == before
    assert b"/elsewhere/env" in (old / "bin" / "pip").read_bytes()


def test_a_prompt_that_is_a_common_word_changes_nothing_else(tmp_path):
    old = tmp_path / "o"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--prompt", "a", str(old)], check=True)
    relocate(str(old), [str(old)], "/elsewhere/env", "a", "b")
    script = (old / "bin" / "activate").read_text()
    assert "deactivate ()" in script
    assert subprocess.run(["bash", "-n", old / "bin" / "activate"]).returncode == 0


def test_a_neighbour_s_name_is_left_alone(tmp_path):
    old = tmp_path / "env"
    make(old, "uv")
    (old / "bin" / "activate").write_text(f"VIRTUAL_ENV={old}\nOTHER={old}2/bin\n")
    relocate(str(old), [str(old)], "/new", "old-prompt", "x")
    assert (old / "bin" / "activate").read_text() == f"VIRTUAL_ENV=/new\nOTHER={old}2/bin\n"


def test_header_forms():
    assert header("/a/python", " -E") == b"#!/a/python -E\n"
    assert header("/a b/python").startswith(b"#!/bin/sh\n'''exec' '/a b/python'")
    assert header("/" + "x" * MAX_SHEBANG).startswith(b"#!/bin/sh\n")


@pytest.mark.parametrize("tool", ["uv", "virtualenv"])
def test_the_record_of_a_script_follows(tmp_path, tool):
    """What RECORD (PEP 376) says of hash and size holds for every file, before and after."""
    old, new = tmp_path / "old", tmp_path / ("long" * 40)
    make(old, tool)
    assert [path for path in listed_wrongly(old) if "/bin/" not in path] == []
    relocate(str(old), [str(old)], str(new), "old-prompt", "x")
    os.rename(old, new)
    assert listed_wrongly(new) == []


def test_scripts_wherever_a_record_names_them(tmp_path):
    """Installers sort RECORD, or not; what only looks like a script's path stays."""
    tree = tmp_path / "env"
    make(tree, "uv")
    info = next(tree.glob("lib/python*/site-packages")) / "demo-1.0.dist-info"
    info.mkdir()
    (tree / "bin/say").write_text(f"#!{tree}/bin/python\nprint(1)\n")
    (tree / "bin/tell").write_text(f"#!{tree}/bin/python\nprint(2)\n")
    line = "../../../bin/{},sha256=AAAA,1"
    plain = ["demo.py,sha256=BBBB,2", "odd/../../../../bin/say,sha256=CCCC,3", "demo-1.0.dist-info/RECORD,,"]
    (info / "RECORD").write_text("\n".join([plain[0], line.format("say"), plain[1], line.format("tell"), plain[2]]))
    relocate(str(tree), [str(tree)], str(tmp_path / "new"), "env", "new")
    lines = (info / "RECORD").read_text().split("\n")
    assert [lines[0], lines[2], lines[4]] == plain
    for number, name in ((1, "say"), (3, "tell")):
        raw = (tree / "bin" / name).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
        assert lines[number] == f"../../../bin/{name},sha256={digest},{len(raw)}"
    (info / "RECORD").write_text("odd/../../../../bin/say,sha256=CCCC,3")
    relocate(str(tree), [str(tmp_path / "new")], str(tree), "new", "env")
    assert (info / "RECORD").read_text() == "odd/../../../../bin/say,sha256=CCCC,3"


def listed_wrongly(prefix):
    wrong = []
    for record in prefix.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        for name, digest, size in csv.reader(record.read_text().splitlines()):
            path = record.parent.parent / name
            if digest and path.suffix != ".pyc":
                raw = path.read_bytes()
                told = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
                if (f"sha256={told}", str(len(raw))) != (digest, size):
                    wrong.append(str(path))
    return wrong
