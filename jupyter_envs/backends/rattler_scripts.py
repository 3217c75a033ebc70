"""Scripts that packages of conda bring to be run when they are linked: found, and run where that was agreed to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence

from jupyter_envs.model.conda import CondaPackage
from jupyter_envs.model.errors import Conflict, Failed
from jupyter_envs.system.paths import WINDOWS

# Seconds.
_LONGEST = 600


def run_agreed(prefix: str, linked: Iterable[CondaPackage], agreed: Sequence[str]) -> None:
    """Run the scripts that the packages `linked` brought to `prefix`, if all of them are `agreed` to.

    Raises:
        Conflict: one is not (reason ``approval_needed``); none was run then.
        Failed: one failed.
    """
    found = [(package, path) for package in linked if (path := _script(prefix, package.name))]
    unasked = sorted(package.name for package, _ in found if package.name not in agreed)
    if unasked:
        raise Conflict(
            f"{', '.join(unasked[:5])} {'brings a script that runs' if len(unasked) == 1 else 'bring scripts that run'}"
            " when it is installed.",
            hint="Say yes (`build`, or `--yes`) only where you trust where it comes from.",
            reason="approval_needed",
            field="build",
            detail="\n".join(f"{name} runs its script" for name in unasked),
        )
    for package, path in found:
        _run(prefix, package, path)


def _script(prefix: str, name: str) -> str | None:
    path = os.path.join(
        prefix, *(("Scripts", f".{name}-post-link.bat") if WINDOWS else ("bin", f".{name}-post-link.sh"))
    )
    return path if os.path.lexists(path) else None


def _run(prefix: str, package: CondaPackage, path: str) -> None:
    told = {"PREFIX": prefix, "PKG_NAME": package.name, "PKG_VERSION": package.version}
    argv = [os.environ.get("COMSPEC", "cmd.exe"), "/c", path] if WINDOWS else ["/bin/sh", path]
    search = os.pathsep.join([os.path.dirname(path), os.environ.get("PATH", os.defpath)])
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, **told, "PATH": search},
            cwd=prefix,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LONGEST,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"The script of {package.name} did not run: {error}.", reason="link_script") from None
    if done.returncode:
        raise Failed(
            f"The script of {package.name} failed.",
            hint="Its package may be of no use on this machine.",
            reason="link_script",
            detail=(done.stdout + done.stderr).decode("utf-8", "replace")[-4000:],
        )
