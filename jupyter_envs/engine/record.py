"""What an environment knows of itself, in ``<prefix>/.jupyter-envs``: how it was made, whom its magics call."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs._version import __version__
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.sources import Sources, check_sources
from jupyter_envs.system import toml
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import MAIN, PACKAGE, record_of
from jupyter_envs.system.reading import read_text

MAGIC_SOURCE = PACKAGE / "magic" / "kernel.py"
# What of a record says whom to ask for packages.
_SOURCES = frozenset({"indexes", "find_links", "channels"})


def write_spec(prefix: Own, spec: dict[str, Any]) -> None:
    """Note what was asked for, credentials stripped, as TOML: `manager`, `python`, `packages`, `created`."""
    import tomli_w

    from jupyter_envs.system.redact import redacted_values

    folder = record_of(prefix)
    folder.mkdir(mode=0o755, exist_ok=True)
    known = {key: value for key, value in spec.items() if value is not None}
    atomic_write(folder / "spec.toml", tomli_w.dumps(redacted_values(known)), durable=True)


def read_spec(prefix: Own) -> dict[str, Any]:
    """What `write_spec` noted; empty where nothing (readable) is."""
    try:
        return toml.parse(read_text(record_of(prefix) / "spec.toml"))
    except (OSError, ValueError):
        return {}


def spec_text(prefix: Own) -> str | None:
    """The text that `write_spec` wrote; None where there is none."""
    try:
        return read_text(record_of(prefix) / "spec.toml")
    except (OSError, ValueError):
        return None


def restore_spec(prefix: Own, before: str | None) -> None:
    """Put back what `spec_text` gave before."""
    if spec_text(prefix) != before:
        if before is None:
            (record_of(prefix) / "spec.toml").unlink(missing_ok=True)
        else:
            atomic_write(record_of(prefix) / "spec.toml", before, durable=True)


def channels(prefix: Own) -> list[str]:
    """The conda channels that the environment was made with; none where nothing tells."""
    told = read_spec(prefix).get("channels")
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def has_magic(prefix: Own) -> bool:
    """Whether `place_magic` was there."""
    return (record_of(prefix) / "magic.py").exists()


def drop_magic(prefix: Own) -> None:
    """Take back what `place_magic` wrote."""
    for name in ("magic.py", "owner.json"):
        (record_of(prefix) / name).unlink(missing_ok=True)


def drop_empty(prefix: Own) -> None:
    """Remove the record, or a folder of it, that holds nothing: a change that was undone had made it."""
    folder = record_of(prefix)
    for path in (folder / "revisions", folder / "locks", folder):
        with suppress(OSError):
            path.rmdir()


def sources(prefix: Own) -> Sources:
    """The indexes that the user allowed for the environment, beside those of the settings."""
    spec = read_spec(prefix)
    told = [spec.get(name) for name in ("indexes", "find_links")]
    try:
        return check_sources(
            *([text for text in lines if isinstance(text, str)] if isinstance(lines, list) else [] for lines in told)
        )
    except InvalidRequest:
        return Sources()


def drop_sources(prefix: Own) -> None:
    """Forget what somebody else allowed to be asked for the environment."""
    spec = read_spec(prefix)
    if spec.keys() & _SOURCES:
        write_spec(prefix, {key: value for key, value in spec.items() if key not in _SOURCES})


def place_magic(prefix: Own) -> Path:
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
