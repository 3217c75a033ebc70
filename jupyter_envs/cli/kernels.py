"""The verb ``kernel``: register, unregister, rename, prune."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_envs.cli import show
from jupyter_envs.cli.common import NAMES, adopt_argument, adopting, environment, job, kernel_lines, key
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.engine import kernels
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Register, Update

_ACTIONS = ("register", "unregister", "rename", "prune")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=_ACTIONS, help="what to do")
    env = parser.add_argument(
        "env", metavar="ENV", nargs="?", help="name, id or prefix of the environment; `prune` takes none"
    )
    env.complete = NAMES  # type: ignore[attr-defined]
    parser.add_argument("--display-name", metavar="D", help="name of the kernel in the pickers")
    parser.add_argument(
        "--unmounted", action="store_true", help="prune kernels as well whose disk may only not be mounted now"
    )
    adopt_argument(parser)


def _kernel(call: Call) -> int:
    asked: str | None = call.args.display_name
    if call.args.action == "prune":
        return _prune(call)
    if call.args.env is None:
        raise InvalidRequest(
            "The environment is missing.",
            hint=f"Write `jupyter envs kernel {call.args.action} ENV`.",
            reason="usage",
            field="env",
        )
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


def _prune(call: Call) -> int:
    """Delete the kernelspecs of ours whose environment is gone, which a server does too when it starts."""
    if call.args.env is not None:
        raise InvalidRequest(
            "`prune` takes no environment.",
            hint="It deletes the kernels whose environment is gone; `kernel unregister ENV` that of one that is there.",
            reason="usage",
            field="env",
        )
    removed = kernels.prune(unmounted=call.args.unmounted)
    kept = kernels.gone()

    def text() -> list[str]:
        lines = [f"Deleted the kernel {show.clean(name)}: its environment is gone." for name in removed]
        lines += [*show.gone_kernels(kept), *(["With --unmounted they are deleted as well."] if kept else [])]
        return lines or ["Every kernel has its environment."]

    call.out.answer({"removed": removed, "kept": [spec.name for spec in kept]}, text)
    return 0


VERBS = [
    Verb(
        "kernel",
        "register, unregister or rename an environment's kernel; prune",
        "jupyter envs kernel register analysis --display-name 'Analysis'",
        _arguments,
        _kernel,
        "Kernels",
    )
]
