"""Read ``pyvenv.cfg`` (PEP 405) as venv, virtualenv and uv write it."""

from __future__ import annotations

import os
import re

from jupyter_envs.system.paths import EXE, WINDOWS, python_of
from jupyter_envs.system.reading import read_head

_NUMBERS = re.compile(r"\d+(\.\d+)*(?:(?:a|b|rc)\d+)?")


def read(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """The keys (lower case) and values of ``<prefix>/pyvenv.cfg``.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is no text of ``key = value`` lines.
    """
    raw = read_head(os.path.join(prefix, "pyvenv.cfg"), 65536)
    found: dict[str, str] = {}
    for line in raw.decode("utf-8-sig").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            found[key.strip().lower()] = value.strip()
    if "home" not in found:
        raise ValueError("it has no line `home = …`")
    return found


def manager_of(config: dict[str, str]) -> str:
    """Which tool wrote `config`: ``uv``, ``virtualenv`` or ``venv``."""
    return next((tool for tool in ("uv", "virtualenv") if tool in config), "venv")


def version_of(config: dict[str, str]) -> str | None:
    """The Python version, such as ``3.12.1``: venv writes ``version``, the others ``version_info``."""
    text = config.get("version") or config.get("version_info") or ""
    found = _NUMBERS.match(text)
    return found.group().rstrip(".") if found else None


def base_of(prefix: str, config: dict[str, str]) -> str | None:
    """The path of the interpreter that the environment was made from, whether it still exists or not.

    The link in the environment tells it best; where there is a copy, the configuration does.
    """
    here = os.fspath(python_of(prefix))
    for _ in range(8):
        try:
            target = os.readlink(here)
        except OSError:
            break
        here = os.path.normpath(os.path.join(os.path.dirname(here), target))
        if os.path.dirname(here) != os.path.dirname(os.fspath(python_of(prefix))):
            return here
    for key in ("base-executable", "executable"):
        if config.get(key):
            return config[key]
    home = config.get("home")
    return os.path.join(home, "python.exe" if WINDOWS else "python3" + EXE) if home else None
