"""From an installer's lines to progress; plans, and what is done when they cannot be kept."""

from __future__ import annotations

import os
import signal
import threading
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from jupyter_envs.backends.pip import Pip
from jupyter_envs.backends.uv import uv
from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.install import Installation, Meter, Wanted
from jupyter_envs.engine.task import Silent
from jupyter_envs.model.check import Requirement, check_requirement
from jupyter_envs.model.errors import Cancelled, Unavailable, Unsolvable
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Change, Create
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.process import clean_environment
from jupyter_envs.system.process import run as run_process
from tests.engine.wheels import offer, snapshot, wheel_file
from tests.engine.world import NO_KERNEL, bare, done, other_process, run, wait_for
from tests.system.index_server import Index

DATA = Path(__file__).parents[1] / "backends" / "data"
Step = tuple[str, int | None, int | None, str | None]


class Steps(Silent):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Step] = []

    def step(self, phase: str, done: int | None = None, total: int | None = None, unit: str | None = None) -> None:
        self.check()
        self.seen.append((phase, done, total, unit))


def measured(name: str, total: int | None) -> list[Step]:
    steps = Steps()
    meter = Meter(steps, UvPip(), total)
    for line in (DATA / f"uv-0.13.8-{name}.txt").read_text().splitlines():
        meter.read(line)
    return steps.seen


def test_downloads_count_in_bytes() -> None:
    seen = measured("install", 4)
    assert seen[0] == ("download", 0, 4, "packages")
    byte_steps = [step for step in seen if step[3] == "bytes"]
    assert byte_steps[-1][1] == byte_steps[-1][2] == int(2.3 * 1024**2) + int(4.6 * 1024**2)
    counts = [step[1] or 0 for step in byte_steps]
    assert counts == sorted(counts)
    assert seen[-2:] == [("install", 0, 4, "packages"), ("install", 4, 4, "packages")]


def test_without_a_plan_the_solution_tells_the_total() -> None:
    assert measured("install", None)[:2] == [("resolve", None, None, "packages"), ("download", 0, 4, "packages")]


def test_a_build_is_named() -> None:
    assert ("build mine", None, None, None) in measured("editable", 1)


def test_lines_that_come_after_a_cancel_are_no_error() -> None:
    steps = Steps()
    meter = Meter(steps, UvPip(), 1)
    steps.cancelled.set()
    meter.read("Installed 1 package in 1ms")
    assert len(steps.seen) == 1


def test_real_progress(engine: Engine, index: Index) -> None:
    """Phases have names, one after the other; within a phase and a unit nothing goes back."""
    text = "X = '" + os.urandom(700_000).hex() + "'\n"
    for name in ("big", "huge", "vast"):
        offer(index, name, "1.0", files={f"{name}/data.py": text})
    bare(engine)
    seen: list[Job] = []
    job = engine.jobs.run(
        engine.change("demo", Change(install=["big", "huge", "vast"])), lambda job, _: seen.append(job)
    )
    assert job.state == "succeeded"
    phases = [line.text for line in engine.jobs.log(job.id) if line.stream == "info"]
    assert phases == ["resolve", "download", "install"]
    marks = [job.progress for job in seen if job.progress.done is not None]
    assert marks
    for before, after in pairwise(marks):
        if (before.phase, before.unit) == (after.phase, after.unit):
            assert (before.done or 0) <= (after.done or 0)
            assert (before.fraction or 0) <= (after.fraction or 0)
    assert (marks[-1].phase, marks[-1].fraction) == ("install", 1.0)
    raw = [line.text for line in engine.jobs.log(job.id) if line.stream == "err"]
    assert any(line.startswith("Downloading big") for line in raw), "the tool's own words are in the log"


def test_a_cache_that_lost_a_file_is_no_failure(engine: Engine, index: Index) -> None:
    """The plan found everything in the cache; by the time of the install it is gone."""
    offer(index, "one", "1.0")
    made = bare(engine, "first", packages=["one"])
    other = bare(engine, "second")

    class Emptied(UvPip):
        def install_argv(self, *args: object, **options: object) -> list[str]:
            if options.get("offline"):
                run_process([uv(), "cache", "clean"], env=clean_environment())
            return super().install_argv(*args, **options)  # type: ignore[arg-type]

    wanted = Wanted(install=[Requirement(line="one", name="one")])
    Installation(Emptied()).apply(other.prefix, wanted, Silent())
    assert versions(other.prefix) == versions(made.prefix) == {"one": "1.0"}


