"""Verbs of environments as wholes: list, show, create, rename, clone, remove, repair, export."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_envs.cli import carry, given, requirements, show
from jupyter_envs.cli.common import (
    adopt_argument,
    adopting,
    approving,
    asked,
    confirm,
    env_argument,
    environment,
    file_arguments,
    job,
    kernel_lines,
    key,
    source_arguments,
    sources,
    yes_argument,
)
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.engine import kernels
from jupyter_envs.model.errors import Cancelled, InvalidRequest, NoInterpreter
from jupyter_envs.model.request import Clone, Create, KernelRequest, Repair, Update

if TYPE_CHECKING:
    from jupyter_envs.engine.task import Task


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--refresh", action="store_true", help="look at the disk anew, nothing kept from before")
    parser.add_argument(
        "--search", metavar="DIR", help="look for environments of projects below this folder (the current one)"
    )


def _list(call: Call) -> None:
    folder = call.args.search
    if folder is not None:
        call.search = os.path.abspath(os.path.expanduser(folder))
        if not os.path.isdir(call.search):
            raise InvalidRequest(f"{folder!r} is not a folder.", hint="Give a folder to search.", field="search")
    else:
        # As a server that is started here would look; a whole machine is searched only when that is asked for.
        here = os.getcwd()
        call.search = here if here != os.path.dirname(here) else None
    found = call.engine.environments(call.args.refresh)
    gone = kernels.gone()

    def text() -> list[str]:
        lines = show.environments(found, show.window())
        if gone:
            lines += ["", *show.gone_kernels(gone), "`jupyter envs kernel prune` deletes such kernels."]
        return lines

    call.out.answer(
        {"environments": found, "gone_kernels": [{"name": k.name, "display_name": k.display_name} for k in gone]}, text
    )


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("--packages", action="store_true", help="list the packages")
    parser.add_argument("--tree", action="store_true", help="draw what needs what")


def _show(call: Call) -> None:
    from jupyter_envs.model import wire

    engine, asked = call.engine, key(call)
    env = engine.find(asked)
    problems = engine.health(asked)
    packages = engine.packages(asked) if call.args.packages else None
    nodes = engine.tree(asked) if call.args.tree else None
    value = wire.plain(env) | {"problems": problems}
    value |= {"packages": packages} if packages is not None else {}
    value |= {"tree": nodes} if nodes is not None else {}

    def text() -> list[str]:
        lines = [] if packages is not None or nodes is not None else show.environment(env, problems)
        lines += show.packages(packages, show.window()) if packages is not None else []
        return lines + (show.tree(nodes) if nodes is not None else [])

    call.out.answer(value, text)


def _create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="NAME [REQ ...]", nargs="*", default=[], help="its name, then what to install in it"
    )
    parser.add_argument("--prefix", metavar="P", help="make it in this folder; NAME is then left out")
    parser.add_argument("--manager", metavar="M", help="uv, venv, conda and others; `jupyter envs managers` lists them")
    parser.add_argument("--python", metavar="V", help="version (3.12) or path of the Python to use")
    parser.add_argument("--install-python", action="store_true", help="download the Python where it is not here")
    parser.add_argument("-p", "--package", metavar="REQ", action="append", default=[], help="install this")
    file_arguments(parser)
    source_arguments(parser)
    parser.add_argument("-c", "--channel", metavar="C", action="append", default=[], help="conda channel")
    parser.add_argument("--pip", metavar="REQ", action="append", default=[], help="install this by pip, after conda's")
    parser.add_argument("--no-pip", action="store_true", help="leave pip out")
    parser.add_argument("--clear", action="store_true", help="make an environment of this name anew")
    parser.add_argument("--no-kernel", action="store_true", help="do not make it a kernel")
    parser.add_argument("--display-name", metavar="D", help="name of the kernel in the pickers")
    yes_argument(parser)


def _create(call: Call) -> int:
    args = call.args
    if not args.words and args.prefix is None:
        raise InvalidRequest(
            "The name of the new environment is missing.",
            hint="Write `jupyter envs create NAME`, or give --prefix.",
            reason="usage",
            field="name",
        )
    name, words = (None, args.words) if args.prefix is not None else (args.words[0], args.words[1:])
    imported = given.imported(args.requirement, args.extra, args.group)
    request = Create(
        name=name,
        prefix=None if args.prefix is None else os.path.abspath(os.path.expanduser(args.prefix)),
        manager=args.manager,
        python=_python(args.python),
        packages=requirements.typed([*words, *args.package], args.editable),
        pip_packages=requirements.typed(args.pip),
        channels=args.channel,
        from_=imported,
        **sources(call, imported),
        kernel=KernelRequest(register=not args.no_kernel, display_name=args.display_name),
        pip=not args.no_pip,
        clear=args.clear,
        install_python=args.install_python,
    )

    def text(result: dict[str, Any]) -> list[str]:
        return _made("Created", result)

    if request.from_ is not None and given.is_program(request.from_):
        return carry.created(call, request, text)
    return approving(call, lambda build: _creating(call, replace(request, build=build)), text)


def _creating(call: Call, request: Create) -> Task:
    """The task that creates it; on a terminal it is asked whether to download a Python that is not here."""
    try:
        return call.engine.create(request)
    except NoInterpreter as error:
        version = (error.offer or {}).get("python")
        if version is None:
            raise
        error.hint = f"Add --install-python to download Python {version}; `interpreters` lists those that are here."
        if call.out.mode != "text" or not sys.stdin or not sys.stdin.isatty():
            raise
        print(show.clean(error.message), file=sys.stderr)
        if not asked(f"Download Python {version}"):
            raise Cancelled("Nothing was created.") from None
        return call.engine.create(replace(request, install_python=True))


def _python(wanted: str | None) -> str | None:
    if wanted and (os.sep in wanted or "/" in wanted):
        return os.path.abspath(os.path.expanduser(wanted))
    return wanted


def _made(verb: str, result: dict[str, Any]) -> list[str]:
    env = environment(result)
    facts = [f"Python {env.python.version}", env.manager]
    facts += [show.count(env.package_count, "package")] if env.package_count is not None else []
    return [
        f"{verb} {show.clean(env.name)}: {show.clean(', '.join(facts))}.",
        f"  {show.clean(env.prefix)}",
        *kernel_lines(env),
    ]


def _rename_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("name", metavar="NAME", help="its new name")
    parser.add_argument("--display-name", metavar="D", help="new name of its kernel in the pickers")
    adopt_argument(parser)


def _rename(call: Call) -> int:
    request = Update(name=call.args.name, display_name=call.args.display_name)
    task = adopting(call, lambda agreed: call.engine.update(key(call), replace(request, adopt=agreed)))
    return job(call, task, lambda result: _made("Renamed to", result))


def _clone_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("name", metavar="NAME", help="name of the copy")
    adopt_argument(parser)


def _clone(call: Call) -> int:
    task = adopting(call, lambda agreed: call.engine.clone(key(call), Clone(name=call.args.name, adopt=agreed)))
    return job(call, task, lambda result: _made("Cloned to", result))


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("--force", action="store_true", help="even while a kernel of it runs")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _remove(call: Call) -> int:
    env = call.engine.find(key(call))
    task = call.engine.remove(key(call), call.args.force)
    if not confirm(call, f"Removing {env.name} with all its files ({env.prefix})"):
        raise Cancelled("Nothing was removed.")

    def text(result: dict[str, Any]) -> list[str]:
        return [f"Removed {show.clean(env.name)}, {show.size(result.get('freed'))} freed."]

    return job(call, task, text)


def _repair_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    adopt_argument(parser)


def _repair(call: Call) -> int:
    def text(result: dict[str, Any]) -> list[str]:
        if "environment" not in result:
            return ["Repaired."]
        env = environment(result)
        left = [show.problem_line(p) for p in env.problems]
        return [f"Repaired {show.clean(env.name)}." if not left else f"{show.clean(env.name)} still has:", *left]

    return job(call, adopting(call, lambda agreed: call.engine.repair(key(call), Repair(adopt=agreed))), text)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("--format", metavar="F", required=True, help="such as requirements.txt; a wrong one lists all")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write it there instead of printing it; a folder for several files"
    )


def _export(call: Call) -> None:
    from jupyter_envs.system.files import atomic_write

    export = call.engine.export(key(call), call.args.format)
    output = call.args.output
    if output is None:
        call.out.answer(export, lambda: show.files(export))
        return
    whole = os.path.abspath(output)
    texts = {os.path.join(whole, *name.split("/")): text for name, text in export.files.items()}
    try:
        for path, text in (texts or {whole: export.text}).items():
            if texts:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            atomic_write(path, text)
    except OSError as error:
        raise InvalidRequest(
            f"{output!r} cannot be written: {error.strerror or error}.",
            hint="Give another file behind -o.",
            field="output",
        ) from None
    call.out.answer({"path": whole, "files": sorted(export.files)}, lambda: [f"Wrote {show.clean(output)}."])


VERBS = [
    Verb("list", "list environments", "jupyter envs list --json", _list_arguments, _list),
    Verb(
        "show",
        "show an environment",
        "jupyter envs show analysis --packages",
        _show_arguments,
        _show,
    ),
    Verb(
        "create",
        "create an environment and its kernel",
        "jupyter envs create analysis --python 3.12 numpy 'pandas>=2'",
        _create_arguments,
        _create,
    ),
    Verb("rename", "rename an environment", "jupyter envs rename analysis thesis", _rename_arguments, _rename),
    Verb("clone", "copy an environment", "jupyter envs clone analysis trial", _clone_arguments, _clone),
    Verb("remove", "delete an environment and its kernel", "jupyter envs remove analysis", _remove_arguments, _remove),
    Verb("repair", "repair a broken environment", "jupyter envs repair analysis", _repair_arguments, _repair),
    Verb(
        "export",
        "write an environment as requirements or another format",
        "jupyter envs export analysis --format requirements.txt -o requirements.txt",
        _export_arguments,
        _export,
    ),
]
