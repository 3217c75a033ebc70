"""Run tasks as jobs: a bounded pool, one at a time per environment, cancel from any process."""

from __future__ import annotations

import builtins
import errno
import logging
import os
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from msgspec.structs import replace

from jupyter_envs.engine.jobstore import JobStore, now
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Stream, Task
from jupyter_envs.model.errors import Cancelled, EnvsError, Failed
from jupyter_envs.model.job import ErrorBody, Job, JobState, LogLine, Progress
from jupyter_envs.model.wire import error_body
from jupyter_envs.system.disks import FULL, disk_of, full
from jupyter_envs.system.redact import redact, redacted

Listener = Callable[[Job, list[LogLine]], None]
TICK = 0.1


class Run:
    """One job while it is ours: the context of its task, and the keeper of its state."""

    def __init__(self, task: Task, job: Job, jobs: Jobs, listener: Listener | None) -> None:
        self.task = task
        self.job = job
        self.cancelled = threading.Event()
        self._jobs = jobs
        self._listener = listener
        self._changed = False
        self._fresh: list[LogLine] = []
        self._guard = threading.RLock()
        # Two threads tell: nobody may hear an older state after a newer one.
        self._telling = threading.RLock()

    def step(self, phase: str, done: int | None = None, total: int | None = None, unit: str | None = None) -> None:
        self.check()
        phase = redacted(phase, 200)
        fraction = min(done / total, 1.0) if done is not None and total else None
        with self._guard:
            before = self.job.progress
            changed_phase = phase != before.phase
            if fraction is not None and not changed_phase and unit == before.unit:
                # The total may grow on the way; the bar stands still then.
                fraction = max(fraction, before.fraction or 0.0)
            progress = Progress(phase=phase, done=done, total=total, unit=unit, fraction=fraction)
            self.job = replace(self.job, progress=progress)
            self._changed = True
        if changed_phase:
            self.line(phase)

    def line(self, text: str, stream: Stream = "info") -> None:
        lines = self._jobs.store.append(self.job.id, text, stream)
        if self._listener:
            with self._guard:
                self._fresh += lines

    def about(self, environment: str) -> None:
        with self._guard:
            self.job = replace(self.job, environment=environment)
            self._changed = True

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("The job was cancelled.", hint="The environment is as it was.")

    def enter(self, state: JobState, **fields: Any) -> None:
        with self._guard:
            self.job = replace(self.job, state=state, **fields)
            self._changed = True
        self.tell()

    def tell(self) -> None:
        """Write what has changed and pass it on; called at most every TICK but for changes of state."""
        with self._telling:
            with self._guard:
                changed, self._changed = self._changed, False
                fresh, self._fresh = self._fresh, []
                job = self.job
                if changed:
                    self._jobs.store.save(job)
            if self._listener and (changed or fresh):
                self._listener(job, fresh)
            if changed:
                self._jobs.publish(job)


