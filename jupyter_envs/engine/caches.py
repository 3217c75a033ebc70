"""What lies on disk to make things fast, how big it is, and cleaning it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_envs.backends.uv import find_uv
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.catalog import CacheEntry
from jupyter_envs.model.errors import Failed, InvalidRequest
from jupyter_envs.system.files import tree_size
from jupyter_envs.system.process import run


def entries(parts: Parts) -> list[CacheEntry]:
    """The caches with their sizes in bytes; files that an environment shares by hard links are counted too."""
    templates = sum(size for _, size in parts.templates.entries())
    found = [
        CacheEntry(
            name="templates",
            title="Prepared environments, from which new ones are made at once",
            path=os.fspath(parts.settings.state / "templates"),
            size=templates,
            cleanable=True,
        )
    ]
    folder = uv_cache(os.environ)
    if os.path.isdir(folder):
        found.append(
            CacheEntry(
                name="uv", title="Packages that uv has downloaded", path=folder, size=tree_size(folder), cleanable=True
            )
        )
    return found


def clean(parts: Parts, names: list[str]) -> Task:
    """The task that empties the caches `names`, or all that can be emptied.

    Raises:
        InvalidRequest: there is no such cache.
    """
    known = {"templates", "uv"}
    for name in names:
        if name not in known:
            raise InvalidRequest(
                f"There is no cache {ascii(name)[:60]}.", hint=f"Known: {', '.join(sorted(known))}.", field="name"
            )
    chosen = names or sorted(known)

    def work(context: Context) -> dict[str, Any]:
        freed = 0
        for done, name in enumerate(chosen):
            context.step(f"clean {name}", done, len(chosen), "caches")
            freed += parts.templates.clean() if name == "templates" else _clean_uv(context)
        return {"freed": freed}

    return Task(action="clean", title=f"Clean {' and '.join(chosen)}", work=work)


def uv_cache(environ: Mapping[str, str]) -> str:
    """Where uv keeps what it downloads: UV_CACHE_DIR, else the user's cache folder, as uv's documentation says."""
    if given := environ.get("UV_CACHE_DIR"):
        return given
    if sys.platform == "win32":
        return os.path.join(environ.get("LOCALAPPDATA", os.path.expanduser("~")), "uv", "cache")
    base = environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "uv")


def _clean_uv(context: Context) -> int:
    tool, folder = find_uv(), uv_cache(os.environ)
    if tool is None or not os.path.isdir(folder):
        return 0
    before = tree_size(folder)
    done = run(
        [tool, "cache", "clean"],
        on_line=lambda stream, text: context.line(text, "out" if stream == "out" else "err"),
        cancelled=context.cancelled,
    )
    if done.code:
        raise Failed("uv could not clean its cache.", hint="The job's log says why.", detail=done.err[-2000:])
    return max(0, before - tree_size(folder))
