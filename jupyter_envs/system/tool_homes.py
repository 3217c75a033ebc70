"""Where hatch and pdm keep the environments of all projects: their variables and the user's configuration files."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jupyter_envs.system import toml
from jupyter_envs.system.env_pointers import children, folders
from jupyter_envs.system.reading import read_text

_PDM_NAME = re.compile(r"(?P<project>.{1,200})-(?P<key>[A-Za-z0-9_-]{8})-(?P<name>.{1,200})")


class Kept(NamedTuple):
    """An environment of the tool `tool`; `key` tells the folder of its project, as `keys` makes it."""

    prefix: str
    tool: str
    key: str
    name: str


def keys(folder: str) -> tuple[str, str]:
    """What hatch and pdm call the project in `folder` (links resolved) by: a part of a hash of its path."""
    named = folder.casefold() if sys.platform in ("win32", "darwin") else folder
    hatch = hashlib.sha256(named.encode("utf-8", "surrogateescape")).digest()
    posix = folder.replace(os.sep, "/").encode("utf-8", "surrogateescape")
    pdm = hashlib.new("md5", posix, usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(hatch).decode()[:8], base64.urlsafe_b64encode(pdm).decode()[:8]


def hatch_folder(environ: Mapping[str, str]) -> str:
    """The folder of hatch's environments; a relative one lies in each project."""
    from platformdirs import user_config_dir, user_data_dir

    path = environ.get("HATCH_CONFIG") or os.path.join(user_config_dir("hatch", appauthor=False), "config.toml")
    dirs = _table(_parsed(path), "dirs")
    if told := _text(_table(dirs, "env").get("virtual")):
        return _expanded(told)
    data = environ.get("HATCH_DATA_DIR") or _text(dirs.get("data")) or user_data_dir("hatch", appauthor=False)
    return os.path.join(_expanded(data), "env", "virtual")


def pdm_folder(environ: Mapping[str, str]) -> str:
    """The folder of pdm's environments that lie in no project."""
    from platformdirs import user_config_dir, user_data_dir

    path = environ.get("PDM_CONFIG_FILE") or os.path.join(user_config_dir("pdm"), "config.toml")
    told = _text(_table(_parsed(path), "venv").get("location"))
    return _expanded(told or os.path.join(user_data_dir("pdm"), "venvs"))


def kept(environ: Mapping[str, str]) -> list[Kept]:
    """The environments of all projects that hatch and pdm keep in their own folders, links resolved."""
    return [*_of_hatch(hatch_folder(environ)), *_of_pdm(pdm_folder(environ))]


def _of_hatch(top: str) -> Iterator[Kept]:
    """``PROJECT/KEY/ENV``; the environment ``default`` has the name of the project."""
    if not os.path.isabs(top):
        return
    for project in folders(top):
        named = os.path.basename(project)
        for place in folders(project):
            for path in children(place):
                env = os.path.basename(path)
                name = "default" if env == named else env
                yield Kept(path, "hatch", os.path.basename(place), f"{named}/{name}")


def _of_pdm(top: str) -> Iterator[Kept]:
    """``PROJECT-KEY-NAME``, where the name is the version of Python unless the user gave one."""
    for path in children(top) if os.path.isabs(top) else []:
        name = os.path.basename(path)
        found = _PDM_NAME.fullmatch(name)
        yield Kept(path, "pdm", found["key"] if found else "", f"{found['project']}/{found['name']}" if found else name)


def _parsed(path: str) -> dict[str, Any]:
    """The tables of the configuration file `path`; none where it cannot be read: its tool will say so."""
    try:
        return toml.parse(read_text(path, encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}


def _table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _expanded(path: str) -> str:
    return os.path.expanduser(os.path.expandvars(path))
