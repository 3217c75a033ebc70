"""What pip printed, read back; and pip as the installer of a machine without uv."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_envs.backends.base import Event, Outcome
from jupyter_envs.backends.causes import explain
from jupyter_envs.backends.pip import Pip
from jupyter_envs.engine.install import Installation, Wanted
from jupyter_envs.engine.task import Silent
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import Failed, Unavailable, Unsolvable
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.process import Finished, run
from tests.engine.wheels import offer, snapshot
from tests.system.index_server import Index, serving

DATA = Path(__file__).with_name("data")
PIP = Pip()


def said(name: str) -> str:
    return (DATA / f"pip-23.2.1-{name}.txt").read_text()


def events(name: str) -> list[Event]:
    return [event for line in said(name).splitlines() if (event := PIP.event(line))]


def test_command_lines() -> None:
    head = ["/p", "-I", "-m", "pip"]
    install = [*head, "install", "--no-input", "--disable-pip-version-check"]
    assert PIP.install_argv("/p", "/r") == [*install, "-r", "/r"]
    assert PIP.install_argv("/p", "/r", upgrade_names=["a"]) == [*install, "--upgrade", "-r", "/r"]
    plan = ["--no-deps", "--dry-run", "--quiet", "--report", "-"]
    assert PIP.install_argv("/p", "/r", exact=True, dry_run=True) == [*install, *plan, "-r", "/r"]
    hashed = PIP.install_argv("/p", "/r", hashed=True, constraints="/c")
    assert hashed == [*install, "--require-hashes", "-c", "/c", "-r", "/r"]
    assert PIP.remove_argv("/p", "/r") == [*head, "uninstall", "--yes", "-r", "/r"]


def test_variables_that_would_mislead_it() -> None:
    env = PIP.environment({"PATH": "/bin", "PIP_TARGET": "/x", "PIP_DRY_RUN": "1", "PIP_INDEX_URL": "http://h/"})
    assert (env["PATH"], env["PIP_INDEX_URL"], env["PIP_USER"]) == ("/bin", "http://h/", "0")
    assert not {"PIP_TARGET", "PIP_DRY_RUN"} & env.keys()


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("plan", Outcome({"a-b-c": "1.0", "big": "1.0", "huge": "1.0", "six": "2.0"}, {}, cached=False)),
        ("plan-nothing", Outcome({}, {}, cached=False)),
        ("plan-upgrade", Outcome({"big": "2.0"}, {}, cached=False)),
        ("upgrade", Outcome({}, {"big": "1.0"}, cached=False)),
        ("not-found", Outcome({}, {}, cached=False)),
    ],
)
def test_outcomes(name: str, outcome: Outcome) -> None:
    assert PIP.outcome(said(name)) == outcome
    assert PIP.outcome(said(name) + "\nWARNING: something more\n") == outcome


def test_progress() -> None:
    told = events("install")
    assert [e.started for e in told if e.started] == ["big<2", "huge", "a-b.c", "six"]
    assert [(e.fetched, e.size) for e in told if e.fetched][:2] == [("big", 2_400_000), ("huge", 4_800_000)]
    assert told[-2:] == [Event(prepared=4), Event(installed=4)]


def test_downloads_of_older_and_newer_releases() -> None:
    for line in (
        "Downloading six-1.16.0-py2.py3-none-any.whl (11 kB)",
        "  Downloading http://127.0.0.1:9/files/six-1.16.0-py2.py3-none-any.whl (11 kB)",
        "Downloading six-1.16.0.tar.gz (11 kB)",
    ):
        assert PIP.event(line) == Event(fetched="six", size=11_000)
    assert PIP.event("  Downloading http://127.0.0.1:9/files/six-1.16.0-py3-none-any.whl.metadata (45 bytes)") is None


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("not-found", "nothing-like-it", "name"),
        ("unsolvable", "clash needs six==9", "There are 1.0, 2.0"),
        ("unsolvable-deep", "clash2 1.0 needs six>=2", "Loosen"),
    ],
)
def test_what_cannot_be_solved(name: str, message: str, hint: str) -> None:
    error = explain(PIP, Finished(1, "", said(name)))
    assert isinstance(error, Unsolvable)
    assert message in error.message
    assert hint in (error.hint or "")
    if name == "unsolvable-deep":
        assert "clash2 1.0 depends on six>=2" in (error.detail or "")


def test_other_failures() -> None:
    unreachable = explain(PIP, Finished(1, "", said("unreachable")))
    assert isinstance(unreachable, Unavailable)
    assert unreachable.reason == "index_unreachable"
    broken = explain(PIP, Finished(1, "", said("build-failed")))
    assert isinstance(broken, Failed)
    assert broken.reason == "build_failed"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving() as server:
        for name in [n for n in os.environ if n.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
        yield server


@pytest.mark.slow
def test_a_machine_without_uv(index: Index, tmp_path: Path) -> None:
    """Plan, install, upgrade, fail and remove, by the environment's own pip."""
    prefix = str(tmp_path / "env")
    assert run([sys.executable, "-I", "-m", "venv", prefix]).code == 0
    start = versions(prefix)
    offer(index, "one", "1.0", "2.0", requires=["two"])
    offer(index, "two", "1.0")
    offer(index, "clash", "1.0", requires=["two==9"])
    installation = Installation(PIP)
    first = Wanted(install=[Requirement(line="one<2", name="one")])
    plan = installation.plan(prefix, first, Silent())
    assert [(pin.name, pin.version) for pin in plan.added] == [("one", "1.0"), ("two", "1.0")]
    assert versions(prefix) == start
    installation.apply(prefix, first, Silent())
    assert versions(prefix) == {**start, "one": "1.0", "two": "1.0"}
    before = snapshot(prefix)
    with pytest.raises(Unsolvable):
        installation.apply(prefix, Wanted(install=[Requirement(line="clash", name="clash")], remove=["one"]), Silent())
    assert snapshot(prefix) == before
    upgrade = Wanted(install=[Requirement(line="one", name="one")], upgrade_names=["one"])
    assert installation.apply(prefix, upgrade, Silent()).changed[0].to == "2.0"
    installation.apply(prefix, Wanted(remove=["one", "two"]), Silent())
    assert versions(prefix) == start
