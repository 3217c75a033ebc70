"""Verbs of packages: install, upgrade, remove-packages."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_envs.cli import given, requirements, show
from jupyter_envs.cli.common import (
    adopt_argument,
    adopting,
    approving,
    env_argument,
    file_arguments,
    job,
    key,
    plan,
    plan_argument,
    source_arguments,
    sources,
    yes_argument,
)
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change, ImportText

if TYPE_CHECKING:
    from jupyter_envs.engine.task import Task


def _install_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument(
        "requirements", metavar="REQ", nargs="*", default=[], help="such as numpy, 'numpy>=2', a URL or a path"
    )
    file_arguments(parser)
    source_arguments(parser)
    parser.add_argument("--pip", metavar="REQ", action="append", default=[], help="install this by pip, not conda")
    parser.add_argument("--or-pip", action="store_true", help="let pip bring what no conda channel has")
    parser.add_argument("-c", "--channel", metavar="C", action="append", default=[], help="conda channel")
    parser.add_argument("-U", "--upgrade", action="store_true", help="take the newest that fits")
    yes_argument(parser)
    _dry_run(parser)


def _install(call: Call) -> int:
    args = call.args
    named = requirements.typed(args.requirements, args.editable)
    pip = requirements.typed(args.pip)
    if not named and not pip and not args.requirement:
        raise InvalidRequest(
            "There is nothing to install.",
            hint="Name packages, or a file with -r.",
            reason="usage",
            field="requirements",
        )
    _not_modules([*named, *pip])
    imported = given.imported(args.requirement, args.extra, args.group)
    if args.upgrade:
        lines = _lines(call, imported) if imported else []
        request = Change(upgrade=named + lines, pip_upgrade=pip, build=False if imported else None)
    else:
        request = Change(install=named, pip_packages=pip, from_=imported)
    return _change(
        call,
        replace(request, or_pip=args.or_pip, channels=args.channel, dry_run=args.dry_run, **sources(call, imported)),
    )


def _not_modules(names: list[str]) -> None:
    """Refuse the bare name of a module that comes with another package: the index has nothing, or something else, so.

    Raises:
        InvalidRequest: one of `names` is such a name.
    """
    # Imported here: the other verbs need no table of modules.
    from jupyter_envs.formats import modules

    for name in names:
        if (found := modules.meant_by(name)) is None:
            continue
        brings = " or ".join(found.distributions[:2])
        raise InvalidRequest(
            f"{name} is a module, and the package that brings it is {brings}." if brings else f"{name}: {found.note}",
            hint=f"Install {found.distributions[0] if brings else 'something else'}."
            f" A project that is itself called {name} is taken with its version: {name}==VERSION.",
            reason="module_name",
            field="requirements",
        )


def _lines(call: Call, imported: ImportText) -> list[str]:
    """What the files ask for, to be upgraded: then their hashes and versions of others do not hold."""
    found = call.engine.inspect(given.as_inspect(imported))
    if found.exact:
        raise InvalidRequest("A lock file says the versions.", hint="Leave -U out.", field="requirement")
    return found.create.packages


def _upgrade_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("names", metavar="NAME", nargs="*", default=[], help="what to upgrade")
    parser.add_argument("--all", action="store_true", help="all packages")
    _dry_run(parser)


def _upgrade(call: Call) -> int:
    args = call.args
    if bool(args.names) == args.all:
        raise InvalidRequest(
            "Give either names or --all.",
            hint="`jupyter envs upgrade ENV --all` upgrades every package.",
            reason="usage",
            field="names",
        )
    upgrade = requirements.typed(args.names)
    return _change(call, Change(upgrade=upgrade, upgrade_all=args.all, dry_run=args.dry_run))


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)
    parser.add_argument("names", metavar="NAME", nargs="+", help="what to uninstall")
    _dry_run(parser)


def _remove(call: Call) -> int:
    return _change(call, Change(remove=call.args.names, dry_run=call.args.dry_run))


def _dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="tell what would change, change nothing")
    plan_argument(parser)
    adopt_argument(parser)


def _change(call: Call, request: Change) -> int:
    def text(result: dict[str, Any]) -> list[str]:
        return show.plan(plan(result), request.dry_run)

    held = request.from_ is not None or request.build is False

    def start(build: bool) -> Task:
        wanted = replace(request, plan=call.args.plan, build=build if held else None)
        return adopting(call, lambda agreed: call.engine.change(key(call), replace(wanted, adopt=agreed)))

    return approving(call, start, text) if held else job(call, start(False), text)


INSTALL = Verb(
    "install",
    "install packages into an environment",
    "jupyter envs install analysis 'numpy>=2' -r more.txt",
    _install_arguments,
    _install,
    "Packages",
)
VERBS = [
    INSTALL,
    Verb(
        "upgrade", "upgrade packages", "jupyter envs upgrade analysis --all", _upgrade_arguments, _upgrade, "Packages"
    ),
    Verb(
        "remove-packages",
        "uninstall packages",
        "jupyter envs remove-packages analysis numpy",
        _remove_arguments,
        _remove,
        "Packages",
    ),
]
