"""Find every environment on the machine that its user would expect, from files alone."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import NamedTuple

from msgspec.structs import replace

from jupyter_envs.backends import tools
from jupyter_envs.backends.pipenv import workon_home
from jupyter_envs.engine import index as stored
from jupyter_envs.engine import prefix, registered, scan, tool_environments
from jupyter_envs.engine.adoption import Adoption
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.owners import Owned, Owners
from jupyter_envs.engine.owners import homes as managed_homes
from jupyter_envs.engine.places import Places, distinct_names, raw_name
from jupyter_envs.engine.prefix import packages_time
from jupyter_envs.engine.registered import Registered
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.tool_environments import Made, ToolEnvironments
from jupyter_envs.model.env import Environment, environment_id
from jupyter_envs.model.errors import NotFound
from jupyter_envs.system import conda_environments, conda_places
from jupyter_envs.system.files import atomic_write, lock, tree_size
from jupyter_envs.system.reading import read_text

# Seconds: what was just made is about to be used, and counting ten thousand files would slow its kernel's start.
_BEFORE_SIZING = 1.5


class _Around(NamedTuple):
    """What decides whether an environment is managed, a project's, or protected."""

    roots: list[str]
    homes: list[str]
    here: str
    managers: dict[str, str]
    owners: dict[str, Owned]
    made: dict[str, Made]


