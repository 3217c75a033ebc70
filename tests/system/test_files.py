import os
import sys
import threading
import time

import pytest

from jupyter_envs.system.files import (
    atomic_write,
    discard_tree,
    link_tree,
    lock,
    locked,
    remove_tree,
    tree_size,
)
from jupyter_envs.system.paths import inside

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes")


def test_atomic_write_replaces_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.txt"
    atomic_write(path, "one")
    atomic_write(path, b"two", 0o600)
    assert path.read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@posix
def test_atomic_write_that_fails_keeps_the_old_content(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "x").touch()
    with pytest.raises(OSError):
        atomic_write(target, "no")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_lock_is_held_against_other_threads(tmp_path):
    path = tmp_path / "deep" / "a.lock"
    assert not locked(path)
    with lock(path):
        assert locked(path)
        with pytest.raises(BlockingIOError), lock(path):
            pass
    assert not locked(path)


def test_waiting_for_a_lock(tmp_path):
    path, waits, order = tmp_path / "a.lock", [], []

    def second():
        with lock(path, lambda: waits.append(1)):
            order.append("second")

    with lock(path):
        thread = threading.Thread(target=second)
        thread.start()
        while not waits:
            time.sleep(0.01)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


@posix
def test_link_tree_links_files_and_keeps_symbolic_links(tmp_path):
    source = tmp_path / "a"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "f").write_text("x")
    (source / "link").symlink_to("sub/f")
    (source / "dangling").symlink_to("/nowhere")
    assert link_tree(source, tmp_path / "b") == 1
    assert (tmp_path / "b" / "sub" / "f").stat().st_ino == (source / "sub" / "f").stat().st_ino
    assert os.readlink(tmp_path / "b" / "link") == "sub/f"
    assert os.readlink(tmp_path / "b" / "dangling") == "/nowhere"


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_link_tree_copies_across_file_systems_with_times(tmp_path):
    if os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("the temporary folder is on /dev/shm too")
    import tempfile

    source = tmp_path / "a"
    source.mkdir()
    (source / "f").write_text("x")
    os.utime(source / "f", (1e9, 1e9))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        link_tree(source, os.path.join(other, "b"))
        assert os.stat(os.path.join(other, "b", "f")).st_mtime == 1e9


@posix
def test_tree_size_counts_a_hard_link_once_and_follows_no_link(tmp_path):
    tree = tmp_path / "t"
    tree.mkdir()
    (tree / "s").symlink_to(tmp_path)
    empty = tree_size(tree)
    (tree / "f").write_bytes(b"x" * 100_000)
    one = tree_size(tree)
    os.link(tree / "f", tree / "g")
    assert empty <= 8192
    assert 100_000 <= one - empty < 120_000
    assert tree_size(tree) == one


@posix
def test_remove_tree_takes_protected_folders_and_never_follows_links(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    tree = tmp_path / "t"
    (tree / "closed").mkdir(parents=True)
    (tree / "closed" / "f").touch()
    (tree / "link").symlink_to(outside)
    os.chmod(tree / "closed", 0o500)
    remove_tree(tree)
    assert not tree.exists()
    assert (outside / "keep").exists()
    (tmp_path / "direct").symlink_to(outside)
    remove_tree(tmp_path / "direct")
    assert (outside / "keep").exists()
    remove_tree(tmp_path / "was never there")


def test_discard_tree(tmp_path):
    tree = tmp_path / "t"
    tree.mkdir()
    (tree / "f").touch()
    discard_tree(tree, tmp_path / "bin")
    assert not tree.exists()
    assert list((tmp_path / "bin").iterdir()) == []


@posix
def test_inside_resolves_links(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "rootless"
    root.mkdir()
    outside.mkdir()
    (root / "env").mkdir()
    (root / "escape").symlink_to(outside)
    assert inside(root / "env", root)
    assert not inside(root, root)
    assert not inside(outside, root)
    assert not inside(root / "escape", root)
    assert not inside(root / ".." / "rootless", root)


@posix
def test_a_very_deep_tree_is_measured_and_removed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(5000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert tree_size(top) > 0
    remove_tree(top)
    assert not top.exists()
