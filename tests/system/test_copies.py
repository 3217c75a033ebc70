"""Copies in which a file can be edited without any other one changing."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_envs.system import copies
from jupyter_envs.system.copies import clones, copy_tree, files_of, fingerprint, unshare

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments are not copied on Windows")

FILES = {
    "pkg/module.py": b"x = 1\n",
    "pkg/stub.pyi": b"x: int\n",
    "pkg/data.csv": b"1,2\n" * 400_000,
    "pkg/empty.py": b"",
    "pkg/noext": b"text\n",
    "pkg/binary": b"\x7fELF\0\0",
    "pkg/fast.so": b"\x7fELF\0\0",
    "pkg/__pycache__/module.cpython-312.pyc": b"\xa7\r\r\n",
    "jedi/third_party/typeshed/os.pyi": b"x: int\n",
    "jedi/third_party/typeshed/code.py": b"x = 1\n",
    "easy.pth": b"/x\n",
    "bin/tool": b"#!/x\n",
}
SHARED = {"pkg/binary", "pkg/fast.so", "pkg/__pycache__/module.cpython-312.pyc", "jedi/third_party/typeshed/os.pyi"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return fill(tmp_path / "tree")


def fill(top: Path) -> Path:
    for number, (name, content) in enumerate(FILES.items()):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18 + number))
    (top / "bin/tool").chmod(0o755)
    (top / "bin/python").symlink_to("/usr/bin/python3")
    (top / "link").symlink_to("pkg")
    return top


def inodes(top: Path) -> dict[str, int]:
    return {os.path.relpath(path, top): os.lstat(path).st_ino for path in files_of(top)}


def test_what_may_be_edited_is_copied_and_the_rest_linked(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tree / "pkg" / "fifo")
    copy_tree(tree, tmp_path / "copy")
    for name, content in FILES.items():
        made, old = tmp_path / "copy" / name, tree / name
        assert made.read_bytes() == content
        assert (made.stat().st_mtime_ns, made.stat().st_mode) == (old.stat().st_mtime_ns, old.stat().st_mode)
    assert os.readlink(tmp_path / "copy/bin/python") == "/usr/bin/python3"
    assert (tmp_path / "copy/link").is_symlink()
    assert not (tmp_path / "copy/pkg/fifo").exists()
    before, after = inodes(tree), inodes(tmp_path / "copy")
    assert {name for name in after if after[name] == before[name]} == SHARED


def test_each_linked_file_that_may_be_edited_gets_its_own(tree: Path, tmp_path: Path) -> None:
    """As uv and conda link what they install to their caches."""
    for name in FILES:
        (tmp_path / "cache" / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(tree / name, tmp_path / "cache" / name)
    before = inodes(tree)
    unshare(files_of(tree))
    after = inodes(tree)
    assert {name for name in FILES if after[name] == before[name]} == SHARED
    for name, content in FILES.items():
        assert (tree / name).read_bytes() == content
        assert (tree / name).stat().st_mtime_ns == (tmp_path / "cache" / name).stat().st_mtime_ns
    assert len(after) == len(before), "nothing is left beside"
    unshare(files_of(tree))
    assert inodes(tree) == after


def test_where_no_link_can_be_made_all_is_copied(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EXDEV, "cross-device")

    monkeypatch.setattr(copies.os, "link", refused)
    copy_tree(tree, tmp_path / "copy")
    assert {name: (tmp_path / "copy" / name).read_bytes() for name in FILES} == FILES


def test_a_full_disk_is_no_part_of_a_file(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in part is written on, and the rest fails."""
    real = os.write
    monkeypatch.setattr(copies.os, "write", lambda fd, raw: real(fd, raw[:1000]))
    copy_tree(tree, tmp_path / "copy")
    assert (tmp_path / "copy/pkg/data.csv").read_bytes() == FILES["pkg/data.csv"]


