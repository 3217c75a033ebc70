"""What is done aside: templates, bytecode, what dead processes left."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import psutil
import pytest

from jupyter_envs.engine import background
from jupyter_envs.engine.background import compile_packages, tidy
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.env import Environment
from jupyter_envs.model.request import Change, Create
from jupyter_envs.system.metadata import site_packages
from jupyter_envs.system.paths import MAIN
from tests.engine.wheels import offer
from tests.engine.world import PATIENCE, Engines, bare, done, run, wait_for
from tests.system.index_server import Index


def compiled(prefix: str) -> set[str]:
    return {path.name.split(".")[0] for path in site_packages(prefix)[0].rglob("*.pyc")}


def test_what_was_installed_is_compiled(engines: Engines, index: Index) -> None:
    offer(index, "one", "1.0", files={"one.py": "X = 1\n", "one_inner/deep.py": "Y = 2\n", "one_inner/bad.py": "=\n"})
    offer(index, "two", "1.0")
    engine = engines(prepare_delay=0)
    made = bare(engine, packages=["two"])
    engine.start_background()
    assert compiled(made.prefix) == set()
    done(engine, engine.change("demo", Change(install=["one"])))
    wait_for(lambda: compiled(made.prefix) == {"one", "deep"})


def test_compiling_gives_way_to_a_job_and_goes_on_after_it(
    engines: Engines, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(index, "one", "1.0")
    engine = engines(prepare_delay=0)
    made = bare(engine)
    begun: list[bool] = []

    def compile_slowly(prefix: str, names: set[str], stop: threading.Event) -> None:
        assert (prefix, names) == (made.prefix, {"one"})
        begun.append(False)
        # The first time as long as nobody ends it.
        if len(begun) > 1 or not stop.wait(PATIENCE):
            begun[-1] = True

    monkeypatch.setattr(background, "compile_packages", compile_slowly)
    engine.start_background()
    done(engine, engine.change("demo", Change(install=["one"])))
    wait_for(lambda: begun)
    seen: list[list[bool]] = []

    def work(context: Context) -> dict[str, object]:
        seen.append(list(begun))
        return {}

    assert run(engine, Task("plan", "x", work)).state == "succeeded"
    wait_for(lambda: begun == [False, True])
    assert seen == [[False]]


def test_the_environments_are_read_before_somebody_asks(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engines()
    read = threading.Event()
    found = engine._parts.discovery.environments

    def environments(refresh: bool = False) -> list[Environment]:
        read.set()
        return found(refresh)

    monkeypatch.setattr(engine._parts.discovery, "environments", environments)
    engine.start_background()
    assert read.wait(PATIENCE)


def test_environments_that_cannot_be_read_do_not_end_it(
    engines: Engines, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(index, "one", "1.0")
    engine = engines(prepare_delay=0)
    made = bare(engine)
    found = engine._parts.discovery.environments

    def environments(refresh: bool = False) -> list[Environment]:
        if threading.current_thread() is engine.background._thread:
            raise OSError
        return found(refresh)

    monkeypatch.setattr(engine._parts.discovery, "environments", environments)
    engine.start_background()
    done(engine, engine.change("demo", Change(install=["one"])))
    wait_for(lambda: compiled(made.prefix) == {"one"})


def test_not_when_it_is_not_wanted(engines: Engines, index: Index) -> None:
    offer(index, "one", "1.0")
    engine = engines(prepare_delay=0, compile_after=False)
    made = bare(engine)
    engine.start_background()
    done(engine, engine.change("demo", Change(install=["one"])))
    engine.close()
    assert compiled(made.prefix) == set()


def test_an_environment_that_went_away_meanwhile(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0")
    made = bare(engine, packages=["one"])
    done(engine, engine.remove("demo"))
    compile_packages(made.prefix, {"one"}, threading.Event())
    assert not os.path.exists(made.prefix)


def test_the_options_of_the_server_reach_the_preparation(engines: Engines, home: Path) -> None:
    """Options of a server's command line are in no file."""
    engine = engines(prepare_delay=0, templates=True, spares=1, state_dir=str(home / "other"), root=str(home / "r"))
    engine.start_background()
    wait_for(lambda: list((home / "r" / ".spares").glob("*/env-*")))
    assert list((home / "other" / "templates").glob("*/manifest.json"))
    assert not (home / "data" / "jupyter-envs" / "templates").exists()


def test_the_preparation_ends_with_the_server(engines: Engines, index: Index) -> None:
    index.hold = threading.Event()
    engine = engines(prepare_delay=0, templates=True)
    engine.start_background()

    def running() -> list[int]:
        found = []
        for process in psutil.Process().children(recursive=True):
            try:
                if MAIN in process.cmdline() or "venv" in process.cmdline() or "pip" in process.cmdline():
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    wait_for(lambda: index.asked)
    assert running()
    engine.close()
    assert running() == []


def test_a_start_and_a_stop_at_once(engines: Engines) -> None:
    for _ in range(5):
        engine = engines()
        engine.start_background()
        engine.close()
    engines().background.stop()


@pytest.fixture
def left(engine: Engine, home: Path) -> list[Path]:
    """What ended processes leave."""
    root = engine.settings.all_roots[0]
    paths = [root / ".new" / "demo-12345678", root / ".gone" / "gone-x", engine.settings.state / ".gone" / "gone-y"]
    for path in paths:
        (path / "lib").mkdir(parents=True)
        (path / "lib" / "x.py").write_text("")
    return paths


def test_what_was_left_is_tidied(engine: Engine, left: list[Path]) -> None:
    tidy(engine._parts, engine.jobs)
    assert not any(path.exists() for path in left)


def test_not_while_a_job_runs(engine: Engine, left: list[Path]) -> None:
    seen: list[bool] = []

    def work(context: Context) -> dict[str, object]:
        tidy(engine._parts, engine.jobs)
        seen.append(all(path.exists() for path in left))
        return {}

    assert run(engine, Task("change", "x", work)).state == "succeeded"
    assert seen == [True]


def test_a_tree_that_is_begun_meanwhile_is_left_alone(
    engine: Engine, left: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that begins after the look at the jobs must find its tree."""
    fresh = left[0].with_name("new-87654321")
    real = background.remove_tree

    def remove(path: Path) -> None:
        fresh.mkdir(exist_ok=True)
        real(path)

    monkeypatch.setattr(background, "remove_tree", remove)
    tidy(engine._parts, engine.jobs)
    assert fresh.exists()
    assert not left[0].exists()


def test_stale_kernelspecs_go_with_the_rest(engine: Engine, home: Path) -> None:
    done(engine, engine.create(Create(name="demo", pip=False)))
    shutil.rmtree(engine.find("demo").prefix)
    assert (home / "data" / "kernels" / "demo").exists()
    tidy(engine._parts, engine.jobs)
    assert not (home / "data" / "kernels" / "demo").exists()
