"""What can be looked up: formats to read and write, package names, the modules they bring, an index's versions."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path

from jupyter_envs.engine.imports import Imports
from jupyter_envs.formats import modules, registry
from jupyter_envs.formats.base import FileFormat, Installed, Read
from jupyter_envs.model.address import Address
from jupyter_envs.model.catalog import Export, Format, Found, Providers, Versions
from jupyter_envs.model.check import check_distribution
from jupyter_envs.model.env import Environment, Interpreter, Own
from jupyter_envs.model.errors import InvalidRequest, Unavailable
from jupyter_envs.model.request import ImportText, Inspect, Inspected
from jupyter_envs.model.sources import SETTINGS_ALONE, Sources

POPULAR = Path(__file__).with_name("popular.txt")
MOST_FOUND = 50
MOST_MEANT = 1500
KEPT_SECONDS = 600
# Files in which a line that begins with `#` is a comment.
_COMMENTED = (".txt", ".yml", ".yaml", ".toml", "Dockerfile")
_KEPT_MOST = 500


class Catalog:
    """Look-ups that need no environment, or one only for its packages.

    `installed` gives the normalised name of every distribution installed anywhere,
    with its summary where known; `interpreters` the Pythons, newest first;
    `default_index` the address of the index that stands when nobody names one.
    """

    def __init__(
        self,
        *,
        installed: Callable[[], Mapping[str, str | None]] = dict,
        interpreters: Callable[[], Iterable[Interpreter]] = tuple,
        default_index: Callable[[], Address] | None = None,
        environ: Mapping[str, str] = os.environ,
        root: str | None = None,
    ) -> None:
        """`root` is the folder that the paths of notebooks are below; without one nothing lies beside them."""
        self._root = os.path.realpath(os.path.expanduser(root)) if root else None
        self._installed = installed
        self._imports = Imports(
            lambda: {**dict.fromkeys(modules.distributions()), **_popular(), **installed()}, interpreters
        )
        self._default_index = default_index or _default_index
        self._environ = environ
        self._kept: dict[tuple[str, str], tuple[float, Versions]] = {}
        self._lock = threading.Lock()

    def formats(self) -> list[Format]:
        """Every format, with the ways that it works."""
        return [
            Format(
                name=known.name,
                title=known.title,
                filename=known.filename,
                imports=known.read is not None,
                exports=known.exports,
            )
            for known in registry.FORMATS
        ]

    def export(self, installed: Installed, format_name: str) -> Export:
        """What is `installed`, in a format.

        Raises:
            InvalidRequest: there is no such format, or it can be read alone.
        """
        chosen = self.exporter(format_name)
        if chosen.folder is not None:
            files = {
                path: installed.left_out + text if path.endswith(_COMMENTED) else text
                for path, text in chosen.folder(installed).items()
            }
            return Export(filename=chosen.filename, text="", files=files, media_type=chosen.media_type)
        assert chosen.write is not None
        return Export(
            filename=chosen.filename, text=installed.left_out + chosen.write(installed), media_type=chosen.media_type
        )

    def exporter(self, format_name: str) -> FileFormat:
        """The format called `format_name`, one that can be written; raises as `export`."""
        chosen = registry.by_name(format_name)
        if not chosen.exports:
            able = ", ".join(known.name for known in registry.FORMATS if known.exports)
            raise InvalidRequest(
                f"The format {chosen.name} is read only.", hint=f"Export as one of: {able}.", field="format"
            )
        return chosen

    def by_conda(self, source: ImportText, python: str | None = None) -> bool:
        """Whether only conda brings what the text of an import asks for.

        Raises:
            InvalidRequest: as `read`.
        """
        found = self.read(source, python)
        return bool(found.conda or found.archives)

    def is_program(self, source: ImportText) -> bool:
        """Whether the text of an import is a notebook or a script: a stranger's, whatever it says that it needs.

        Raises:
            InvalidRequest: there is no such format.
        """
        if source.format:
            return source.format in {known.name for known in registry.PROGRAMS}
        return registry.sniff(source.filename, source.text) in registry.PROGRAMS

    def read(self, source: ImportText, python: str | None = None, allowed: Sources = SETTINGS_ALONE) -> Read:
        """As `Imports.read`."""
        return self._imports.read(source, python, allowed)

    def inspect(self, request: Inspect) -> Inspected:
        """As `Imports.inspect`."""
        return self._imports.inspect(request)

    def search(self, q: str) -> list[Found]:
        """At most 50 packages, installed somewhere or much used, whose name holds `q`; what is most likely meant first.

        What a module of that name comes with stands first, then the name itself, those that begin with
        it, and the others, the much used ones before the rest. Without any, a name that `q` is a slip of.
        """
        wanted = re.sub(r"[-_.\s]+", "-", q.strip().lower())[:200]
        if not wanted.strip("-"):
            return []
        popular = _popular()
        installed = self._installed()
        ranks = {name: at for at, name in enumerate(popular)}
        brought = _brought(q.strip())
        fitting = {name for name in {**popular, **installed} if wanted in name} | set(brought)
        if not fitting and (near := self.meant(wanted)):
            fitting, brought = {near}, {near: f"Did you mean {near}?"}
        order = sorted(
            fitting,
            key=lambda name: (
                name not in brought,
                name != wanted,
                not name.startswith(wanted),
                name not in installed,
                ranks.get(name, len(ranks)),
                name,
            ),
        )
        return [
            Found(
                name=name,
                summary=installed.get(name) or popular.get(name) or None,
                source="installed" if name in installed else "popular",
                note=brought.get(name) or modules.instead_of(name),
            )
            for name in order[:MOST_FOUND]
        ]

    def versions(self, name: str, own: Own | None = None) -> Versions:
        """The versions of `name` that the user's indexes offer, newest first; an answer holds for ten minutes.

        With `own` they are those of that environment, whose own configuration of pip holds for it.

        Raises:
            InvalidRequest: `name` is not a package name.
            NotFound: no index knows it.
            Unavailable: an index cannot be reached, or pip's configuration cannot be read.
        """
        # Imported here: most calls of the command line look up no versions.
        from jupyter_envs.system import indexes, pipconf

        project = check_distribution(name, "name")
        environ = pipconf.within(self._environ, own)
        key = (project, pipconf.fingerprint(environ))
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = Versions(
            name=project,
            versions=indexes.versions(project, environ, self._default_index),
            summary=self._installed().get(project) or _popular().get(project),
        )
        with self._lock:
            while len(self._kept) >= _KEPT_MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (now, found)
        return found

    def meant(self, name: str) -> str | None:
        """The much used name that `name` looks like a slip of; None also where `name` is installed somewhere here."""
        from jupyter_envs.system.slips import meant

        return None if name in self._installed() or name in _popular() else meant(name, _most_used())

    def index(self) -> Address:
        """The address of the index that is asked for what no other one has.

        Raises:
            Unavailable: it is not known.
        """
        from jupyter_envs.system import pipconf, uvconf

        told = uvconf.told({**self._environ, **pipconf.uv_environment(self._environ)})
        return told.default or self._default_index()

    def providers(
        self,
        module: str,
        environments: Iterable[Environment],
        python: str | None = None,
        notebook: str | None = None,
    ) -> Providers:
        """As `modules.providers`, for what the index and the shipped lists here say.

        What lies beside a `notebook` is no package.
        """
        # Imported here: few ask.
        from jupyter_envs.engine.modules import own, providers

        if notebook is not None and self._root and (found := own(self._root, notebook, module)):
            return found
        return providers(module, environments, _popular(), self.versions, python)


def _brought(module: str) -> dict[str, str]:
    """What the shipped table says that a module of this name comes with, and a sentence that says so."""
    found = modules.known(module) if all(part.isidentifier() for part in module.split(".")) else None
    return dict.fromkeys(found.distributions, f"The module {module} comes with it.") if found else {}


@lru_cache(maxsize=1)
def _popular() -> dict[str, str]:
    """The shipped list, the most used name first: its summary, perhaps empty, by normalised name."""
    lines = POPULAR.read_text("utf-8").splitlines()
    return {name: summary for name, _, summary in (line.partition("\t") for line in lines) if name}


def installed_names(environments: Iterable[Environment], store: Path) -> dict[str, str | None]:
    """The normalised name of each distribution that pip or uv installed in one of `environments`, with its summary."""
    from jupyter_envs.system.metadata import read_packages

    found: dict[str, str | None] = {}
    for environment in environments:
        if environment.kind == "venv" and environment.state != "broken":
            for package in read_packages(environment.prefix, store=store):
                found.setdefault(re.sub(r"[-_.]+", "-", package.name).lower(), package.summary)
    return found


@lru_cache(maxsize=1)
def _most_used() -> frozenset[str]:
    """Names that somebody may well have meant who wrote something close to them."""
    return frozenset(islice(_popular(), MOST_MEANT))


@lru_cache(maxsize=1)
def _default_index() -> Address:
    from jupyter_envs.backends.uv import find_uv
    from jupyter_envs.system.indexes import ask_uv

    uv = find_uv()
    if uv is None:
        raise Unavailable(
            "Without uv it is not known which index to ask.",
            hint="Install uv, or name an index: `pip config set global.index-url URL`.",
            reason="no_index",
        )
    return ask_uv(uv)
