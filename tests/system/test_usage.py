"""Bytes on disk: what is shared by hard links counts once, and comes free with its last link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.system.files import remove_tree
from jupyter_envs.system.usage import Usage, reclaimable, usage

BIG = b"x" * 40_000


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Each with a file of its own; one shared by both, one with two links in the first, one with a link elsewhere."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one / "deep", two):
        folder.mkdir(parents=True)
        (folder / "own").write_bytes(BIG)
    (one / "shared").write_bytes(BIG)
    os.link(one / "shared", two / "shared")
    (one / "twice").write_bytes(BIG)
    os.link(one / "twice", one / "deep" / "twice")
    (tmp_path / "elsewhere").write_bytes(BIG)
    os.link(tmp_path / "elsewhere", one / "cached")
    return one, two


def blocks(path: Path) -> int:
    return path.lstat().st_blocks * 512


def test_shared_counts_once(trees: tuple[Path, Path]) -> None:
    one, two = trees
    file, deep = blocks(one / "shared"), blocks(one / "deep")
    found, total = usage({"one": [one], "two": [two]})
    assert found["one"] == Usage(size=4 * file + deep, exclusive=2 * file + deep)
    assert found["two"] == Usage(size=2 * file, exclusive=file)
    assert total == 5 * file + deep


def test_one_group_of_both(trees: tuple[Path, Path]) -> None:
    found, total = usage({"both": trees})
    assert found["both"].size == total
    assert total - found["both"].exclusive == blocks(trees[0] / "cached")


def test_what_deletion_frees(trees: tuple[Path, Path]) -> None:
    one, two = trees
    both = reclaimable(one, two)
    first = reclaimable(one)
    remove_tree(one)
    assert first + reclaimable(two) == both


def test_links_are_not_followed_and_nothing_counts_twice(trees: tuple[Path, Path]) -> None:
    one, two = trees
    before = usage({"one": [one], "two": [two]})[1]
    (one / "link").symlink_to(two)
    nested = two / "nested"
    nested.mkdir()
    (nested / "own").write_bytes(BIG)
    found, total = usage({"two": [two], "nested": [nested], "one": [one]})
    assert found["nested"].size == blocks(nested / "own")
    assert total - before == blocks(nested / "own") + blocks(one / "link")


def test_what_is_not_there(tmp_path: Path) -> None:
    assert usage({"none": [tmp_path / "none"]}) == ({"none": Usage(0, 0)}, 0)


def test_it_can_be_stopped(trees: tuple[Path, Path]) -> None:
    told: list[str] = []

    def check(group: str) -> None:
        told.append(group)
        if group == "two":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        usage({"one": [trees[0]], "two": [trees[1]]}, check)
    assert told == ["one", "one", "two"]
