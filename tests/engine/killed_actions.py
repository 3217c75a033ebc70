"""The homes in which processes are killed, and all that is done in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.task import Task
from jupyter_envs.engine.templates import Manifest
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.carry import Rebuild
from jupyter_envs.model.request import Change, Clone, Create, KernelRequest, Register, Repair, Rollback, Update
from jupyter_envs.system.copies import fingerprint
from tests.channel.fixture import Channel
from tests.engine.killing import Action, World
from tests.engine.template_world import as_it_is
from tests.engine.wheels import offer
from tests.engine.world import done
from tests.real.conda_home import settle_conda
from tests.system.index_server import Index

KERNEL = KernelRequest(register=True)
EMPTY = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
LAUNCHER = {"ipykernel/__init__.py": "", "ipykernel_launcher.py": "print('a kernel')\n"}


def act(name: str, task: Callable[[Engine], Task], *first: Callable[[Path], object], **more: Any) -> Action:
    return Action(name, lambda engine: done(engine, task(engine)), *first, **more)


def moved(home: Path) -> None:
    """Somebody moves `demo` by hand."""
    [place] = [path for path in (home / "envs" / "demo", home / "conda" / "envs" / "demo") if path.is_dir()]
    place.rename(place.with_name("moved"))


def mend_moved(engine: Engine) -> Task:
    return engine.repair("moved", Repair(adopt=True))


def adopt_strange(engine: Engine) -> Task:
    return engine.register("strange", Register(adopt=True))


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
    subprocess.run([uv(), "venv", "--quiet", home / "envs" / "strange"], check=True)
    notebook = home / "notebooks" / "report.ipynb"
    notebook.parent.mkdir()
    notebook.write_text(EMPTY)
    for folder in (home / "state" / "templates" / "old" / "env", home / "envs" / ".spares" / "old" / "one"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    os.unlink(lost / "bin" / "python")
    # Its packages are approved by now.
    text = write(EMPTY, Carried(["one==1.0"]))
    again = Rebuild(notebook=text, filename="again.ipynb", approve=["one", "ipykernel", "pip"], pip=pip, name="again")
    engine = world.engine()
    done(engine, engine.notebooks.rebuild(again))
    done(engine, engine.remove("again"))
    engine.close()
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
        act("repair a moved one", mend_moved, moved, agree=mend_moved),
        act("adopt", adopt_strange, agree=adopt_strange),
        Action("record", lambda e: e.notebooks.record_in(str(notebook), "demo")),
        act("rebuild", lambda e: e.notebooks.rebuild(again)),
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
    subprocess.run(["cp", "-a", home / "conda" / "envs" / "demo", home / "strange"], check=True)
    shutil.rmtree(home / "strange" / ".jupyter-envs")
    (home / "strange").rename(home / "conda" / "envs" / "strange")
    notebook = home / "notebooks" / "report.ipynb"
    notebook.parent.mkdir()
    notebook.write_text(EMPTY)
    world.keep()
    elsewhere = str(home / "notebooks" / "env")
    return world, [
        act("create", lambda e: e.create(make("new", "shell-kernel", "where-am-i"))),
        act(
            "create elsewhere",
            lambda e: e.create(Create(prefix=elsewhere, manager="conda", packages=["shell-kernel"], pip=False)),
        ),
        act("create --clear", lambda e: e.create(make("demo", "shell-kernel", clear=True))),
        act("clone", lambda e: e.clone("demo", Clone(name="copy"))),
        act("rename", lambda e: e.update("demo", Update(name="other"))),
        act("rename the kernel", lambda e: e.update("demo", Update(display_name="Mine"))),
        act("remove", lambda e: e.remove("demo")),
        act("install", lambda e: e.change("demo", Change(install=["accel"]))),
        act("upgrade", lambda e: e.change("demo", Change(upgrade=["demo-activate"]))),
        act("remove packages", lambda e: e.change("demo", Change(remove=["where-am-i"]))),
        act("rollback", lambda e: e.rollback("demo", Rollback(revision=1))),
        act("register", lambda e: e.register("demo", Register(display_name="Mine"))),
        Action("unregister", lambda e: e.unregister("demo")),
        act("repair a moved one", mend_moved, moved, agree=mend_moved),
        act("adopt", adopt_strange, agree=adopt_strange),
        Action("record", lambda e: e.notebooks.record_in(str(notebook), "demo")),
    ]


def python_world(home: Path, channel: Channel, patch: pytest.MonkeyPatch) -> tuple[World, list[Action]]:
    """A conda environment with Python, which loses it, moves, and is copied with programs that name it."""
    settle_conda(patch, home, channel)
    world = World(home)
    engine = world.engine()
    python = channel.python
    none = KernelRequest(register=False)
    done(
        engine,
        engine.create(
            Create(name="demo", manager="conda", python=python, packages=["small=1.0"], pip=False, kernel=none)
        ),
    )
    done(engine, engine.change("demo", Change(upgrade=["small"])))
    engine.close()
    world.keep()

    def lost(home: Path) -> None:
        for path in (home / "conda" / "envs" / "demo" / "bin").glob("python*"):
            path.unlink()

    return world, [
        act("create", lambda e: e.create(Create(name="new", manager="conda", python=python, pip=False, kernel=none))),
        act("clone", lambda e: e.clone("demo", Clone(name="copy"))),
        act("rename", lambda e: e.update("demo", Update(name="other"))),
        act("install", lambda e: e.change("demo", Change(install=["six"]))),
        act("rollback", lambda e: e.rollback("demo", Rollback(revision=1))),
        act("repair", lambda e: e.repair("demo"), lost),
        act("repair a moved one", mend_moved, moved, agree=mend_moved),
    ]


def template_world(home: Path) -> tuple[World, list[Action]]:
    """A template and a spare of it, from the index that this machine has."""
    world = World(home, templates=True, spares=1)
    engine = world.engine()
    assert engine.prepare_templates()
    done(engine, engine.create(Create(name="demo", kernel=KERNEL)))
    engine.prepare_templates()
    engine.close()
    world.besides = lambda engine: engine.prepare_templates()
    world.keep()

    def same(home: Path) -> None:
        """The copies are what the originals were, though other files."""
        for path in home.glob("state/templates/*/manifest.json"):
            path.write_bytes(msgspec.json.encode(as_it_is(msgspec.json.decode(path.read_bytes(), type=Manifest))))
        for path in home.glob("state/templates/*/*.spare"):
            path.write_text(fingerprint(home / "envs" / ".spares" / path.parent.name / path.stem))

    def without_spares(home: Path) -> None:
        same(home)
        shutil.rmtree(home / "envs" / ".spares")

    def without(home: Path) -> None:
        shutil.rmtree(home / "envs" / ".spares")
        shutil.rmtree(home / "state" / "templates")

    def made(engine: Engine) -> Task:
        return engine.create(Create(name="new", kernel=KERNEL))

    return world, [
        act("create from a spare", made, same),
        act("create from a template", made, without_spares),
        Action("make a template", lambda e: e.prepare_templates(), without),
        Action("make a spare", lambda e: e.prepare_templates(), without_spares),
        act("clean the cache", lambda e: e.clean_cache(["templates", "spares"]), same),
    ]
