"""What activating a conda prefix does to the variables of a process, for a kernelspec to do it without a shell."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import Failed
from jupyter_envs.system import process, temporary
from jupyter_envs.system.paths import WINDOWS, search_path
from jupyter_envs.system.reading import DOCUMENT, read_json

Log = Callable[[str], None]

# Where conda looks, below the prefix: variables of packages, of the user (`conda env config vars`), scripts.
_PACKAGE_VARIABLES = os.path.join("etc", "conda", "env_vars.d")
_STATE = os.path.join("conda-meta", "state")
_SCRIPTS = os.path.join("etc", "conda", "activate.d")
_UNSET = "***unset***"
_ENDING = ".bat" if WINDOWS else ".sh"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

# What a script may count on. Anything else of the session in which we happen to run would get into the result.
_KEPT = (
    *("HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERNAME", "USERPROFILE"),
    *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PUBLIC", "HOMEDRIVE", "HOMEPATH"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "OS"),
)
# What a shell sets for itself.
_OF_THE_SHELL = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "PROMPT", "__CF_USER_TEXT_ENCODING"})

_DUMP = """
import json, os, sys
with open(sys.argv[1], "w", encoding="ascii") as file:
    json.dump(dict(os.environ), file)
"""
# On EXIT, since a script may end the shell, as conda's own activation lets it.
_SH = 'trap \'"$_P" -I -S "$_D" "$_O"\' EXIT; for _script in "$@"; do . "$_script"; done'


def activation(
    prefix: str,
    tree: Own,
    *,
    client: str | None = None,
    log: Log = lambda _line: None,
    cancelled: threading.Event | None = None,
    limit: float = 10.0,
) -> dict[str, str]:
    """The variables of a process in the conda environment at `prefix`, for the ``env`` of a kernelspec.

    As jupyter_client expands ``$``, it is doubled wherever it is meant, and
    ``${PATH}`` stands for the PATH of the process that starts the kernel. The
    environment's ``activate.d`` scripts run once in a shell that knows nothing of
    the session; what they change is kept, what they print and what goes wrong is
    told to `log`. They have `limit` seconds; after that their part is missing.

    `tree` is where the environment lies now, which is elsewhere as long as it is not yet at its place.
    `client` is the path of an installed conda, mamba or micromamba: it is then found
    by its name and acts on this environment.

    Raises:
        Cancelled: `cancelled` was set.
    """
    with temporary.folder() as work:
        # No folder is called so: where it is found in a value, there the session's PATH begins.
        rest = os.pathsep.join([os.path.join(work, "rest"), os.environ.get("PATH", os.defpath)])
        started = {**_basics(prefix), **_of_client(client)}
        # As long as it lies elsewhere, scripts find the environment's files there.
        started["CONDA_PREFIX"] = tree
        started["PATH"] = _path(tree, client, rest)
        started |= _noted(tree, log)
        ended = _after_scripts(tree, started, work, log, cancelled, limit)
    return {name: _portable(value, tree, prefix, rest, path=name == "PATH") for name, value in sorted(ended.items())}


def scripts(prefix: str) -> list[str]:
    """The scripts that run whenever the environment at `prefix` is activated."""
    return _listed(os.path.join(prefix, _SCRIPTS), _ENDING)


def path_folders(prefix: str) -> list[str]:
    """The folders of `prefix` that activation puts on PATH first."""
    if not WINDOWS:
        return [os.path.join(prefix, "bin")]
    library = os.path.join(prefix, "Library")
    below = (os.path.join("mingw-w64", "bin"), os.path.join("usr", "bin"), "bin")
    folders = [prefix, *(os.path.join(library, part) for part in below)]
    return [*folders, os.path.join(prefix, "Scripts"), os.path.join(prefix, "bin")]


def shown_name(prefix: str) -> str:
    """The value of CONDA_DEFAULT_ENV, as conda gives it: a name only where environments go by name."""
    if os.path.isdir(os.path.join(prefix, "condabin")):
        return "base"
    folder, name = os.path.split(prefix)
    return name if os.path.basename(folder) == "envs" else prefix


def _basics(prefix: str) -> dict[str, str]:
    name = shown_name(prefix)
    return {
        "CONDA_PREFIX": prefix,
        "CONDA_DEFAULT_ENV": name,
        "CONDA_SHLVL": "1",
        "CONDA_PROMPT_MODIFIER": f"({name}) ",
    }


def _of_client(client: str | None) -> dict[str, str]:
    if client is None:
        return {}
    if not _is_conda(client):
        return {"MAMBA_EXE": client}
    root = os.path.dirname(os.path.dirname(client))
    python = os.path.join(root, "python.exe") if WINDOWS else os.path.join(root, "bin", "python")
    return {"CONDA_EXE": client, "CONDA_PYTHON_EXE": python}


def _is_conda(client: str) -> bool:
    return os.path.splitext(os.path.basename(client))[0].lower() == "conda"


def _path(prefix: str, client: str | None, rest: str) -> str:
    folders = path_folders(prefix)
    if client is None:
        return os.pathsep.join([*folders, rest])
    if not _is_conda(client):
        # What lies beside it, in ~/.local/bin for one, must not come before what the session has.
        return os.pathsep.join([*folders, rest, os.path.dirname(client)])
    return os.pathsep.join([*folders, os.path.join(os.path.dirname(os.path.dirname(client)), "condabin"), rest])


def _noted(prefix: str, log: Log) -> dict[str, str]:
    """The variables that files of the prefix set; those of the user win over those of packages."""
    found: dict[str, str] = {}
    top = os.path.join(prefix, _PACKAGE_VARIABLES)
    for path in [*_listed(top, ".json"), os.path.join(prefix, _STATE)]:
        try:
            content = read_json(path)
            values = content.get("env_vars", {}) if os.path.basename(path) == "state" else content
            found.update(_variables(values))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError) as error:
            log(f"{path} is passed over: {error}.")
    if found.pop("PATH", None) is not None:
        log("A file of the environment sets PATH; conda does not allow that, and it is passed over.")
    return {name: value for name, value in found.items() if value != _UNSET}


def _variables(values: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(name, str) and _NAME.match(name) and "\0" not in str(value):
            yield (name.upper() if WINDOWS else name), str(value)


def _listed(folder: str, ending: str) -> list[str]:
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(ending))
    except OSError:
        return []


def _after_scripts(
    prefix: str,
    started: dict[str, str],
    work: str,
    log: Log,
    cancelled: threading.Event | None,
    limit: float,
) -> dict[str, str]:
    """`started` with what the activate.d scripts add, change and unset."""
    found = scripts(prefix)
    if not found:
        return started
    base = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"TERM": "dumb"}
    dump, out = Path(work, "dump.py"), Path(work, "variables.json")
    dump.write_text(_DUMP, encoding="ascii")
    helpers = {"_P": sys.executable, "_D": os.fspath(dump), "_O": os.fspath(out)}
    argv = _bat(found, helpers, work) if WINDOWS else _sh(found)
    try:
        ran = process.run(
            argv,
            env={**base, **started, **({} if WINDOWS else helpers)},
            cwd=prefix,
            on_line=lambda _stream, line: log(line),
            cancelled=cancelled,
            timeout=limit,
        )
        ended = read_json(out, DOCUMENT)
    except Failed:
        log(f"The activation scripts did not end within {limit:g} s; what they set is missing.")
        return started
    except (OSError, ValueError):
        log("The activation scripts left nothing to read; what they set is missing.")
        return started
    if ran.code:
        log(f"An activation script failed with exit code {ran.code}.")
    own = _OF_THE_SHELL | helpers.keys() | {"_script"}
    changed = {n: v for n, v in ended.items() if n not in own and (n in started or base.get(n) != v)}
    # Functions that a shell exports are variables as well, of no use to a kernel.
    return {name: value for name, value in changed.items() if _NAME.match(name) and _is_text(value)}


def _is_text(value: str) -> bool:
    """Whether `value` can stand in a file of JSON; a variable may hold any bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sh(scripts: list[str]) -> list[str]:
    """`bash --noprofile --norc -c PROGRAM sh SCRIPT…`; scripts are written for bash, whatever their name says."""
    import shutil

    bash = shutil.which("bash", path=search_path())
    head = [bash, "--noprofile", "--norc"] if bash else ["/bin/sh"]
    return [*head, "-c", _SH, "sh", *scripts]


