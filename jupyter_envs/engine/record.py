"""What an environment knows of itself, in ``<prefix>/.jupyter-envs``: how it was made, whom its magics call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs._version import __version__
from jupyter_envs.model.env import Own
from jupyter_envs.system import toml
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import MAIN, PACKAGE, record_of
from jupyter_envs.system.reading import read_text

MAGIC_SOURCE = PACKAGE / "magic" / "kernel.py"


def write_spec(prefix: Own, spec: dict[str, Any]) -> None:
    """Note what was asked for, credentials stripped, as TOML: `manager`, `python`, `packages`, `created`."""
    import tomli_w

    from jupyter_envs.system.redact import redacted_values

    folder = record_of(prefix)
    folder.mkdir(mode=0o755, exist_ok=True)
    known = {key: value for key, value in spec.items() if value is not None}
    atomic_write(folder / "spec.toml", tomli_w.dumps(redacted_values(known)))


def read_spec(prefix: Own) -> dict[str, Any]:
    """What `write_spec` noted; empty where nothing (readable) is."""
    try:
        return toml.parse(read_text(record_of(prefix) / "spec.toml"))
    except (OSError, ValueError):
        return {}


def channels(prefix: Own) -> list[str]:
    """The conda channels that the environment was made with; none where nothing tells."""
    told = read_spec(prefix).get("channels")
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


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