class Discovery:
    """The environments, kept in memory and on disk by the times of their files; starts no process."""

    def __init__(self, settings: Settings, notebook_root: str | None, kinds: Kinds, everywhere: bool = False) -> None:
        """With `everywhere` it also has what earlier searches of this user found below other folders."""
        self._settings = settings
        self._kinds = kinds
        self._everywhere = everywhere
        self._places = Places(kinds, settings.state)
        self._file = settings.state / "index.json"
        self._packages = settings.state / "packages"
        self._noted_file = settings.state / "prefixes.txt"
        self._lock = threading.RLock()
        self._index: stored.Index | None = None
        self._changed = False
        self._built: dict[str, tuple[object, Environment]] = {}
        self.adoption = Adoption(settings, notebook_root)
        self._root = os.path.realpath(os.path.expanduser(notebook_root)) if notebook_root else None
        self._walk: scan.Walk | None = None
        self._unsized = threading.Event()
        self._closed = threading.Event()
        self.owners = Owners()
        self._tools = ToolEnvironments()
        self._sizer: threading.Thread | None = None

    def environments(self, refresh: bool = False) -> list[Environment]:
        """Every environment, sorted by name; broken ones are among them and say what is wrong.

        Without `refresh` a change is seen by the times of files, and the notebook
        root as it was at most some 30 s ago; the first call waits for that.
        """
        if walk := self._walking():
            walk.seen(refresh)
        with self._lock:
            if refresh:
                self._forget_stamps()
            return list(self._list().values())

    def by_prefix(self, prefix: str) -> Environment:
        """The environment at `prefix`.

        Raises:
            NotFound: there is none.
        """
        real = os.path.realpath(prefix)
        with self._lock:
            found = self._list(real).get(real)
        if found is None:
            raise NotFound(f"There is no environment at {prefix}.", hint="The list of environments shows them all.")
        return found

    def name_for(self, prefix: str) -> str:
        """What an environment at `prefix` (links resolved) is called, before its name has to differ from others'."""
        return tool_environments.names([prefix]).get(prefix) or raw_name(prefix, self._places.homes())

    def note_prefix(self, prefix: str) -> None:
        """Remember an environment that was made outside the roots, for every process."""
        self._note(os.path.realpath(prefix), True)

    def forget_prefix(self, prefix: str) -> None:
        """Drop what `note_prefix` noted; unknown is fine."""
        real = os.path.realpath(prefix)
        if real in self._noted():
            self._note(real, False)

    def suspects(self) -> dict[str, int]:
        """The user's own with a history that may have changed since, with the time (ns since the epoch) of that."""
        with self._lock:
            known = self._loaded().known.items()
            return {
                path: entry.changed
                for path, entry in known
                if entry.environment.revision is not None and entry.stamp and entry.noted_at != entry.changed
            }

    def noted(self, prefix: str) -> None:
        """Remember that the history of an environment tells all that was done up to now."""
        real = os.path.realpath(prefix)
        with self._lock:
            if known := self._loaded().known.get(real):
                known.noted_at = packages_time(real)
                self._changed = True

    def start_sizing(self) -> None:
        """Compute sizes on disk from now on, one environment at a time, in a background thread."""
        with self._lock:
            if self._sizer is None and not self._closed.is_set():
                self._unsized.set()
                sizer = threading.Thread(target=self._size_all, name="environment-sizes", daemon=True)
                sizer.start()
                self._sizer = sizer

    def close(self) -> None:
        """End the background thread; what it found is kept."""
        self._closed.set()
        self._unsized.set()
        if self._sizer:
            self._sizer.join(5)

    def _list(self, further: str | None = None) -> dict[str, Environment]:
        index = self._loaded()
        homes = self._places.homes()
        walked = self._walk.last() if self._walk else scan.Seen()
        if self._everywhere:
            walked = scan.together([walked, *index.walks.values()])
        owners = {
            path: project
            for project in filter(None, map(self.owners.project, walked.projects))
            for path in self._link(index, project)
            if not self.is_managed(path)
        }
        made = self._tools.made(walked, index.projects)
        self._note_made(index, made)
        extra = [*walked.environments, *index.projects, *made, *self._noted(), *([further] if further else [])]
        known = {path: read for path in self._places.prefixes(homes, extra) if (read := self._read(index, path))}
        specs = registered.by_prefix(known)
        around = _Around(self._places.roots(), homes, os.path.realpath(sys.prefix), managed_homes(), owners, made)
        raw = {path: raw_name(path, homes) for path in known} | tool_environments.names(known)
        names = distinct_names(raw, around.roots[0])
        found = {
            path: self._build(known[path], raw[path], names[path], specs.get(path, []), around)
            for path in sorted(known, key=lambda p: (names[p].lower(), p))
        }
        if any(entry.sized_at != entry.stamp[4] for entry in known.values()):
            self._unsized.set()
        self._keep_walk(index)
        if self._changed:
            self._save(index, known)
        return found

    def _read(self, index: stored.Index, path: str) -> prefix.Known | None:
        known = index.known.get(path)
        own = self.adoption.own(path)
        unchanged = known and known.environment.adopted == (own is not None)
        if known and unchanged and known.stamp == prefix.stamp_of(path, known.site, known.home):
            return known
        new = prefix.read(path, own)
        if new is None:
            if known:
                del index.known[path]
                self._changed = True
            return None
        if known:
            # The old size is shown until the new one is known.
            new.size, new.sized_at, new.noted_at = known.size, known.sized_at, known.noted_at
        index.known[path] = new
        self._changed = True
        return new

    def _build(self, known: prefix.Known, raw: str, name: str, specs: list[Registered], around: _Around) -> Environment:
        path = known.environment.prefix
        parent = os.path.dirname(path)
        owner = around.owners.get(path) or (None if parent in around.roots else self.project_of(path))
        manager = owner.tool.name if owner else around.managers.get(parent)
        made = around.made.get(path) or tool_environments.of_place(path)
        inputs = (known.environment, known.size, raw, name, specs, owner and owner.folder, manager, made)
        before = self._built.get(path)
        if before and before[0] == inputs:
            return before[1]
        environment = known.environment
        project = owner.folder if owner else None
        if project is None and made and parent not in around.roots:
            project = made.project
        if project is None and made is None and parent not in around.homes and environment.kind == "venv":
            project = parent if self._is_project(path, raw) else None
        problems = list(environment.problems)
        if not any(problem.severity == "error" for problem in problems):
            problems += registered.problems(known, specs)
        built = replace(
            environment,
            id=environment_id(path, raw),
            name=name,
            manager=manager or environment.manager,
            managed=any(_below(path, root) for root in around.roots),
            protected=path == around.here
            or manager in tools.MANAGERS
            or conda_places.is_base(path)
            or conda_environments.frozen(path),
            project=project,
            lock=owner.tool.lock if owner else None,
            tool=made.tool if made and parent not in around.roots and owner is None else None,
            kernels=[spec.kernel for spec in specs],
            size=known.size,
            problems=problems,
        )
        self._built[path] = (inputs, built)
        return built

    def _is_project(self, path: str, raw: str) -> bool:
        return "/" in raw or (self._root is not None and _below(path, self._root))

    def project_of(self, prefix: str) -> Owned | None:
        """The project whose environment is at `prefix`, as far as its folder is known."""
        if self.is_managed(prefix):
            return None
        with self._lock:
            return self.owners.of(prefix, self._loaded().projects.get(prefix))

    def is_managed(self, prefix: str) -> bool:
        """Whether `prefix` lies in a root: then it is no project's, whatever a link in some folder claims."""
        return os.path.dirname(prefix) in self._places.roots()

    def note_project(self, project: Owned) -> None:
        """Remember whose the environments of `project` are, for every process."""
        with self._lock:
            self._link(self._loaded(), project)

    def projects(self, refresh: bool = False) -> list[Owned]:
        """The projects below the notebook root, and those whose environments are known, by their folders."""
        if walk := self._walking():
            walk.seen(refresh)
        with self._lock:
            folders = [*(self._walk.last().projects if self._walk else []), *self._loaded().projects.values()]
            return [project for project in map(self.owners.project, sorted(set(folders))) if project]

    def _link(self, index: stored.Index, project: Owned) -> list[str]:
        """Note whose the environments of `project` are, and return them."""
        made = self.owners.made(project)
        for path in made:
            if index.projects.get(path) != project.folder:
                index.projects[path] = project.folder
                self._changed = True
        return made

    def _note_made(self, index: stored.Index, made: dict[str, Made]) -> None:
        for path, each in made.items():
            if each.project and index.projects.get(path) != each.project:
                index.projects[path] = each.project
                self._changed = True

    def _walking(self) -> scan.Walk | None:
        if self._root is None:
            return None
        with self._lock:
            if self._walk is None:
                self._walk = scan.Walk(self._search_root, self._loaded().walks.get(self._root))
            return self._walk

    def _search_root(self) -> scan.Seen:
        assert self._root is not None
        return scan.search(
            self._root,
            depth=self._settings.scan_depth,
            limit=self._settings.scan_limit,
            seconds=self._settings.scan_seconds,
            markers=self.owners.markers | {"hatch.toml"},
            workon=workon_home(),
        )

    def _keep_walk(self, index: stored.Index) -> None:
        if self._walk and self._root and self._walk.last() != index.walks.get(self._root, scan.Seen()):
            index.walks.pop(self._root, None)
            index.walks[self._root] = self._walk.last()
            self._changed = True

    def _loaded(self) -> stored.Index:
        if self._index is None:
            self._index = stored.load(self._file)
        return self._index

    def _save(self, index: stored.Index, current: dict[str, prefix.Known]) -> None:
        for path in [p for p in index.known if p not in current and not os.path.isdir(p)]:
            del index.known[path]
            self._built.pop(path, None)
        for path in [p for p in index.projects if not os.path.isdir(p)]:
            del index.projects[path]
        stored.save(self._file, index)
        self._changed = False

    def _forget_stamps(self) -> None:
        for known in self._loaded().known.values():
            known.stamp = []

    def _noted(self) -> list[str]:
        try:
            lines = read_text(self._noted_file, errors="surrogateescape").splitlines()
        except OSError:
            return []
        return [line for line in lines if os.path.isabs(line)]

    def _note(self, real: str, wanted: bool) -> None:
        with lock(self._noted_file.with_suffix(".lock"), lambda: None):
            noted = [*(path for path in self._noted() if path != real), *([real] if wanted else [])]
            if noted:
                atomic_write(self._noted_file, "".join(f"{path}\n" for path in noted), durable=True)
            else:
                self._noted_file.unlink(missing_ok=True)

    def _size_all(self) -> None:
        while self._unsized.wait() and not self._closed.is_set():
            if self._closed.wait(_BEFORE_SIZING):
                return
            self._unsized.clear()
            with self._lock:
                # Read under the lock: a list that is asked for anew empties the stamps meanwhile.
                entries = [(path, known, known.stamp[4]) for path, known in self._loaded().known.items() if known.stamp]
            for path, known, stamp in entries:
                if self._closed.is_set():
                    return
                if known.sized_at == stamp or not os.path.isdir(path):
                    continue
                began = time.monotonic()
                size = tree_size(path)
                with self._lock:
                    known.size, known.sized_at = size, stamp
                    self._changed = True
                # So that the first look at its packages finds them read.
                self._kinds[known.environment.kind].packages(path, self._packages)
                # Rest as long as it took: the requests in this process come first.
                self._closed.wait(min(1.0, 0.05 + time.monotonic() - began))


def _below(path: str, folder: str) -> bool:
    """Whether `path` lies below `folder`; both have their links resolved."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)
