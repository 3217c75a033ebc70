"""``uv pip`` as the installer: its command lines and the reading of what it prints."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from jupyter_envs.backends.base import Event, Outcome
from jupyter_envs.backends.uv import uv

_COUNT = re.compile(r"(Resolved|Prepared|Installed|Uninstalled) (\d+) packages? in")
_DOWNLOADING = re.compile(r"\s*Downloading (\S+) \(([\d.]+)\s*([KMGT]?i?B)\)")
_DOWNLOADED = re.compile(r"\s*Downloaded (\S+)")
_BUILT = re.compile(r"\s*Built (\S+)")
# A dry run tells no version of what it would build: ` + name @ file:///…`.
_CHANGE = re.compile(r"^ ([-+~]) ([A-Za-z0-9._-]+)(?:==| @ )(\S+)", re.M)
_UNITS = {"B": 1, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4, "KB": 1000, "MB": 10**6, "GB": 10**9}

# Settings of the user's shell that would point uv at another interpreter or place.
_MISLEADING = ("UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_BREAK_SYSTEM_PACKAGES", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")


class UvPip:
    """Installs with ``uv pip``."""

    name = "uv"
    can_offline = True

    def install_argv(
        self,
        python: str,
        requirements: str,
        *,
        upgrade: bool = False,
        upgrade_names: Sequence[str] = (),
        replace_names: Sequence[str] = (),
        exact: bool = False,
        hashed: bool = False,
        constraints: str | None = None,
        dry_run: bool = False,
        offline: bool = False,
        builds: Sequence[str] | None = None,
    ) -> list[str]:
        """`uv pip install --python PY [--upgrade…] [--no-deps] [--require-hashes] [--dry-run] [-c FILE] -r FILE`

        What pip's configuration says and uv has no variable for goes before it.
        With `builds`: ``--only-binary :all: --no-sources``, and ``--no-binary NAME`` for each of them.
        """
        from jupyter_envs.system.paths import prefix_of
        from jupyter_envs.system.pipconf import uv_arguments, within

        return [
            uv(),
            "pip",
            "install",
            *uv_arguments(within(os.environ, prefix_of(python))),
            *("--python", python),
            *(["--upgrade"] if upgrade else []),
            *(f"--upgrade-package={name}" for name in upgrade_names),
            *(f"--reinstall-package={name}" for name in replace_names),
            *(["--no-deps"] if exact else []),
            *(["--require-hashes"] if hashed else []),
            *(["--dry-run"] if dry_run else []),
            *(["--offline"] if offline else []),
            *_building(builds),
            *(["-c", constraints] if constraints else []),
            *("-r", requirements),
        ]

    def remove_argv(self, python: str, names: str) -> list[str]:
        """`uv pip uninstall --python PY -r FILE`"""
        return [uv(), "pip", "uninstall", "--python", python, "-r", names]

    def lock_argv(
        self,
        python: str,
        requirements: str,
        *,
        offline: bool = False,
        deps: bool = False,
        builds: Sequence[str] | None = None,
        constraints: str | None = None,
    ) -> list[str] | None:
        """`uv pip compile --format pylock.toml [--no-deps] [--offline] [--only-binary :all:] --python PY FILE`"""
        from jupyter_envs.system.paths import prefix_of
        from jupyter_envs.system.pipconf import uv_arguments, within

        return [
            *(uv(), "pip", "compile", *uv_arguments(within(os.environ, prefix_of(python))), "--quiet", "--no-header"),
            *("--format", "pylock.toml"),
            *([] if deps else ["--no-deps"]),
            *(["--offline"] if offline else []),
            *_building(builds),
            *(["-c", constraints] if constraints else []),
            *("--python", python, requirements),
        ]

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        from jupyter_envs.system.pipconf import uv_environment

        env = {k: v for k, v in environ.items() if k not in _MISLEADING}
        env.update(uv_environment(environ))
        env.update(UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never", NO_COLOR="1")
        return env

    def event(self, line: str) -> Event | None:
        if found := _COUNT.match(line):
            what, number = found.group(1), int(found.group(2))
            return {
                "Resolved": Event(resolved=number),
                "Prepared": Event(prepared=number),
                "Installed": Event(installed=number),
            }.get(what)
        if found := _DOWNLOADING.match(line):
            unit = _UNITS.get(found.group(3).upper(), 1)
            return Event(started=found.group(1), size=int(float(found.group(2)) * unit))
        if found := _DOWNLOADED.match(line):
            return Event(fetched=found.group(1))
        if found := _BUILT.match(line):
            return Event(built=found.group(1))
        return None

    def outcome(self, output: str) -> Outcome:
        added: dict[str, str] = {}
        removed: dict[str, str] = {}
        for sign, name, version in _CHANGE.findall(output):
            (removed if sign == "-" else added)[re.sub(r"[-_.]+", "-", name).lower()] = version
        return Outcome(added, removed, cached="Would download" not in output)

    def unsolvable(self, output: str) -> str | None:
        """The lines from "No solution found" on, without the boxes that uv draws."""
        at = output.find("No solution found when resolving")
        if at < 0:
            return None
        lines = [re.sub(r"^[\s×╰─▶│|:]+", "", line) for line in output[at:].splitlines()]
        return "\n".join(re.sub(r"^cause: ", "", line) for line in lines if line)


def _building(builds: Sequence[str] | None) -> list[str]:
    """What keeps uv from running code of a package, that of `builds` excepted."""
    if builds is None:
        return []
    # A name in --no-binary is taken out of --only-binary :all:, and comes as source then.
    return ["--no-sources", "--only-binary", ":all:", *(f"--no-binary={name}" for name in builds)]
