"""A project of pixi whose environment is a real conda prefix; pixi, which no package index has, by a stand-in.

The stand-in takes the arguments that pixi's documentation tells and installs with the engine that pixi is built on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import Change, Register
from jupyter_envs.system.metadata import versions
from tests.channel.fixture import Channel, channel
from tests.engine.project_world import PIXI, files
from tests.engine.world import TOP, Engines, done
from tests.real.test_kernel_starts import start

__all__ = ["channel"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a POSIX script")]


def test_a_real_conda_prefix(engines: Engines, channel: Channel, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXI_HOME", raising=False)
    folder = home / "work/bio"
    folder.mkdir(parents=True)
    prefix = folder / ".pixi/envs/default"
    text = f'[workspace]\nname = "bio"\n[dependencies]\npython = "{channel.python}.*"\n'
    (folder / "pixi.toml").write_text(text)
    program = home / ".pixi/bin/pixi"
    program.parent.mkdir(parents=True)
    places = {"pkgs": str(channel.pkgs), "channel": channel.url, "top": TOP}
    program.write_text(PIXI.format(python=sys.executable, **places))
    program.chmod(0o755)

    engine = engines(notebook_root=str(home / "work"))
    [project] = engine.projects()
    assert (project.manager, project.python, project.available) == ("pixi", f"=={channel.python}.*", True)
    result = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    env = engine.find(result["environment"]["id"])
    assert (env.kind, env.manager, env.prefix, env.project) == ("conda", "pixi", str(prefix), str(folder))
    assert not list((prefix / "conda-meta").glob("ipykernel-*")), "pixi would take a conda package away again"
    assert files(folder)["pixi.toml"] == text
    said = start(env.kernels[0].name, "import sys, json; print(json.dumps([sys.prefix, sys.version.split()[0]]))")
    assert json.loads(said) == [str(prefix), env.python.version]

    done(engine, engine.change(env.id, Change(install=["small"])))
    assert 'small = "*"' in files(folder)["pixi.toml"]
    assert list((prefix / "conda-meta").glob("small-*"))
    assert "ipykernel" in versions(str(prefix))
    engine.unregister(env.id)
    done(engine, engine.register(env.id, Register()))
    assert not list((prefix / "conda-meta").glob("ipykernel-*"))
