"""Read one environment from its files: what it is, and what is wrong with it."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timezone

from msgspec import Struct
from msgspec.structs import replace

from jupyter_envs.engine import places, record
from jupyter_envs.model.env import Environment, Installation, Own, Problem, Python, State
from jupyter_envs.system import conda_clients, conda_meta, conda_places, metadata, pyvenv
from jupyter_envs.system.paths import RECORD_DIR, WINDOWS, python_of
from jupyter_envs.system.relocate import told_place

MOVED = "Let its scripts and kernels speak of where it lies now."
REBUILD = "Rebuild it with the same packages."
PUT_BACK = "Put it back as it was before the change."

Stamp = list[int]
# The coarsest clock of a file system in use, in ns.
GRAIN = 2_000_000_000


class Known(Struct):
    """What was read of an environment, and the stamps that tell whether it still holds.

    `sized_at` is the time of site-packages for which `size` holds, `noted_at` the value
    of `changed` up to which the history is known to tell everything. `environment` lacks
    what depends on others: its name, kernels, and whether it is managed or protected.
    """

    environment: Environment
    stamp: Stamp
    site: str | None = None
    home: str | None = None
    ipykernel: bool = False
    size: int | None = None
    sized_at: int | None = None
    noted_at: int | None = None

    @property
    def changed(self) -> int:
        """When a package came or went last, in ns since the epoch, as far as times of folders tell."""
        return max(self.stamp[0], self.stamp[4])


def stamp_of(prefix: str, site: str | None, home: str | None) -> Stamp:
    """Numbers that change when a change of the environment could be seen; nine calls of `os.stat` at most."""
    record_dir = f"{prefix}/{RECORD_DIR}"
    noted = _time(record_dir)
    config = _stat(prefix + "/pyvenv.cfg")
    python = _stat(prefix + ("/Scripts/python.exe" if WINDOWS else "/bin/python"))
    return [
        config.st_mtime_ns if config else _time(prefix + "/conda-meta"),
        config.st_size if config else 0,
        python.st_mtime_ns if python else 0,
        python.st_ino if python else 0,
        _time(site) if site else _time(prefix + "/lib"),
        noted,
        _time(record_dir + "/undo/names.json") if noted else 0,
        _time(record_dir + "/revisions") if noted else 0,
        int(home is None or os.path.exists(home)),
    ]


def _stamp_before(prefix: str, site: str | None) -> Stamp:
    """The stamp for what is read next; it never holds where something was changed just now.

    Taken first, as what changes while the rest is read must not pass for read.
    """
    moment = time.time_ns()
    stamp = stamp_of(prefix, site, None)
    if max(stamp[0], *stamp[4:8]) > moment - GRAIN:
        # Within the clock's grain a second change leaves the same times: it is read once more then.
        stamp[-1] = -1
    return stamp


def packages_time(prefix: str) -> int:
    """When a package of the environment at `prefix` came or went last, in ns since the epoch; as `Known.changed`."""
    folders = metadata.site_packages(prefix)
    stamp = stamp_of(prefix, os.fspath(folders[0]) if folders else None, None)
    return max(stamp[0], stamp[4])


def read(prefix: str, own: Own | None) -> Known | None:
    """The environment at `prefix` (links resolved); None when there is none.

    What its record says counts for the user's `own` alone.
    """
    if os.path.isfile(os.path.join(prefix, "pyvenv.cfg")):
        return _read_venv(prefix, own)
    if conda_places.is_prefix(prefix):
        return _read_conda(prefix, own)
    return _read_venv(prefix, own) if os.path.isdir(prefix) and places.was_environment(prefix) else None


def _read_venv(prefix: str, own: Own | None) -> Known:
    folders = metadata.site_packages(prefix)
    site = os.fspath(folders[0]) if folders else None
    stamp = _stamp_before(prefix, site)
    problems: list[Problem] = []
    config: dict[str, str] = {}
    try:
        config = pyvenv.read(prefix)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.append(_error("unreadable", f"Its file pyvenv.cfg cannot be used: {why}.", REBUILD))
    python = os.fspath(python_of(prefix))
    base = pyvenv.base_of(prefix, config) if config else None
    home = config.get("home")
    if home is not None and not os.path.exists(home):
        stamp[-1] = min(stamp[-1], 0)
    version = pyvenv.version_of(config)
    if config:
        problems += _interpreter_problems(python, base, home, version)
    if own and os.path.exists(os.path.join(prefix, RECORD_DIR, "undo", "names.json")):
        problems.append(_error("interrupted_change", "A change of its packages was interrupted.", PUT_BACK))
    spec = record.read_spec(own) if own else {}
    state: State = "broken" if problems else "ready"
    problems += _moved(prefix)
    names = set().union(*(metadata.entries(folder) for folder in folders))
    lib = os.path.basename(os.path.dirname(site)) if site else ""
    return Known(
        environment=Environment(
            id="",
            name="",
            manager=_text(spec.get("manager")) or pyvenv.manager_of(config),
            kind="venv",
            prefix=prefix,
            python=Python(
                version=version,
                implementation=config.get("implementation") or ("PyPy" if lib.startswith("pypy") else "CPython"),
                path=python,
                base=base,
            ),
            state=state,
            created=_text(spec.get("created")) or _iso(stamp[0]),
            modified=_iso(max(stamp[4], stamp[7])),
            package_count=len(names) if site else None,
            revision=_revision(own) if own else None,
            adopted=own is not None,
            problems=problems,
        ),
        stamp=stamp,
        site=site,
        home=home,
        # What the base Python lends may be there as well; the check of an environment's health looks.
        ipykernel="ipykernel" in names or config.get("include-system-site-packages", "").lower() == "true",
    )


def _read_conda(prefix: str, own: Own | None) -> Known:
    folders = metadata.site_packages(prefix)
    site = os.fspath(folders[0]) if folders else None
    stamp = _stamp_before(prefix, site)
    names = conda_meta.files(prefix)
    version, implementation = conda_meta.python_of(names)
    python = prefix + ("/python.exe" if WINDOWS else "/bin/python")
    problems = []
    if version and not os.path.exists(python):
        problems.append(_error("no_interpreter", f"Its Python is gone: {python} does not exist.", REBUILD))
    if own and os.path.exists(f"{prefix}/{RECORD_DIR}/undo/names.json"):
        problems.append(_error("interrupted_change", "A change of its packages was interrupted.", PUT_BACK))
    state: State = "broken" if problems else "ready"
    problems += _moved(prefix)
    installation = None
    if conda_places.is_base(prefix):
        installation = Installation(name=conda_clients.flavour(prefix), version=conda_clients.release(prefix))
    return Known(
        environment=Environment(
            id="",
            name="",
            manager="conda",
            kind="conda",
            prefix=prefix,
            python=Python(version=version, implementation=implementation, path=python, base=None),
            state=state,
            created=_iso(_time(prefix + "/conda-meta/history") or stamp[0]),
            modified=_iso(max(stamp[0], stamp[4] if site else 0)),
            package_count=len(names),
            revision=_revision(own) if own else None,
            adopted=own is not None,
            problems=problems,
            installation=installation,
        ),
        stamp=stamp,
        site=site,
        ipykernel=conda_meta.has(names, "ipykernel") or any("ipykernel" in metadata.entries(f) for f in folders),
    )


def at_work(environment: Environment) -> Environment:
    """`environment` while a job changes it: what is half done now is no problem of its own."""
    problems = [p for p in environment.problems if p.code != "interrupted_change"]
    return replace(environment, state="busy", problems=problems)


def _interpreter_problems(python: str, base: str | None, home: str | None, version: str | None) -> list[Problem]:
    if not os.path.exists(python):
        gone = base if base and not os.path.exists(base) else python
        return [_error("no_interpreter", f"Its Python is gone: {gone} does not exist any more.", REBUILD)]
    if home and not os.path.isdir(home):
        message = f"The Python it was made from is gone: {home} does not exist any more."
        return [_error("no_interpreter", message, REBUILD)]
    if not os.access(python, os.X_OK):
        return [_error("no_interpreter", f"Its Python cannot be run: {python} is not executable.", REBUILD)]
    # A system's `python3` moves to the next version under the environments made from it.
    now = re.fullmatch(r"(?:python|pypy)(\d+\.\d+)t?", os.path.basename(os.path.realpath(python)))
    if now and version and now.group(1) != ".".join(version.split(".")[:2]):
        message = f"It was made with Python {version}, but its interpreter is {now.group(1)} now and sees no packages."
        return [_error("base_upgraded", message, REBUILD)]
    return []


def _moved(prefix: str) -> list[Problem]:
    place = told_place(prefix)
    if place is None:
        return []
    came = "copied" if os.path.isdir(place) else "moved"
    message = f"It was {came} here from {place} by hand: its scripts still speak of that place."
    return [Problem(code="moved", severity="warning", message=message, repair=MOVED)]


def _error(code: str, message: str, repair: str | None) -> Problem:
    return Problem(code=code, severity="error", message=message, repair=repair)


def _revision(prefix: str) -> int | None:
    try:
        names = os.listdir(f"{prefix}/{RECORD_DIR}/revisions")
    except OSError:
        return None
    numbers = [int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdecimal()]
    return max(numbers, default=None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _iso(nanoseconds: int) -> str | None:
    if nanoseconds <= 0:
        return None
    when = datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
