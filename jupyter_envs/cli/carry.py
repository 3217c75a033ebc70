"""Verbs of notebooks that carry their environment: record, rebuild, run, trust."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jupyter_envs.cli import foreground, show
from jupyter_envs.cli.common import FILES, confirm, env_argument, environment, kernel_lines, key
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.carry import Origin, Rebuild, Rebuilding
from jupyter_envs.model.errors import Cancelled, Failed, InvalidRequest, NotFound
from jupyter_envs.model.request import Create
from jupyter_envs.system.reading import read_text

if TYPE_CHECKING:
    from jupyter_envs.model.env import Environment
    from jupyter_envs.model.job import Job

MOST_BYTES = 50_000_000


class _Settled(NamedTuple):
    """What would be installed, and what was approved, and may be built, to learn that."""

    told: Rebuilding
    approve: list[str]
    build: list[str]


def _notebook_argument(parser: argparse.ArgumentParser) -> None:
    action = parser.add_argument("notebook", metavar="NOTEBOOK", help="an .ipynb file")
    action.complete = FILES  # type: ignore[attr-defined]


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    _notebook_argument(parser)
    parser.add_argument("--metadata", action="store_true", help="say it in the notebook's metadata, not in a cell")


def _record(call: Call) -> None:
    path = os.path.abspath(os.path.expanduser(call.args.notebook))
    record = call.engine.notebooks.record_in(path, key(call), "metadata" if call.args.metadata else "cell")
    where = "its metadata" if call.args.metadata else "a cell"
    lock = ", and carries the lock" if "lock" in record.metadata else ""
    call.out.answer(
        record,
        lambda: [
            f"{show.clean(path)} says in {where} what it needs{lock}.",
            *map(show.clean, record.warnings),
        ],
    )


def _rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    _notebook_argument(parser)
    parser.add_argument("--name", metavar="NAME", help="name of the new environment")
    _how_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="only list what would be installed, and from where")


def _how_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--newest", action="store_true", help="the newest that fits, not what the lock says")
    parser.add_argument("-y", "--yes", action="store_true", help="approve every package that is listed")


def _rebuild(call: Call) -> int:
    request = _request(call, call.args.name)
    settled = _settled(call, request)
    if isinstance(settled, int):
        return settled
    if call.args.dry_run:
        call.out.answer({"rebuild": settled.told}, lambda: _listed(settled.told))
        return 0
    job = _made(call, request, settled)

    def text(result: dict[str, Any]) -> list[str]:
        env = environment(result)
        return [f"Rebuilt {show.clean(env.name)} in {show.clean(env.prefix)}.", *kernel_lines(env)]

    return call.out.ended(job, text)


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _notebook_argument(parser)
    _how_arguments(parser)
    action = parser.add_argument("-o", "--output", metavar="FILE", help="write the executed notebook there")
    action.complete = FILES  # type: ignore[attr-defined]
    parser.add_argument("--timeout", metavar="SECONDS", type=int, help="the longest that one cell may take")
    parser.set_defaults(dry_run=False)


def _run(call: Call) -> int:
    request = _request(call, None)
    name = _name_of(request)
    try:
        env = call.engine.find(name)
        call.out.note(f"{name} is there from an earlier run.")
    except NotFound:
        settled = _settled(call, msgspec.structs.replace(request, name=name))
        if isinstance(settled, int):
            return settled
        job = _made(call, msgspec.structs.replace(request, name=name), settled)
        if job.state != "succeeded":
            return call.out.ended(job, lambda _: [])
        env = environment(job.result or {})
    return _execute(call, request.notebook, env)


def _execute(call: Call, text: str, env: Environment) -> int:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    if not env.kernels:
        raise Failed(f"{env.name} is no kernel.", hint=f"`jupyter envs kernel {env.name}` makes it one.")
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    folder = os.path.dirname(os.path.abspath(os.path.expanduser(call.args.notebook)))
    client = NotebookClient(
        notebook,
        kernel_name=env.kernels[0].name,
        timeout=call.args.timeout,
        resources={"metadata": {"path": folder}},
        on_cell_executed=lambda cell, **_: call.out.note(_shown(cell)),
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise Failed(
            "A cell of the notebook failed.", hint="What it said is above.", reason="cell_failed", detail=str(error)
        ) from None
    finally:
        if call.args.output:
            _write(call.args.output, nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    call.out.answer({"environment": env, "output": call.args.output}, lambda: [f"Ran in {show.clean(env.name)}."])
    return 0


def _write(path: str, text: str) -> None:
    from jupyter_envs.system.files import atomic_write

    try:
        atomic_write(os.path.abspath(os.path.expanduser(path)), text)
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be written: {error.strerror or error}.", hint="Give another file behind -o.", field="output"
        ) from None


def _shown(cell: Any) -> str:
    """What a cell printed or returned, as text."""
    parts = []
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream":
            parts.append(output["text"])
        elif output["output_type"] == "error":
            parts.append("\n".join(output["traceback"]) + "\n")
        elif "text/plain" in output.get("data", {}):
            parts.append(output["data"]["text/plain"] + "\n")
    return "".join(parts).rstrip("\n")


def _request(call: Call, name: str | None) -> Rebuild:
    path = os.path.abspath(os.path.expanduser(call.args.notebook))
    try:
        text = read_text(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidRequest(f"{path} cannot be read: {why}.", hint="Give a notebook.", field="notebook") from None
    return Rebuild(notebook=text, filename=os.path.basename(path), name=name, exact=False if call.args.newest else None)


def _name_of(request: Rebuild) -> str:
    """The name of the environment that runs of this notebook share as long as it needs the same."""
    from jupyter_envs.formats.carried import fingerprint

    stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in request.filename[:-6])[:40]
    digest = hashlib.sha256(f"{request.exact}\n{fingerprint(request.notebook)}".encode()).hexdigest()[:8]
    return f"run-{stem.strip('-_') or 'notebook'}-{digest}"


def created(call: Call, request: Create, text: Callable[[dict[str, Any]], Iterable[str]]) -> int:
    """Make what `request`, whose file is a notebook, asks for, once its list is approved; returns the exit code."""
    source = request.from_
    assert source is not None
    wanted = Rebuild(
        notebook=source.text,
        filename=source.filename,
        name=request.name,
        exact=False,
        kernel=request.kernel,
        pip=request.pip,
    )
    settled = _settled(call, wanted, request)
    return settled if isinstance(settled, int) else call.out.ended(_made(call, wanted, settled, request), text)


def _settled(call: Call, request: Rebuild, beside: Create | None = None) -> _Settled | int:
    """What `request` would install, and what was approved to know it; the exit code where it cannot be told.

    Raises:
        Cancelled: to tell it takes an approval, and whoever sits here does not give it.
    """
    call.out.note(f"Looking up what {request.filename} needs.")
    approve: list[str] = []
    build: list[str] = []
    dry = getattr(call.args, "dry_run", False)
    while True:
        asked = msgspec.structs.replace(request, dry_run=True, approve=approve, build=build)
        job = foreground.run(call.engine, call.engine.notebooks.rebuild(asked, beside), call.out, call.args.verbose)
        if job.state != "succeeded":
            return call.out.ended(job, lambda _: [])
        told = msgspec.convert((job.result or {})["rebuild"], Rebuilding)
        if told.complete or dry:
            return _Settled(told, approve, build)
        known = {*approve, *build}
        more = _approved(call, told, "Approving {} to learn what else they need")
        approve = list(dict.fromkeys([*approve, *(package.name for package in more)]))
        build = list(dict.fromkeys([*build, *(package.name for package in more if package.builds)]))
        if {*approve, *build} == known:
            raise Failed("What else is needed cannot be told.", hint="Install it by its name.", reason="incomplete")


def _made(call: Call, request: Rebuild, settled: _Settled, beside: Create | None = None) -> Job:
    """The job that makes it, once whoever sits here has approved what is new to them.

    Raises:
        Cancelled: they do not.
    """
    told = settled.told
    new = _approved(call, told, "Approving {} and installing all of these") if told.missing else []
    wanted = msgspec.structs.replace(
        request,
        name=told.name if request.name or not (beside and beside.prefix) else None,
        approve=[package.name for package in new],
        build=[*settled.build, *(package.name for package in new if package.builds)],
        plan=told.plan,
        exact=told.exact,
    )
    job = foreground.run(call.engine, call.engine.notebooks.rebuild(wanted, beside), call.out, call.args.verbose)
    if job.error is None or (job.error.reason, job.error.field) != ("approval_needed", "build"):
        return job
    # Which packages of conda bring scripts is known once they are there.
    lines = (job.error.detail or "").splitlines()
    call.out.note("\n".join(map(show.clean, lines)))
    if not confirm(call, "Running these scripts"):
        raise Cancelled("Nothing was installed.")
    wanted = msgspec.structs.replace(wanted, build=[*wanted.build, *(line.partition(" ")[0] for line in lines)])
    return foreground.run(call.engine, call.engine.notebooks.rebuild(wanted, beside), call.out, call.args.verbose)


def _approved(call: Call, settled: Rebuilding, question: str) -> list[Origin]:
    call.out.note("\n".join(_listed(settled)))
    built = sum(package.builds for package in settled.missing)
    asked = question.format(show.count(len(settled.missing), "package"))
    if not confirm(call, f"{asked}, and running code of {built}" if built else asked):
        raise Cancelled("Nothing was installed.")
    return settled.missing


def _listed(settled: Rebuilding) -> list[str]:
    how = "as its lock says" if settled.exact else "the newest that fits"
    lines = [f"{settled.name}: Python {settled.python or 'of your choice'}, {how}."]
    rows = [(p.name, p.version or "", show.clean(p.source), _about(p)) for p in settled.packages]
    lines += show.table(("PACKAGE", "VERSION", "FROM", ""), rows, show.window())
    return [*lines, *map(show.clean, settled.warnings)]


def _about(package: Origin) -> str:
    said = [] if package.approved else ["new to you"]
    said += ["its code runs"] if package.builds else []
    return ", ".join([*said, *([f"did you mean {package.meant}?"] if package.meant else [])])


def _trust_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--revoke", metavar="NAME", action="append", default=[], help="ask about this package again")


def _trust(call: Call) -> None:
    gone = call.engine.notebooks.revoke(call.args.revoke) if call.args.revoke else []
    if call.args.revoke and not gone:
        raise NotFound("None of these was approved.", hint="`jupyter envs trust` lists them.", field="revoke")
    approved = call.engine.notebooks.approved()

    def text() -> list[str]:
        if not approved:
            return ["Nothing is approved: each package of a notebook will be asked about."]
        return show.table(("PACKAGE", "FROM"), [(a.name, show.clean(a.source)) for a in approved], show.window())

    value = {"approved": [{"name": a.name, "source": a.source} for a in approved]}
    call.out.answer(value, text)


VERBS = [
    Verb(
        "record",
        "write into a notebook what its environment needs",
        "jupyter envs record analysis report.ipynb",
        _record_arguments,
        _record,
        "Notebooks",
    ),
    Verb(
        "rebuild",
        "make the environment that a notebook carries",
        "jupyter envs rebuild report.ipynb --dry-run",
        _rebuild_arguments,
        _rebuild,
        "Notebooks",
    ),
    Verb(
        "run",
        "rebuild a notebook's environment and run the notebook in it",
        "jupyter envs run report.ipynb -o done.ipynb",
        _run_arguments,
        _run,
        "Notebooks",
    ),
    Verb(
        "trust",
        "list the packages that you approved for notebooks",
        "jupyter envs trust --revoke numpy",
        _trust_arguments,
        _trust,
        "Notebooks",
    ),
]
