"""The hidden verb ``pip``: what ``!pip`` runs in a kernel whose environment has no pip. uv does pip's work."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext

from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import InvalidRequest, Unavailable
from jupyter_envs.system.paths import python_of

# The commands of pip that uv has as well.
_COMMANDS = ("install", "uninstall", "list", "freeze", "show", "check")
_HINT = "`%envinstall pip` in a cell, or `jupyter envs install ENV pip`, installs pip itself."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", help="pip's command line")


def _pip(call: Call) -> int:
    from jupyter_envs.backends.uv import find_uv
    from jupyter_envs.backends.uvpip import UvPip
    from jupyter_envs.system.pipconf import uv_arguments, within

    words: list[str] = call.args.words
    prefix = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or ""
    python = python_of(prefix)
    if not prefix or not os.path.lexists(python):
        raise InvalidRequest(
            f"There is no Python at {prefix or 'VIRTUAL_ENV or CONDA_PREFIX, which are not set'}, so pip has nothing "
            "to install into.",
            hint="Install Python into the environment, or choose one that has it.",
            reason="no_python",
        )
    uv = find_uv()
    if uv is None:
        raise Unavailable(f"{prefix} has no pip, and uv, which would do its work, is gone.", hint=_HINT)
    if words[:1] in (["-V"], ["--version"]):
        print(f"uv in place of pip, for {prefix}")
        return 0
    at = next((n for n, word in enumerate(words) if not word.startswith("-")), None)
    command = words[at] if at is not None else ""
    if command not in _COMMANDS:
        raise InvalidRequest(
            f"{prefix} has no pip, and uv in its place knows {', '.join(_COMMANDS)}"
            + (f", not {command}." if command else "."),
            hint=_HINT,
            reason="no_pip",
        )
    tool = UvPip()
    environ = within(os.environ, prefix)
    rest = [word for n, word in enumerate(words) if n != at]
    told = uv_arguments(environ) if command == "install" else []
    argv = [uv, "pip", command, *told, "--python", os.fspath(python), *rest]
    sys.stdout.flush()
    # In the folder and with the input of the cell: relative paths and a question are the user's.
    with _noted(prefix, rest) if command == "install" else nullcontext():
        return subprocess.run(argv, env=tool.environment(environ), check=False).returncode


def _noted(prefix: str, words: list[str]) -> AbstractContextManager[None]:
    from jupyter_envs.engine.by_hand import noted
    from jupyter_envs.engine.settings import load

    return noted(load(), prefix, words)


VERBS = [Verb("pip", "do what pip would", "jupyter envs pip -- install six", _arguments, _pip, hidden=True)]
