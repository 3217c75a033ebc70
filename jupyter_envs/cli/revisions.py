"""Verbs of an environment's past: history, rollback."""

from __future__ import annotations

import argparse
import re
from typing import Any

from msgspec.structs import replace

from jupyter_envs.cli import show
from jupyter_envs.cli.common import adopt_argument, adopting, env_argument, job, key, plan, plan_argument
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Rollback


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--diff", metavar=("A", "B"), nargs=2, type=_number, help="what differs between two revisions")
    which.add_argument("--lock", metavar="N", type=_number, help="print the lock file (pylock.toml) of a revision")


def _history(call: Call) -> None:
    if call.args.diff:
        before, after = call.args.diff
        found = call.engine.revision(key(call), after, against=before)
        call.out.answer(found, lambda: show.difference(found))
        return
    if call.args.lock is not None:
        found = call.engine.revision(key(call), call.args.lock)
        if found.lock is None:
            raise NotFound(f"Revision {call.args.lock} has no lock file.", hint="It was made by an older version.")
        call.out.answer(found, found.lock.splitlines)
        return
    past = call.engine.history(key(call))

    def text() -> list[str]:
        if not past:
            return ["No history: it was not made here, and nothing was changed here."]
        rows = [(r.revision, show.when(r.time), r.by, r.action, r.python or "-", _short(r.plan)) for r in past]
        return show.table(("REVISION", "TIME", "BY", "ACTION", "PYTHON", "CHANGES"), rows, show.window())

    call.out.answer({"history": past}, text)


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"a revision is a number from 1, not {text[:40]!r}")
    return int(text)


def _short(value: Plan) -> str:
    parts = [f"+{p.name} {p.version}" for p in value.added]
    parts += [f"{c.name} {c.from_}→{c.to}" for c in value.changed]
    parts += [f"-{p.name}" for p in value.removed]
    return " ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument(
        "revision",
        metavar="REVISION",
        type=_number,
        nargs="?",
        help="number that `history` tells; without one the last change is undone",
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would change, and change nothing")
    plan_argument(parser)
    adopt_argument(parser)


def _rollback(call: Call) -> int:
    dry = call.args.dry_run

    def text(result: dict[str, Any]) -> list[str]:
        changed = show.plan(plan(result), dry)
        if dry:
            return changed
        number = call.args.revision
        return ["The last change is undone." if number is None else f"Back at revision {number}.", *changed]

    request = Rollback(revision=call.args.revision, dry_run=dry, plan=call.args.plan)
    return job(
        call, adopting(call, lambda agreed: call.engine.rollback(key(call), replace(request, adopt=agreed))), text
    )


VERBS = [
    Verb(
        "history",
        "list an environment's revisions, or what differs between two",
        "jupyter envs history analysis",
        _history_arguments,
        _history,
        "History",
    ),
    Verb(
        "rollback",
        "undo the last change, or go back to a revision",
        "jupyter envs rollback analysis 3",
        _rollback_arguments,
        _rollback,
        "History",
    ),
]
