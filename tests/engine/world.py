"""A home, an index and engines of its own for each test; what uv has downloaded is shared."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
from jupyter_envs.model.env import Environment
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Create, KernelRequest
from jupyter_envs.system import interpreters
from tests.system.index_server import Index, serving

# Before any test changes HOME.
UV_CACHE = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
TOP = str(Path(__file__).resolve().parents[2])
NO_KERNEL = KernelRequest(register=False)

Engines = Callable[..., Engine]


@pytest.fixture(scope="session")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the machine's interpreters said of themselves, asked once."""
    path = tmp_path_factory.mktemp("pythons") / "interpreters.json"
    interpreters.find(path)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME and Jupyter's folders in a temporary folder."""
    settle(monkeypatch, tmp_path / "home")
    return tmp_path / "home"


def settle(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make the new folder `folder` the home of this process and of those that it starts."""
    folder.mkdir()
    for name, value in {
        "HOME": folder,
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "IPYTHONDIR": folder / "ipython",
        "UV_CACHE_DIR": UV_CACHE,
    }.items():
        monkeypatch.setenv(name, os.fspath(value))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def engines(home: Path, pythons: Path) -> Iterator[Engines]:
    """Engines on one root and state folder, as several servers and command lines of one user have."""
    made: list[Engine] = []

    def make(**options: Any) -> Engine:
        about = {k: options.pop(k) for k in ("by", "running", "notebook_root") if k in options}
        wanted = {"root": str(home / "envs"), "state_dir": str(home / "state"), "templates": False, **options}
        settings = Settings(**wanted)
        settings.state.mkdir(parents=True, exist_ok=True)
        if not (settings.state / "interpreters.json").exists():
            shutil.copy(pythons, settings.state / "interpreters.json")
        made.append(Engine(settings, **about))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(engines: Engines) -> Engine:
    return engines()


@pytest.fixture
def index(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The one index that installers ask, empty at first, with a package cache that no other test has filled."""
    with serving() as server:
        for name in [n for n in os.environ if n.startswith("PIP_") or n in ("UV_INDEX", "UV_FIND_LINKS")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("UV_DEFAULT_INDEX", server.url)
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(home / "uv-cache"))
        monkeypatch.setenv("PIP_CACHE_DIR", str(home / "pip-cache"))
        yield server


def run(engine: Engine, task: Task) -> Job:
    """The ended job of `task`, whatever its end."""
    return engine.jobs.run(task)


def done(engine: Engine, task: Task) -> dict[str, Any]:
    """The result of `task`, which must succeed."""
    job = engine.jobs.run(task)
    said = "\n".join(line.text for line in engine.jobs.log(job.id))
    assert job.state == "succeeded", f"{job.error}\n{said}"
    assert job.result is not None
    return job.result


def bare(engine: Engine, name: str = "demo", **more: Any) -> Environment:
    """A new environment without pip and kernel; takes some 50 ms."""
    done(engine, engine.create(Create(name=name, kernel=NO_KERNEL, pip=more.pop("pip", False), **more)))
    return engine.find(name)


# How long what must come about may take: a wait costs what it lasts, and a machine with other work is slow.
PATIENCE = 120.0


def ended(engine: Engine, job: Job, seconds: float = PATIENCE) -> Job:
    """`job` once it has ended."""
    wait_for(lambda: engine.jobs.get(job.id).over, seconds)
    return engine.jobs.get(job.id)


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not come about"
        time.sleep(0.01)


def inside(prefix: str, code: str) -> str:
    """What `code` prints in the environment at `prefix`."""
    ran = subprocess.run(
        [f"{prefix}/bin/python", "-c", code], capture_output=True, text=True, cwd=prefix, timeout=PATIENCE
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def other_process(code: str, **more: Any) -> subprocess.Popen[str]:
    """Another program of the same user that runs `code`; its lines can be read as they come."""
    env = {**os.environ, "PYTHONPATH": TOP}
    argv = [sys.executable, "-u", "-c", code]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True, **more)


def killed(process: subprocess.Popen[str]) -> None:
    """End `process` without a word, and wait until all that it had started has followed it."""
    with suppress(psutil.NoSuchProcess):
        # Held first: what it would start between the look and the signal would be missed.
        process.send_signal(signal.SIGSTOP)
        started = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, alive = psutil.wait_procs(started, timeout=PATIENCE)
        assert not alive, "what a dead process started went on"
    process.communicate()
