"""What a change did is taken back, to the byte."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_envs.engine import undo as module
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.request import Change
from tests.engine.wheels import offer, snapshot
from tests.engine.world import bare, done, inside
from tests.system.index_server import Index

JOURNAL = os.path.join(".jupyter-envs", "undo")


@pytest.fixture
def prefix(engine: Engine, index: Index) -> str:
    """An environment with `one`, `two` in a shared namespace, and `tool` with scripts and data."""
    offer(index, "one", "1.0", "2.0", files={"shared/one/__init__.py": "X = 1\n", "shared/one/a.py": "A = 1\n"})
    offer(index, "two", "1.0", files={"shared/two/__init__.py": "X = 2\n"})
    offer(
        index,
        "tool",
        "1.0",
        files={"tool.py": "def main(): print('tool')\n"},
        scripts={"tool": "tool:main"},
        data={"share/tool/data.txt": "data\n", "etc/tool.conf": "conf\n", "lib/libtool.so": "so\n", "notes.txt": "n\n"},
    )
    made = bare(engine, packages=["one==1.0", "two", "tool"])
    assert inside(made.prefix, "import shared.one, shared.two; print(shared.one.X, shared.two.X)") == "1 2"
    return made.prefix


def packages(prefix: str) -> Path:
    (found,) = Path(prefix, "lib").glob("python*/site-packages")
    return found


def test_nothing_begun_nothing_undone(prefix: str) -> None:
    before = snapshot(prefix)
    assert not Undo(prefix).pending()
    assert not Undo(prefix).back()
    assert snapshot(prefix) == before


def test_a_finished_change_stays(prefix: str) -> None:
    undo = Undo(prefix)
    undo.begin(["one"])
    assert Undo(prefix).pending()
    (packages(prefix) / "new.py").write_text("")
    undo.commit()
    assert not Undo(prefix).back()
    assert (packages(prefix) / "new.py").exists()
    assert not Path(prefix, JOURNAL).exists()


def test_what_came_goes_and_what_went_comes(prefix: str) -> None:
    (packages(prefix) / "empty").mkdir()
    before = snapshot(prefix)
    Undo(prefix).begin(["one", "tool", "not-installed"])
    root = packages(prefix)
    shutil.rmtree(root / "shared" / "one")
    shutil.rmtree(root / "one-1.0.dist-info")
    for name in ("bin/tool", "share/tool/data.txt", "etc/tool.conf", "lib/libtool.so", "notes.txt"):
        Path(prefix, name).unlink()
    for name in ("shared/three/__init__.py", "other/deep/er.py", "one-2.0.dist-info/METADATA"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("new")
    for name in ("bin/other", "share/other/x", "etc/jupyter/x.json", "include/site/other.h", "lib/libother.so"):
        Path(prefix, name).parent.mkdir(parents=True, exist_ok=True)
        Path(prefix, name).write_text("new")
    (root / "shared" / "__pycache__").mkdir(exist_ok=True)
    (root / "shared" / "__pycache__" / "x.pyc").write_text("")
    (root / "other" / "__pycache__").mkdir()
    (root / "other" / "__pycache__" / "x.pyc").write_text("")
    assert Undo(prefix).back()
    assert snapshot(prefix) == before
    assert inside(prefix, "import shared.one, shared.two, tool; print(shared.one.X, shared.two.X)") == "1 2"


def test_files_put_in_place_of_the_old_ones(prefix: str) -> None:
    before = snapshot(prefix)
    Undo(prefix).begin(["one"])
    target = packages(prefix) / "shared" / "one" / "a.py"
    fresh = target.with_name("fresh")
    fresh.write_text("A = 2\n")
    fresh.replace(target)
    (packages(prefix) / "shared" / "one" / "__init__.py").unlink()
    (packages(prefix) / "shared" / "one" / "__init__.py").mkdir()
    assert Undo(prefix).back()
    assert snapshot(prefix) == before


def test_data_beside_the_folders_goes_too(prefix: str, engine: Engine, index: Index) -> None:
    """A wheel may put data anywhere below the prefix; a user's own files there are not touched."""
    Path(prefix, "mine.txt").write_text("older than the change")
    before = snapshot(prefix)
    Undo(prefix).begin(["tool"])
    Path(prefix, "during.txt").write_text("the user's, written while the change ran")
    Path(prefix, "deep").mkdir()
    Path(prefix, "deep", "theirs.txt").write_text("the package's")
    info = packages(prefix) / "new-1.0.dist-info"
    info.mkdir()
    up = "../../.."
    (info / "RECORD").write_text(f"{up}/deep/theirs.txt,,\n{up}/mine.txt,,\n{up}/../../outside.txt,,\n")
    assert Undo(prefix).back()
    after = snapshot(prefix)
    assert after.pop("during.txt")
    assert after.pop("deep"), "a folder outside of those that installers fill"
    assert after == before


def test_a_name_that_is_no_text(prefix: str) -> None:
    odd = os.path.join(os.fsencode(packages(prefix)), b"shared", b"caf\xe9.txt")
    Path(os.fsdecode(odd)).write_text("x")
    before = snapshot(prefix)
    Undo(prefix).begin(["one"])
    Path(os.fsdecode(odd + b"2")).write_text("x")
    (packages(prefix) / "caf\N{LATIN SMALL LETTER E WITH ACUTE}.py").write_text("")
    Undo(prefix).back()
    assert snapshot(prefix) == before


def test_interrupted_while_undoing(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try finds the journal whole."""
    before = snapshot(prefix)
    Undo(prefix).begin(["one", "two", "tool"])
    for name in ("shared/one", "shared/two", "tool-1.0.dist-info"):
        shutil.rmtree(packages(prefix) / name)
    real, calls = module._link, []

    def sometimes(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(module, "_link", sometimes)
    with pytest.raises(OSError, match="No space"):
        Undo(prefix).back()
    assert Undo(prefix).pending()
    assert Undo(prefix).back()
    assert snapshot(prefix) == before


def test_a_journal_that_cannot_be_written_begins_nothing(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(prefix)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "atomic_write", full)
    with pytest.raises(OSError, match="No space"):
        Undo(prefix).begin(["one"])
    assert snapshot(prefix) == before
    assert not Undo(prefix).pending()


def test_half_a_journal_means_nothing(prefix: str) -> None:
    before = snapshot(prefix)
    folder = Path(prefix, JOURNAL, "files", "lib")
    folder.mkdir(parents=True)
    (folder / "x").write_text("")
    assert not Undo(prefix).pending()
    assert not Undo(prefix).back()
    assert snapshot(prefix) == before


def test_a_removed_package_in_a_namespace_leaves_the_other(prefix: str, engine: Engine) -> None:
    done(engine, engine.change("demo", Change(remove=["one"])))
    assert inside(prefix, "import shared.two; print(shared.two.X)") == "2"
    done(engine, engine.change("demo", Change(install=["one"])))
    assert inside(prefix, "import shared.one, shared.two; print(shared.one.X, shared.two.X)") == "1 2"


def test_without_hard_links(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    before = snapshot(prefix)
    Undo(prefix).begin(["one"])
    shutil.rmtree(packages(prefix) / "shared" / "one")
    (packages(prefix) / "one-1.0.dist-info" / "INSTALLER").write_text("somebody")
    assert Undo(prefix).back()
    assert snapshot(prefix) == before
