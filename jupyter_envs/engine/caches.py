"""What lies on disk to make things fast, how big it is, and cleaning it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_envs.backends.uv import find_uv
from jupyter_envs.engine import conda_cache
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.disk import CacheEntry
from jupyter_envs.model.errors import Failed, InvalidRequest
from jupyter_envs.system import pipconf
from jupyter_envs.system.process import run
from jupyter_envs.system.usage import Usage, reclaimable, usage

_PIP = [sys.executable, "-I", "-m", "pip"]


@dataclass(frozen=True)
class Cache:
    """Folders that can be made anew; `clean` empties them, and is None where that is left to others."""

    name: str
    title: str
    folders: list[str]
    clean: Callable[[Context], object] | None

    def entry(self, used: Usage) -> CacheEntry:
        return CacheEntry(
            name=self.name,
            title=self.title,
            path=self.folders[0],
            size=used.size,
            exclusive=used.exclusive,
            cleanable=self.clean is not None,
        )


def caches(parts: Parts) -> list[Cache]:
    """The caches of this machine's user, whether they hold anything or not."""
    templates, spares = parts.templates.folders()
    uv, pip = find_uv(), importlib.util.find_spec("pip")
    of_conda = conda_cache.folder()
    of_uv, of_pip = os.path.realpath(uv_cache(os.environ)), os.path.realpath(pip_cache(os.environ))
    return [
        Cache(
            "templates",
            "Prepared environments, from which new ones are made at once",
            [templates],
            lambda _: parts.templates.clean(),
        ),
        Cache(
            "spares",
            "Copies of them that wait to be taken",
            [spares],
            lambda _: parts.templates.clean_spares(),
        ),
        Cache(
            "uv",
            "Packages that uv has downloaded",
            [of_uv],
            (lambda context: _run([uv, "cache", "clean", "--cache-dir", of_uv], context)) if uv else None,
        ),
        Cache(
            "pip",
            "Packages that pip has downloaded or built",
            [of_pip],
            (lambda context: _run([*_PIP, "cache", "purge", "--cache-dir", of_pip], context)) if pip else None,
        ),
        Cache(
            "conda",
            "Packages that conda has downloaded; what environments are linked to stays",
            [of_conda],
            lambda context: conda_cache.clean(of_conda, context),
        ),
    ]


def entries(parts: Parts) -> list[CacheEntry]:
    """The caches that are there, with their sizes."""
    found = [cache for cache in caches(parts) if any(map(os.path.isdir, cache.folders))]
    used, _ = usage({cache.name: cache.folders for cache in found})
    return [cache.entry(used[cache.name]) for cache in found]


def clean(parts: Parts, names: list[str]) -> Task:
    """The task that empties the caches `names`, or all that can be emptied; it tells the bytes that came free.

    What an environment has a hard link to stays on the disk and is not counted.

    Raises:
        InvalidRequest: there is no such cache, or it cannot be cleaned here.
    """
    known = {cache.name: cache for cache in caches(parts)}
    cleanable = [name for name, cache in known.items() if cache.clean]
    for name in names:
        if name not in cleanable:
            what = f"The cache {name} cannot be cleaned" if name in known else f"There is no cache {ascii(name)[:60]}"
            raise InvalidRequest(f"{what}.", hint=f"Known: {', '.join(sorted(cleanable))}.", field="name")
    chosen = [known[name] for name in names or cleanable]

    def work(context: Context) -> dict[str, Any]:
        freed = 0
        for done, cache in enumerate(chosen):
            context.step(f"clean {cache.name}", done, len(chosen), "caches")
            # What two caches share comes free with the second: so each is counted when its turn comes.
            before = reclaimable(*cache.folders, check=lambda _: context.check())
            if cache.clean and any(map(os.path.isdir, cache.folders)):
                cache.clean(context)
            freed += max(0, before - reclaimable(*cache.folders))
        return {"freed": freed}

    return Task(action="clean", title=f"Clean {' and '.join(cache.name for cache in chosen)}", work=work)


def uv_cache(environ: Mapping[str, str]) -> str:
    """Where uv keeps what it downloads: UV_CACHE_DIR, else the user's cache folder, as uv's documentation says."""
    if given := environ.get("UV_CACHE_DIR"):
        return given
    if sys.platform == "win32":
        return os.path.join(environ.get("LOCALAPPDATA", os.path.expanduser("~")), "uv", "cache")
    return os.path.join(_user_caches(environ), "uv")


def pip_cache(environ: Mapping[str, str]) -> str:
    """Where pip keeps what it downloads: its option ``cache-dir``, else the user's cache folder, as its manual says."""
    if given := pipconf.settings(environ).options.get("cache-dir"):
        return os.path.expanduser(given)
    if sys.platform == "win32":
        return os.path.join(environ.get("LOCALAPPDATA", os.path.expanduser("~")), "pip", "Cache")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/pip")
    return os.path.join(_user_caches(environ), "pip")


def _user_caches(environ: Mapping[str, str]) -> str:
    return environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")


def _run(argv: list[str], context: Context) -> None:
    done = run(
        argv,
        on_line=lambda stream, text: context.line(text, "out" if stream == "out" else "err"),
        cancelled=context.cancelled,
    )
    if done.code:
        raise Failed(
            f"{os.path.basename(argv[0])} could not clean its cache.",
            hint="The job's log says why.",
            detail=done.err[-2000:],
        )
