"""conda environments made from files, and written as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change, Create, ImportText, Inspect
from jupyter_envs.system import conda_environments
from tests.channel.fixture import Channel
from tests.engine.conda_engine import create, envs, here
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, done, run
from tests.system.index_server import Index

__all__ = ["envs"]


def described(channel: Channel) -> str:
    return f"""\
name: described
channels: [{channel.extra}, {channel.url}, nodefaults]
dependencies:
  - python={channel.python}
  - small
  - pip:
      - other
variables:
  GREETING: hello
"""


def test_from_environment_yml(engine: Engine, channel: Channel, index: Index) -> None:
    offer(index, "other", "1.0")
    text = described(channel)
    seen = engine.inspect(Inspect(filename="environment.yml", text=text))
    assert (seen.create.name, seen.create.manager) == ("described", "conda")
    assert (seen.create.pip_packages, seen.create.channels[:1]) == (["other"], [channel.extra])
    source = ImportText(format="environment.yml", text=text)
    for request in (
        Create(name="whole", manager="conda", from_=source, kernel=NO_KERNEL, build=True),
        Create(
            **{f: getattr(seen.create, f) for f in seen.create.__struct_fields__} | {"kernel": NO_KERNEL, "build": True}
        ),
    ):
        done(engine, engine.create(request))
        found = {p.name: p for p in engine.packages(request.name or "")}
        assert found["small"].version not in ("1.0", "2.0"), "the first channel wins"
        assert found["other"].manager == "pip"
        assert engine.find(request.name or "").python.version == channel.pythons[0]
        assert conda_environments.variables(engine.find(request.name or "").prefix) == {"GREETING": "hello"}


def test_a_conda_file_takes_conda_by_itself(engine: Engine, channel: Channel, index: Index) -> None:
    offer(index, "other", "1.0")
    source = ImportText(format="environment.yml", text=described(channel))
    done(engine, engine.create(Create(name="chosen", from_=source, kernel=NO_KERNEL, build=True)))
    assert engine.find("chosen").manager == "conda"


def test_a_conda_file_for_another_manager(engine: Engine, channel: Channel) -> None:
    source = ImportText(format="environment.yml", text=described(channel))
    with pytest.raises(InvalidRequest) as caught:
        engine.create(Create(name="demo", manager="uv", from_=source))
    assert caught.value.reason == "conda"


def test_a_file_of_requirements_is_pips(engine: Engine, index: Index) -> None:
    offer(index, "other", "1.0", "2.0")
    create(engine, "demo", "small", from_=ImportText(text="other<2\n"))
    assert {p.name: (p.manager, p.version) for p in engine.packages("demo") if p.name == "other"} == {
        "other": ("pip", "1.0")
    }


def test_there_and_back(engine: Engine, channel: Channel, index: Index) -> None:
    """Whole, as asked for, and as a lock of archives."""
    offer(index, "other", "1.0")
    create(engine, "demo", "small=1.0", "where-am-i", pip_packages=["other"])
    before = here(engine)
    formats = {f.name for f in engine.formats() if f.exports and f.imports}
    assert formats >= {"environment.yml", "explicit"}
    for n, name in enumerate(("environment.yml", "explicit")):
        text = engine.export("demo", name).text
        copy = f"copy{n}"
        request = Create(
            name=copy, manager="conda", from_=ImportText(format=name, text=text), kernel=NO_KERNEL, pip=False
        )
        done(engine, engine.create(request))
        assert here(engine, copy)["small"] == "1.0", name
        assert here(engine, copy)["where-am-i"] == before["where-am-i"], name
    asked = engine.export("demo", "environment-requested.yml").text
    assert "small=1.0" in asked
    assert "other" in asked
    assert "readline" not in asked


def test_into_an_environment(engine: Engine, channel: Channel, index: Index) -> None:
    offer(index, "other", "1.0")
    create(engine, "demo", python=channel.python)
    source = ImportText(format="environment.yml", text=described(channel))
    done(engine, engine.change("demo", Change(from_=source, build=True)))
    assert here(engine)["other"] == "1.0"
    assert "small" in here(engine)


def test_a_broken_file_makes_nothing(engine: Engine, envs: Path) -> None:
    with pytest.raises(InvalidRequest):
        engine.create(Create(name="demo", manager="conda", from_=ImportText(format="environment.yml", text="a: [")))
    text = "dependencies:\n  - no-such-package-at-all\n"
    source = ImportText(format="environment.yml", text=text)
    job = run(engine, engine.create(Create(name="demo", manager="conda", from_=source, kernel=NO_KERNEL)))
    assert job.state == "failed"
    assert not (envs / "demo").exists()