def _bat(scripts: list[str], helpers: Mapping[str, str], work: str) -> list[str]:
    """`cmd.exe /d /c WORK\\activate.bat`"""
    quoted = {name: value.replace("%", "%%") for name, value in helpers.items()}
    lines = ["@echo off", "chcp 65001 >nul", *('call "{}"'.format(script.replace("%", "%%")) for script in scripts)]
    lines.append('"{_P}" -I -S "{_D}" "{_O}"'.format_map(quoted))
    driver = Path(work, "activate.bat")
    driver.write_text("\r\n".join([*lines, ""]), encoding="utf-8", newline="")
    return [os.environ.get("COMSPEC", "cmd.exe"), "/d", "/c", os.fspath(driver)]


def _portable(value: str, at: str, prefix: str, rest: str, *, path: bool) -> str:
    """`value` for a kernelspec: the session's PATH as ``${PATH}``, no other ``$`` expanded, the prefix at its place."""
    if path and rest not in value:
        # A script that put PATH together anew: what is not the session's stays in front.
        known = set(rest.split(os.pathsep))
        value = os.pathsep.join([*(part for part in value.split(os.pathsep) if part and part not in known), rest])
    parts = [re.sub(re.escape(at) + r"(?![\w.-])", lambda _: prefix, part) for part in value.split(rest)]
    return "${PATH}".join(part.replace("$", "$$") for part in parts)