class Jobs:
    """The jobs of this process, and a view of everybody's."""

    def __init__(self, settings: Settings, by: str = "rest") -> None:
        self.store = JobStore(settings)
        self._settings = settings
        self._by = by
        self._limit = settings.max_jobs
        self.used = False
        self._runs: dict[str, Run] = {}
        self._behind: dict[str, deque[Run]] = {}
        self._guard = threading.Lock()
        self._idle = threading.Condition(self._guard)
        self._pool: ThreadPoolExecutor | None = None
        self._ticker: threading.Thread | None = None
        self._subscribers: list[Callable[[Job], None]] = []

    def submit(self, task: Task) -> Job:
        """Queue `task` and return its job at once; at most `max_jobs` run side by side."""
        run = self._admit(task, None)
        queued = run.job
        with self._guard:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._limit, "jupyter-envs-job")
            if task.key is not None and task.key in self._behind:
                self._behind[task.key].append(run)
                return queued
            if task.key is not None:
                self._behind[task.key] = deque()
            self._pool.submit(self._perform, run)
        return queued

    def run(self, task: Task, listener: Listener | None = None) -> Job:
        """Do `task` here and now and return its ended job; a failure is in the job, not raised.

        `listener` gets the job and its new log lines, at most ten times a second.
        """
        run = self._admit(task, listener)
        self._perform(run)
        return run.job

    def list(self) -> list[Job]:
        """The jobs of every process, newest first."""
        with self._guard:
            mine = {key: run.job for key, run in self._runs.items()}
        return [mine.get(job.id, job) for job in self.store.list()]

    def get(self, job_id: str) -> Job:
        """One job, as often as wanted.

        Raises:
            NotFound: there is no such job, or it was pruned.
        """
        with self._guard:
            run = self._runs.get(job_id)
        return run.job if run else self.store.get(job_id)

    def log(self, job_id: str, since: int = 0) -> builtins.list[LogLine]:
        """The log lines after number `since`.

        Raises:
            NotFound: there is no such job.
        """
        return self.store.log(job_id, since)

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job of any process; one that has ended stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        job = self.get(job_id)
        if not job.over:
            with self._guard:
                run = self._runs.get(job_id)
            if run:
                run.cancelled.set()
            else:
                self.store.ask_cancel(job_id)
        return self.get(job_id)

    def subscribe(self, callback: Callable[[Job], None]) -> Callable[[], None]:
        """Call `callback` with each new state of our jobs, on worker threads; the result ends that."""
        self._subscribers.append(callback)

        def end() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return end

    def publish(self, job: Job) -> None:
        for callback in list(self._subscribers):
            try:
                callback(job)
            except Exception:
                # A job does not depend on those who watch it.
                logging.getLogger(__name__).warning("Nobody was told of a job's state.", exc_info=True)

    def active(self) -> builtins.list[Job]:
        """Our jobs that have not ended."""
        with self._guard:
            # One that has ended stays among the runs for a moment, until its log is closed.
            return [run.job for run in self._runs.values() if not run.job.over]

    def close(self, timeout: float = 10) -> None:
        """Cancel what runs and wait up to `timeout` seconds for it to end."""
        with self._guard:
            for run in self._runs.values():
                run.cancelled.set()
            self._idle.wait_for(lambda: not self._runs, timeout)
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown(wait=False, cancel_futures=True)
        self.store.close()

    def _admit(self, task: Task, listener: Listener | None) -> Run:
        job = self.store.new(task.action, task.title, task.environment, self._by)
        run = Run(task, job, self, listener)
        self.used = True
        with self._guard:
            self._runs[job.id] = run
            if self._ticker is None or not self._ticker.is_alive():
                self._ticker = threading.Thread(target=self._tick, name="jupyter-envs-tick", daemon=True)
                self._ticker.start()
        self.publish(job)
        return run

    def _perform(self, run: Run) -> None:
        task = run.task
        try:
            run.check()
            run.enter("running", started=now())
            result = task.work(run)
            run.enter("succeeded", ended=now(), result=result)
        except Cancelled as error:
            run.enter("cancelled", ended=now(), error=_told(error))
        except EnvsError as error:
            self._fail(run, self._disk_full(task, error) if error.reason == "disk_full" else error)
        except OSError as error:
            self._fail(run, explain(error, self._places(task)))
        except Exception:  # noqa: BLE001 - a job ends with a message, whatever goes wrong in it
            run.line(traceback.format_exc(), "err")
            self._fail(
                run,
                Failed("Something unexpected went wrong.", hint="The job's log holds the details; please report them."),
            )
        finally:
            self._release(run)

    def _disk_full(self, task: Task, error: EnvsError) -> EnvsError:
        """`error` of a tool that does not say which disk is full."""
        named = explain(OSError(errno.ENOSPC, ""), self._places(task))
        named.detail = error.detail
        return named

    def _places(self, task: Task) -> builtins.list[str]:
        """Where the work of `task` writes."""
        from jupyter_envs.engine.caches import pip_cache, uv_cache

        caches = [uv_cache(os.environ), pip_cache(os.environ), tempfile.gettempdir()]
        return [*([task.key] if task.key else []), self._settings.root, self._settings.state_dir, *caches]

    def _fail(self, run: Run, error: EnvsError) -> None:
        # The user's own cancel can surface as a tool's failure.
        state: JobState = "cancelled" if run.cancelled.is_set() else "failed"
        run.line(error.message, "err")
        run.enter(state, ended=now(), error=_told(error))

    def _release(self, run: Run) -> None:
        run.tell()
        self.store.finish(run.job)
        self.store.prune_if_many()
        with self._guard:
            self._runs.pop(run.job.id, None)
            key = run.task.key
            # A job in the foreground never entered the queue of its environment.
            behind = self._behind.get(key) if key is not None and self._pool else None
            if behind:
                following = behind.popleft()
                if self._pool:
                    self._pool.submit(self._perform, following)
            elif key is not None:
                self._behind.pop(key, None)
            self._idle.notify_all()

    def _tick(self) -> None:
        while True:
            with self._guard:
                runs = list(self._runs.values())
                if not runs:
                    self._ticker = None
                    return
            for run in runs:
                if not run.cancelled.is_set() and self.store.cancel_asked(run.job.id):
                    run.cancelled.set()
                if not run.job.over:
                    run.tell()
            threading.Event().wait(TICK)


def _told(error: EnvsError) -> ErrorBody:
    """`error` as others see it, credentials stripped: what waits in memory goes out as events."""
    body = error_body(error)
    hint, detail = (redact(text) if text else text for text in (body.hint, body.detail))
    return replace(body, message=redact(body.message), hint=hint, detail=detail)


def explain(error: OSError, places: Sequence[str] = ()) -> EnvsError:
    """`error` from the system in words that tell what to do; `places` are where it may have come from."""
    where = os.fspath(error.filename) if isinstance(error.filename, (str, os.PathLike)) else "the disk"
    if error.errno in FULL:
        named = [disk_of(where)] if isinstance(error.filename, (str, os.PathLike)) else full(places)
        what = f"The disk at {' and the one at '.join(named)}" if named else "A disk"
        return Failed(
            f"{what} is full, or the quota there is used up.",
            hint="Remove environments or clean caches, which works on a full disk too, and try again.",
            reason="disk_full",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Failed(
            f"{where} cannot be written.",
            hint="Choose another folder (`Settings.root`), or ask its owner for the right to write.",
            reason="not_writable",
        )
    return Failed(f"{where}: {error.strerror or error}.", hint="Try again; the job's log holds the details.")
