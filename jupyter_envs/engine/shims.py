"""The ``pip`` of kernels whose environment has none: without it, ``!pip`` would be the one of Jupyter's own Python."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import Unavailable
from jupyter_envs.system import pipconf
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import MAIN, WINDOWS
from jupyter_envs.system.reading import read_bytes_if_any, read_text

_SH = """\
#!/bin/sh
# The pip of kernels whose environment has none of its own. jupyter_envs wrote this file.
if [ ! -x {python} ] || [ ! -f {main} ]; then
  echo "pip: this environment has no pip, and the jupyter_envs that would do its work is gone from "{python} >&2
  exit 1
fi
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
exec {python} {main} pip -- "$@"
"""
# A pip of another Python that comes later on PATH would be Jupyter's own, or the system's.
_NAMES = ("pip", "pip3", *(f"pip3.{minor}" for minor in range(8, 21)))
_BAT = '@echo off\r\nset "PYTHONHOME="\r\nset "PYTHONPATH="\r\n"{python}" "{main}" pip -- %*\r\n'

# What would lead pip out of the environment that its Python belongs to. pip passes over an empty variable;
# 0 also counts more than its configuration files.
INSIDE = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_ROOT": "", "PIP_PYTHON": ""}


def place(state: Path) -> Path:
    """Put the programs ``pip``, ``pip3`` and ``pip3.12``, … into a folder of the state folder; return that.

    They install into the environment that ``VIRTUAL_ENV`` or ``CONDA_PREFIX`` names.

    Raises:
        OSError: it cannot be written.
    """
    folder = state / "pip"
    if WINDOWS:
        content, end = _BAT.format(python=sys.executable, main=MAIN), ".bat"
    else:
        content, end = _SH.format(python=shlex.quote(sys.executable), main=shlex.quote(MAIN)), ""
    raw = content.encode("utf-8", "surrogateescape")
    for name in _NAMES:
        path = folder / (name + end)
        if read_bytes_if_any(path) != raw or not os.access(path, os.X_OK):
            folder.mkdir(parents=True, exist_ok=True)
            atomic_write(path, raw, 0o755)
    return folder


def keep_inside(tree: Own) -> None:
    """Let no configuration file of pip lead the pip of the environment at `tree` out of it.

    No variable takes back a ``target`` that a file names, since pip passes over an empty one; an empty entry in
    the file of the environment itself does. Where there is nothing to take back, or to write, nothing is written.
    """
    environ = {name: value for name, value in os.environ.items() if name not in INSIDE}
    with suppress(OSError, Unavailable):
        told = pipconf.settings(pipconf.within(environ, tree)).options
        if leading := [option for option in ("target", "prefix", "root", "python") if option in told]:
            path = pipconf.site_file(tree)
            before = read_text(path) if os.path.exists(path) else ""
            entries = "".join(f"{option} =\n" for option in leading)
            atomic_write(path, _with_entries(before, entries))


def _with_entries(before: str, entries: str) -> str:
    for section in ("install", "global"):
        head = f"[{section}]\n"
        at = before.find(head)
        if at < 0:
            before += f"\n{head}{entries}" if before else head + entries
        else:
            before = before[: at + len(head)] + entries + before[at + len(head) :]
    return before


def around(env: dict[str, str], folder: Path) -> dict[str, str]:
    """The variables `env` of a kernelspec, with `folder` behind the environment's own programs on PATH.

    What would lead pip out of the environment is set aside; what `env` says of it stays.
    """
    found = {**INSIDE, **env}
    first, rest, last = env.get("PATH", "").rpartition("${PATH}")
    if rest and os.pathsep not in os.fspath(folder):
        found["PATH"] = f"{first}{os.fspath(folder).replace('$', '$$')}{os.pathsep}{rest}{last}"
    return found
