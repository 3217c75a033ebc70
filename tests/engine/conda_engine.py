"""What the tests of conda environments share: a home with the tests' channel, a short way to make one and to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Create
from tests.channel.fixture import Channel
from tests.engine.world import NO_KERNEL, done
from tests.real.conda_home import settle_conda

__all__ = ["create", "envs", "here"]


@pytest.fixture(autouse=True)
def envs(home: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of named environments."""
    return settle_conda(monkeypatch, home, channel)


def create(engine: Engine, name: str, *specs: str, **more: object) -> dict[str, object]:
    request = {"python": None, "pip": False, "kernel": NO_KERNEL, **more}
    return done(engine, engine.create(Create(name=name, manager="conda", packages=list(specs), **request)))  # type: ignore[arg-type]


def here(engine: Engine, name: str = "demo") -> dict[str, str]:
    return {package.name: package.version for package in engine.packages(name)}


@pytest.fixture
def made(engine: Engine) -> Engine:
    """With the environment `demo`: Python, the older small and demo-activate."""
    create(engine, "demo", "small=1.0", "demo-activate=1.0")
    return engine
