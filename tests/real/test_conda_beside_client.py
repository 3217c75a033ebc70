"""Beside an installed conda, named by CONDA_EXE: it works on our environments, and we on those that it made."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Clone, Create, ImportText, Rollback
from tests.channel.fixture import Channel
from tests.engine.world import NO_KERNEL, Engines, done, inside
from tests.real.conda_home import settle_conda
from tests.real.test_kernel_starts import start

# Before any test takes it out of the environment.
CLIENT = os.environ.get("CONDA_EXE", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isfile(CLIENT), reason="no conda client: CONDA_EXE does not name one"),
]


@pytest.fixture
def settled(home: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of named environments, which the client and the engine share."""
    envs = settle_conda(monkeypatch, home, channel)
    monkeypatch.setenv("CONDA_EXE", CLIENT)
    return envs


@pytest.fixture
def engine(engines: Engines, settled: Path) -> Engine:
    return engines()


def conda(*arguments: str) -> str:
    """What the client says; it must succeed."""
    ran = subprocess.run([CLIENT, *arguments], capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def is_healthy(name: str) -> None:
    """The client finds no file that is missing or other than recorded, and no need that is not met."""
    ran = subprocess.run([CLIENT, "doctor", "-n", name], capture_output=True, text=True, timeout=200)
    for line in ("no packages with missing files", "no packages with altered files", "environment is consistent"):
        assert line in ran.stdout, ran.stdout
    assert "is listed in the environments.txt file" in ran.stdout


def listed(name: str) -> dict[str, str]:
    return {package["name"]: package["version"] for package in json.loads(conda("list", "-n", name, "--json"))}


def versions(engine: Engine, name: str) -> dict[str, str]:
    return {package.name: package.version for package in engine.packages(name)}


def make(engine: Engine, *packages: str, **more: Any) -> str:
    asked = {"name": "demo", "manager": "conda", "kernel": NO_KERNEL, "pip": False, **more}
    done(engine, engine.create(Create(packages=list(packages), **asked)))
    return engine.find("demo").prefix


def test_it_reads_ours(engine: Engine, channel: Channel) -> None:
    prefix = make(engine, "small <2", "demo-activate", "where-am-i", python=channel.python)
    assert prefix in json.loads(conda("env", "list", "--json"))["envs"]
    assert listed("demo") == versions(engine, "demo")
    everything = yaml.safe_load(conda("env", "export", "-n", "demo"))
    ours = yaml.safe_load(engine.export("demo", "environment.yml").text)
    assert everything["dependencies"] == ours["dependencies"]
    history = yaml.safe_load(conda("env", "export", "-n", "demo", "--from-history"))
    assert {spec.split("[")[0].split("=")[0] for spec in history["dependencies"]} == {
        *("small", "demo-activate", "where-am-i", "python")
    }
    is_healthy("demo")


def test_it_changes_ours(engine: Engine) -> None:
    """What matters most: a removal takes that one package, and not all that nobody seems to have asked for."""
    prefix = make(engine, "small <2", "demo-activate", "accel")
    done(engine, engine.change("demo", Change(install=["where-am-i"])))
    conda("install", "-n", "demo", "-y", "six")
    assert listed("demo") == versions(engine, "demo")
    conda("remove", "-n", "demo", "-y", "accel")
    left = versions(engine, "demo")
    assert {"small", "demo-activate", "where-am-i", "six", "python"} <= left.keys()
    assert "accel" not in left
    assert left["small"] == "1.0"
    assert engine.history("demo")[0].by == "outside"
    # And we go on from there.
    done(engine, engine.change("demo", Change(install=["small"], upgrade=["small"])))
    assert inside(prefix, "import small, six; print(small.VERSION)") == "2.0"
    assert listed("demo") == versions(engine, "demo")


def test_a_copy_is_healthy_too(engine: Engine) -> None:
    make(engine, "small", "where-am-i")
    done(engine, engine.clone("demo", Clone(name="copy")))
    is_healthy("copy")
    conda("remove", "-n", "copy", "-y", "small")
    assert {"where-am-i", "python"} <= listed("copy").keys()


def test_we_work_on_its_own(engine: Engine, settled: Path) -> None:
    conda("create", "-n", "theirs", "-y", "python", "small<2", "demo-activate")
    found = engine.find("theirs")
    assert (found.prefix, found.manager, found.state) == (str(settled / "theirs"), "conda", "ready")
    assert versions(engine, "theirs") == listed("theirs")
    asked = {package.name for package in engine.packages("theirs") if package.requested}
    assert asked == {"python", "small", "demo-activate"}
    done(engine, engine.change("theirs", Change(install=["where-am-i"], remove=["demo-activate"])))
    assert "demo-activate" not in listed("theirs")
    history = yaml.safe_load(conda("env", "export", "-n", "theirs", "--from-history"))["dependencies"]
    assert {spec.split("[")[0] for spec in history} == {"python", "small", "where-am-i"}
    conda("install", "-n", "theirs", "-y", "small")
    assert versions(engine, "theirs")["small"] == "2.0"
    is_healthy("theirs")
    done(engine, engine.remove("theirs"))
    assert not (settled / "theirs").exists()


def test_it_makes_ours_anew(engine: Engine, tmp_path: Path) -> None:
    """From what we write, in both forms; the client itself would add a pip to every Python."""
    make(engine, "small <2", "demo-activate", pip=True)
    wanted = listed("demo")
    lock = tmp_path / "lock.txt"
    lock.write_text(engine.export("demo", "explicit").text)
    conda("create", "-n", "locked", "-y", "--file", str(lock))
    assert listed("locked") == wanted
    text = tmp_path / "environment.yml"
    text.write_text(engine.export("demo", "environment.yml").text)
    conda("env", "create", "-n", "described", "-y", "-f", str(text))
    assert listed("described") == wanted


def test_we_make_its_own_anew(engine: Engine) -> None:
    conda("create", "-n", "theirs", "-y", "python", "small<2", "demo-activate")
    conda("env", "config", "vars", "set", "-n", "theirs", "COLOUR=red $5")
    wanted = listed("theirs")
    for name, format_name, text in (
        ("described", "environment.yml", conda("env", "export", "-n", "theirs")),
        ("locked", "explicit", conda("list", "-n", "theirs", "--explicit", "--sha256")),
    ):
        source = ImportText(format=format_name, text=text)
        asked = Create(name=name, manager="conda", from_=source, kernel=NO_KERNEL, pip=False)
        done(engine, engine.create(asked))
        assert listed(name) == wanted
    assert "COLOUR = red $5" in conda("env", "config", "vars", "list", "-n", "described")


def test_back_over_what_it_did(engine: Engine) -> None:
    make(engine, "small <2")
    conda("install", "-n", "demo", "-y", "accel", "small=2")
    assert versions(engine, "demo")["small"] == "2.0"
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert listed("demo") == versions(engine, "demo")
    assert versions(engine, "demo")["small"] == "1.0"
    assert "accel" not in listed("demo")


def test_the_client_as_the_engine(engines: Engines, settled: Path) -> None:
    """An administrator may have it do the work."""
    engine = engines(conda_engine=CLIENT)
    prefix = make(engine, "small <2")
    assert listed("demo") == versions(engine, "demo")
    done(engine, engine.change("demo", Change(install=["where-am-i"], upgrade=["small"])))
    assert inside(prefix, "import small; print(small.VERSION)") == "2.0"
    done(engine, engine.change("demo", Change(remove=["where-am-i"])))
    assert "where-am-i" not in versions(engine, "demo")


def test_conda_in_a_notebook_acts_on_its_environment(engine: Engine) -> None:
    done(engine, engine.create(Create(name="demo", manager="conda")))
    found = engine.find("demo")
    said = start(found.kernels[0].name, "!conda info --json")
    assert json.loads(said[said.index("{") :])["active_prefix"] == found.prefix
