"""The hidden verb ``install-line``: what ``%envinstall`` runs. The line comes by standard input, as it was typed."""

from __future__ import annotations

import argparse
import os
import re
import sys

from jupyter_envs.cli import requirements
from jupyter_envs.cli.common import env_argument, key
from jupyter_envs.cli.packages import INSTALL
from jupyter_envs.cli.parser import Call, Verb, parse
from jupyter_envs.formats.base import listed
from jupyter_envs.formats.typed import FIELD, Typed
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.redact import redact

# Not an argument of a process, since others see those and a URL in it may hold a password.
MOST = 100_000


def _arguments(parser: argparse.ArgumentParser) -> None:
    env_argument(parser)


def _install_line(call: Call) -> int:
    line = sys.stdin.buffer.read(MOST).decode("utf-8", "replace")
    prefix = call.engine.find(key(call)).prefix
    typed = Typed(by_conda=os.path.isdir(os.path.join(prefix, "conda-meta")))
    # A path of Windows holds what is an escape for a shell.
    typed.read(line.replace("\\", "/") if sys.platform == "win32" else line)
    words = arguments(typed)
    options = typed.options
    what = [*typed.packages.values(), *typed.conda.values(), *typed.local, *(f"-r {name}" for name in typed.files)]
    asked = {
        "what": redact(", ".join(what)),
        "quiet": bool(options & {"-q", "--quiet"}),
        "dry_run": "--dry-run" in options,
        "notes": typed.notes,
    }
    if call.out.mode == "stream":
        call.out.emit("asked", asked)
    for note in typed.notes:
        call.out.note(note)
    common = [option for option in ("stream", "json", "debug") if getattr(call.args, option)]
    argv = [call.args.env, f"--by={call.args.by}", *(f"--{option}" for option in common), *words]
    call.args = parse(INSTALL, argv)
    return INSTALL.run(call) or 0


def arguments(typed: Typed) -> list[str]:
    """The arguments of ``jupyter envs install`` that mean what `typed` asks for.

    Raises:
        InvalidRequest: it asks for conda's packages in an environment of pip's, or for a path that is not there.
    """
    options = typed.options
    if typed.conda and not typed.by_conda:
        raise InvalidRequest(
            f"This is no conda environment, so conda installs nothing here: {listed(typed.conda.values())}.",
            hint="Give the names alone, as the package index has them, or use a conda environment.",
            field=FIELD,
        )
    found = ["--upgrade"] if options & {"-U", "--upgrade"} else []
    found += ["--yes"] if options & {"-y", "--yes"} else []
    found += [name for name in ("--dry-run", "--file-indexes") if name in options]
    found += [f"--index={address}" for address in typed.allowed]
    found += [f"--find-links={address}" for address in typed.links]
    found += [f"--channel={channel}" for channel in typed.channels] if typed.by_conda else []
    for name in typed.files:
        found += ["-r", name]
    packages = [*typed.packages.values(), *map(_absolute, typed.local)]
    if typed.by_conda and "--pip" in options:
        return [*found, *(f"--pip={package}" for package in packages), "--", *typed.conda.values()]
    found += ["--or-pip"] if typed.by_conda and packages else []
    return [*found, "--", *packages, *typed.conda.values()]


def _absolute(text: str) -> str:
    """A path that the line names, whole; what is behind ``-e`` keeps that."""
    editable, path = ("-e ", text[3:]) if text.startswith("-e ") else ("", text)
    whole = requirements.absolute(path)
    if "://" not in whole and not os.path.exists(re.sub(r"\[[^\[\]/\\]*\]\Z", "", whole)):
        raise InvalidRequest(
            f"There is no {whole}.", hint="Check the path; the kernel's folder is where it starts.", field=FIELD
        )
    return editable + whole


VERBS = [
    Verb(
        "install-line",
        "do what %envinstall asks for",
        "jupyter envs install-line ENV",
        _arguments,
        _install_line,
        hidden=True,
    )
]
