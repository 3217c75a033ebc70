"""Who may not, and why: the rules that stand before every change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from jupyter_envs.backends.tools import MANAGERS
from jupyter_envs.engine import kernels, scratch
from jupyter_envs.engine.parts import Parts
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest
from jupyter_envs.system.files import locked
from jupyter_envs.system.interpreters import MINIMUM
from jupyter_envs.system.paths import WINDOWS

Running = Callable[[], Iterable[str]]


def refuse_reserved(parts: Parts, prefix: str, field: str) -> None:
    """Raise InvalidRequest when `prefix`, its folder's links resolved, is a place or a name that we need ourselves."""
    if scratch.reserved(prefix, parts.kinds.roots, parts.settings.state):
        raise InvalidRequest(
            f"{prefix} is kept for environments that are being made or removed.",
            hint="Choose a name that does not start with a dot or end in .new-1 or .old-1, or another folder.",
            reason="reserved",
            field=field,
        )


def refuse_parted(prefix: str, field: str = "prefix") -> None:
    """Raise InvalidRequest when `prefix` cannot stand on PATH: its programs would never be found, others' would."""
    if os.pathsep in prefix:
        raise InvalidRequest(
            f"{prefix} holds {os.pathsep!r}, which parts the folders on PATH: a kernel there would run other programs.",
            hint=f"Choose a folder without {os.pathsep!r} in its path, or rename the one that has it.",
            reason="unusable_prefix",
            field=field,
        )


def refuse_taken(parts: Parts, prefix: str) -> None:
    """Raise Conflict when `prefix` exists or is being made, Forbidden when it cannot be."""
    if os.path.lexists(prefix) or locked(parts.lock_file(prefix)):
        raise Conflict(
            f"{os.path.basename(prefix)} is taken: {prefix} exists or is being made.",
            hint="Choose another name, or remove the old one first.",
            reason="name_taken",
            field="name",
        )
    above = Path(prefix).parent
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise Forbidden(
            f"{above} cannot be written.",
            hint="Choose another folder (`Settings.root`), or ask its owner for the right to write.",
            reason="not_writable",
            field="prefix",
        )
    if scratch.no_programs(above):
        raise Forbidden(
            f"No program can be run from {above}: its file system is mounted with `noexec`.",
            hint="Choose a folder on another file system (`Settings.root`), or have it mounted without `noexec`.",
            reason="noexec",
            field="prefix",
        )


def refuse_uncopyable(source: Environment) -> None:
    """Raise Forbidden when `source` is not sound, or is a whole conda installation."""
    if WINDOWS or source.installation is not None:
        raise Forbidden(
            f"{source.name} cannot be copied here.",
            hint="Export its packages and create a new environment from them.",
            reason="cannot_copy",
        )
    if source.state == "broken":
        raise Forbidden(f"{source.name} is broken.", hint="Repair it first.", reason="broken")


def refuse_tool(environment: Environment, removal: bool = False) -> None:
    """Raise Forbidden when `environment` holds a command-line tool, with the command that does it instead."""
    if manager := MANAGERS.get(environment.manager):
        command = (manager.remove if removal else manager.change).format(name=os.path.basename(environment.prefix))
        raise Forbidden(
            f"{environment.name} is a tool of {manager.title}; it is shown here, not changed.",
            hint=f"`{command}` in a terminal does it.",
            reason="tool",
        )


def refuse_protected(environment: Environment) -> None:
    """Raise Forbidden when nobody may change the packages of `environment` from here."""
    refuse_tool(environment)
    if environment.protected:
        raise Forbidden(
            f"{environment.name} is protected.",
            hint="Make an environment of your own for what you need; nothing belongs into this one.",
            reason="protected",
        )
    if not os.access(environment.prefix, os.W_OK):
        raise Forbidden(
            f"{environment.prefix} cannot be written.",
            hint="Ask its owner for the right to write, or clone it and change the copy.",
            reason="not_writable",
        )


def refuse_unchangeable(environment: Environment) -> None:
    """Raise Forbidden or Conflict when the packages of `environment` may not be changed here."""
    refuse_protected(environment)
    gone = [p for p in environment.problems if p.code in ("no_interpreter", "base_upgraded", "unreadable")]
    if gone:
        raise Conflict(gone[0].message, hint="Repair the environment first.", reason="broken")


def refuse_old_python(environment: Environment) -> None:
    """Raise InvalidRequest when the Python of `environment` is too old for a kernel, Conflict when it cannot be read.

    One without Python may have a kernel of another language.
    """
    if environment.python.version is None and environment.state == "broken":
        raise Conflict(environment.problems[0].message, hint="Repair the environment first.", reason="broken")
    version = tuple(int(p) for p in (environment.python.version or "").split(".")[:2] if p.isdigit())
    if version and version < MINIMUM:
        raise InvalidRequest(
            f"Python {environment.python.version} is too old for a kernel.",
            hint="Create an environment on Python {}.{} or newer.".format(*MINIMUM),
            field="python",
        )


def refuse_running(environment: Environment, running: Running, hint: str) -> None:
    """Raise Conflict when a kernel of `environment` runs, under this server or any other program of the user."""
    names = {kernel.name for kernel in environment.kernels}
    if names & set(running()) or environment.prefix in {os.path.realpath(p) for p in kernels.running_prefixes()}:
        raise Conflict(f"A kernel of {environment.name} is running.", hint=hint, reason="kernel_running")


def own_root(parts: Parts, environment: Environment) -> str:
    """The root that holds `environment`; Forbidden when there is none or it is protected."""
    refuse_tool(environment, removal=True)
    if environment.protected:
        raise Forbidden(
            f"{environment.name} is protected.", hint="It runs Jupyter, or belongs to a tool.", reason="protected"
        )
    root = parts.root_of(environment.prefix)
    if root is None or os.path.islink(environment.prefix):
        raise Forbidden(
            f"{environment.prefix} does not lie in a folder that is managed here.",
            hint="Delete the folder yourself, or let an administrator add its parent to `Settings.roots`.",
            reason="outside_root",
        )
    if scratch.open_to_all(root) and os.lstat(environment.prefix).st_uid != os.geteuid():
        raise Forbidden(
            f"{environment.name} belongs to another user.", hint="Ask its owner to do this.", reason="foreign_owner"
        )
    return os.fspath(root)
