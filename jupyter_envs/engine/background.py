"""What is done when nobody waits for it: own files, templates, bytecode, pruning; gently, ended with its process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jupyter_envs.engine import kernels, own_files, scratch
from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.kinds.base import Recipe
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.recover import Recovery
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import EnvsError, Unavailable
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Create
from jupyter_envs.system import temporary
from jupyter_envs.system.files import listing, remove_tree
from jupyter_envs.system.metadata import dist_infos, record_files
from jupyter_envs.system.paths import MAIN, python_of
from jupyter_envs.system.process import run

# Without a delay, a job that runs would be looked at without a pause.
_SHORTEST = 0.05


class Background:
    """A thread that waits for quiet, no job of ours for `prepare_delay` seconds, and one that waits for a job's end."""

    def __init__(self, parts: Parts, jobs: Jobs) -> None:
        self._parts = parts
        self._jobs = jobs
        self._stop = threading.Event()
        self._woken = threading.Event()
        # Set while there is something better to do than to compile.
        self._busy = threading.Event()
        self._to_compile: dict[str, set[str]] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        # A job has ended, or there may be something left from before.
        self._ended = threading.Event()
        self._own_files: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self, recovery: Recovery) -> None:
        """Begin, with what killed processes left; returns at once."""
        self._recovery = recovery
        self._unsubscribe = self._jobs.subscribe(self._on_job)
        thread = threading.Thread(target=self._work, name="jupyter-envs-background", daemon=True)
        thread.start()
        separating = threading.Thread(target=self._separate, name="jupyter-envs-own-files", daemon=True)
        separating.start()
        self._thread, self._own_files = thread, separating

    def stop(self) -> None:
        """End what runs and wait for it."""
        if self._unsubscribe:
            self._unsubscribe()
        self._stop.set()
        self._busy.set()
        self._woken.set()
        self._ended.set()
        for thread in (self._thread, self._own_files):
            if thread:
                thread.join(10)

    def _on_job(self, job: Job) -> None:
        if job.state == "succeeded" and job.result and self._parts.settings.compile_after:
            plan, environment = job.result.get("plan"), job.result.get("environment")
            if isinstance(plan, dict) and isinstance(environment, dict) and job.action != "plan":
                names = {p["name"] for p in (*plan["added"], *plan["changed"])}
                with self._guard:
                    self._to_compile.setdefault(environment["prefix"], set()).update(names)
        self._busy.set()
        if job.over:
            self._woken.set()
            self._ended.set()

    def _work(self) -> None:
        # Whoever asks first finds them read; where they cannot be, he is told why.
        with suppress(OSError, EnvsError):
            self._recovery.look()
            self._parts.discovery.environments()
        first = True
        while not self._stop.is_set():
            if not self._quiet():
                return
            try:
                if first:
                    tidy(self._parts, self._jobs)
                    self._ended.set()
                else:
                    temporary.sweep(self._parts.settings.state / "tmp")
                first = False
                self._complete()
                self._prepare()
                self._compile()
            except (OSError, EnvsError):
                pass  # what could not be done aside is done when it is needed
            self._woken.wait()
            self._woken.clear()

    def _quiet(self) -> bool:
        """Wait until no job has run for a while; False when we are stopped meanwhile."""
        while not self._stop.wait(max(self._parts.settings.prepare_delay, _SHORTEST)):
            if not self._jobs.active() and not self._woken.is_set():
                return True
            self._woken.clear()
        return False

    def _prepare(self) -> None:
        """In a process of its own: thousands of links here would slow the server's other threads."""
        if self._parts.templates.enabled:
            self._apart("prepare")

    def _separate(self) -> None:
        """After each job, without a delay: until then an edit could reach another environment."""
        while self._ended.wait() and not self._stop.is_set():
            self._ended.clear()
            if not self._jobs.active() and own_files.left(self._parts.settings.state):
                with suppress(OSError, EnvsError):
                    self._apart("own-files")

    def _apart(self, verb: str) -> None:
        options = self._parts.settings.options()
        run([sys.executable, MAIN, verb, "--settings", options], cancelled=self._stop, nice=True)

    def _complete(self) -> None:
        """Find the hashes that could not be known at once, from what was downloaded before if possible."""
        ledger = self._parts.ledger
        for prefix in list(ledger.incomplete):
            ledger.incomplete.discard(prefix)
            own = self._parts.own(prefix)
            if own and not ledger.complete(own, self._stop, offline=True) and not self._stop.is_set():
                ledger.complete(own, self._stop, offline=False)

    def _compile(self) -> None:
        """Until a job comes: it may need all of the machine, and after it a spare is wanted first."""
        self._busy.clear()
        if self._jobs.active() or self._stop.is_set():
            return
        while not self._busy.is_set():
            with self._guard:
                if not self._to_compile:
                    return
                prefix, names = self._to_compile.popitem()
            if own := self._parts.own(prefix):
                compile_packages(own, names, self._busy)
            if self._busy.is_set():
                # What is compiled already is passed over the next time.
                with self._guard:
                    self._to_compile.setdefault(prefix, set()).update(names)


def separate(parts: Parts, jobs: Jobs) -> None:
    """Part the files that environments still share after a job, while none runs in any process."""
    own_files.Separation(
        parts.settings.state, parts.own, parts.lock_file, lambda: any(not job.over for job in jobs.list())
    ).run()


def prepare(parts: Parts) -> bool:
    """Make the template and the spares of the default kind and of those asked for last; True when anything was done."""
    recipes: list[Recipe] = []
    if default := parts.backends.get(parts.settings.default_manager):
        with suppress(Unavailable):
            recipes.append(parts.kind_of(default).recipe(default, Create()))
    recipes += [recipe for recipe in parts.templates.wanted() if recipe not in recipes]
    done = False
    for recipe in recipes:
        backend = parts.backends.get(recipe.manager)
        # An interpreter that was asked for may be gone by now.
        if backend and backend.missing() is None:
            with suppress(FileNotFoundError):
                done = parts.templates.prepare(parts.kind_of(backend), recipe) or done
    return done


def tidy(parts: Parts, jobs: Jobs) -> None:
    """Remove what ended processes left: old jobs, unfinished trees, kernelspecs of ours whose environment is gone."""
    jobs.store.prune()
    kernels.prune()
    state, roots = parts.settings.state, parts.kinds.roots
    temporary.sweep(state / "tmp")
    # A tree in the making belongs to a job that runs somewhere; with none, what was there before was left behind.
    places = [*(scratch.folder(root, name) for root in roots for name in (scratch.NEW, scratch.BIN)), state / ".gone"]
    left = [path for place in places for path in below(place)]
    if any(not job.over for job in jobs.list()):
        return
    for path in left:
        remove_tree(path)


def below(folder: Path) -> list[Path]:
    """What is in `folder`; nothing where it cannot be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def compile_packages(prefix: Own, names: set[str], stop: threading.Event) -> None:
    """Compile the modules of the distributions `names`, at low priority, so that their first import is fast."""
    infos = dist_infos(prefix)
    files = [
        os.fspath(path)
        # conda's names keep their underscores.
        for name in {name.replace("_", "-") for name in names}
        if name in infos
        for path in record_files(infos[name])
        if path.suffix == ".py" and "site-packages" in path.parts
    ]
    if not files or not os.path.exists(python_of(prefix)):
        return
    with listing(files) as file:
        # One thread and the lowest priority: a notebook at work comes first.
        run(
            [os.fspath(python_of(prefix)), "-I", "-m", "compileall", "-q", "-i", file],
            cancelled=stop,
            nice=True,
        )
