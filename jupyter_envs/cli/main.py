"""The entry point of ``jupyter envs``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from jupyter_envs._version import __version__
from jupyter_envs.cli.output import Mode, Output
from jupyter_envs.cli.parser import PROG, Call, Verb, overview, parse
from jupyter_envs.cli.verbs import VERBS
from jupyter_envs.model.errors import Cancelled, EnvsError, InvalidRequest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's); returns the exit code, as ``--help`` lists them."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # What a locale cannot write becomes a question mark, never an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = words[: words.index("--")] if "--" in words else words
    mode: Mode = "stream" if "--stream" in options else "json" if "--json" in options else "text"
    out = Output(mode, quiet="-q" in options or "--quiet" in options)
    try:
        return _run(words, out)
    except SystemExit as done:
        # argparse's --help and --version end this way.
        return done.code if isinstance(done.code, int) else 0
    except EnvsError as error:
        return out.error(error)
    except KeyboardInterrupt:
        return out.error(Cancelled("Stopped."))
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; keep the interpreter from writing again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - a person gets one line, never a traceback
        return _unexpected(error, out, debug="--debug" in options)


def _run(words: list[str], out: Output) -> int:
    first = words[0] if words else "help"
    if first in ("-V", "--version"):
        out.answer({"version": __version__}, lambda: [__version__])
        return 0
    if first in ("-h", "--help", "help") and len(words) < 2:
        sys.stdout.write(overview(VERBS))
        return 0
    if first == "help":
        words = [words[1], "--help"]
    call = Call(parse(verb := _verb(words[0]), words[1:]), out, VERBS)
    try:
        return verb.run(call) or 0
    finally:
        call.close()


def _verb(word: str) -> Verb:
    found = next((v for v in VERBS if v.name == word), None)
    if found is None:
        import difflib

        near = difflib.get_close_matches(word, [v.name for v in VERBS if not v.hidden], n=1)
        raise InvalidRequest(
            f"There is no verb {word[:40]!r}.",
            hint=f"Did you mean `{PROG} {near[0]}`?" if near else f"`{PROG}` lists the verbs.",
            reason="usage",
            field="verb",
        )
    return found


def _unexpected(error: Exception, out: Output, debug: bool) -> int:
    from jupyter_envs.system.redact import redact

    if debug:
        import traceback

        print(redact("".join(traceback.format_exception(error))), file=sys.stderr)
    said = redact(str(error)).splitlines()
    return out.error(
        EnvsError(
            f"Unexpected {type(error).__name__}{': ' + said[0] if said else ''}.",
            hint="This is a fault of jupyter_envs: please report it, with what the same command prints with --debug.",
            reason="internal",
        )
    )
