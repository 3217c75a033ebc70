"""Revisions on disk: they count up, survive damage, and gain hashes without looking changed."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_envs.engine import history
from jupyter_envs.model.lock import Lock, Locked, LockedFile
from jupyter_envs.model.plan import Plan

FILE = LockedFile(name="a-1-py3-none-any.whl", hashes=["sha256:ab"])
BARE = Lock(python="3.12.4", packages=[Locked(name="a", version="1", content="sha256:cd")])
FULL = Lock(python="3.12.4", packages=[Locked(name="a", version="1", content="sha256:cd", files=[FILE])])


def add(prefix: Path, lock: Lock = BARE, action: str = "change") -> int:
    return history.add(
        str(prefix), time="2026-01-01T00:00:00Z", by="cli", action=action, asked={}, plan=Plan(), lock=lock
    )


def test_they_count_up_and_damage_is_left_out(tmp_path: Path) -> None:
    assert not history.has(str(tmp_path))
    assert history.last(str(tmp_path)) is None
    for number in range(1, 13):
        assert add(tmp_path) == number
    folder = tmp_path / ".jupyter-envs" / "revisions"
    (folder / "3.json").write_text("{")
    (folder / "12.json").write_text("")
    (folder / "notes.json").write_text("{}")
    assert [revision.revision for revision in history.revisions(str(tmp_path))] == [1, 2, *range(4, 12)]
    last = history.last(str(tmp_path))
    assert last
    assert last.revision.revision == 11
    assert add(tmp_path) == 13, "no number is given twice"


def test_hashes_that_come_later(tmp_path: Path) -> None:
    prefix = str(tmp_path)
    add(tmp_path)
    add(tmp_path, FULL)
    assert [revision.lock for revision in history.revisions(prefix)] == ["incomplete", "complete"]
    assert history.incomplete(prefix) == [1]
    changed = os.stat(tmp_path / ".jupyter-envs" / "revisions").st_mtime_ns
    path = tmp_path / ".jupyter-envs" / "locks" / "1.incomplete.toml"
    os.utime(path, ns=(10**18, 10**18))
    history.complete(prefix, 1, FULL)
    assert history.incomplete(prefix) == []
    assert history.lock_of(prefix, 1) == FULL
    assert not path.exists()
    assert path.with_name("pylock.1.toml").stat().st_mtime_ns == 10**18, "the time tells what is newer than it"
    assert os.stat(tmp_path / ".jupyter-envs" / "revisions").st_mtime_ns == changed


def test_without_a_lock_the_versions_are_known(tmp_path: Path) -> None:
    add(tmp_path, FULL)
    add(tmp_path, FULL)
    locks = tmp_path / ".jupyter-envs" / "locks"
    (locks / "pylock.1.toml").unlink()
    (locks / "pylock.2.toml").write_text("= broken")
    assert history.revisions(str(tmp_path))[0].lock is None
    for number in (1, 2):
        found = history.lock_of(str(tmp_path), number)
        assert found
        assert found.pins == {"a": "1"}
        assert not found.complete
    assert history.lock_of(str(tmp_path), 3) is None


def test_secrets_stay_out_of_a_lock(tmp_path: Path) -> None:
    secret = Locked(name="b", version="1", url="git+https://me:geheim4711@host/b.git@0123456789")
    add(tmp_path, Lock(packages=[secret]))
    assert "geheim4711" not in (history.lock_text(str(tmp_path), 1) or "geheim4711")


def test_what_a_template_leaves_to_its_copies(tmp_path: Path) -> None:
    history.keep_base(str(tmp_path), FULL)
    old = history.base(str(tmp_path))
    assert old[0] == FULL
    os.utime(tmp_path / ".jupyter-envs" / "locks" / "base.toml", ns=(1, 1))
    history.renew_base(str(tmp_path))
    assert history.base(str(tmp_path))[1] > 1
    history.drop_base(str(tmp_path))
    assert history.base(str(tmp_path)) == (None, 0)
    history.renew_base(str(tmp_path))
    assert history.base(str(tmp_path)) == (None, 0)
