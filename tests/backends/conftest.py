from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.backends.conda_world import World
from tests.backends.tiny_channel import PLACEHOLDER, Tiny, make_channel


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An engine in a home of its own, where no conda is installed."""
    for name in list(os.environ):
        if name.startswith(("CONDA", "MAMBA", "RATTLER", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", list)
    monkeypatch.setattr("jupyter_envs.system.conda_clients.tops", list)
    return World(tmp_path)


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with versions to choose from, and packages that need, forbid and contradict each other."""
    return make_channel(
        tmp_path_factory.mktemp("channel"),
        [
            Tiny("python", "3.11.1"),
            Tiny("python", "3.11.9"),
            Tiny("python", "3.12.1"),
            Tiny("lib", "1.0"),
            Tiny("lib", "1.1"),
            Tiny("lib", "2.0"),
            Tiny("old", depends=["lib <2"]),
            Tiny("new", depends=["lib >=2"]),
            Tiny("both", depends=["old", "new"]),
            Tiny("any", depends=["lib"]),
            Tiny("for311", depends=["python 3.11.*"]),
            Tiny("gpu", depends=["__cuda >=12"]),
            Tiny("limits", constrains=["lib <2"]),
            Tiny("torn", depends=["nothere >=1"]),
            Tiny("script", files={"bin/hello": f"#!{PLACEHOLDER}/bin/sh\necho hello\n"}),
            Tiny("module", depends=["python"], files={"lib/module.py": "x = 1\n"}),
        ],
    )


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another channel, with a newer build of what the first one has."""
    return make_channel(
        tmp_path_factory.mktemp("second"), [Tiny("lib", "3.0"), Tiny("extra", depends=["lib >=3"]), Tiny("alone")]
    )


@pytest.fixture(scope="session")
def third(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel that has the newest of everything."""
    return make_channel(tmp_path_factory.mktemp("third"), [Tiny("lib", "4.0"), Tiny("script", "2.0")])
