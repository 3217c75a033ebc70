"""How big the files are that an installer would download."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jupyter_envs.model.address import Address
from jupyter_envs.model.errors import Unavailable
from jupyter_envs.system import pipconf, uvconf, web

LIMIT = 3.0
MOST = 60


def sizes(lock: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, int]:
    """The bytes of each package's file in `lock`, the tables of a pylock (PEP 751), by name.

    What the lock does not tell is asked of the file's server, all at once and for
    at most LIMIT seconds; a package whose size stays unknown is left out.
    """
    found: dict[str, int] = {}
    asked: dict[str, str] = {}
    for package in lock.get("packages", []):
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        if not files:
            continue
        if isinstance(size := files[0].get("size"), int):
            found[package["name"]] = size
        elif url := files[0].get("url"):
            asked[package["name"]] = url
    client = web.Client({**environ, **pipconf.uv_environment(environ)}, uvconf.told(environ).insecure, LIMIT)

    def ask(name: str, url: str) -> None:
        try:
            local = url.startswith("file:")
            size = os.path.getsize(url2pathname(urlsplit(url).path)) if local else client.size(Address(url))
        except (OSError, ValueError, Unavailable):
            return
        if size is not None:
            found[name] = size

    threads = [threading.Thread(target=ask, args=pair, daemon=True) for pair in list(asked.items())[:MOST]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    return dict(found)
