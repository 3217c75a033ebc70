"""Pythons that are not here: which ones are offered, and what is said where one cannot be had."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, EnvsError, Forbidden, InvalidRequest, NoInterpreter, Unavailable
from jupyter_envs.model.request import Create, ImportText
from tests.engine.world import NO_KERNEL, run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="uv's folder lies elsewhere")


@pytest.fixture
def offline(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv as it is installed, with a mirror that nobody answers at."""
    del home
    for name in [n for n in os.environ if n.startswith("UV_") and n != "UV_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_PYPY_INSTALL_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


@pytest.fixture
def gone(engine: Engine, offline: None) -> str:
    """A minor version of Python that uv offers and this machine does not have."""
    del offline
    here = {i.version.rpartition(".")[0] for i in engine.interpreters()}
    offered = [d.version for d in engine.pythons.available()[0]]
    return next(v for v in offered if v.rpartition(".")[0] not in here)


def raised(call: Callable[[], object]) -> EnvsError:
    with pytest.raises(EnvsError) as caught:
        call()
    return caught.value


@pytest.mark.usefixtures("offline")
def test_the_newest_release_of_each_minor_version_is_offered(engine: Engine) -> None:
    found, why = engine.pythons.available()
    assert why is None
    minors = [tuple(map(int, d.version.split(".")[:2])) for d in found]
    assert minors == sorted(set(minors), reverse=True)
    assert min(minors) >= (3, 8)
    assert {(3, 12), (3, 13)} <= set(minors)
    assert {d.implementation for d in found} == {"CPython"}
    assert engine.pythons.find("3.13").version == next(d.version for d in found if d.version.startswith("3.13."))
    assert engine.pythons.find("3.13.0").version == "3.13.0"
    assert engine.pythons.find("pypy3.10").implementation == "pypy"


@pytest.mark.usefixtures("offline")
def test_uv_is_asked_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    from jupyter_envs.engine import pythons

    real = pythons.run

    def counted(*args: object, **more: object) -> object:
        asked.append(args)
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pythons, "run", counted)
    assert engine.pythons.available() == engine.pythons.available()
    engine.pythons.find("3.13")
    assert len(asked) == 1
    monkeypatch.setenv("UV_PYTHON_PREFERENCE", "managed")
    engine.pythons.find("3.13")
    assert len(asked) == 2


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("wanted", "reason", "hint"),
    [
        ("3.99", "no_such_python", "3.13."),
        ("3.12.444", "no_such_python", "3.12."),
        ("pypy3.99", "no_such_python", "3.1"),
        ("2.7", "no_such_python", "3.8"),
        ("3.7", None, ""),
        ("--reinstall", "invalid", "3.13"),
        ("/usr/bin/python3", "invalid", "3.13"),
        ("3.13\n", "invalid", "3.13"),
        ("", "invalid", "3.13"),
    ],
)
def test_a_version_that_is_nowhere_is_the_callers_mistake(
    engine: Engine, wanted: str, reason: str | None, hint: str
) -> None:
    error = raised(lambda: engine.pythons.install(wanted))
    assert isinstance(error, InvalidRequest)
    assert error.field == "version"
    assert reason is None or error.reason == reason
    assert hint in (error.hint or "")


def test_a_missing_python_is_offered(engine: Engine, gone: str) -> None:
    minor = gone.rpartition(".")[0]
    error = raised(lambda: engine.create(Create(name="demo", python=minor)))
    assert isinstance(error, NoInterpreter)
    assert (error.reason, error.field, error.offer) == ("no_interpreter", "python", {"python": gone})
    assert f"interpreters --install {gone}" in (error.hint or "")
    nowhere = raised(lambda: engine.create(Create(name="demo", python="3.77", install_python=True)))
    assert isinstance(nowhere, InvalidRequest)
    assert nowhere.offer is None
    assert "nearest that can be downloaded" in (nowhere.hint or "")


def test_all_else_is_refused_before_a_download(engine: Engine, gone: str, home: Path) -> None:
    (home / "envs" / "taken").mkdir(parents=True)
    (home / "envs" / "taken" / "file").touch()
    asked = Create(name="taken", python=gone, kernel=NO_KERNEL, install_python=True)
    assert isinstance(raised(lambda: engine.create(asked)), Conflict)
    for wrong in (
        Create(name="../x", python=gone, install_python=True),
        Create(name="new", python=gone, install_python=True, packages=["six =="]),
        Create(name="new", python=gone, install_python=True, manager="none"),
    ):
        assert isinstance(raised(lambda wrong=wrong: engine.create(wrong)), InvalidRequest)  # type: ignore[misc]
    fits_there = ImportText(text=f"six; python_version == '{gone}'\n", filename="requirements.txt")
    task = engine.create(Create(name="new", python=gone, install_python=True, from_=fits_there))
    assert task.title == f"Create new with Python {gone}"
    assert task.key == os.path.realpath(home / "envs" / "new")
    assert engine.jobs.list() == []


def test_without_a_network_the_job_says_so_and_leaves_nothing(engine: Engine, gone: str, home: Path) -> None:
    for task in (
        engine.pythons.install(gone),
        engine.create(Create(name="new", python=gone, kernel=NO_KERNEL, install_python=True)),
    ):
        job = run(engine, task)
        assert job.state == "failed"
        assert job.error
        assert (job.error.reason, job.error.cause) == ("offline", "index_unreachable")
        assert "UV_PYTHON_INSTALL_MIRROR" in (job.error.hint or "")
        assert "127.0.0.1" in (job.error.detail or "")
    left = [p.name for p in (home / ".local/share/uv/python").rglob("*")]
    assert sorted(left) == [".gitignore", ".lock", ".temp"]
    assert os.listdir(home / "state" / "journal") == []
    assert not (home / "envs" / "new").exists()


def test_what_uv_is_told_not_to_download_is_not_offered(
    engine: Engine, gone: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        found, why = engine.pythons.available()
        assert found == []
        assert "never" in (why or "")
        error = raised(lambda: engine.pythons.install(gone))
        assert isinstance(error, Forbidden)
        assert error.reason == "python_downloads"
        missing = raised(lambda: engine.create(Create(name="demo", python=gone, install_python=True)))
        assert isinstance(missing, NoInterpreter)
        assert missing.offer is None

    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    refused()
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "manual")
    assert engine.pythons.available()[0]
    monkeypatch.delenv("UV_PYTHON_DOWNLOADS")
    (home / ".config" / "uv").mkdir(parents=True)
    (home / ".config" / "uv" / "uv.toml").write_text('python-downloads = "never"\n')
    refused()
    (home / ".config" / "uv" / "uv.toml").write_text("python-downloads = false\n")
    refused()


@pytest.mark.usefixtures("offline")
def test_without_uv_nothing_is_offered(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.backends.uv.find_uv", lambda: None)
    found, why = engine.pythons.available()
    assert found == []
    assert "pip install uv" in (why or "")
    error = raised(lambda: engine.pythons.install("3.13"))
    assert isinstance(error, Unavailable)
    assert "pip install uv" in (error.hint or "")


def test_a_list_of_ones_own_counts(engine: Engine, offline: None, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del offline
    (home / "none.json").write_text(json.dumps({}))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(home / "none.json"))
    assert engine.pythons.available() == ([], None)
    assert raised(lambda: engine.pythons.install("3.13")).reason == "no_such_python"
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", "http://127.0.0.1:9/list.json")
    found, why = engine.pythons.available()
    assert found == []
    assert "uv does not say" in (why or "")
