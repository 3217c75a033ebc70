"""The homes in which processes are killed, and all that is done in them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.task import Task
from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import Change, Clone, Create, KernelRequest, Register, Rollback, Update
from tests.channel.fixture import Channel
from tests.engine.killing import Action, World
from tests.engine.project_world import stock, write
from tests.engine.wheels import offer
from tests.engine.world import done
from tests.real.conda_home import settle_conda
from tests.system.index_server import Index

KERNEL = KernelRequest(register=True)
LAUNCHER = {"ipykernel/__init__.py": "", "ipykernel_launcher.py": "print('a kernel')\n"}


def act(name: str, task: Callable[[Engine], Task]) -> Action:
    return Action(name, lambda engine: done(engine, task(engine)))


def offered(index: Index) -> None:
    """`ipykernel` without what it needs, `one` in two versions, `two` that needs `one`, `many` of many files."""
    offer(index, "ipykernel", "7.0", files=LAUNCHER, hashed=True)
    offer(index, "one", "1.0", "2.0", hashed=True)
    offer(index, "two", "1.0", requires=["one"], scripts={"two": "two:main"}, hashed=True)
    offer(index, "many", "1.0", files={f"many/m{n}.py": f"N = {n}\n" for n in range(30)}, hashed=True)


def pip_world(home: Path, index: Index, manager: str) -> tuple[World, list[Action]]:
    """`demo` with a history, `plain` without a kernel and `lost` without Python, made by uv, or by venv with pip."""
    offered(index)
    world = World(home)
    engine = world.engine()
    pip = manager == "venv"

    def make(name: str, **more: Any) -> Create:
        return Create(name=name, manager=manager, pip=pip, **{"kernel": KERNEL, **more})

    done(engine, engine.create(make("demo", packages=["one==1.0", "two"])))
    done(engine, engine.change("demo", Change(install=["many"])))
    done(engine, engine.create(make("plain", packages=["two"], kernel=KernelRequest(register=False))))
    done(engine, engine.create(make("lost", packages=["one"])))
    lost = Path(engine.find("lost").prefix)
    engine.close()
    for folder in (home / "state" / "templates" / "old" / "env", home / "envs" / ".spares" / "old" / "one"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    os.unlink(lost / "bin" / "python")
    world.keep()
    elsewhere = str(home / "notebooks" / "env")
    return world, [
        act("create", lambda e: e.create(make("new", packages=["two"]))),
        act(
            "create elsewhere", lambda e: e.create(Create(prefix=elsewhere, manager=manager, pip=pip, packages=["one"]))
        ),
        act("create --clear", lambda e: e.create(make("demo", packages=["one"], clear=True))),
        act("clone", lambda e: e.clone("demo", Clone(name="copy"))),
        act("rename", lambda e: e.update("demo", Update(name="other"))),
        act("rename the kernel", lambda e: e.update("demo", Update(display_name="Mine"))),
        act("remove", lambda e: e.remove("demo")),
        act("install", lambda e: e.change("plain", Change(install=["many"]))),
        act("upgrade", lambda e: e.change("demo", Change(upgrade=["one"]))),
        act("remove packages", lambda e: e.change("demo", Change(remove=["many", "two"]))),
        act("rollback", lambda e: e.rollback("demo", Rollback(revision=1))),
        act("register", lambda e: e.register("plain", Register())),
        Action("unregister", lambda e: e.unregister("demo")),
        act("repair", lambda e: e.repair("lost")),
        act("clean the cache", lambda e: e.clean_cache(["templates", "spares"])),
    ]


def conda_world(home: Path, channel: Channel, patch: pytest.MonkeyPatch) -> tuple[World, list[Action]]:
    """Environments of the embedded conda engine: `demo` with a history, and with a kernel that needs no Python."""
    settle_conda(patch, home, channel)
    world = World(home)
    engine = world.engine()

    def make(name: str, *specs: str, **more: Any) -> Create:
        return Create(name=name, manager="conda", packages=list(specs), pip=False, kernel=KERNEL, **more)

    done(engine, engine.create(make("demo", "shell-kernel", "demo-activate=1.0")))
    done(engine, engine.change("demo", Change(install=["where-am-i"])))
    engine.close()
    world.keep()
    return world, [
        act("create", lambda e: e.create(make("new", "shell-kernel", "where-am-i"))),
        act("create --clear", lambda e: e.create(make("demo", "shell-kernel", clear=True))),
        act("clone", lambda e: e.clone("demo", Clone(name="copy"))),
        act("rename", lambda e: e.update("demo", Update(name="other"))),
        act("remove", lambda e: e.remove("demo")),
        act("install", lambda e: e.change("demo", Change(install=["accel"]))),
        act("upgrade", lambda e: e.change("demo", Change(upgrade=["demo-activate"]))),
        act("remove packages", lambda e: e.change("demo", Change(remove=["where-am-i"]))),
        act("rollback", lambda e: e.rollback("demo", Rollback(revision=1))),
        act("register", lambda e: e.register("demo", Register(display_name="Mine"))),
        Action("unregister", lambda e: e.unregister("demo")),
    ]


def project_world(home: Path, index: Index) -> tuple[World, list[Action]]:
    """Projects of uv: `made` is a kernel already, `fresh` has never been synced."""
    stock(index)
    offer(index, "ipykernel", "8.0", files=LAUNCHER)
    world = World(home, notebook_root=str(home / "work"))
    made = write("uv", home / "work" / "made", index, "one", name="made")
    fresh = write("uv", home / "work" / "fresh", index, "one", name="fresh")
    engine = world.engine()
    done(engine, engine.project_kernel(ProjectKernel(path=str(made), lock=True, adopt=True)))
    prefix = str(made / ".venv")
    engine.close()
    world.keep()
    return world, [
        act("project kernel", lambda e: e.project_kernel(ProjectKernel(path=str(fresh), lock=True, adopt=True))),
        act("project sync", lambda e: e.project_kernel(ProjectKernel(path=str(made), lock=True, adopt=True))),
        act("project add", lambda e: e.change(prefix, Change(install=["three"], adopt=True))),
        act("project remove", lambda e: e.change(prefix, Change(remove=["one"], adopt=True))),
    ]
