"""What a job only links becomes an environment's own right after it; whatever happens meanwhile, nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_envs.engine import own_files
from jupyter_envs.engine.own_files import left
from jupyter_envs.model.request import Change, Clone, Create, Update
from jupyter_envs.system.copies import Unshared
from jupyter_envs.system.files import lock
from jupyter_envs.system.metadata import versions
from tests.engine.template_world import check, one, ready, state
from tests.engine.test_own_files import edit, module
from tests.engine.wheels import offer
from tests.engine.world import TOP, Engine, Engines, bare, done, ended, inside, killed, other_process, wait_for
from tests.system.index_server import Index

__all__ = ["ready", "state"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX systems")


@pytest.fixture
def demo(engine: Engine, index: Index) -> str:
    """An environment with one package that it still shares with uv's cache."""
    offer(index, "tool", "1.0", "2.0")
    return bare(engine, packages=["tool==1.0"]).prefix


def shared(prefix: str, name: str = "tool") -> bool:
    return module(prefix, name).stat().st_nlink > 1


def notes(engine: Engine) -> list[Path]:
    return left(engine.settings.state)


def test_a_job_links_and_leaves_a_note(engine: Engine, demo: str) -> None:
    assert shared(demo)
    (note,) = notes(engine)
    assert note.stat().st_mode & 0o077 == 0
    assert note.parent.stat().st_mode & 0o077 == 0
    engine.separate_files()
    assert not shared(demo)
    assert notes(engine) == []
    assert not Path(demo, ".jupyter-envs", "copies").exists()
    assert inside(demo, "import tool; print(tool.__file__)").startswith(demo)


def test_only_what_a_change_brought_is_parted(engine: Engine, index: Index, demo: str) -> None:
    offer(index, "other", "1.0")
    for note in notes(engine):
        note.unlink()
    done(engine, engine.change("demo", Change(install=["other"])))
    engine.separate_files()
    assert (shared(demo, "other"), shared(demo, "tool")) == (False, True)


def test_where_it_is_wanted_at_once_no_note_is_left(engines: Engines, index: Index) -> None:
    offer(index, "tool", "1.0")
    engine = engines(copy_at_once=True)
    prefix = bare(engine, packages=["tool"]).prefix
    done(engine, engine.clone("demo", Clone(name="copy")))
    assert not shared(prefix)
    assert notes(engine) == []


