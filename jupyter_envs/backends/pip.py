"""The environment's own pip as the installer, for machines that uv has no build for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from jupyter_envs.backends.base import Event, Outcome

_COLLECTING = re.compile(r"Collecting (\S+)")
# `Downloading http://host/files/six-1.0-py3-none-any.whl (11 kB)`; older ones give the file name alone.
_DOWNLOADING = re.compile(
    r"\s*Downloading (?:\S*/)?([^/\s]+?)-\d[^/\s]*(?:\.whl|\.tar\.\w+|\.zip) \(([\d.]+) (kB|MB|GB|bytes)\)"
)
_REMOVED = re.compile(r"Successfully uninstalled (\S+)-([^-\s]+)$", re.M)
_WOULD_REMOVE = re.compile(r"Would remove:|Found existing installation: (\S+) (\S+)", re.M)
_INSTALLING = re.compile(r"Installing collected packages: (.+)")
_INSTALLED = re.compile(r"Successfully installed (.+)")
_UNITS = {"bytes": 1, "kB": 1000, "MB": 10**6, "GB": 10**9}

# Settings of the user's shell that would send packages elsewhere, or nowhere.
_MISLEADING = tuple(f"PIP_{name}" for name in ("TARGET", "PREFIX", "ROOT", "PYTHON", "DRY_RUN", "REPORT", "QUIET"))


class Pip:
    """Installs with ``python -m pip``."""

    name = "pip"
    can_offline = False

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
        """`PY -I -m pip install [--upgrade] [--no-deps] [--require-hashes] [--dry-run --report -] [-c FILE] -r FILE`

        pip upgrades only what is named, so that `upgrade_names` needs no more than
        ``--upgrade``; it has no way to run from its cache alone.
        """
        return [
            *(python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"),
            *(["--upgrade"] if upgrade or upgrade_names else []),
            *(["--force-reinstall"] if replace_names else []),
            *(["--no-deps"] if exact else []),
            *(["--require-hashes"] if hashed else []),
            *(["--dry-run", "--quiet", "--report", "-"] if dry_run else []),
            *([] if builds is None else ["--only-binary=:all:", *(f"--no-binary={name}" for name in builds)]),
            *(["-c", constraints] if constraints else []),
            *("-r", requirements),
        ]

    def remove_argv(self, python: str, names: str) -> list[str]:
        """`PY -I -m pip uninstall --yes -r FILE`"""
        return [python, "-I", "-m", "pip", "uninstall", "--yes", "-r", names]

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
        return None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        env = {k: v for k, v in environ.items() if k not in _MISLEADING}
        return {**env, "PIP_USER": "0", "PIP_PROGRESS_BAR": "off", "NO_COLOR": "1"}

    def event(self, line: str) -> Event | None:
        if found := _DOWNLOADING.match(line):
            return Event(fetched=found.group(1), size=int(float(found.group(2)) * _UNITS[found.group(3)]))
        if found := _COLLECTING.match(line):
            return Event(started=found.group(1))
        if found := _INSTALLING.match(line):
            return Event(prepared=len(found.group(1).split(", ")))
        if found := _INSTALLED.match(line):
            return Event(installed=len(found.group(1).split()))
        return None

    def outcome(self, output: str) -> Outcome:
        added: dict[str, str] = {}
        start = output.find("{")
        if start >= 0:
            try:
                # Warnings come after it.
                report, _ = json.JSONDecoder().raw_decode(output, start)
            except ValueError:
                report = {}
            for entry in report.get("install", []):
                about = entry["metadata"]
                added[_normal(about["name"])] = about["version"]
        removed = {_normal(n): v for n, v in _REMOVED.findall(output)}
        removed.update({_normal(n): v for n, v in _WOULD_REMOVE.findall(output) if n})
        return Outcome(added, removed, cached=False)

    def unsolvable(self, output: str) -> str | None:
        """The lines that begin with ERROR and what pip says of the cause."""
        unreachable = "Retrying (Retry(" in output and "(from versions: none)" in output
        if unreachable or not any(sign in output for sign in ("ResolutionImpossible", "No matching distribution")):
            return None
        lines = output.splitlines()
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        cause: list[str] = []
        if (begin := "The conflict is caused by:") in lines:
            at = lines.index(begin)
            cause = lines[at : lines.index("", at)]
        return "\n".join([*cause, *(line for line in errors if not line.startswith("ResolutionImpossible"))])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
