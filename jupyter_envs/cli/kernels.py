"""The verb ``kernel``: register, unregister, rename."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_envs.cli import show
from jupyter_envs.cli.common import NAMES, adopt_argument, adopting, environment, job, kernel_lines, key
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Register, Update

_ACTIONS = ("register", "unregister", "rename")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=_ACTIONS, help="what to do")
    env = parser.add_argument("env", metavar="ENV", help="name, id or prefix of the environment")
    env.complete = NAMES  # type: ignore[attr-defined]
    parser.add_argument("--display-name", metavar="D", help="name of the kernel in the pickers")
    adopt_argument(parser)


def _kernel(call: Call) -> int:
    asked: str | None = call.args.display_name
    if call.args.action == "unregister":
        return _unregister(call)
    if call.args.action == "register":
        task = adopting(
            call, lambda agreed: call.engine.register(key(call), Register(display_name=asked, adopt=agreed))
        )
    elif asked is None:
        raise InvalidRequest(
            "The new name is missing.", hint="Add --display-name NAME.", reason="usage", field="display_name"
        )
    else:
        task = adopting(call, lambda agreed: call.engine.update(key(call), Update(display_name=asked, adopt=agreed)))
    return job(call, task, _ready)


def _ready(result: dict[str, Any]) -> list[str]:
    return kernel_lines(environment(result))


def _unregister(call: Call) -> int:
    env = call.engine.unregister(key(call))
    call.out.answer(
        {"environment": env}, lambda: [f"{show.clean(env.name)} is no kernel any more; its files are untouched."]
    )
    return 0


VERBS = [
    Verb(
        "kernel",
        "register, unregister or rename an environment's kernel",
        "jupyter envs kernel register analysis --display-name 'Analysis'",
        _arguments,
        _kernel,
        "Kernels",
    )
]
