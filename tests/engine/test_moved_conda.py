"""A conda environment that somebody moved by hand is noticed, and repaired as far as its records tell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Repair
from jupyter_envs.system import conda_environments
from tests.channel.fixture import Channel
from tests.engine.conda_engine import create, envs
from tests.engine.world import done

__all__ = ["envs"]


def test_moved(engine: Engine, envs: Path, channel: Channel) -> None:
    create(engine, "demo", "small=1.0", "where-am-i", python=channel.python)
    assert engine.find("demo").problems == []
    old, new = str(envs / "demo"), str(envs / "other")
    os.rename(old, new)
    moved = engine.find("other")
    assert [p.code for p in moved.problems] == ["moved"]
    done(engine, engine.repair("other", Repair(adopt=True)))
    assert engine.find("other").problems == []
    for program, said in (("small", "1.0"), ("where-am-i", new)):
        ran = subprocess.run([f"{new}/bin/{program}"], capture_output=True, text=True)
        assert ran.stdout.strip() == said, ran.stderr
    assert conda_environments.listed() == [new]
