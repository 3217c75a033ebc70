"""Whose an environment is: by the state folder, by the default root, never by a file in it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_envs.engine import record
from jupyter_envs.engine.adoption import Adoption
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.formats import registry
from jupyter_envs.formats.base import Read
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import Conflict, InvalidRequest
from jupyter_envs.model.request import Change, Clone, Create, ImportText, Register, Repair, Rollback, Update
from jupyter_envs.model.sources import Sources
from jupyter_envs.system import metadata
from jupyter_envs.system.identity import identity
from tests.engine import made_up
from tests.engine.wheels import offer
from tests.engine.world import Engines, bare, done
from tests.system.index_server import Index


@pytest.fixture
def theirs(engine: Engine) -> str:
    """An environment in a managed root that somebody else made."""
    prefix = engine.settings.all_roots[0] / "theirs"
    venv.create(prefix, symlinks=True)
    return os.path.realpath(prefix)


def test_what_is_made_here_is_ours(engine: Engine, index: Index) -> None:
    made = bare(engine)
    assert made.adopted
    done(engine, engine.clone("demo", Clone(name="copy")))
    done(engine, engine.update("copy", Update(name="moved")))
    assert engine.find("moved").adopted
    assert engine.find("demo").adopted


def test_another_folder_in_its_place_is_not(engine: Engine, index: Index) -> None:
    made = bare(engine)
    os.rename(made.prefix, made.prefix + ".away")
    shutil.copytree(made.prefix + ".away", made.prefix, symlinks=True)
    assert not engine.find("demo").adopted
    with pytest.raises(Conflict) as caught:
        engine.change("demo", Change(install=["one"]))
    assert caught.value.reason == "adoption_needed"
    shutil.rmtree(made.prefix)
    os.symlink(made.prefix + ".away", made.prefix)
    assert not any(e.adopted for e in engine.environments(refresh=True) if e.prefix.startswith(made.prefix))
    os.unlink(made.prefix)
    os.rename(made.prefix + ".away", made.prefix)
    assert engine.find("demo").adopted, "the very folder is back"


def _asked(engine: Engine, agreed: bool | str = False) -> Conflict:
    with pytest.raises(Conflict) as caught:
        engine.repair("theirs", Repair(adopt=agreed))
    assert caught.value.reason == "adoption_needed"
    return caught.value


def test_the_yes_is_for_what_was_shown(engine: Engine, theirs: str) -> None:
    first = _asked(engine)
    assert first.adopt == _asked(engine).adopt, "the same while nothing changes"
    packages = metadata.site_packages(theirs)[0]
    edits = {
        "a new line": lambda: Path(packages, "one.pth").write_text("import one\n"),
        "the same line, another content": lambda: Path(packages, "one.pth").write_text("import two\n"),
        "another interpreter": lambda: _interpreter(theirs),
        "one that is only counted": lambda: [Path(packages, f"m{n}.pth").write_text("import m\n") for n in range(30)],
        "one that is only counted, written to": lambda: Path(packages, "m9.pth").write_text("import other\n"),
    }
    shown = first.adopt
    for name, edit in edits.items():
        edit()
        again = _asked(engine, str(shown))
        assert again.adopt != shown, name
        assert "not what was shown" in again.message
        assert not engine.find("theirs").adopted
        shown = again.adopt
    engine.repair("theirs", Repair(adopt=str(shown)))
    assert engine.find("theirs").adopted


def _interpreter(prefix: str) -> None:
    python = Path(prefix, "bin", "python")
    python.unlink()
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)


def test_whom_its_author_asked_is_forgotten(engine: Engine, theirs: str) -> None:
    """A record that somebody else wrote names indexes and a channel: none is asked once it is ours."""
    folder = Path(theirs, ".jupyter-envs")
    folder.mkdir()
    lines = [f'{key} = ["http://127.0.0.1:9/"]' for key in ("indexes", "find_links", "channels")]
    (folder / "spec.toml").write_text("\n".join([*lines, 'packages = ["one"]', ""]))
    engine.repair("theirs", Repair(adopt=True))
    own = Own(theirs)
    assert record.sources(own) == Sources()
    assert record.channels(own) == []
    assert record.read_spec(own) == {"packages": ["one"]}


def test_every_change_asks_first(engine: Engine, theirs: str) -> None:
    asks = [
        lambda: engine.change("theirs", Change(install=["one"])),
        lambda: engine.change("theirs", Change(install=["one"], dry_run=True)),
        lambda: engine.change("theirs", Change(upgrade_all=True)),
        lambda: engine.register("theirs", Register()),
        lambda: engine.update("theirs", Update(name="mine")),
        lambda: engine.clone("theirs", Clone(name="copy")),
        lambda: engine.rollback("theirs", Rollback(revision=1)),
        lambda: engine.repair("theirs", Repair()),
    ]
    for ask in asks:
        with pytest.raises(Conflict) as caught:
            ask()
        assert (caught.value.reason, caught.value.field) == ("adoption_needed", "adopt")
        assert f"{theirs}/bin/python, which is {os.path.realpath(sys.executable)}" in str(caught.value.detail)
    assert not engine.find("theirs").adopted


def test_it_is_asked_once(engine: Engine, engines: Engines, theirs: str, index: Index) -> None:
    offer(index, "one", "1.0")
    done(engine, engine.change("theirs", Change(install=["one"], adopt=True)))
    other = engines()
    assert other.find("theirs").adopted
    done(other, other.change("theirs", Change(remove=["one"])))
    done(other, other.remove("theirs"))
    venv.create(theirs)
    assert not other.find("theirs").adopted, "what comes in its place later is another one"


def test_what_a_stranger_noted_does_not_count(engine: Engine, theirs: str, tmp_path: Path, index: Index) -> None:
    record = Path(theirs, ".jupyter-envs")
    (record / "revisions").mkdir(parents=True)
    (record / "undo").mkdir()
    (record / "undo/names.json").write_text("[]")
    (record / "spec.toml").write_text('manager = "conda"\npackages = ["evil"]\n')
    plan = {"added": [], "changed": [], "removed": []}
    revision = {"revision": 7, "time": "x", "by": "rest", "action": "create", "asked": {}, "plan": plan}
    (record / "revisions/7.json").write_text(json.dumps({"revision": revision, "pins": {}}))
    found = engine.find("theirs")
    assert (found.revision, found.manager, found.state, found.problems) == (None, "venv", "ready", [])
    assert engine.history("theirs") == []
    os.rename(record, tmp_path / "elsewhere")
    record.symlink_to(tmp_path / "elsewhere")
    before = sorted(os.listdir(tmp_path / "elsewhere"))
    offer(index, "one", "1.0")
    done(engine, engine.change("theirs", Change(install=["one"], adopt=True)))
    assert sorted(os.listdir(tmp_path / "elsewhere")) == before, "a link out of the environment is not followed"


def test_the_record_is_its_owners_alone(engine: Engine, index: Index) -> None:
    made = bare(engine)
    file = engine.settings.state / "own/environments.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert Adoption(engine.settings).own(made.prefix) == made.prefix
    for mode in (0o644, 0o620):
        file.chmod(mode)
        assert Adoption(engine.settings).own(made.prefix) is None, "others could have written it, or read it"
    file.chmod(0o600)
    kept = file.read_bytes()
    for odd in (b"", b"{", b"[]", b"\xff", b'{"format": 99, "environments": {}}', b"[" * 100_000):
        file.write_bytes(odd)
        assert Adoption(engine.settings).own(made.prefix) is None
    file.unlink()
    os.mkfifo(file)
    assert Adoption(engine.settings).own(made.prefix) is None
    file.unlink()
    file.with_name("kept").write_bytes(kept)
    file.symlink_to("kept")
    assert Adoption(engine.settings).own(made.prefix) is None


class TestOfEarlierVersions:
    """When there is no record yet."""

    @pytest.fixture
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        return made_up.bare_home(tmp_path, monkeypatch)

    def test_what_has_a_kernel_of_ours(self, home: Path) -> None:
        mine, named, swapped = (made_up.make(home / f"project/{name}") for name in ("mine", "named", "swapped"))
        made_up.register(home, "mine", f"{mine}/bin/python", mine)
        made_up.register(home, "named", "/usr/bin/python3", named)
        made_up.register(home, "swapped", f"{swapped}/bin/python", swapped)
        adoption = Adoption(Settings())
        assert adoption.own(str(mine)) == str(mine)
        assert adoption.own(str(named)) is None, "its kernel starts something else"
        assert adoption.own(str(swapped))
        shutil.rmtree(swapped)
        made_up.make(swapped)
        assert adoption.own(str(swapped)) is None
        later = made_up.make(home / "project/later")
        made_up.register(home, "later", f"{later}/bin/python", later)
        assert Adoption(Settings()).own(str(later)) is None, "taken over once"

    def test_what_lies_in_the_default_root(self, home: Path) -> None:
        mine = made_up.make(home / "data/envs/mine")
        deep = made_up.make(home / "data/envs/mine/deep")
        (home / "data/envs/link").symlink_to(made_up.make(home / "elsewhere"))
        adoption = Adoption(Settings())
        assert adoption.own(str(mine)) == str(mine)
        assert adoption.own(str(deep)) is None
        assert adoption.own(str(home / "data/envs/link")) is None
        mine.chmod(0o777)
        assert adoption.own(str(mine)) is None, "everybody can write it"
        mine.chmod(0o755)
        (home / "data/envs").chmod(0o777)
        assert adoption.own(str(mine)) is None

    def test_a_folder_of_jupyter_in_the_notebook_root(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = made_up.make(home / "data/envs/mine")
        other = made_up.make(home / "project/other")
        made_up.register(home, "other", f"{other}/bin/python", other)
        open_one = Adoption(Settings(), str(home))
        assert open_one.own(str(mine)) is None
        assert open_one.own(str(other)) is None, "its kernelspec may have come with a repository"
        os.rename(home / "data", home / ".data")
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(home / ".data"))
        hidden = Adoption(Settings(), str(home))
        assert hidden.own(str(home / ".data/envs/mine")), "a hidden folder of the home"

    def test_a_root_of_the_settings(self, home: Path) -> None:
        planted = made_up.make(home / "work/envs/planted")
        assert Adoption(Settings(root=str(home / "work/envs")), str(home / "work")).own(str(planted)) is None

    def test_the_environment_that_runs_jupyter(self, home: Path) -> None:
        assert Adoption(Settings()).own(os.path.realpath(sys.prefix))


def test_a_file_chooses_no_program_as_its_python(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for told in ("/home/me/evil/bin/python", "./evil", "python3", "-c", "3.12 /home/me/evil", "\x1b[2J"):
        evil = replace(
            registry.by_name("requirements.txt"), read=lambda _text, _given, told=told: Read([], python=told)
        )
        monkeypatch.setattr(registry, "by_name", lambda *_, evil=evil: evil)
        with pytest.raises(InvalidRequest, match="names no version of Python"):
            engine.create(Create(name="new", from_=ImportText(format="requirements.txt", text="")))
        monkeypatch.undo()


def test_a_folder_has_an_identity(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    known = identity(str(folder))
    assert known
    folder.rename(tmp_path / "b")
    assert identity(str(tmp_path / "b")) == known
    seen = set()
    for _ in range(20):
        (tmp_path / "b").rmdir() if (tmp_path / "b").exists() else None
        folder.mkdir()
        seen.add(identity(str(folder)))
        folder.rmdir()
    assert known not in seen
    assert len(seen) == 20, "numbers of inodes are given out again"
    (tmp_path / "link").symlink_to(tmp_path)
    assert identity(str(tmp_path / "link")) is None
    assert identity(str(tmp_path / "gone")) is None
