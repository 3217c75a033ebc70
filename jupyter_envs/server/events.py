"""Jupyter events for what happens to jobs, of this server and of other processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_envs.engine.jobstore import ID
from jupyter_envs.model import wire
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.job import Job
from jupyter_envs.server.waiting import FolderWait
from jupyter_envs.system.watch import existing

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_events import EventLogger

    from jupyter_envs.engine.jobs import Jobs

SCHEMA_ID = "https://schema.jupyter.org/jupyter_envs/job/v1"
SCHEMA = Path(__file__).with_name("job_event.yaml")
# Ten a second a job, and a little less.
APART = 0.11
# Between two looks at what other processes do, once file events tell that there is something to see.
WATCH = 0.1
# Between two looks while a job runs: that its process is gone is told by no file.
ALIVE = 1.0
# The most of the time that looks may take: where they are slow, they become rarer.
SHARE = 0.5
REMEMBERED = 1000
GRAIN = 2_000_000_000


class JobEvents:
    """Passes each news of a job on, on the loop, at most once per APART seconds a job; the last news always."""

    def __init__(self, logger: EventLogger, jobs: Jobs, threads: Executor) -> None:
        self._logger = logger
        self._jobs = jobs
        self._threads = threads
        self._told: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()
        self._waiting: dict[str, Job] = {}
        self._own: OrderedDict[str, None] = OrderedDict()
        self._watch = Watch(jobs)
        self._wait = FolderWait(threads)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; call it on the loop."""
        self._loop = asyncio.get_running_loop()
        self._unsubscribe = self._jobs.subscribe(self._from_thread)
        self._task = self._loop.create_task(self._look_around())

    def stop(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
        if self._task:
            self._task.cancel()
        self._wait.close()
        self._loop = None

    def _from_thread(self, job: Job) -> None:
        # The event logger wants a running loop, which a worker thread has not.
        if (loop := self._loop) is not None:
            try:
                loop.call_soon_threadsafe(self._ours, job)
            except RuntimeError:
                pass  # the loop was closed in between

    def _ours(self, job: Job) -> None:
        self._own[job.id] = None
        while len(self._own) > REMEMBERED:
            self._own.popitem(last=False)
        self._tell(job)

    async def _look_around(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            for job in await loop.run_in_executor(self._threads, self._watch.news):
                # Of our own jobs the subscription tells more, and sooner.
                if job.id not in self._own:
                    self._tell(job)
            missed = await self._wait.watch(self._watch.folders)
            await asyncio.sleep(max(WATCH, (loop.time() - began) / SHARE))
            if not missed:
                await self._wait.wait(ALIVE if self._watch.live else None)

    def _tell(self, job: Job) -> None:
        if self._loop is None:
            return
        if job.id in self._waiting:
            self._waiting[job.id] = job
            return
        last, moment = self._told.get(job.id), self._loop.time()
        wait = last[0] + APART - moment if last else 0
        if wait > 0:
            self._waiting[job.id] = job
            self._loop.call_later(wait, self._tell_waiting, job.id)
        else:
            self._emit(job, last[1] if last else None, moment)

    def _tell_waiting(self, job_id: str) -> None:
        job = self._waiting.pop(job_id)
        if self._loop is not None:
            last = self._told.get(job_id)
            self._emit(job, last[1] if last else None, self._loop.time())

    def _emit(self, job: Job, before: dict[str, Any] | None, moment: float) -> None:
        data = event(job)
        if data == before:
            return
        self._told[job.id] = (moment, data)
        self._told.move_to_end(job.id)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        self._logger.emit(schema_id=SCHEMA_ID, data=data)


class Watch:
    """Sees what other processes do: one stat of the jobs' folder a look, and a reading of jobs that have not ended."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._stamp = -1
        self._known: set[str] = set()
        self._live: dict[str, Job] = {}
        self._first = True

    def news(self) -> list[Job]:
        """The jobs that are new or changed since the last call; the first call only looks. Blocks."""
        try:
            stamp = os.stat(self._jobs.store.folder).st_mtime_ns
        except OSError:
            stamp = 0
        known = self._known
        if stamp == self._stamp:
            jobs = [job for job_id in self._live if (job := self._get(job_id))]
        else:
            # Within the clock's grain a second change leaves the same stamp: look once more then.
            self._stamp = stamp if time.time_ns() - stamp > GRAIN else -1
            jobs = self._jobs.list()
            self._known = {job.id for job in jobs}
        found = [job for job in jobs if job.id not in known or self._live.get(job.id, job) != job]
        self._live = {job.id: job for job in jobs if not job.over}
        first, self._first = self._first, False
        return [] if first else found

    @property
    def live(self) -> bool:
        """Whether a job had not ended at the last look."""
        return bool(self._live)

    def folders(self) -> list[str]:
        """The folders in which a job that is new or changes is seen. Blocks."""
        top = os.fspath(self._jobs.store.folder)
        try:
            # One without a state yet gets it in a moment.
            new = {name for name in os.listdir(top) if ID.match(name)} - self._known
        except OSError:
            new = set()
        return [existing(top), *(os.path.join(top, name) for name in sorted(new | self._live.keys()))]

    def _get(self, job_id: str) -> Job | None:
        try:
            return self._jobs.get(job_id)
        except NotFound:
            return None


def event(job: Job) -> dict[str, Any]:
    """What an event says about `job`: nothing of its result, its error or its log."""
    return {
        "id": job.id,
        "action": job.action,
        "title": job.title,
        "environment": job.environment,
        "state": job.state,
        "progress": wire.plain(job.progress),
    }
