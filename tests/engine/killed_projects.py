"""Projects in which processes are killed, of each tool; all but those of uv keep their environments elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.task import Task
from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import Change
from tests.channel.fixture import Channel
from tests.engine.killed_actions import LAUNCHER, act
from tests.engine.killing import Action, World
from tests.engine.project_world import PIXI, stock, write
from tests.engine.wheels import offer
from tests.engine.world import TOP, done
from tests.real.conda_home import settle_conda
from tests.system.index_server import Index


def project_world(home: Path, index: Index, tool: str) -> tuple[World, list[Action]]:
    """Projects of `tool`: `made` is a kernel already, `fresh` has never been synced."""
    stock(index)
    offer(index, "ipykernel", "8.0", files=LAUNCHER)
    made = write(tool, home / "work" / "made", index, "one", name="made")
    fresh = write(tool, home / "work" / "fresh", index, "one", name="fresh")
    return _actions(World(home, notebook_root=str(home / "work")), made, fresh, "three", "one")


def elsewhere(home: Path, patch: pytest.MonkeyPatch, tools_bin: Path) -> None:
    """Let Poetry and Pipenv keep their environments in a folder each, and find them."""
    for name in ("virtualenvs", "workon"):
        (home / name).mkdir()
    cache = home.with_name("tool-cache")
    for name, value in {
        "POETRY_VIRTUALENVS_PATH": home / "virtualenvs",
        "POETRY_CACHE_DIR": cache / "poetry",
        "WORKON_HOME": home / "workon",
        "PIPENV_CACHE_DIR": cache / "pipenv",
        "XDG_CACHE_HOME": cache,
        "PATH": f"{tools_bin}{os.pathsep}{os.environ['PATH']}",
    }.items():
        patch.setenv(name, str(value))


def pixi_world(home: Path, index: Index, channel: Channel, patch: pytest.MonkeyPatch) -> tuple[World, list[Action]]:
    """Projects of pixi, by a stand-in."""
    settle_conda(patch, home, channel)
    stock(index)
    offer(index, "ipykernel", "8.0", files=LAUNCHER)
    program = home / ".pixi" / "bin" / "pixi"
    program.parent.mkdir(parents=True)
    program.write_text(PIXI.format(python=sys.executable, pkgs=str(channel.pkgs), channel=channel.url, top=TOP))
    program.chmod(0o755)
    folders = []
    for name in ("made", "fresh"):
        folders.append(home / "work" / name)
        folders[-1].mkdir(parents=True)
        text = f'[workspace]\nname = "{name}"\n[dependencies]\npython = "{channel.python}.*"\n'
        (folders[-1] / "pixi.toml").write_text(text)
    return _actions(World(home, notebook_root=str(home / "work")), *folders, "small", None)


def _actions(world: World, made: Path, fresh: Path, more: str, less: str | None) -> tuple[World, list[Action]]:
    engine = world.engine()

    def kernel(engine: Engine, folder: Path) -> Task:
        return engine.project_kernel(ProjectKernel(path=str(folder), lock=True, adopt=True))

    prefix = done(engine, kernel(engine, made))["environment"]["prefix"]
    engine.close()
    world.keep()
    found = [
        act("project kernel", lambda e: kernel(e, fresh)),
        act("project sync", lambda e: kernel(e, made)),
        act("project add", lambda e: e.change(prefix, Change(install=[more], adopt=True))),
    ]
    if less:
        found.append(act("project remove", lambda e: e.change(prefix, Change(remove=[less], adopt=True))))
    return world, found
