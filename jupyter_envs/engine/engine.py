"""The one door to everything: each face asks here, and every change comes back as a task."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jupyter_envs.engine import history, settings
from jupyter_envs.engine.catalog import Catalog, installed_names
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.ledger import Ledger
from jupyter_envs.engine.outside import Outside
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.prefix import at_work
from jupyter_envs.engine.recover import Recovery
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Task
from jupyter_envs.model.catalog import Export, Format, Found, Providers, Versions
from jupyter_envs.model.conda import Terms
from jupyter_envs.model.disk import CacheEntry, Disk
from jupyter_envs.model.env import Activation, Environment, Interpreter, Manager, Own, Package, Problem, TreeNode
from jupyter_envs.model.errors import Conflict, NotFound
from jupyter_envs.model.lock import RevisionDetail
from jupyter_envs.model.plan import By, Revision
from jupyter_envs.model.project import Project, ProjectKernel
from jupyter_envs.model.request import Change, Clone, Create, Inspect, Inspected, Register, Repair, Rollback, Update

if TYPE_CHECKING:
    from jupyter_envs.engine.background import Background
    from jupyter_envs.engine.carry import Notebooks
    from jupyter_envs.engine.conda_catalog import CondaCatalog
    from jupyter_envs.engine.pythons import Pythons


class Engine:
    """Environments, their packages, kernels and jobs, for one face in one process.

    Reads only read files, and may block for some milliseconds; changes are checked
    at once and done by the job runner. `running` tells the names of the kernelspecs
    with a live kernel, as far as the face knows, `shell` the program that its
    terminals run.
    """

    def __init__(
        self,
        options: Settings | None = None,
        *,
        by: By = "rest",
        notebook_root: str | None = None,
        running: Callable[[], Iterable[str]] | None = None,
        shell: str | None = None,
    ) -> None:
        self.settings = options or settings.load()
        self.by = by
        self.jobs = Jobs(self.settings, by)
        self._running = running or (lambda: ())
        self._shell = shell
        self._kinds = Kinds(self.settings)
        self._discovery = Discovery(self.settings, notebook_root, self._kinds, by != "rest")
        self._ledger = Ledger(self.settings, self._kinds, self._discovery, by)
        self._outside = Outside(self._discovery, self._ledger.notice)
        self._recovery = Recovery(self.settings.state, lambda: self._parts)
        self._catalog = Catalog(
            installed=lambda: installed_names(self.environments(), self._store),
            interpreters=self.interpreters,
            root=notebook_root,
        )

    @cached_property
    def _parts(self) -> Parts:
        # Made on first use: a list of environments needs no backend.
        from jupyter_envs.engine.templates import Templates

        return Parts(
            settings=self.settings,
            kinds=self._kinds,
            templates=Templates(self.settings),
            discovery=self._discovery,
            catalog=self._catalog,
            ledger=self._ledger,
        )

    @cached_property
    def background(self) -> Background:
        """What this process does when nobody waits for it."""
        from jupyter_envs.engine.background import Background

        return Background(self._parts, self.jobs)

    @cached_property
    def notebooks(self) -> Notebooks:
        """Notebooks that carry their environment."""
        from jupyter_envs.engine.carry import Notebooks

        return Notebooks(self._parts, self.find, self.packages, self._running)

    @cached_property
    def pythons(self) -> Pythons:
        """Pythons that are not on this machine."""
        from jupyter_envs.engine.pythons import Pythons

        return Pythons(self._parts)

    def managers(self) -> list[Manager]:
        """The managers, also those that cannot be used now, with the reason."""
        from jupyter_envs.engine.managers import managers

        return managers(self._parts)

    def interpreters(self, refresh: bool = False) -> list[Interpreter]:
        """The Pythons of the machine, the default one first; with `refresh` each is asked again."""
        from jupyter_envs.system import interpreters

        self._recovery.look()
        return interpreters.find(self.settings.interpreters_file, refresh)

    def environments(self, refresh: bool = False) -> list[Environment]:
        """Every environment of the machine; with `refresh` the notebook root is searched again first."""
        self._recovery.look()
        found = self._discovery.environments(refresh)
        self._outside.look()
        busy = {job.environment for job in self.jobs.list() if not job.over and job.action != "plan"}
        return [at_work(e) if e.id in busy else e for e in found] if busy else found

    def projects(self, refresh: bool = False) -> list[Project]:
        """The projects below the notebook root, and those whose environments are known, by path."""
        from jupyter_envs.engine import projects

        return projects.projects(self._parts, refresh)

    def find(self, key: str) -> Environment:
        """The environment with the id, the prefix or the (unique) name `key`.

        Raises:
            NotFound: there is none.
            Conflict: several have this name.
        """
        found = self.environments()
        prefix = os.path.realpath(key) if os.path.isabs(key) else None
        for environment in found:
            if environment.id == key or (prefix and environment.prefix == prefix):
                return environment
        if prefix and "\0" not in key and os.path.isdir(prefix):
            return self._discovery.by_prefix(prefix)
        named = [e for e in found if e.name == key]
        if len(named) > 1:
            raise Conflict(
                f"Several environments are called {key}.",
                hint=f"Use the id: {', '.join(e.id for e in named)}.",
                reason="ambiguous",
            )
        if not named:
            raise NotFound(
                f"There is no environment {ascii(key)[:80]}.", hint="`jupyter envs list` shows what there is."
            )
        return named[0]

    def packages(self, key: str) -> list[Package]:
        """What is installed in an environment."""
        environment = self.find(key)
        own = self._discovery.adoption.own(environment.prefix)
        packages = self._kinds[environment.kind].packages(environment.prefix, self._store, own)
        project = self._discovery.project_of(environment.prefix)
        if project is None:
            return packages
        from jupyter_envs.engine.requested import of_project

        tool, folder = project.tool, project.folder
        return of_project(packages, tool.requested(folder), tool.locked(folder))

    def tree(self, key: str) -> list[TreeNode]:
        """What needs what in an environment."""
        environment = self.find(key)
        return self._kinds[environment.kind].tree(environment.prefix)

    def formats(self) -> list[Format]:
        """The formats that can be read or written."""
        return self._catalog.formats()

    def export(self, key: str, format_name: str) -> Export:
        """An environment as a file.

        Raises:
            NotFound: there is no such environment.
            InvalidRequest: there is no such format to write.
        """
        from jupyter_envs.engine.exports import export

        environment = self.find(key)
        kind = self._kinds[environment.kind]
        own = self._discovery.adoption.own(environment.prefix)
        written = export(self._catalog, kind, environment, own, self.packages(environment.id), format_name)
        return replace(written, filename=f"{environment.name.replace('/', '-')}-{written.filename}")

    def history(self, key: str) -> list[Revision]:
        """The changes of an environment, the newest first; what its tool noted where we have not noted any."""
        environment = self.find(key)
        if environment.prefix in self._discovery.suspects():
            self._ledger.notice(environment)
        own = self._discovery.adoption.own(environment.prefix)
        noted = history.revisions(own) if own else []
        return (noted or self._kinds[environment.kind].past(environment.prefix))[::-1]

    def revision(self, key: str, number: int, against: int | None = None) -> RevisionDetail:
        """One revision with what stood after it, and what had changed since the revision `against`.

        Raises:
            NotFound: there is no such environment, or it has no such revision.
        """
        from jupyter_envs.engine.rollback import detail

        environment = self.find(key)
        return detail(environment, self._discovery.adoption.own(environment.prefix), number, against)

    def health(self, key: str) -> list[Problem]:
        """What is wrong with an environment, or may become so."""
        from jupyter_envs.engine.health import check

        environment = self.find(key)
        return check(environment, self._kinds[environment.kind], self.settings)

    def inspect(self, request: Inspect) -> Inspected:
        """The create request that a file means."""
        return self._catalog.inspect(request)

    def search(
        self, q: str, manager: str | None = None, channel: str | None = None, environment: str | None = None
    ) -> list[Found]:
        """Known package names that fit `q`; those of channels where `manager` has channels, or one is named.

        With an `environment` they are those that it takes its packages from.
        """
        by_channel, own = self._with_channels(manager, channel, environment)
        return self._conda_catalog.search(q, channel, own) if by_channel else self._catalog.search(q)

    def versions(
        self, name: str, manager: str | None = None, channel: str | None = None, environment: str | None = None
    ) -> Versions:
        """The versions of a package that the user's indexes, or channels, offer; chosen as for `search`."""
        by_channel, own = self._with_channels(manager, channel, environment)
        return self._conda_catalog.versions(name, channel, own) if by_channel else self._catalog.versions(name, own)

    def terms(self, channel: str | None = None) -> list[Terms]:
        """The terms of service of a conda channel, or of those of the settings, accepted or not."""
        return self._conda_catalog.terms(channel)

    def accept_terms(self, channel: str) -> list[Terms]:
        """Remember that the user accepts the terms of a conda channel."""
        return self._conda_catalog.accept(channel)

    def providers(self, module: str, environment: str | None = None, notebook: str | None = None) -> Providers:
        """As `Catalog.providers`, for the Python of an environment; what lies beside a `notebook` is no package."""
        python = self.find(environment).python if environment else None
        return self._catalog.providers(module, self.environments(), python.version if python else None, notebook)

    def activation(self, key: str) -> Activation:
        """The commands that activate an environment in a terminal, for each shell."""
        from jupyter_envs.engine.shells import activation

        return activation(self.find(key), self._shell)

    def cache(self) -> list[CacheEntry]:
        """The caches with their sizes; counting may take seconds."""
        from jupyter_envs.engine import caches

        return caches.entries(self._parts)

    def disk(self) -> Disk:
        """What each environment and cache takes on disk, as it was counted last."""
        from jupyter_envs.engine import disk

        return disk.known(self._parts, self.environments())

    def count_disk(self, refresh: bool = False) -> Task:
        from jupyter_envs.engine import disk

        return disk.count(self._parts, self.environments(), refresh)

    def create(self, request: Create) -> Task:
        from jupyter_envs.engine.rebuild import create_from

        return self.pythons.creating(lambda asked: create_from(self._parts, asked, self._running), request)

    def change(self, key: str, request: Change) -> Task:
        from jupyter_envs.engine.change import change

        return change(self._parts, self.find(key), request)

    def update(self, key: str, request: Update) -> Task:
        from jupyter_envs.engine.keep import update

        return update(self._parts, self.find(key), request, self._running)

    def remove(self, key: str, force: bool = False) -> Task:
        from jupyter_envs.engine.keep import remove

        return remove(self._parts, self.find(key), force, self._running)

    def clone(self, key: str, request: Clone) -> Task:
        from jupyter_envs.engine.create import clone

        return clone(self._parts, self.find(key), request)

    def rollback(self, key: str, request: Rollback) -> Task:
        from jupyter_envs.engine.rollback import rollback

        return rollback(self._parts, self.find(key), request)

    def repair(self, key: str, request: Repair | None = None) -> Task:
        from jupyter_envs.engine.keep import repair

        return repair(self._parts, self.find(key), request or Repair())

    def register(self, key: str, request: Register) -> Task:
        from jupyter_envs.engine.keep import register

        return register(self._parts, self.find(key), request)

    def project_kernel(self, request: ProjectKernel) -> Task:
        from jupyter_envs.engine import projects

        return projects.kernel(self._parts, request)

    def unregister(self, key: str) -> Environment:
        """Delete the kernelspecs of an environment that are ours; the environment stays.

        Raises:
            NotFound: there is no such environment.
            Conflict: it has no kernelspec of ours.
        """
        from jupyter_envs.engine.keep import unregister

        environment = self.find(key)
        unregister(self._parts, environment)
        return self._discovery.by_prefix(environment.prefix)

    def clean_cache(self, names: list[str]) -> Task:
        from jupyter_envs.engine import caches

        return caches.clean(self._parts, names)

    def prepare_templates(self) -> bool:
        """Bring templates and spares up to date; True when something was done. Takes seconds."""
        from jupyter_envs.engine.background import prepare

        return prepare(self._parts)

    def separate_files(self) -> None:
        """Part the files that environments still share after a job, gently; may take minutes."""
        from jupyter_envs.engine.background import separate

        separate(self._parts, self.jobs)

    def start_background(self) -> None:
        """Begin what a server does aside: prune, measure sizes, prepare templates when it is quiet."""
        self.background.start(self._recovery)
        self._outside.start()
        self._discovery.start_sizing()

    def close(self) -> None:
        """Cancel what runs and stop what was begun aside."""
        self._outside.stop()
        self.jobs.close()
        self._recovery.stop()
        if "background" in self.__dict__:
            self.background.stop()
        else:
            # A short-lived process leaves nothing undone that takes it a moment.
            self._outside.settle(0.2)
            for own in filter(None, map(self._discovery.adoption.own, self._ledger.incomplete)):
                self._ledger.complete(own, threading.Event(), offline=True)
        self._discovery.close()

    @cached_property
    def _conda_catalog(self) -> CondaCatalog:
        from jupyter_envs.engine.conda_catalog import CondaCatalog

        return CondaCatalog(self.settings)

    def _with_channels(self, manager: str | None, channel: str | None, key: str | None) -> tuple[bool, Own | None]:
        """Whether channels are asked, and the environment `key` that they are asked for, where it is the user's own."""
        found = self.find(key) if key is not None else None
        conda = found is not None and found.kind == "conda"
        backend = self._parts.backends.get(manager) if manager is not None else None
        named = backend.can.channels if backend else manager is None and channel is not None
        own = self._discovery.adoption.own(found.prefix) if found and (conda or not named) else None
        return conda or named, own

    @property
    def _store(self) -> Path:
        return self.settings.state / "packages"