def test_a_variable_wants_it_at_once_too(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not engines().settings.copy_at_once
    monkeypatch.setenv("JUPYTER_ENVS_COPY_AT_ONCE", "1")
    assert engines().settings.copy_at_once


def test_a_server_parts_it_after_the_job(engines: Engines, index: Index) -> None:
    """Without waiting for quiet."""
    offer(index, "tool", "1.0")
    engine = engines(prepare_delay=3600)
    engine.start_background()
    prefix = bare(engine, packages=["tool"]).prefix
    wait_for(lambda: not notes(engine))
    assert not shared(prefix)


def test_a_server_finishes_what_was_left(engines: Engines, engine: Engine, demo: str) -> None:
    following = engines(prepare_delay=0)
    following.start_background()
    wait_for(lambda: not notes(engine))
    assert not shared(demo)


KILLED = """
import os, signal
from jupyter_envs.engine import own_files
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings

real, done = own_files.unshare, []

def unshare(paths, aside):
    done.append(real(paths, aside))
    open(os.path.join(aside, "left.copy"), "w").close()
    print("at work", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

own_files._LOT, own_files.unshare = 1, unshare
Engine(Settings(root=ROOT, state_dir=STATE)).separate_files()
"""


def test_one_that_is_killed_is_taken_up_again(engine: Engine, demo: str) -> None:
    root, folder = str(engine.settings.all_roots[0]), str(engine.settings.state)
    process = other_process(KILLED.replace("ROOT", repr(root)).replace("STATE", repr(folder)))
    assert process.stdout
    assert process.stdout.readline() == "at work\n"
    killed(process)
    assert notes(engine)
    engine.separate_files()
    assert not shared(demo)
    assert notes(engine) == []
    assert not list(Path(demo).rglob("*.copy"))


class Held:
    """A run of the separation that stops in its first lot until it may go on."""

    def __init__(self, engine: Engine, patch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        real = own_files.unshare

        def unshare(paths: list[str], aside: str) -> Unshared:
            self.began.set()
            assert self.go_on.wait(60)
            return real(paths, aside)

        patch.setattr(own_files, "unshare", unshare)
        patch.setattr(own_files, "_LOT", 1)
        patch.setattr(own_files, "_PAUSE", 0.01)
        self.thread = threading.Thread(target=engine.separate_files)
        self.thread.start()
        assert self.began.wait(60)


CHANGES: dict[str, tuple[Change, dict[str, str]]] = {
    "remove": (Change(remove=["tool"]), {}),
    "upgrade": (Change(upgrade=["tool"]), {"tool": "2.0"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_meanwhile_waits_and_stands(
    engine: Engine, demo: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    request, after = CHANGES[change]
    held = Held(engine, monkeypatch)
    job = engine.jobs.submit(engine.change("demo", request))
    wait_for(lambda: engine.jobs.get(job.id).state == "running")
    assert versions(demo) == {"tool": "1.0"}
    held.go_on.set()
    assert ended(engine, job).state == "succeeded"
    held.thread.join(60)
    assert not held.thread.is_alive()
    assert versions(demo) == after
    assert bool(list(Path(demo).rglob("tool*.py"))) == bool(after)
    assert notes(engine) == []
    if after:
        assert inside(demo, "from importlib.metadata import version; print(version('tool'))") == "2.0"
        assert not shared(demo)


def test_nothing_is_parted_while_somebody_changes_it(
    engine: Engine, demo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_files, "_PATIENCE", 0.0)
    with lock(engine._parts.lock_file(demo)):
        engine.separate_files()
        assert shared(demo)
        assert notes(engine)
    engine.separate_files()
    assert not shared(demo)


def test_it_gives_way_to_jobs(engine: Engine, demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_files, "_PAUSE", 0.0)
    looks = iter([True, True, False])
    seen: list[bool] = []

    def busy() -> bool:
        seen.append(shared(demo))
        return next(looks, False)

    own_files.Separation(engine.settings.state, engine._parts.own, engine._parts.lock_file, busy).run()
    assert seen[:3] == [True, True, True]
    assert not shared(demo)


def test_two_at_once_do_it_once(engine: Engine, demo: str) -> None:
    with lock(engine.settings.state / "shared" / "run.lock"):
        engine.separate_files()
        assert shared(demo)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda engine: engine.remove("demo"), id="removed"),
        pytest.param(lambda engine: engine.update("demo", Update(name="other")), id="renamed"),
    ],
)
def test_a_note_goes_where_its_environment_goes(engine: Engine, demo: str, act: Callable[[Engine], object]) -> None:
    done(engine, act(engine))  # type: ignore[arg-type]
    found = [own_files.read(path) for path in notes(engine)]
    there = [str(path) for path in Path(demo).parent.iterdir() if path.name[0] != "."]
    assert [note and note.prefix for note in found] == there
    engine.separate_files()
    assert notes(engine) == []
    assert not any(map(shared, there))


def test_a_note_of_what_is_gone_vanishes(engine: Engine, demo: str) -> None:
    os.rename(demo, f"{demo}-elsewhere")
    engine.separate_files()
    assert notes(engine) == []
    assert shared(f"{demo}-elsewhere"), "what another folder holds is not touched"


def test_one_that_may_not_be_written_is_left(engine: Engine, demo: str) -> None:
    os.chmod(demo, 0o555)
    engine.separate_files()
    assert shared(demo)
    assert notes(engine)
    os.chmod(demo, 0o755)
    engine.separate_files()
    assert not shared(demo)


def test_an_edit_before_that_is_told(engine: Engine, demo: str) -> None:
    bare(engine, "two", packages=["tool==1.0"])
    edit(module(demo, "tool"))
    assert "edited" in module(engine.find("two").prefix, "tool").read_text(), "they share it still"
    engine.separate_files()
    for name in ("demo", "two"):
        (told,) = [problem for problem in engine.health(name) if problem.code == "edited_early"]
        assert os.path.relpath(module(demo, "tool"), demo) in told.message
    done(engine, engine.remove("two"))
    done(engine, engine.change("demo", Change(remove=["tool"])))
    assert "edited_early" not in {problem.code for problem in engine.health("demo")}


def test_what_programs_write_in_place_is_never_shared(engine: Engine, demo: str) -> None:
    Path(demo, "etc").mkdir()
    for name in ("etc/settings.json", ".jupyter-envs/note"):
        Path(demo, name).write_text("{}")
    done(engine, engine.clone("demo", Clone(name="copy")))
    copy = Path(engine.find("copy").prefix)
    for name in ("etc/settings.json", ".jupyter-envs/note", "pyvenv.cfg"):
        assert (copy / name).stat().st_nlink == 1, name
    assert shared(os.fspath(copy))


def test_a_template_that_lends_its_files_stays_one(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=0)
    key, manifest = one(engine)
    for name in ("one", "two"):
        done(engine, engine.create(Create(name=name)))
        check(engine, name)
        assert shared(engine.find(name).prefix, "ipykernel")
        assert engine._parts.templates.manifest(key) == manifest
    engine.separate_files()
    assert not shared(engine.find("one").prefix, "ipykernel")
    edit(module(engine.find("two").prefix, "ipykernel"))
    done(engine, engine.create(Create(name="three")))
    assert engine._parts.templates.manifest(key) == manifest
    # Now through a link of the template's own file.
    edit(module(engine.find("three").prefix, "ipykernel"))
    done(engine, engine.create(Create(name="four")))
    assert "edited" not in module(engine.find("four").prefix, "ipykernel").read_text()
    assert engine._parts.templates.manifest(key) is None


def test_a_spare_shares_nothing_from_the_first(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=1)
    engine.prepare_templates()
    done(engine, engine.create(Create(name="demo")))
    assert not shared(engine.find("demo").prefix, "ipykernel")
    assert notes(engine) == []


def test_the_command_line_parts_it_in_another_process(home: Path, index: Index) -> None:
    offer(index, "tool", "1.0")
    (home / "config").mkdir()
    (home / "config" / "jupyter_envs_config.json").write_text('{"Settings": {"templates": false}}')
    argv = [sys.executable, "-m", "jupyter_envs", "create", "demo", "tool", "--no-kernel", "--no-pip"]
    subprocess.run(argv, check=True, env={**os.environ, "PYTHONPATH": TOP}, capture_output=True, timeout=120)
    prefix = str(home / "data" / "envs" / "demo")
    wait_for(lambda: not left(home / "data" / "jupyter-envs"))
    assert not shared(prefix)
