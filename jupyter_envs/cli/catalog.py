"""Verbs of what the machine and the index have: managers, interpreters, search, cache, disk, and two hidden ones."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from jupyter_envs.cli import given, show
from jupyter_envs.cli.common import NAMES, job, part_arguments
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine


def _none(parser: argparse.ArgumentParser) -> None:
    pass


def _managers(call: Call) -> None:
    found = call.engine.managers()

    def text() -> list[str]:
        rows = [
            (m.name + ("*" if m.default else ""), m.version or "-", m.description if m.available else m.reason or "-")
            for m in found
        ]
        return [*show.table(("NAME", "VERSION", "ABOUT"), rows, show.window()), "* is taken when none is asked for."]

    call.out.answer({"managers": found}, text)


def _interpreters_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--refresh", action="store_true", help="search again")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--available", action="store_true", help="list those that uv can download")
    one.add_argument("--install", metavar="V", help="download this version, such as 3.13")


def _interpreters(call: Call) -> int:
    if call.args.install is not None:
        return job(call, call.engine.pythons.install(call.args.install), _installed)
    if call.args.available:
        return _available(call)
    found = call.engine.interpreters(call.args.refresh)

    def text() -> list[str]:
        if not found:
            return ["No Python was found. Install one, then `jupyter envs interpreters --refresh`."]
        rows = [
            (i.version + ("*" if i.default else ""), i.implementation, i.source, i.path if i.supported else i.reason)
            for i in found
        ]
        head = ("VERSION", "PYTHON", "SOURCE", "PATH")
        return [*show.table(head, rows, show.window()), "* is taken when none is asked for."]

    call.out.answer({"interpreters": found}, text)
    return 0


def _installed(result: dict[str, Any]) -> list[str]:
    python = result["interpreter"]
    return [f"Python {show.clean(python['version'])} is here: {show.clean(python['path'])}"]


def _available(call: Call) -> int:
    found, why = call.engine.pythons.available()

    def text() -> list[str]:
        if not found:
            return [why or "There is none for this machine."]
        rows = [(d.version, d.implementation, d.architecture, "installed" if d.installed else "") for d in found]
        head = ("VERSION", "PYTHON", "MACHINE", "STATE")
        return [*show.table(head, rows, show.window()), "`jupyter envs interpreters --install VERSION` downloads one."]

    call.out.answer({"downloads": found, "no_downloads": why}, text)
    return 0


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="TEXT", help="part of a package's name")
    parser.add_argument("--versions", action="store_true", help="list the versions of the package of that name")
    parser.add_argument("--manager", metavar="M", help="search what this manager can install")
    parser.add_argument("--channel", metavar="C", help="search this conda channel")
    env = parser.add_argument("--env", metavar="ENV", help="search what this environment takes its packages from")
    env.complete = NAMES  # type: ignore[attr-defined]


def _search(call: Call) -> None:
    args = call.args
    if args.versions:
        known = call.engine.versions(args.query, args.manager, args.channel, args.env)
        call.out.answer(known, lambda: [show.clean(v) for v in known.versions] or ["No versions."])
        return
    found = call.engine.search(args.query, args.manager, args.channel, args.env)

    def text() -> list[str]:
        rows = [(f.name, f.source, f.summary or "") for f in found]
        return show.table(("NAME", "SOURCE", "ABOUT"), rows, show.window()) if rows else ["Nothing found."]

    call.out.answer({"packages": found}, text)


def _terms_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("channel", metavar="CHANNEL", nargs="?", help="by default those of conda's settings")
    parser.add_argument("--accept", action="store_true", help="accept the terms of CHANNEL, once and for all")


def _terms(call: Call) -> None:
    args = call.args
    if args.accept and args.channel is None:
        raise InvalidRequest(
            "Terms are accepted for one channel.",
            hint="Write `jupyter envs terms CHANNEL --accept`.",
            reason="usage",
            field="channel",
        )
    found = call.engine.accept_terms(args.channel) if args.accept else call.engine.terms(args.channel)

    def text() -> list[str]:
        said = {t.channel: f"accepted {t.accepted}" if t.accepted else "not accepted" for t in found}
        rows = [(t.channel, said[t.channel], t.url or t.title) for t in found]
        return show.table(("CHANNEL", "STATE", "TERMS"), rows, show.window()) if rows else ["No terms to accept."]

    call.out.answer({"terms": found}, text)


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="a file of any known format, or a folder")
    part_arguments(parser)


def _inspect(call: Call) -> None:
    source = given.imported(call.args.files, call.args.extra, call.args.group)
    assert source is not None
    found = call.engine.inspect(given.as_inspect(source))
    call.out.answer(found, lambda: show.inspected(found))


def _formats(call: Call) -> None:
    found = call.engine.formats()

    def text() -> list[str]:
        ways = {(True, True): "both", (True, False): "import", (False, True): "export"}
        rows = [(f.name, ways.get((f.imports, f.exports), "-"), f.title) for f in found]
        return show.table(("NAME", "WAYS", "ABOUT"), rows, show.window())

    call.out.answer({"formats": found}, text)


def _cache_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "clean"), default="list", help="default: list")
    parser.add_argument("names", metavar="NAME", nargs="*", default=[], help="which to clean; without, all that can be")


def _cache(call: Call) -> int:
    args = call.args
    if args.action == "clean":
        task = call.engine.clean_cache(args.names)
        return job(call, task, lambda result: [f"{show.size(result.get('freed'))} freed."])
    if args.names:
        raise InvalidRequest("list takes no names.", hint="`jupyter envs cache clean NAME` cleans one.", field="names")
    found = call.engine.cache()

    def text() -> list[str]:
        rows: list[tuple[Any, ...]] = [
            (c.name, show.size(c.size), show.size(c.exclusive if c.cleanable else None), c.title, c.path) for c in found
        ]
        lines = show.table(("NAME", "SIZE", "FREES", "WHAT", "PATH"), rows, show.window())
        return [*lines, "`jupyter envs cache clean [NAME ...]` empties them."] if rows else ["No caches."]

    call.out.answer({"cache": found}, text)
    return 0


def _disk_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--refresh", action="store_true", help="count again, also what seems not to have changed")


def _disk(call: Call) -> int:
    import msgspec

    from jupyter_envs.model.disk import Disk

    def text(result: dict[str, Any]) -> list[str]:
        return show.disk(msgspec.convert(result["disk"], Disk), show.window())

    return job(call, call.engine.count_disk(call.args.refresh), text)


def _prepare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--settings", metavar="JSON", help="the options of the server that asks")


def _prepare(call: Call) -> None:
    _engine(call).prepare_templates()


def _own_files_arguments(parser: argparse.ArgumentParser) -> None:
    _prepare_arguments(parser)
    parser.add_argument("--gently", action="store_true", help="at low priority")


def _own_files(call: Call) -> None:
    if call.args.gently and hasattr(os, "nice"):
        os.nice(19)
    _engine(call).separate_files()


def _engine(call: Call) -> Engine:
    """The engine for the options of the process that asks, where it says them."""
    if call.args.settings is None:
        return call.engine
    from jupyter_envs.engine.settings import Settings

    return call.engine_of(Settings(**json.loads(call.args.settings)))


VERBS = [
    Verb(
        "interpreters",
        "list the Pythons of this machine, or download one",
        "jupyter envs interpreters --install 3.13",
        _interpreters_arguments,
        _interpreters,
        "Machine",
    ),
    Verb(
        "managers",
        "list managers such as venv and uv",
        "jupyter envs managers",
        _none,
        _managers,
        "Machine",
    ),
    Verb("search", "search packages by name", "jupyter envs search pandas", _search_arguments, _search, "Machine"),
    Verb(
        "inspect",
        "tell what a file or folder asks for",
        "jupyter envs inspect uv.lock",
        _inspect_arguments,
        _inspect,
        "Machine",
    ),
    Verb("formats", "list the file formats", "jupyter envs formats", _none, _formats, "Machine"),
    Verb(
        "cache",
        "list or clean caches",
        "jupyter envs cache clean",
        _cache_arguments,
        _cache,
        "Machine",
    ),
    Verb(
        "disk",
        "show what environments and caches take",
        "jupyter envs disk",
        _disk_arguments,
        _disk,
        "Machine",
    ),
    Verb(
        "terms",
        "show or accept the terms of conda channels",
        "jupyter envs terms defaults --accept",
        _terms_arguments,
        _terms,
        "Machine",
    ),
    Verb("prepare", "prepare templates", "jupyter envs prepare", _prepare_arguments, _prepare, "Machine", hidden=True),
    Verb(
        "own-files",
        "part the files that environments still share",
        "jupyter envs own-files",
        _own_files_arguments,
        _own_files,
        "Machine",
        hidden=True,
    ),
]
