"""A Python that is not here is downloaded from a real mirror by engine and command line, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine import journal
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Create
from jupyter_envs.system import interpreters, python_places
from tests.engine.python_mirror import MINOR, VERSION, Mirror
from tests.engine.world import NO_KERNEL, PATIENCE, Engines, done, ended, inside, killed, other_process, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="its Pythons are laid out in another way")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    return Mirror(tmp_path_factory.mktemp("mirror") / "mirror")


@pytest.fixture
def mirror(archive: Mirror, home: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    del home
    archive.use(monkeypatch)
    return archive


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no Python but those of uv."""
    real = python_places.search
    monkeypatch.setattr(python_places, "search", lambda: [pair for pair in real() if pair[1] == "uv"])


@pytest.fixture
def fresh(engines: Engines) -> Engine:
    """An engine that has not looked for Pythons yet."""
    engine = engines()
    (engine.settings.state / "interpreters.json").unlink()
    return engine


def folder(home: Path) -> Path:
    return home / ".local" / "share" / "uv" / "python"


def left(home: Path) -> list[str]:
    """What lies in uv's folder of Pythons besides its own files, and what it was unpacking."""
    there = {p.name for p in folder(home).glob("*")} | {p.name for p in folder(home).glob(".temp/*")}
    return sorted(there - {".gitignore", ".lock", ".temp"})


def test_it_is_downloaded_and_found(fresh: Engine, mirror: Mirror, home: Path) -> None:
    before = {i.path for i in fresh.interpreters()}
    found, _ = fresh.pythons.available()
    assert [(d.version, d.implementation) for d in found] == [(VERSION, "CPython")]
    job = fresh.jobs.run(fresh.pythons.install(MINOR))
    assert job.state == "succeeded", job.error
    assert (job.action, job.environment, job.title) == ("install_python", None, f"Install Python {VERSION}")
    assert job.result is not None
    python = job.result["interpreter"]
    assert isinstance(python, dict)
    assert (python["version"], python["source"], python["supported"]) == (VERSION, "uv", True)
    assert python["path"].startswith(str(folder(home) / mirror.key))
    assert {i.path for i in fresh.interpreters()} - before == {python["path"]}
    assert left(home) == sorted([mirror.key, mirror.key.replace(VERSION, MINOR)])
    said = [line.text for line in fresh.jobs.log(job.id)]
    assert any(line.startswith(f"Downloading {mirror.key}") for line in said)
    # Once more: uv sees that it is there, and it stays.
    assert done(fresh, fresh.pythons.install(VERSION))["interpreter"]["path"] == python["path"]
    assert fresh.pythons.available()[0][0].installed
    assert not (home / ".local" / "bin").exists()


@pytest.mark.usefixtures("alone")
def test_an_environment_is_made_on_it_in_one_go(fresh: Engine, mirror: Mirror, home: Path) -> None:
    del mirror
    asked = Create(name="demo", python=MINOR, kernel=NO_KERNEL, pip=False)
    assert fresh.interpreters() == []
    with pytest.raises(Exception, match="no Python") as caught:
        fresh.create(asked)
    assert getattr(caught.value, "offer", None) == {"python": VERSION}
    task = fresh.create(Create(name="demo", python=MINOR, kernel=NO_KERNEL, pip=False, install_python=True))
    result = done(fresh, task)
    assert result["interpreter"]["version"] == VERSION
    environment = fresh.find("demo")
    # Where uv may bring a newer patch release in its place, uv notes no patch.
    assert environment.python.version in (VERSION, MINOR)
    assert (environment.python.base or "").startswith(str(folder(home)))
    assert inside(environment.prefix, "import json, sys; print(json.dumps(sys.version_info[:2]))") == json.dumps(
        [int(part) for part in MINOR.split(".")]
    )
    # It is here now: nothing is downloaded again.
    assert done(fresh, fresh.create(Create(name="two", python=MINOR, kernel=NO_KERNEL, pip=False)))


