"""Beside an installed conda, mamba or micromamba: it works on our environments, and we on those that it made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Forbidden
from jupyter_envs.model.request import Change, Clone, Create, ImportText, Rollback
from jupyter_envs.system import conda_clients, conda_environments
from tests.channel.fixture import Channel
from tests.engine.world import NO_KERNEL, Engines, done, inside, run
from tests.real.beside import NAMES, Beside, the_client
from tests.real.conda_home import settle_conda
from tests.real.test_kernel_starts import start

pytestmark = pytest.mark.slow


@pytest.fixture(params=NAMES)
def client(request: pytest.FixtureRequest, home: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """A client that shares the folder of named environments with the engine."""
    found = the_client(request.param)
    settle_conda(monkeypatch, home, channel)
    if found.name == "conda":
        monkeypatch.setenv("CONDA_EXE", found.path)
    else:
        monkeypatch.setenv("MAMBA_EXE", found.path)
        monkeypatch.setenv("MAMBA_ROOT_PREFIX", str(home / "mamba"))
    return found


@pytest.fixture
def settled(home: Path, client: Beside) -> Path:
    """The folder of named environments."""
    return home / "conda" / "envs"


@pytest.fixture
def engine(engines: Engines, client: Beside) -> Engine:
    return engines()


def versions(engine: Engine, name: str) -> dict[str, str]:
    return {package.name: package.version for package in engine.packages(name)}


def named(spec: str) -> str:
    """The name in a match spec."""
    return re.split(r"[\[=<>! ]", spec)[0]


def make(engine: Engine, *packages: str, **more: Any) -> str:
    asked = {"name": "demo", "manager": "conda", "kernel": NO_KERNEL, "pip": False, **more}
    done(engine, engine.create(Create(packages=list(packages), **asked)))
    return engine.find("demo").prefix


def test_it_reads_ours(engine: Engine, channel: Channel, client: Beside) -> None:
    prefix = make(engine, "small <2", "demo-activate", "where-am-i", python=channel.python)
    assert prefix in client.environments()
    assert client.listed("demo") == versions(engine, "demo")
    ours = yaml.safe_load(engine.export("demo", "environment.yml").text)
    assert client.exported("demo") == ours["dependencies"]
    assert set(map(named, client.exported("demo", "--from-history"))) == {
        *("small", "demo-activate", "where-am-i", "python")
    }
    client.assert_healthy("demo", prefix)


def test_it_changes_ours(engine: Engine, client: Beside) -> None:
    """What matters most: a removal takes that one package, and not all that nobody seems to have asked for."""
    prefix = make(engine, "small <2", "demo-activate", "accel")
    done(engine, engine.change("demo", Change(install=["where-am-i"])))
    client("install", "-n", "demo", "-y", "six")
    assert client.listed("demo") == versions(engine, "demo")
    client("remove", "-n", "demo", "-y", "accel")
    left = versions(engine, "demo")
    assert {"small", "demo-activate", "where-am-i", "six", "python"} <= left.keys()
    assert "accel" not in left
    assert left["small"] == "1.0"
    assert engine.history("demo")[0].by == "outside"
    # And we go on from there.
    done(engine, engine.change("demo", Change(install=["small"], upgrade=["small"])))
    assert inside(prefix, "import small, six; print(small.VERSION)") == "2.0"
    assert client.listed("demo") == versions(engine, "demo")


def test_a_copy_is_healthy_too(engine: Engine, client: Beside) -> None:
    make(engine, "small", "where-am-i")
    done(engine, engine.clone("demo", Clone(name="copy")))
    client.assert_healthy("copy", engine.find("copy").prefix)
    client("remove", "-n", "copy", "-y", "small")
    assert {"where-am-i", "python"} <= client.listed("copy").keys()


def test_we_work_on_its_own(engine: Engine, client: Beside, settled: Path) -> None:
    client("create", "-n", "theirs", "-y", "python", "small<2", "demo-activate")
    found = engine.find("theirs")
    assert (found.prefix, found.manager, found.state) == (str(settled / "theirs"), "conda", "ready")
    assert versions(engine, "theirs") == client.listed("theirs")
    asked = {package.name for package in engine.packages("theirs") if package.requested}
    # mamba asks for pip by itself where it is to bring a Python.
    assert asked - {"pip"} == {"python", "small", "demo-activate"}
    done(engine, engine.change("theirs", Change(adopt=True, install=["where-am-i"], remove=["demo-activate"])))
    assert "demo-activate" not in client.listed("theirs")
    assert set(map(named, client.exported("theirs", "--from-history"))) - {"pip"} == {"python", "small", "where-am-i"}
    # A mamba leaves what fits as it is, a conda takes the newest.
    client("install", "-n", "theirs", "-y", "small>=2")
    assert versions(engine, "theirs")["small"] == "2.0"
    client.assert_healthy("theirs", found.prefix)
    done(engine, engine.remove("theirs"))
    assert not (settled / "theirs").exists()


def test_it_makes_ours_anew(engine: Engine, client: Beside, tmp_path: Path) -> None:
    """From what we write, in both forms; the client itself would add a pip to every Python."""
    make(engine, "small <2", "demo-activate", pip=True)
    wanted = client.listed("demo")
    lock = tmp_path / "lock.txt"
    lock.write_text(engine.export("demo", "explicit").text)
    client("create", "-n", "locked", "-y", "--file", str(lock))
    assert client.listed("locked") == wanted
    text = tmp_path / "environment.yml"
    text.write_text(engine.export("demo", "environment.yml").text)
    client("env", "create", "-n", "described", "-y", "-f", str(text))
    assert client.listed("described") == wanted


def test_we_make_its_own_anew(engine: Engine, client: Beside) -> None:
    client("create", "-n", "theirs", "-y", "python", "small<2", "demo-activate")
    client("env", "config", "vars", "set", "-n", "theirs", "COLOUR=red $5")
    wanted = client.listed("theirs")
    assert conda_environments.variables(engine.find("theirs").prefix) == {"COLOUR": "red $5"}
    for name, format_name, text in (
        ("described", "environment.yml", client("env", "export", "-n", "theirs")),
        ("locked", "explicit", client.lock("theirs")),
    ):
        source = ImportText(format=format_name, text=text)
        asked = Create(name=name, manager="conda", from_=source, kernel=NO_KERNEL, pip=False)
        done(engine, engine.create(asked))
        assert client.listed(name) == wanted
    # Only conda writes the variables into what it exports.
    made = {"COLOUR": "red $5"} if client.name == "conda" else {}
    assert conda_environments.variables(engine.find("described").prefix) == made


def test_back_over_what_it_did(engine: Engine, client: Beside) -> None:
    make(engine, "small <2")
    client("install", "-n", "demo", "-y", "accel", "small=2")
    assert versions(engine, "demo")["small"] == "2.0"
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert client.listed("demo") == versions(engine, "demo")
    assert versions(engine, "demo")["small"] == "1.0"
    assert "accel" not in client.listed("demo")


def test_the_client_as_the_engine(engines: Engines, client: Beside, channel: Channel) -> None:
    """An administrator may have it do the work."""
    engine = engines(conda_engine=client.path)
    prefix = make(engine, "small <2", python=channel.python)
    assert client.listed("demo") == versions(engine, "demo")
    plan = done(engine, engine.change("demo", Change(install=["where-am-i"], upgrade=["small"], dry_run=True)))["plan"]
    assert [pin["name"] for pin in plan["added"]] == ["where-am-i"]
    assert [(c["name"], c["from"], c["to"]) for c in plan["changed"]] == [("small", "1.0", "2.0")]
    assert "where-am-i" not in versions(engine, "demo")
    done(engine, engine.change("demo", Change(install=["where-am-i"], upgrade=["small"])))
    assert inside(prefix, "import small; print(small.VERSION)") == "2.0"
    done(engine, engine.change("demo", Change(remove=["where-am-i"])))
    left = versions(engine, "demo")
    assert "where-am-i" not in left
    assert {"small", "python"} <= left.keys()
    assert client.listed("demo") == left
    client.assert_healthy("demo", prefix)


def test_back_and_copied_by_the_client(engines: Engines, client: Beside) -> None:
    engine = engines(conda_engine=client.path)
    prefix = make(engine, "small <2")
    done(engine, engine.change("demo", Change(install=["where-am-i"], upgrade=["small"])))
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert versions(engine, "demo")["small"] == "1.0"
    assert "where-am-i" not in versions(engine, "demo")
    assert client.listed("demo") == versions(engine, "demo")
    client.assert_healthy("demo", prefix)
    done(engine, engine.clone("demo", Clone(name="copy")))
    assert client.listed("copy") == client.listed("demo")
    client.assert_healthy("copy", engine.find("copy").prefix)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (Change(install=["no-such-package"]), "unsolvable", r"no-such-package"),
        (Change(install=["small >=3"]), "unsolvable", r"small.*>=3"),
        (Change(install=["small <2"], channels=["file:///nowhere"]), "unavailable", "nowhere"),
    ],
    ids=["unknown", "too new", "no channel"],
)
def test_what_the_client_cannot_do(engines: Engines, client: Beside, change: Change, code: str, said: str) -> None:
    """Its own explanation is told, and nothing is changed."""
    engine = engines(conda_engine=client.path)
    make(engine, "small")
    before = versions(engine, "demo")
    job = run(engine, engine.change("demo", change))
    assert job.error is not None
    assert job.error.kind == code, job.error
    assert re.search(said, job.error.message), job.error
    assert not re.search(r"[{}]|Traceback|critical libmamba", job.error.message)
    assert versions(engine, "demo") == before


def test_its_base_is_protected(engine: Engine, client: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(client("info", "--json"))
    base = told["root_prefix" if client.name == "conda" else "base environment"]
    if client.name != "conda":
        # It needs none to work, and has none before the first package.
        client("install", "-n", "base", "-y", "small")
    # The usual places of this machine are nobody's business here but this one.
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", lambda: [base])
    found = next(e for e in engine.environments() if e.prefix == base)
    assert (found.name, found.protected) == ("base", True)
    assert found.installation is not None
    with pytest.raises(Forbidden):
        engine.remove(found.id, force=True)


def test_it_is_found(client: Beside) -> None:
    found = next(c for c in conda_clients.clients() if c.path == client.path)
    assert found.name == client.name
    assert found.version in (None, client.version)


def test_in_a_notebook_it_acts_on_its_environment(engine: Engine, client: Beside) -> None:
    done(engine, engine.create(Create(name="demo", manager="conda")))
    found = engine.find("demo")
    said = start(found.kernels[0].name, f"!{client.name} info --json")
    told = json.loads(said[said.index("{") :])
    assert told["active_prefix" if client.name == "conda" else "env location"] == found.prefix