CHANGES = {
    "edited": lambda top: (top / "pkg/module.py").write_bytes(b"x = 12\n"),
    "same size": lambda top: (top / "pkg/module.py").write_bytes(b"x = 2\n"),
    "binary": lambda top: (top / "pkg/fast.so").write_bytes(b"\x7fELF\0\1"),
    "added": lambda top: (top / "new.pth").write_bytes(b""),
    "removed": lambda top: (top / "easy.pth").unlink(),
    "mode": lambda top: (top / "easy.pth").chmod(0o600),
    "folder": lambda top: (top / "new").mkdir(),
    "link": lambda top: ((top / "link").unlink(), (top / "link").symlink_to("bin")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fingerprint_changes_with_each_file(tree: Path, tmp_path: Path, change: str) -> None:
    before = fingerprint(tree), fingerprint(tree, contents=True)
    copy_tree(tree, tmp_path / "copy")
    assert (fingerprint(tree), fingerprint(tree, contents=True)) == before, "to be copied is no change"
    os.rename(tree, tmp_path / "moved")
    assert (fingerprint(tmp_path / "moved"), fingerprint(tmp_path / "moved", contents=True)) == before
    CHANGES[change](tmp_path / "moved")
    assert fingerprint(tmp_path / "moved") != before[0]
    assert fingerprint(tmp_path / "moved", contents=True) != before[1]


def test_a_time_put_back_hides_nothing(tree: Path) -> None:
    before = fingerprint(tree), fingerprint(tree, contents=True)
    for name, place in (("pkg/module.py", 0), ("pkg/fast.so", 1)):
        path, about = tree / name, (tree / name).stat()
        path.write_bytes(FILES[name][:-1] + b"?")
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert (fingerprint(tree), fingerprint(tree, contents=True))[place] != before[place]


@pytest.fixture
def cloning(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that can clone files."""
    make = shutil.which("mkfs.btrfs") or shutil.which("mkfs.xfs")
    if make is None or os.geteuid() != 0:
        pytest.skip("no file system that clones files can be made here")
    image, top = tmp_path / "image", tmp_path / "mount"
    with image.open("wb") as file:
        file.truncate(400_000_000)
    top.mkdir()
    subprocess.run([make, "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(top)], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield top
    subprocess.run(["umount", str(top)], check=True)


def test_files_are_cloned_where_they_can_be(cloning: Path) -> None:
    tree = fill(cloning / "tree")
    copy_tree(tree, cloning / "copy")
    before, after = inodes(tree), inodes(cloning / "copy")
    assert {name for name in FILES if after[name] == before[name]} == {"jedi/third_party/typeshed/os.pyi"}
    assert {name: (cloning / "copy" / name).read_bytes() for name in FILES} == FILES


MEANWHILE = {
    "removed": (lambda path: path.unlink(), None),
    "replaced": (
        lambda path: (path.with_name("new").write_bytes(b"new\n"), os.replace(path.with_name("new"), path)),
        b"new\n",
    ),
    "edited": (lambda path: path.write_bytes(b"x = 1; y = 2\n"), b"x = 1; y = 2\n"),
}


@pytest.mark.parametrize("moment", ["before", "between", "without"])
@pytest.mark.parametrize("act", MEANWHILE)
def test_what_somebody_does_meanwhile_stands(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, moment: str
) -> None:
    """A file that was removed never comes back, and no edit is lost, whenever it happens."""
    path, link = tree / "pkg/module.py", tmp_path / "link.py"
    os.link(path, link)
    (tmp_path / "aside").mkdir()
    do, after = MEANWHILE[act]
    real, put = copies.exchange, copies._Copier.put

    def exchanged(one: str, other: str) -> bool:
        if moment == "between" and not done:
            done.append(do(path))
        return moment != "without" and real(one, other)

    def putting(self: copies._Copier, source: str, target: str, *, later: bool = False) -> None:
        put(self, source, target, later=later)
        if moment != "between":
            done.append(do(path))

    done: list[object] = []
    monkeypatch.setattr(copies, "exchange", exchanged)
    monkeypatch.setattr(copies._Copier, "put", putting)
    found = unshare([str(path)], tmp_path / "aside")
    assert done
    assert (path.read_bytes() if path.exists() else None) == after
    assert (found.own, found.left) == ({}, [str(path)])
    assert list((tmp_path / "aside").iterdir()) == []
    assert link.read_bytes() == (after if act == "edited" else FILES["pkg/module.py"])


def test_a_copy_for_now_links_all_but_what_programs_write_in_place(tree: Path, tmp_path: Path) -> None:
    (tree / "etc").mkdir()
    (tree / "etc/x.json").write_text("{}")
    assert copy_tree(tree, tmp_path / "copy", later=True) is not clones(tmp_path)
    before, after = inodes(tree), inodes(tmp_path / "copy")
    assert {name for name in after if before[name] == after[name]} == FILES.keys()
    assert copy_tree(tree, tmp_path / "other") is False
