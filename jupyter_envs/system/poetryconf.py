"""Where Poetry keeps environments: its variables, a project's ``poetry.toml``, the user's ``config.toml``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from jupyter_envs.system import toml
from jupyter_envs.system.reading import read_text

_YES = frozenset({"true", "1", "yes"})


class Told(NamedTuple):
    """`virtualenvs` is the folder of the environments, `in_project` whether they go to ``.venv``, None if not said."""

    virtualenvs: str
    in_project: bool | None


def told(environ: Mapping[str, str], folder: str | None = None) -> Told:
    """What holds for the project in `folder`, or for none; a variable wins over a file, the project's file over the
    user's. A file that cannot be read is passed over: Poetry itself will refuse it.
    """
    from platformdirs import user_cache_dir, user_config_dir

    config = environ.get("POETRY_CONFIG_DIR") or user_config_dir("pypoetry", appauthor=False, roaming=True)
    files = [os.path.join(config, "config.toml"), *([os.path.join(folder, "poetry.toml")] if folder else [])]
    tables = [_table(path) for path in reversed(files)]
    cache = _value(environ, tables, "cache-dir") or user_cache_dir("pypoetry", appauthor=False)
    path = str(_value(environ, tables, "virtualenvs.path") or os.path.join(str(cache), "virtualenvs"))
    path = path.replace("{cache-dir}", str(cache)).replace("{project-dir}", folder or "")
    asked = _value(environ, tables, "virtualenvs.in-project")
    in_project = None if asked is None else str(asked).lower() in _YES
    return Told(os.path.abspath(os.path.expanduser(path)), in_project)


def _value(environ: Mapping[str, str], tables: list[dict[str, Any]], key: str) -> object:
    if given := environ.get("POETRY_" + key.upper().replace(".", "_").replace("-", "_")):
        return given
    for table in tables:
        here: Any = table
        for part in key.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        if isinstance(here, str | bool):
            return here
    return None


def _table(path: str) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        return toml.parse(read_text(path))
    return {}
