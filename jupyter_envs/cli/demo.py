"""The verb ``demo``: an environment made, filled, registered and used in a notebook, for real."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from jupyter_envs.cli import show
from jupyter_envs.cli.common import environment
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import EnvsError, Failed, NotFound
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Change, Create, KernelRequest, Register

if TYPE_CHECKING:
    from jupyter_envs.cli.notebook import Cell
    from jupyter_envs.engine.task import Task

PACKAGE = "cowsay"
DISPLAY_NAME = "Demo of jupyter_envs"
# The second name serves where the first belongs to an environment that is not ours.
NAMES = ("demo", "envs-demo")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--remove", action="store_true", help="remove the demo environment again")


def _demo(call: Call) -> int:
    from jupyter_envs.cli import notebook

    found = _existing(call)
    if call.args.remove:
        return _remove(call, found)
    call.out.note("jupyter_envs demo: an environment, a package in it, its kernel, a notebook that runs there.\n")
    env = _reuse(call, found) if found else _create(call)
    if isinstance(env, Job):
        return call.out.ended(env, lambda _: [])
    call.out.note(f"\nRunning the notebook {os.path.basename(notebook.DEMO)} in the kernel {env.kernels[0].name}:")
    cells = notebook.run(env.kernels[0].name, notebook.DEMO, lambda cell: _tell(call, cell))
    if failed := [cell for cell in cells if cell.failed]:
        raise Failed(
            "A cell of the demo notebook failed.",
            hint=f"`{command()} envs show {env.name}` tells the state of the environment.",
            detail=failed[0].output,
        )
    call.out.answer({"environment": env, "cells": cells}, lambda: _farewell(env))
    return 0


def _run(call: Call, task: Task) -> Job:
    from jupyter_envs.cli import foreground

    return foreground.run(call.engine, task, call.out, call.args.verbose)


def _existing(call: Call) -> Environment | None:
    """The demo of an earlier run, whatever its state."""
    for name in NAMES:
        try:
            env = call.engine.find(name)
        except EnvsError:
            continue
        if env.managed and _is_ours(call, env):
            return env
    return None


def _is_ours(call: Call, env: Environment) -> bool:
    if any(kernel.display_name.startswith(DISPLAY_NAME) for kernel in env.kernels):
        return True
    try:
        past = call.engine.history(env.id)
    except EnvsError:
        return False
    # Newest first: the last one made it.
    return bool(past) and past[-1].action == "create" and past[-1].asked.get("packages") == [PACKAGE]


def _create(call: Call) -> Environment | Job:
    name = NAMES[0] if _free(call, NAMES[0]) else NAMES[1]
    if name != NAMES[0]:
        call.out.note(f"There is an environment {NAMES[0]} of yours; the demo is called {name}.")
    call.out.note(f"Creating {name}, with {PACKAGE} in it:")
    request = Create(name=name, packages=[PACKAGE], kernel=KernelRequest(display_name=DISPLAY_NAME))
    job = _run(call, call.engine.create(request))
    if job.state != "succeeded":
        return job
    env = environment(job.result or {})
    call.out.note(f"Created {env.name}: Python {env.python.version}, {env.manager}, in {env.prefix}")
    call.out.note(f'Kernel "{env.kernels[0].display_name}" is registered.')
    return env


def _free(call: Call, name: str) -> bool:
    try:
        call.engine.find(name)
    except NotFound:
        return True
    except EnvsError:
        return False
    return False


def _reuse(call: Call, env: Environment) -> Environment | Job:
    """The environment of an earlier run, brought in order where something is missing."""
    if env.state == "broken":
        call.out.note(f"The demo environment {env.name} is there but broken; making it anew.")
        job = _run(call, call.engine.remove(env.id, force=True))
        return _create(call) if job.state == "succeeded" else job
    tasks: list[tuple[str, Callable[[], Task]]] = []
    if PACKAGE not in {p.name for p in call.engine.packages(env.id)}:
        change = Change(install=[PACKAGE])
        tasks.append(
            (f"{PACKAGE} is missing in {env.name}; installing it:", lambda: call.engine.change(env.id, change))
        )
    if not env.kernels:
        asked = Register(display_name=DISPLAY_NAME)
        tasks.append(("Its kernel is missing; registering it:", lambda: call.engine.register(env.id, asked)))
    if not tasks:
        call.out.note(f"The demo environment {env.name} is there and complete; using it again ({env.prefix}).")
        return env
    for text, task in tasks:
        call.out.note(text)
        job = _run(call, task())
        if job.state != "succeeded":
            return job
    return call.engine.find(env.id)


def _remove(call: Call, found: Environment | None) -> int:
    if found is None:
        call.out.answer({"removed": None}, lambda: ["There is no demo environment."])
        return 0
    job = _run(call, call.engine.remove(found.id, force=True))
    return call.out.ended(
        job, lambda result: [f"Removed {show.clean(found.name)}, {show.size(result.get('freed'))} freed."]
    )


def _tell(call: Call, cell: Cell) -> None:
    source = "\n".join(("  > " if i == 0 else "    ") + line for i, line in enumerate(cell.source.splitlines()))
    output = "\n".join("      " + line for line in cell.output.rstrip().splitlines())
    call.out.note("\n" + source + ("\n" + output if output else ""))


def _farewell(env: Environment) -> list[str]:
    from jupyter_envs.system.panel import missing_panel

    panel = ["Open the panel:", f"  {command()} lab      then the Environments tab in the left sidebar"]
    if find_spec("jupyterlab") is None:
        panel[1] = f"  {show.clean(sys.executable)} -m pip install jupyterlab      then: {command()} lab"
    elif missing := missing_panel():
        panel = [
            f"The panel in JupyterLab is MISSING. {show.clean(missing.why)}",
            "To add it, once that is mended:",
            f"  {show.clean(missing.command)}",
        ]
    return [
        "",
        "Done. That notebook ran in an environment of its own.",
        *panel,
        "Remove the demo:",
        f"  {command()} envs remove {show.clean(env.name)} --yes",
    ]


def command() -> str:
    """How this user calls ``jupyter``: with its folder where the PATH does not lead to ours."""
    beside = os.path.join(os.path.dirname(sys.executable), "jupyter")
    known = shutil.which("jupyter")
    if known is None or os.path.realpath(known) != os.path.realpath(beside):
        return show.clean(beside) if os.path.exists(beside) else "jupyter"
    return "jupyter"


VERBS = [
    Verb("demo", "create a demo environment and run a notebook in it", "jupyter envs demo", _arguments, _demo, "Help"),
]