def test_exactly_the_lines(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", requires=["two"])
    made = bare(engine)
    wanted = Wanted(install=[Requirement(line="one==1.0", name="one")], exact=True)
    Installation(UvPip()).apply(made.prefix, wanted, Silent())
    assert versions(made.prefix) == {"one": "1.0"}


def lines(*texts: str) -> list[Requirement]:
    return [check_requirement(text, "packages") for text in texts]


@pytest.mark.parametrize(
    "wanted", [Wanted(install=lines("one==1.0", "two===1.0")), Wanted(install=lines("one==1.0"), exact=True)]
)
def test_where_every_version_is_given_the_cache_is_enough(engine: Engine, index: Index, wanted: Wanted) -> None:
    offer(index, "one", "1.0", requires=["two"])
    offer(index, "two", "1.0")
    bare(engine, "first", packages=["one"])
    index.asked.clear()
    made = bare(engine)
    Installation(UvPip()).fill(made.prefix, wanted, Silent())
    assert versions(made.prefix) == {str(line.name): "1.0" for line in wanted.install}
    assert not index.asked


@pytest.mark.parametrize("texts", [["one==1.0"], ["one==1.0", "two==1.*"], ["one==1.0", "two>=1"], ["one==1.0", "two"]])
def test_where_a_version_is_open_the_index_is_asked(engine: Engine, index: Index, texts: list[str]) -> None:
    """The cache knows an older one alone."""
    offer(index, "one", "1.0", requires=["two"])
    offer(index, "two", "1.0")
    bare(engine, "first", packages=["one"])
    offer(index, "two", "1.5")
    made = bare(engine)
    Installation(UvPip()).fill(made.prefix, Wanted(install=lines(*texts)), Silent())
    assert versions(made.prefix) == {"one": "1.0", "two": "1.5"}


def test_pinned_lines_that_the_cache_does_not_have(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", requires=["two"])
    offer(index, "two", "1.0")
    offer(index, "three", "1.0")
    bare(engine, "first", packages=["one"])
    for wanted in (
        Wanted(install=lines("one==1.0", "two==1.0", "three==1.0")),
        Wanted(install=lines("three==1.0"), exact=True),
    ):
        made = bare(engine, f"demo{wanted.exact}")
        Installation(UvPip()).fill(made.prefix, wanted, Silent())
        assert versions(made.prefix)["three"] == "1.0"


def test_pip_is_asked_once(engine: Engine, index: Index) -> None:
    """It cannot be kept to its cache: a rehearsal would ask the index for all of it, and so would a second try."""
    offer(index, "one", "1.0")
    made = bare(engine, manager="venv", pip=True)
    called: list[list[str]] = []

    class Told(Pip):
        def install_argv(self, *args: object, **options: object) -> list[str]:
            called.append(super().install_argv(*args, **options))  # type: ignore[arg-type]
            return called[-1]

    Installation(Told()).fill(made.prefix, Wanted(install=lines("one==1.0")), Silent())
    assert versions(made.prefix)["one"] == "1.0"
    assert len(called) == 1
    with pytest.raises(Unsolvable):
        Installation(Told()).fill(made.prefix, Wanted(install=lines("none==1.0"), exact=True), Silent())
    assert len(called) == 2


def test_cancelled_before_it_begins(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0")
    made = bare(engine)
    context = Silent()
    context.cancelled.set()
    before = snapshot(made.prefix)
    with pytest.raises(Cancelled):
        Installation(UvPip()).apply(
            made.prefix, Wanted(install=[Requirement(line="one", name="one")], remove=[]), context
        )
    assert snapshot(made.prefix) == before


def test_nothing_of_a_list_is_left(
    engine: Engine, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files with requirements may hold passwords."""
    offer(index, "one", "1.0")
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    bare(engine, packages=["one"])
    assert run(engine, engine.change("demo", Change(install=["nothing-at-all"]))).state == "failed"
    assert list(folder.iterdir()) == []


SECRET = "geheim4711"


def everything(folder: Path) -> str:
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = Path(top, name)
            if "uv-cache" not in path.parts and path.is_file():
                found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


@pytest.mark.parametrize("way", ["UV_INDEX", "UV_DEFAULT_INDEX", "PIP_INDEX_URL", "pip.conf", "requirement", "file"])
def test_credentials_stay_where_the_user_put_them(
    engine: Engine, index: Index, home: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """An index that refuses them: no word of them in any state, log, error or event."""
    index.user = f"me:other-{SECRET}"
    address = f"http://me:{SECRET}@127.0.0.1:{index.port}/simple"
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.delenv(name)
    package = "one"
    if way == "pip.conf":
        (home / ".pip").mkdir()
        (home / ".pip" / "pip.conf").write_text(f"[global]\nindex-url = {address}\n")
    elif way == "requirement":
        package = f"one @ http://me:{SECRET}@127.0.0.1:{index.port}/files/one-1.0-py3-none-any.whl"
    elif way == "file":
        package = f"http://me:{SECRET}@127.0.0.1:{index.port}/files/one-1.0-py3-none-any.whl"
    else:
        monkeypatch.setenv(way, address)
    if way in ("UV_INDEX", "requirement", "file"):
        monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    bare(engine)
    heard: list[object] = []
    engine.jobs.subscribe(heard.append)
    jobs = [
        engine.jobs.run(
            engine.change("demo", Change(install=[package])), lambda job, lines: heard.append((job, lines))
        ),
        run(engine, engine.change("demo", Change(install=[package], dry_run=True))),
        run(engine, engine.create(Create(name="other", packages=[package], kernel=NO_KERNEL, pip=False))),
    ]
    assert {job.state for job in jobs} == {"failed"}
    for job in jobs:
        heard.append(engine.jobs.get(job.id))
        heard.append(engine.jobs.log(job.id))
    assert SECRET not in repr(heard)
    assert SECRET not in everything(home / "state")
    assert SECRET not in everything(home / "envs")


def test_credentials_that_worked(engine: Engine, index: Index, home: Path) -> None:
    index.user = f"me:{SECRET}"
    offer(index, "one", "1.0")
    made = bare(engine)
    url = f"http://me:{SECRET}@127.0.0.1:{index.port}/files/one-1.0-py3-none-any.whl"
    heard: list[object] = []
    engine.jobs.subscribe(heard.append)
    result = done(engine, engine.change("demo", Change(install=[f"one @ {url}"])))
    assert versions(made.prefix) == {"one": "1.0"}
    shown = repr([result, heard, engine.packages("demo"), engine.history("demo"), engine.environments()])
    assert SECRET not in shown
    assert SECRET not in everything(home / "state")
    assert SECRET not in everything(Path(made.prefix, ".jupyter-envs"))


def test_an_index_that_cannot_be_reached(
    engine: Engine, index: Index, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bare(engine)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    before = snapshot(made.prefix)
    job = run(engine, engine.change("demo", Change(install=["six"])))
    assert job.error
    assert job.error.reason == "index_unreachable"
    assert snapshot(made.prefix) == before
    with pytest.raises(Unavailable):
        Installation(UvPip()).plan(made.prefix, Wanted(install=[Requirement(line="six", name="six")]), Silent())
    local = wheel_file(home / "wheels", "local", "1.0")
    assert done(engine, engine.change("demo", Change(install=[local.as_uri()])))["plan"]["added"]


def test_uv_ends_with_its_owner(engine: Engine, index: Index) -> None:
    """The owner is killed while uv waits for an index that never answers: no uv is left."""
    index.hold = threading.Event()
    made = bare(engine)
    options = {"root": engine.settings.root, "state_dir": engine.settings.state_dir, "templates": False}
    owner = other_process(
        f"""
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.request import Change
engine = Engine(Settings(**{options!r}))
engine.jobs.run(engine.change("demo", Change(install=["one"])))
"""
    )
    wait_for(lambda: index.asked)

    def tools() -> list[psutil.Process]:
        python = f"{made.prefix}/bin/python"
        return [p for p in psutil.process_iter(["cmdline"]) if python in (p.info["cmdline"] or [])]

    assert tools()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    wait_for(lambda: not tools())
    assert engine.jobs.list()[0].state == "interrupted"
