"""Files that the user names: what lies beside them is read with them, and nothing else of the machine."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from jupyter_envs.cli import given
from jupyter_envs.engine.imports import Imports
from jupyter_envs.formats.base import Read
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import ImportText


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def read(*names: str, **parts: list[str]) -> Read:
    source = given.imported(names, **parts)
    assert source is not None
    return Imports(dict, tuple).read(source)


def test_no_file_is_no_import() -> None:
    assert given.imported([]) is None


def test_files_are_followed(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "limits.txt").write_text("six<2\n")
    (here / "sub" / "more.txt").write_text("pandas  # tables\n\n-e ./proj\n")
    (here / "a.txt").write_text("six==1.* \\\n  ; python_version>'3'\n-r sub/more.txt\n-c limits.txt\n./one.whl\n")
    found = read("a.txt")
    assert [" ".join(line.split()) for line in found.packages] == [
        "six==1.* ; python_version>'3'",
        "pandas",
        f"-e {here}/sub/proj",
        f"{here}/one.whl",
    ]
    assert found.constraints == ["six<2"]


def test_several_files(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "a.txt").write_text("one\n")
    (here / "sub" / "b.txt").write_text("two\n-r c.txt\n")
    (here / "sub" / "c.txt").write_text("three\n")
    assert read("a.txt", "sub/b.txt").packages == ["one", "two", "three"]
    (here / "uv.lock").write_text("version = 1\n")
    with pytest.raises(InvalidRequest, match="together"):
        given.imported(["a.txt", "uv.lock"])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("six\n"))
    assert read("-").packages == ["six"]


SECRET = "root:x:0:0"


@pytest.mark.parametrize(
    "line",
    [
        "-r /etc/passwd",
        "--requirement=/etc/passwd",
        "-c /etc/passwd",
        "-r ../secret.txt",
        "-r sub/../../secret.txt",
        "-r link.txt",
        "-r linked/secret.txt",
        "-r file:///etc/passwd",
        "-r https://x.example/r.txt",
    ],
)
def test_nothing_outside_is_read(here: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (here.parent / "secret.txt").write_text(SECRET)
    (here / "link.txt").symlink_to(here.parent / "secret.txt")
    (here / "linked").symlink_to(here.parent)
    (here / "a.txt").write_text(f"six\n{line}\n")
    opened: list[str] = []
    real = given.read_bytes
    monkeypatch.setattr(given, "read_bytes", lambda path, most: (opened.append(os.fspath(path)), real(path, most))[1])
    with pytest.raises(InvalidRequest) as caught:
        read("a.txt")
    assert SECRET not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.reason == "outside"
    assert opened == ["a.txt"]


@pytest.mark.parametrize("line", ["-e ../other", "../other", "-e linked/other"])
def test_no_project_outside(here: Path, line: str) -> None:
    (here / "linked").symlink_to(here.parent)
    (here / "a.txt").write_text(f"{line}\n")
    with pytest.raises(InvalidRequest) as caught:
        read("a.txt")
    assert caught.value.reason == "outside"


def test_a_lock_comes_with_its_project(here: Path) -> None:
    (here / "poetry.lock").write_text('[metadata]\nlock-version = "2.0"\n')
    (here / "pyproject.toml").write_text("[project]\n")
    source = given.imported(["poetry.lock"])
    assert source is not None
    assert sorted(source.files) == ["poetry.lock", "pyproject.toml"]


def test_a_folder(here: Path) -> None:
    (here / "requirements.txt").write_text("-r more/a.txt\n")
    (here / "more").mkdir()
    (here / "more" / "a.txt").write_text("six\n")
    (here / "notes.txt").write_text("not requirements at all")
    assert read(".").packages == ["six"]
    (here / "binder").mkdir()
    (here / "binder" / "requirements.txt").write_text("idna\n")
    (here / "binder" / "runtime.txt").write_text("python-3.11\n")
    (here / "binder" / "apt.txt").write_text("gcc\n")
    found = read(os.fspath(here))
    assert (found.packages, found.python) == (["idna"], "3.11")
    assert found.unknown == ["apt.txt (packages of the system)"]
    empty = here / "empty"
    empty.mkdir()
    with pytest.raises(InvalidRequest, match="no file"):
        given.imported([os.fspath(empty)])


def test_parts(here: Path) -> None:
    (here / "pyproject.toml").write_text('[project]\ndependencies = []\n[dependency-groups]\ntest = ["six"]\n')
    assert read("pyproject.toml", groups=["test"]).packages == ["six"]


def test_relative_paths_need_a_folder() -> None:
    with pytest.raises(InvalidRequest, match="path on the machine"):
        Imports(dict, tuple).read(ImportText(text="-e ./here\n"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.txt", None),
        ("loop.txt", b"-r loop.txt\n"),
        ("binary.txt", b"\xff\xfe\x00\x01"),
        ("long.txt", b"x" * (given.MOST + 1)),
        ("nul\0.txt", None),
        ("/dev/zero", None),
    ],
)
def test_unusable_files_are_named(here: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    with pytest.raises(InvalidRequest) as caught:
        read(name)
    assert caught.value.field in ("requirement", "from.text line 1")


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_read(here: Path) -> None:
    with open(here / "big.txt", "wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InvalidRequest, match="larger than") as told:
        read("big.txt")
    assert told.value.hint


def test_the_files_of_a_project_are_read_from_a_folder_in_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "requirements").mkdir()
    (here / "requirements.txt").write_text("six\n")
    (here / "requirements" / "dev.txt").write_text("-r ../requirements.txt\n-e ..\nidna\n")
    assert read("requirements/dev.txt").packages == ["six", f"-e {here}", "idna"]
    # From within, only a repository tells where the project ends.
    monkeypatch.chdir(here / "requirements")
    with pytest.raises(InvalidRequest, match="outside"):
        read("dev.txt")
    (here / ".git").mkdir()
    assert read("dev.txt").packages == ["six", f"-e {here}", "idna"]


def test_the_home_folder_is_no_project(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.fspath(here))
    (here / ".git").mkdir()
    (here / "work").mkdir()
    (here / "secret.txt").write_text(SECRET)
    (here / "work" / "a.txt").write_text("-r ../secret.txt\n")
    with pytest.raises(InvalidRequest, match="outside"):
        read("work/a.txt")


@pytest.mark.parametrize(
    "content",
    [
        "six\r\nidna\r\n".encode("utf-16"),
        b"\xfe\xff" + "six\nidna\n".encode("utf-16-be"),
        b"\xef\xbb\xbfsix\nidna\n",
        "six\nidna\n".encode("utf-32"),
        b"# -*- coding: latin-1 -*-\n# \xfcber\nsix\nidna\n",
        b"#!x\n# vim: set fileencoding=cp1251 :\n# \xef\xf0\nsix\nidna\n",
        b"# coding: no-such-thing\n# \xfcber\nsix\nidna\n",
        b"# \xfcber \x81\nsix\nidna\n",
    ],
)
def test_encodings(here: Path, content: bytes) -> None:
    (here / "requirements.txt").write_bytes(content)
    assert read("requirements.txt").packages == ["six", "idna"]


def test_a_file_that_includes_another_that_is_given_too(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "requirements.txt").write_text("six\n")
    (here / "sub" / "dev.txt").write_text("-r ../requirements.txt\nidna\n")
    assert read("requirements.txt", "sub/dev.txt").packages == ["six", "idna"]
