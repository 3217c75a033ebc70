"""The notebook root is searched within bounds, and what git ignores is passed over except environments."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from jupyter_envs.engine import scan
from tests.engine.made_up import bare_home, discovery, found, make, make_conda

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return bare_home(tmp_path, monkeypatch)


def look(root: Path, **bounds: int) -> list[str]:
    limits = {"depth": 6, "limit": 1000, "seconds": 60, **bounds}
    return [os.path.relpath(p, root) for p in scan.search(os.fspath(root), **limits).environments]


def test_what_git_ignores_is_passed_over_except_environments(home: Path) -> None:
    top = home / "repo"
    for path in (".venv", "build/out/.venv", "data/keep/env", "data/raw/env", "sub/skip/env", "sub/kept/env"):
        make(top / path)
    (top / ".git").mkdir()
    (top / ".gitignore").write_text("# comment\n.venv\n/build/\ndata/*\n!data/keep\nkept/\n")
    (top / "sub/.gitignore").write_text("skip\n!kept/\n")
    assert look(top) == [".venv", "data/keep/env", "sub/kept/env"]


def test_an_ignored_environment_is_found(home: Path) -> None:
    top = home / "repo"
    make(top / "myenv")
    (top / ".gitignore").write_text("myenv/\n*\n")
    assert look(top) == ["myenv"]


def test_rules_from_above_the_root_and_from_the_repository(home: Path) -> None:
    make(home / "repo/books/gen/env")
    make(home / "repo/books/mine/env")
    make(home / "repo/books/tmp/env")
    (home / "repo/.git/info").mkdir(parents=True)
    (home / "repo/.git/info/exclude").write_text("tmp\n")
    (home / "repo/.gitignore").write_text("/books/gen\n")
    assert look(home / "repo/books") == ["mine/env"]


def test_a_repository_inside_has_rules_of_its_own(home: Path) -> None:
    make(home / "top/inner/logs/env")
    (home / "top/inner/.git").mkdir()
    (home / "top/.git").mkdir()
    (home / "top/.gitignore").write_text("logs/\n")
    assert look(home / "top") == ["inner/logs/env"]


@pytest.mark.parametrize("line", ["!", "[", "\\", "a/**/[b", "**", " "])
def test_odd_ignore_lines(line: str, home: Path) -> None:
    make(home / "top/.venv")
    (home / "top/.gitignore").write_bytes(line.encode() + b"\n\xff\xfe\nskip\n")
    make(home / "top/skip/env")
    assert look(home / "top") == [".venv"]


def test_hidden_and_module_folders(home: Path) -> None:
    for path in (".cache/env", "node_modules/x/env", ".hidden-env", "a/__pycache__/env", ".conda/prefix"):
        make(home / "top" / path)
    make_conda(home / "top/a/conda-env")
    assert look(home / "top") == [".hidden-env", "a/conda-env"]


def test_nothing_is_looked_for_inside_environments(home: Path) -> None:
    make(make(home / "top/env") / "nested/env")
    assert look(home / "top") == ["env"]


def test_a_half_made_environment_is_not_shown(home: Path) -> None:
    make(home / "top/.venv.new-1234")
    assert look(home / "top") == []


def test_bounds(home: Path) -> None:
    make(home / "top/a/b/c/.venv")
    assert look(home / "top", depth=2) == []
    assert look(home / "top", depth=3) == ["a/b/c/.venv"]
    for number in range(50):
        (home / f"top/_{number}").mkdir()
    make(home / "top/zz/.venv")
    assert look(home / "top", limit=10) == []
    assert look(home / "top", seconds=0) == []
    assert look(home / "missing") == []


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_closed_folder_is_passed_over(home: Path) -> None:
    make(home / "top/b/.venv")
    (home / "top/a").mkdir(mode=0)
    assert look(home / "top") == ["b/.venv"]


def test_a_later_call_does_not_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(home / "top/a/.venv")
    lister = discovery(home / "top")
    assert list(found(lister)) == ["a/.venv"]
    looking, go_on = threading.Event(), threading.Event()
    real = scan.search

    def slow(*args: object, **bounds: object) -> scan.Seen:
        looking.set()
        go_on.wait(60)
        return real(*args, **bounds)  # type: ignore[arg-type]

    monkeypatch.setattr(scan, "search", slow)
    monkeypatch.setattr(scan, "FRESH", -1.0)
    make(home / "top/b/.venv")
    assert list(found(lister)) == ["a/.venv"]
    assert looking.wait(60)
    go_on.set()
    assert sorted(found(lister, refresh=True)) == ["a/.venv", "b/.venv"]


def test_a_new_process_starts_from_what_the_last_one_saw(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(home / "top/a/.venv")
    found(discovery(home / "top"))
    go_on = threading.Event()

    def stuck(*args: object, **bounds: object) -> scan.Seen:
        go_on.wait(60)
        return scan.Seen()

    monkeypatch.setattr(scan, "search", stuck)
    monkeypatch.setattr(scan, "_PATIENCE", 0.01)
    assert list(found(discovery(home / "top"))) == ["a/.venv"]
    go_on.set()


def test_a_removed_one_is_gone_at_once(home: Path) -> None:
    make(home / "top/a/.venv")
    lister = discovery(home / "top")
    found(lister)
    (home / "top/a").rename(home / "elsewhere")
    assert found(lister) == {}


@pytest.mark.parametrize(
    "rule", ["*a" * 30 + "*b", "**a" * 30 + "b", "*" * 200 + "b", "[a" * 400, "?*" * 100, "a/" * 400]
)
def test_rules_that_take_for_ever_are_passed_over(home: Path, rule: str) -> None:
    """A cloned repository's .gitignore held the whole server: a pattern of many stars is a regular expression."""
    top, folder = home / "repo", "a" * 250
    (top / ".git").mkdir(parents=True)
    (top / ".gitignore").write_text(f"{rule}\nignored/\n")
    make(top / folder / "env")
    make(top / "ignored/env")
    begun = time.monotonic()
    assert look(top) == [f"{folder}/env"]
    assert time.monotonic() - begun < 5


def test_two_ask_at_once_for_a_new_look(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one has begun to start cannot be waited for before it runs."""
    make(home / "top/a/.venv")
    starting, go_on = threading.Event(), threading.Event()

    class Slow(threading.Thread):
        def start(self) -> None:
            starting.set()
            go_on.wait(60)
            super().start()

    plain = threading.Thread
    lister = discovery(home / "top")
    second: list[list[str]] = []
    with monkeypatch.context() as patched:
        patched.setattr(scan.threading, "Thread", Slow)
        asks = plain(target=lambda: second.append(list(found(lister, refresh=True))))
        begins = plain(target=found, args=(lister,))
        begins.start()
        assert starting.wait(60)
        asks.start()
        asks.join(0.2)
        go_on.set()
        asks.join(60)
        begins.join(60)
    assert second == [["a/.venv"]]
