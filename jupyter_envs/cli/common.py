"""What several verbs share: the ENV argument, a job's run and its answer, a question."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jupyter_envs.cli import show
from jupyter_envs.cli.parser import Call
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Cancelled, Conflict, InvalidRequest
from jupyter_envs.model.plan import Plan

if TYPE_CHECKING:
    from jupyter_envs.engine.task import Task
    from jupyter_envs.model.request import ImportText

_TO_BUILD = ("approval_needed", "build")
# What a completion script completes with the names of environments.
NAMES = {"bash": "_jupyter_envs_names", "zsh": "_jupyter_envs_names"}
# As shtab.FILE; shtab itself is imported only where a script is asked for.
FILES = {"bash": "_shtab_compgen_files", "zsh": "_files"}


def env_argument(parser: argparse.ArgumentParser) -> None:
    action = parser.add_argument("env", metavar="ENV", help="name, id or prefix of the environment")
    action.complete = NAMES  # type: ignore[attr-defined]


def file_arguments(parser: argparse.ArgumentParser) -> None:
    """``-r FILE`` and ``-e PATH``, both as often as wanted, and which optional parts of the file to take."""
    for short, name, metavar, text in (
        ("-r", "--requirement", "FILE", "install what the file, or the folder, asks for; formats are told by the name"),
        ("-e", "--editable", "PATH", "install the project there in place"),
    ):
        action = parser.add_argument(short, name, metavar=metavar, action="append", default=[], help=text)
        action.complete = FILES  # type: ignore[attr-defined]
    part_arguments(parser)


def source_arguments(parser: argparse.ArgumentParser) -> None:
    """``--index URL`` and ``--find-links URL``, as often as wanted, and ``--file-indexes``."""
    for name, text in (("--index", "this index"), ("--find-links", "this page of links to files")):
        parser.add_argument(
            name, metavar="URL", action="append", default=[], help=f"also ask {text} for the environment, from now on"
        )
    parser.add_argument("--file-indexes", action="store_true", help="also ask the indexes that the file names")


def sources(call: Call, imported: ImportText | None) -> dict[str, Any]:
    """What those arguments allow to be asked, as the fields of a request."""
    from jupyter_envs.cli import given

    indexes, find_links = list(call.args.index), list(call.args.find_links)
    if call.args.file_indexes and imported is not None:
        found = call.engine.inspect(given.as_inspect(imported))
        indexes, find_links = [*indexes, *found.indexes], [*find_links, *found.find_links]
    return {"indexes": list(dict.fromkeys(indexes)), "find_links": list(dict.fromkeys(find_links))}


def part_arguments(parser: argparse.ArgumentParser) -> None:
    """``--extra NAME`` and ``--group NAME``, both as often as wanted."""
    for name, text in (("--extra", "optional dependencies"), ("--group", "a dependency group")):
        parser.add_argument(name, metavar="NAME", action="append", default=[], help=f"also take {text} of the file")


def adopt_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--adopt", action="store_true", help="let what lies in an environment that others made run, without a question"
    )


def adopting(call: Call, start: Callable[[bool | str], Task]) -> Task:
    """The task that `start` gives; where an environment has to be adopted for it, that is asked on the terminal.

    Raises:
        Cancelled: whoever sits here does not adopt it.
        Conflict: nobody can be asked, and ``--adopt`` was not given.
    """
    agreed: bool | str = call.args.adopt
    while True:
        try:
            return start(agreed)
        except Conflict as error:
            if error.reason != "adoption_needed":
                raise
            if call.out.mode != "text" or not sys.stdin or not sys.stdin.isatty():
                error.hint = "Look at what would run. If you trust whoever made it, add --adopt in a terminal."
                raise
            lines = [error.message, *(f"  {line}" for line in (error.detail or "").splitlines())]
            print("\n".join(map(show.clean, lines)), file=sys.stderr)
            # Where something else would run by the time of the answer, that is asked again.
            agreed = error.adopt or True
        if not asked("Adopting it"):
            raise Cancelled("It was not adopted, and nothing was changed.")


def plan_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", metavar="HASH", help="do just the plan that --dry-run showed, or nothing")


def yes_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-y", "--yes", action="store_true", help="build what the file asks for, use its addresses")


def key(call: Call) -> str:
    """The environment asked for; a relative path becomes whole, since the engine knows no working folder.

    Where there is no such folder it is a name as the list shows it, such as ``thesis/.venv``.
    """
    import os

    asked: str = call.args.env
    if "/" not in asked and os.sep not in asked:
        return asked
    path = os.path.abspath(os.path.expanduser(asked))
    named = asked[0] not in "./~" and not os.path.isabs(asked) and not os.path.lexists(path)
    return asked if named else path


def job(call: Call, task: Task, text: Callable[[dict[str, Any]], Iterable[str]]) -> int:
    """Run `task` here, show its progress, then `text` of its result; returns the exit code."""
    from jupyter_envs.cli import foreground

    return call.out.ended(foreground.run(call.engine, task, call.out, call.args.verbose), text)


def approving(call: Call, start: Callable[[bool], Task], text: Callable[[dict[str, Any]], Iterable[str]]) -> int:
    """Run the task that `start` gives; what a file asks for beyond wheels of one's own indexes is asked about.

    Without a terminal to ask on it is refused, with the list of it.

    Raises:
        Cancelled: the answer is no.
    """
    from jupyter_envs.cli import foreground

    def run(build: bool) -> int:
        return call.out.ended(foreground.run(call.engine, start(build), call.out, call.args.verbose), text)

    if call.args.yes or call.out.mode != "text" or not sys.stdin or not sys.stdin.isatty():
        return run(call.args.yes)
    try:
        job = foreground.run(call.engine, start(False), call.out, call.args.verbose)
        if job.error is None or (job.error.reason, job.error.field) != _TO_BUILD:
            return call.out.ended(job, text)
        said = [job.error.message, *(job.error.detail or "").splitlines()]
    except Conflict as error:
        if (error.reason, error.field) != _TO_BUILD:
            raise
        said = [error.message, *(error.detail or "").splitlines()]
    print("\n".join(map(show.clean, said)), file=sys.stderr)
    if not asked("Going on, which may run code of the file's choice,"):
        raise Cancelled("Nothing was installed.")
    return run(True)


def environment(result: dict[str, Any]) -> Environment:
    """The environment in a job's result."""
    import msgspec

    return msgspec.convert(result["environment"], Environment)


def plan(result: dict[str, Any]) -> Plan:
    """The plan in a job's result; an empty one where it has none."""
    import msgspec

    return msgspec.convert(result.get("plan") or {}, Plan)


def kernel_lines(env: Environment) -> list[str]:
    """How to use `env` in a notebook."""
    return [f'Kernel "{show.clean(k.display_name)}" is ready: choose it in any notebook.' for k in env.kernels[:1]]


def confirm(call: Call, question: str) -> bool:
    """Ask on the terminal; without one, ``--yes`` must have been given.

    Raises:
        InvalidRequest: there is nobody to ask.
    """
    if call.args.yes:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        raise InvalidRequest(
            f"{question} needs a confirmation, and there is no terminal to ask on.",
            hint="Add --yes.",
            reason="confirmation",
            field="yes",
        )
    return asked(question)


def asked(question: str) -> bool:
    """Whether whoever sits at the terminal says yes."""
    print(f"{show.clean(question)}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
