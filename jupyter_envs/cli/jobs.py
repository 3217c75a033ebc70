"""The verb ``jobs``: what runs and ran, here, in a server, or in a notebook."""

from __future__ import annotations

import argparse

from jupyter_envs.cli import show
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.job import Job, LogLine


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", help="one job; without, all are listed, newest first")
    parser.add_argument("--log", action="store_true", help="print its log")
    parser.add_argument("--cancel", action="store_true", help="end it; the environment stays as it was")


def _jobs(call: Call) -> None:
    args = call.args
    if args.id is None and (args.log or args.cancel):
        raise InvalidRequest("Which job?", hint="Give an ID that `jupyter envs jobs` lists.", field="id")
    if args.id is None:
        found = call.engine.jobs.list()
        call.out.answer({"jobs": found}, lambda: _table(found))
        return
    job = call.engine.jobs.cancel(args.id) if args.cancel else call.engine.jobs.get(args.id)
    log = call.engine.jobs.log(args.id) if args.log else None
    _answer(call, job, log)


def _answer(call: Call, job: Job, log: list[LogLine] | None) -> None:
    from jupyter_envs.model import wire

    value = wire.plain(job) | ({} if log is None else {"log": log})
    call.out.answer(value, lambda: [show.clean(line.text) for line in log] if log is not None else _facts(job))


def _table(found: list[Job]) -> list[str]:
    if not found:
        return ["No jobs yet."]
    rows = [(j.id, show.when(j.created), j.by, j.state, j.title or j.action) for j in found]
    return show.table(("ID", "TIME", "BY", "STATE", "WHAT"), rows, show.window())


def _facts(job: Job) -> list[str]:
    doing = " ".join(filter(None, [job.progress.phase, show.amount(job.progress)]))
    error = job.error
    facts = [
        ("id", job.id),
        ("what", job.title or job.action),
        ("state", job.state),
        ("progress", doing if job.state == "running" else None),
        ("started", show.when(job.started) if job.started else None),
        ("ended", show.when(job.ended) if job.ended else None),
        ("error", error.message if error else None),
        ("hint", error.hint if error else None),
    ]
    return [f"{label:<9} {show.clean(value)}" for label, value in facts if value]


VERBS = [
    Verb("jobs", "list, read or cancel jobs", "jupyter envs jobs --json", _arguments, _jobs, "Machine"),
]
