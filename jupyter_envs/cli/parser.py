"""Arguments: one parser a verb, built when that verb is called; all together only for the overview and completion."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_envs._version import __version__
from jupyter_envs.model.errors import InvalidRequest

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.settings import Settings

from jupyter_envs.cli.output import Output

PROG = "jupyter envs"
EXIT_CODES = """\
exit codes:
  0 done   1 the job failed   2 bad arguments   3 refused   4 not found
  5 conflict (name taken, busy, kernel running)   6 cannot be solved
  7 manager, interpreter or index not available   130 cancelled (Ctrl-C)"""
# No argument of a process can hold NUL, so it can mark what stands behind `--`.
_LITERAL = "\0"


class Call:
    """A verb's call: the parsed arguments, the engine (made when first used), where the answer goes.

    `verbs` are all that there are.
    `search` is a folder below which the engine looks for environments of projects, as a server does below its own.
    """

    def __init__(self, args: argparse.Namespace, out: Output, verbs: Sequence[Verb]) -> None:
        self.args = args
        self.out = out
        self.verbs = verbs
        self.search: str | None = None
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            from jupyter_envs.engine.settings import load

            return self.engine_of(load())
        return self._engine

    def engine_of(self, settings: Settings) -> Engine:
        """The engine, made with `settings`."""
        from jupyter_envs.engine.engine import Engine

        self._engine = Engine(settings, by=self.args.by, notebook_root=self.search)
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            if self._engine.jobs.used:
                from jupyter_envs.cli import detached

                detached.separate(self._engine.settings)


@dataclass(frozen=True)
class Verb:
    """A word of the command line: its arguments, what it does, one example."""

    name: str
    help: str
    example: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Call], int | None]
    group: str = "Environments"
    hidden: bool = False


class Parser(argparse.ArgumentParser):
    """Raises InvalidRequest, naming the argument, instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        named = re.match(r"argument ([^:]+): ", message) or re.search(r"(?:required|arguments): (\S+)", message)
        field = named.group(1).split("=")[0].split("/")[-1].strip(" -,").lower() if named else None
        raise InvalidRequest(
            f"{message[:1].upper()}{message[1:]}.",
            hint=f"`{self.prog} --help` shows the arguments.",
            reason="usage",
            field=field,
        )


def parse(verb: Verb, argv: Sequence[str]) -> argparse.Namespace:
    """`argv`, what follows the verb; options may stand between the other arguments, nothing behind ``--`` is one.

    Raises:
        InvalidRequest: an argument is missing, unknown or of a wrong form; `field` names it.
    """
    words = list(argv)
    if "--" in words:
        at = words.index("--")
        words = words[:at] + [_LITERAL + w if w.startswith("-") else w for w in words[at + 1 :]]
    args = _verb_parser(verb, Parser(prog=f"{PROG} {verb.name}", **_options(verb))).parse_intermixed_args(words)
    for name, value in vars(args).items():
        if isinstance(value, str):
            setattr(args, name, value.removeprefix(_LITERAL))
        elif isinstance(value, list):
            setattr(args, name, [v.removeprefix(_LITERAL) if isinstance(v, str) else v for v in value])
    return args


def whole(verbs: Sequence[Verb], prog: str = PROG) -> argparse.ArgumentParser:
    """The parser of every verb that is not hidden, for completion."""
    parser = Parser(prog=prog, description="Isolated environments as Jupyter kernels.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="verb")
    for verb in verbs:
        if not verb.hidden:
            _verb_parser(verb, subparsers.add_parser(verb.name, help=verb.help, **_options(verb)))
    return parser


def overview(verbs: Sequence[Verb]) -> str:
    """What ``jupyter envs`` alone says."""
    lines = ["Isolated environments as Jupyter kernels.", "", f"usage: {PROG} VERB ...   ({PROG} VERB --help)"]
    for group in dict.fromkeys(v.group for v in verbs if not v.hidden):
        lines += ["", f"{group}:"]
        lines += [f"  {v.name:<16} {v.help}" for v in verbs if v.group == group and not v.hidden]
    lines += ["", "First steps:", f"  {PROG} demo", f"  {PROG} create analysis numpy pandas", "", EXIT_CODES]
    return "\n".join(lines) + "\n"


def _options(verb: Verb) -> dict[str, Any]:
    return {
        "description": verb.help[:1].upper() + verb.help[1:] + ".",
        "epilog": f"example:\n  {verb.example}\n\n{EXIT_CODES}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _verb_parser(verb: Verb, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.configure(parser)
    common = parser.add_argument_group("output")
    common.add_argument("--json", action="store_true", help="print the result as one JSON document")
    common.add_argument("--stream", action="store_true", help="print JSON lines as it happens, the job last")
    common.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    common.add_argument("-v", "--verbose", action="store_true", help="print the log of a job as it happens")
    common.add_argument("--by", choices=("cli", "magic"), default="cli", help=argparse.SUPPRESS)
    common.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    return parser
