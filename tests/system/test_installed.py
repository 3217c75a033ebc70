"""What is installed, exactly: the same wheel gives the same digest, whoever installs it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.model.lock import LockedFile
from jupyter_envs.system.installed import content, installed_one, lock
from jupyter_envs.system.metadata import dist_infos
from tests.engine.wheels import project, wheel_file


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    venv.create(tmp_path / "env")
    return tmp_path / "env"


def install(prefix: Path, *words: object, by: str = "uv") -> None:
    python = prefix / "bin" / "python"
    tool = [uv(), "pip"] if by == "uv" else [sys.executable, "-m", "pip"]
    where = ["--python", python]
    argv = [*tool, "install", *where, *words] if by == "uv" else [*tool, *where, "install", *words]
    subprocess.run([*argv, "--no-deps", "--no-index"], check=True, capture_output=True)


def test_the_same_from_uv_and_from_pip(prefix: Path, tmp_path: Path) -> None:
    local = wheel_file(tmp_path, "one", "1.0", scripts={"say": "one:x"}, data={"share/x.txt": "hello"})
    digests = []
    for by in ("uv", "pip"):
        install(prefix, local, by=by)
        digests.append(content(dist_infos(prefix)["one"]))
        subprocess.run([prefix / "bin" / "python", "-c", "import one"], check=True)
        subprocess.run([uv(), "pip", "uninstall", "--python", prefix / "bin" / "python", "one"], check=True)
    assert digests[0]
    assert digests[0] == digests[1]
    other = wheel_file(tmp_path, "one", "1.0", files={"one.py": "other = 1\n"})
    install(prefix, other)
    assert content(dist_infos(prefix)["one"]) != digests[0]


def test_where_it_came_from(prefix: Path, tmp_path: Path) -> None:
    install(prefix, "-e", project(tmp_path / "ed", "ed"))
    install(prefix, project(tmp_path / "src", "src"))
    install(prefix, wheel_file(tmp_path, "local", "1.0"))
    found = {package.name: package for package in lock(str(prefix), "3.12").packages}
    assert (found["ed"].source, found["ed"].editable, found["ed"].content) == ("directory", True, None)
    assert (found["src"].source, found["src"].url) == ("directory", (tmp_path / "src").as_uri())
    assert (found["local"].source, found["local"].hashed) == ("archive", False)
    assert list(found) == sorted(found)


def test_what_was_not_written_to_is_not_read(prefix: Path, tmp_path: Path) -> None:
    install(prefix, wheel_file(tmp_path, "one", "1.0"), wheel_file(tmp_path, "two", "1.0"))
    before = lock(str(prefix), "3.12")
    late = max(os.stat(info).st_ctime_ns for info in dist_infos(prefix).values()) + 10**9
    for info in dist_infos(prefix).values():
        (info / "RECORD").write_text("damaged")
    assert lock(str(prefix), "3.12", before, late) == before
    assert lock(str(prefix), "3.12", before, 1) != before


def files(*names: str) -> list[LockedFile]:
    return [LockedFile(name=name, hashes=["sha256:00"]) for name in names]


@pytest.mark.parametrize(
    ("told", "offered", "chosen"),
    [
        ("Tag: py3-none-any\n", ["a-1-cp311-cp311-win32.whl", "a-1-py3-none-any.whl", "a-1.tar.gz"], 1),
        ("Tag: py2-none-any\nTag: py3-none-any\n", ["a-1-py3-none-any.whl", "a-1-py2.py3-none-any.whl"], 1),
        ("Build: 2\nTag: py3-none-any\n", ["a-1-py3-none-any.whl", "a-1-2-py3-none-any.whl"], 1),
        ("Tag: cp311-cp311-linux_x86_64\n", ["a-1-py3-none-any.whl", "a-1.tar.gz"], 1),
    ],
)
def test_which_file_it_was(tmp_path: Path, told: str, offered: list[str], chosen: int) -> None:
    (tmp_path / "WHEEL").write_text(told)
    assert [file.name for file in installed_one(tmp_path, files(*offered))] == [offered[chosen]]


def test_where_nothing_tells_all_may_be_it(tmp_path: Path) -> None:
    offered = files("a-1-cp311-cp311-win32.whl", "a-1-cp312-cp312-win32.whl")
    assert installed_one(tmp_path, offered) == offered
    (tmp_path / "WHEEL").write_text("Tag: py3-none-any\n")
    assert installed_one(tmp_path, offered) == offered
