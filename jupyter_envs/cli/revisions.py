"""Verbs of an environment's past: history, rollback."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_envs.cli import show
from jupyter_envs.cli.common import env_argument, job, key, plan
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Rollback


def _history(call: Call) -> None:
    past = call.engine.history(key(call))

    def text() -> list[str]:
        if not past:
            return ["No history: it was not made here, and nothing was changed here."]
        rows = [(r.revision, show.when(r.time), r.by, r.action, _short(r.plan)) for r in past]
        return show.table(("REVISION", "TIME", "BY", "ACTION", "CHANGES"), rows, show.window())

    call.out.answer({"history": past}, text)


def _short(value: Plan) -> str:
    parts = [f"+{p.name} {p.version}" for p in value.added]
    parts += [f"{c.name} {c.from_}→{c.to}" for c in value.changed]
    parts += [f"-{p.name}" for p in value.removed]
    return " ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("revision", metavar="REVISION", type=int, help="number that `history` tells")


def _rollback(call: Call) -> int:
    if call.args.revision < 1:
        raise InvalidRequest(
            "A revision is a number from 1.", hint="`jupyter envs history ENV` lists them.", field="revision"
        )

    def text(result: dict[str, Any]) -> list[str]:
        return [f"Back at the packages of revision {call.args.revision}.", *show.plan(plan(result))]

    return job(call, call.engine.rollback(key(call), Rollback(revision=call.args.revision)), text)


VERBS = [
    Verb(
        "history",
        "list an environment's revisions",
        "jupyter envs history analysis",
        env_argument,
        _history,
        "History",
    ),
    Verb(
        "rollback",
        "restore the packages of an earlier revision",
        "jupyter envs rollback analysis 3",
        _rollback_arguments,
        _rollback,
        "History",
    ),
]