def test_a_cancelled_download_leaves_nothing(
    fresh: Engine, mirror: Mirror, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fresh.interpreters()
    with mirror.stalling() as (address, half):
        mirror.use(monkeypatch, address)
        job = fresh.jobs.submit(fresh.pythons.install(VERSION))
        assert half.wait(PATIENCE)
        wait_for(lambda: fresh.jobs.get(job.id).progress.total)
        told = fresh.jobs.get(job.id).progress
        assert (told.phase, told.unit, told.fraction) == (f"download Python {VERSION}", "bytes", None)
        assert abs((told.total or 0) / mirror.archive.stat().st_size - 1) < 0.05
        assert left(home) != []
        waiting = fresh.jobs.submit(fresh.pythons.install(VERSION))
        wait_for(lambda: "wait" in fresh.jobs.get(waiting.id).progress.phase)
        fresh.jobs.cancel(waiting.id)
        assert ended(fresh, waiting).state == "cancelled"
        fresh.jobs.cancel(job.id)
        assert ended(fresh, job).state == "cancelled"
    assert left(home) == []
    assert journal.left(fresh.settings.state) == []
    assert fresh.interpreters() == before


def test_a_killed_download_is_cleaned_up_by_the_next_process(
    engines: Engines, fresh: Engine, mirror: Mirror, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fresh.interpreters()
    code = f"""
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
engine = Engine(Settings(root={str(home / "envs")!r}, state_dir={str(home / "state")!r}, templates=False))
engine.jobs.run(engine.pythons.install({VERSION!r}))
"""
    with mirror.stalling() as (address, half):
        mirror.use(monkeypatch, address)
        other = other_process(code)
        assert half.wait(PATIENCE)
        assert left(home) != []
        killed(other)
    assert left(home) != []
    # Killed a moment later, it would have been in its place.
    whole = folder(home) / mirror.key
    (whole / "bin").mkdir(parents=True)
    (folder(home) / mirror.key.replace(VERSION, MINOR)).symlink_to(whole)
    assert engines().interpreters() == before
    assert left(home) == []
    assert journal.left(fresh.settings.state) == []


def test_a_file_that_was_changed_is_not_taken(
    fresh: Engine, mirror: Mirror, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(mirror.listing.read_text())
    told[mirror.key]["sha256"] = "0" * 64
    listing = home / "other.json"
    listing.write_text(json.dumps(told))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(listing))
    job = fresh.jobs.run(fresh.pythons.install(VERSION))
    assert job.state == "failed"
    assert job.error
    assert (job.error.reason, job.error.cause) == ("hash_mismatch", "hash_mismatch")
    assert left(home) == []


def test_a_mirror_without_the_file_says_so(fresh: Engine, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.system.index_server import serving

    with serving() as server:
        mirror.use(monkeypatch, server.url.rstrip("/"))
        job = fresh.jobs.run(fresh.pythons.install(VERSION))
    assert job.error
    assert (job.error.reason, job.error.cause) == ("download_failed", "url_not_found"), job.error
    assert "There is nothing at http://127.0.0.1" in job.error.message
    assert "mirror" in (job.error.hint or "")


@pytest.mark.usefixtures("mirror")
def test_the_command_line_downloads_it(home: Path) -> None:
    def envs(*words: str) -> Any:
        argv = [sys.executable, "-m", "jupyter_envs", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)

    listed = envs("interpreters", "--available", "--json")
    assert [d["version"] for d in json.loads(listed.stdout)["downloads"]] == [VERSION]
    assert VERSION in envs("interpreters", "--available").stdout
    nowhere = envs("interpreters", "--install", "3.99", "--json")
    assert nowhere.returncode == 2
    assert json.loads(nowhere.stdout)["error"]["reason"] == "no_such_python"
    got = envs("interpreters", "--install", VERSION)
    assert got.returncode == 0, got.stderr
    assert str(folder(home)) in got.stdout
    both = envs("interpreters", "--available", "--install", VERSION)
    assert both.returncode == 2


def test_what_an_old_interpreters_file_says_is_not_trusted(fresh: Engine, mirror: Mirror) -> None:
    # The list was made, and is remembered, before the download.
    known = fresh.interpreters()
    done(fresh, fresh.pythons.install(VERSION))
    assert len(interpreters.find(fresh.settings.interpreters_file)) == len(known) + 1
    assert mirror.archive.exists()
