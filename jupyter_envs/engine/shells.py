"""The lines that activate an environment in a terminal, one for each shell."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping

from jupyter_envs.model.env import Activation, ActivationLine, Environment
from jupyter_envs.model.errors import Conflict
from jupyter_envs.system import conda_activate, conda_environments
from jupyter_envs.system.paths import WINDOWS, bin_of

_SHELLS = ("sh", "fish", "csh", "powershell", "cmd")
_SCRIPTS = {
    "sh": ("activate",),
    "fish": ("activate.fish",),
    "csh": ("activate.csh",),
    "powershell": ("Activate.ps1", "activate.ps1"),
    "cmd": ("activate.bat",),
}
_KINDS = {"bash": "sh", "zsh": "sh", "dash": "sh", "ksh": "sh", "ash": "sh", "tcsh": "csh", "pwsh": "powershell"}


def activation(environment: Environment, shell: str | None = None) -> Activation:
    """The lines for `environment`; `shell` is the program that terminals run, by default as a Jupyter server has it.

    Raises:
        Conflict: its path holds characters that a terminal takes for keys.
    """
    prefix = environment.prefix
    if re.search(r"[\x00-\x1f\x7f]", prefix):
        raise Conflict(
            "The path of this environment cannot be typed in a terminal.",
            hint="Copy the environment to a folder without control characters in its name.",
            reason="path",
        )
    lines = [ActivationLine(shell=kind, command=text) for kind in _SHELLS if (text := line_for(kind, prefix))]
    wanted = kind_of(shell or _default(os.environ))
    return Activation(
        shell=wanted if any(line.shell == wanted for line in lines) else lines[0].shell,
        lines=lines,
        adopted=environment.adopted,
    )


def kind_of(program: str) -> str:
    """Which of the shells `program` is, by its name: ``/usr/bin/zsh`` is ``sh``."""
    name = re.split(r"[/\\]", program)[-1].lower().removesuffix(".exe")
    return _KINDS.get(name, name if name in _SHELLS else "sh")


def line_for(shell: str, prefix: str) -> str | None:
    """``. PREFIX/bin/activate`` in the words of `shell`, without that script PATH alone; None if it cannot be said.

    A conda environment has no such script: what conda's activation does is written out where the shell can.
    """
    folder = bin_of(prefix)
    script = next((folder / name for name in _SCRIPTS[shell] if (folder / name).is_file()), None)
    path = quoted(shell, os.fspath(script or folder))
    if path is None:
        return None
    if script:
        verb = {"sh": ".", "fish": "source", "csh": "source", "powershell": "&", "cmd": "call"}[shell]
        return f"{verb} {path}"
    if shell == "sh" and os.path.isdir(os.path.join(prefix, "conda-meta")):
        return _conda_line(prefix)
    return {
        "sh": f'export PATH={path}:"$PATH"',
        "fish": f"set -gx PATH {path} $PATH",
        "csh": f'setenv PATH {path}:"$PATH"',
        "powershell": f"$env:PATH = {path} + [IO.Path]::PathSeparator + $env:PATH",
        "cmd": f'set "PATH={path[1:-1]};%PATH%"',
    }[shell]


def _conda_line(prefix: str) -> str:
    """The variables and scripts of conda's activation, for any shell of POSIX's kind and with no client at hand."""
    told = {"CONDA_PREFIX": prefix, "CONDA_DEFAULT_ENV": conda_activate.shown_name(prefix), "CONDA_SHLVL": "1"}
    told |= {name: value for name, value in conda_environments.variables(prefix).items() if name.isidentifier()}
    said = " ".join(f"{name}={shlex.quote(value)}" for name, value in told.items())
    scripts = shlex.quote(os.path.join(prefix, "etc", "conda", "activate.d"))
    run = f'for _s in $(ls {scripts} 2>/dev/null | grep "[.]sh$"); do . {scripts}/"$_s"; done; unset _s'
    return f'export {said} PATH={shlex.quote(os.fspath(bin_of(prefix)))}:"$PATH"; {run}'


def quoted(shell: str, text: str) -> str | None:
    """`text` as one word of `shell`, whatever it holds; None where the shell has no way to write it."""
    if shell == "sh":
        return shlex.quote(text)
    if shell == "fish":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if shell == "csh":
        # `!` stands for the history even between quotes.
        return "'" + text.replace("'", "'\\''").replace("!", "\\!") + "'"
    if shell == "powershell":
        # Typographic quotes end a string as well.
        return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"
    return None if re.search('["%!^]', text) else f'"{text}"'


def _default(environ: Mapping[str, str]) -> str:
    return "powershell" if WINDOWS else environ.get("SHELL") or "sh"
