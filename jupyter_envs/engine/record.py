"""What an environment knows of itself: the request that made it and its revisions, in ``<prefix>/.jupyter-envs``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs._version import __version__
from jupyter_envs.model.plan import By, Plan, Revision, difference
from jupyter_envs.system import toml
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import MAIN, PACKAGE, record_of

MAGIC_SOURCE = PACKAGE / "magic" / "kernel.py"


class StoredRevision(msgspec.Struct, frozen=True):
    """A revision with the versions that stood after it, by normalised name."""

    revision: Revision
    pins: dict[str, str]
    python: str | None = None


_REVISION = msgspec.json.Decoder(StoredRevision)


def write_spec(prefix: str, spec: dict[str, Any]) -> None:
    """Note what was asked for, credentials stripped, as TOML: `manager`, `python`, `packages`, `created`."""
    import tomli_w

    from jupyter_envs.system.redact import redact

    folder = record_of(prefix)
    folder.mkdir(mode=0o755, exist_ok=True)
    known = {key: value for key, value in spec.items() if value is not None}
    atomic_write(folder / "spec.toml", redact(tomli_w.dumps(known)))


def read_spec(prefix: str) -> dict[str, Any]:
    """What `write_spec` noted; empty where nothing (readable) is."""
    try:
        return toml.parse((record_of(prefix) / "spec.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def place_magic(prefix: str) -> Path:
    """Put the file that brings the magics, and whom it calls, into the record; return its path."""
    folder = record_of(prefix)
    folder.mkdir(mode=0o755, exist_ok=True)
    owner = {
        "python": sys.executable,
        "main": MAIN,
        "version": __version__,
    }
    atomic_write(folder / "owner.json", msgspec.json.encode(owner))
    atomic_write(folder / "magic.py", MAGIC_SOURCE.read_bytes())
    return folder / "magic.py"


def revisions(prefix: str) -> list[StoredRevision]:
    """The revisions, oldest first; a damaged one is left out."""
    found = []
    try:
        names = os.listdir(record_of(prefix) / "revisions")
    except OSError:
        return []
    for name in names:
        if name.endswith(".json") and name[:-5].isdigit():
            try:
                found.append(_REVISION.decode((record_of(prefix) / "revisions" / name).read_bytes()))
            except (OSError, msgspec.DecodeError):
                continue
    return sorted(found, key=lambda stored: stored.revision.revision)


def add_revision(
    prefix: str,
    *,
    time: str,
    by: By,
    action: str,
    asked: dict[str, Any],
    plan: Plan,
    pins: dict[str, str],
    python: str | None,
) -> int:
    """Note a change and return its number."""
    from jupyter_envs.system.redact import redact

    past = revisions(prefix)
    number = past[-1].revision.revision + 1 if past else 1
    if past and by != "outside":
        outside = difference(past[-1].pins, _without(pins, plan))
        if not outside.empty and action not in ("create", "clone"):
            number = add_revision(
                prefix, time=time, by="outside", action="change", asked={}, plan=outside,
                pins=_without(pins, plan), python=python,
            ) + 1  # fmt: skip
    entry = Revision(revision=number, time=time, by=by, action=action, asked=asked, plan=plan, user=_user())
    folder = record_of(prefix) / "revisions"
    folder.mkdir(parents=True, exist_ok=True)
    raw = msgspec.json.encode(StoredRevision(entry, pins, python)).decode()
    atomic_write(folder / f"{number}.json", redact(raw))
    return number


def forget_revisions(prefix: str) -> None:
    """Drop the history, as for the copy of a template."""
    shutil.rmtree(record_of(prefix) / "revisions", ignore_errors=True)


def _without(pins: dict[str, str], plan: Plan) -> dict[str, str]:
    """The versions that stood before `plan` led to `pins`."""
    before = dict(pins)
    for pin in plan.added:
        before.pop(pin.name, None)
    for change in plan.changed:
        before[change.name] = change.from_
    for pin in plan.removed:
        before[pin.name] = pin.version
    return before


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
