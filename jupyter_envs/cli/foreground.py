"""Run a job in this process: its progress shown, a signal turned into its cancellation."""

from __future__ import annotations

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from jupyter_envs.cli import show
from jupyter_envs.cli.output import Output
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.model.job import Job, LogLine

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.task import Task

_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]


def run(engine: Engine, task: Task, out: Output, verbose: bool = False) -> Job:
    """`task` as a job in the foreground, to its end.

    Ctrl-C, a termination signal, or a reader that goes away cancels the job;
    a second Ctrl-C, a second or more later, ends the process at once.
    """
    canceller = _Canceller(engine)
    feed = _Feed(_view(out, verbose), canceller)
    with canceller:
        try:
            job = engine.jobs.run(task, feed.listen)
            feed.finish(lambda since: engine.jobs.log(job.id, since))
        finally:
            feed.close()
    return job


class _Feed:
    """Passes a job's news on in order: they come from several threads, the last ones perhaps after its end."""

    def __init__(self, view: _Silent, canceller: _Canceller) -> None:
        self._view = view
        self._canceller = canceller
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: dict[int, LogLine] = {}
        self._seen = 0

    def listen(self, job: Job, lines: list[LogLine]) -> None:
        self._canceller.knows(job.id)
        with self._lock:
            self._waiting.update((line.seq, line) for line in lines)
            ready = []
            while (line := self._waiting.pop(self._seen + 1, None)) is not None:
                self._seen += 1
                ready.append(line)
            self._tell(job, ready)

    def finish(self, missed: Callable[[int], list[LogLine]]) -> None:
        with self._lock:
            self._tell(None, missed(self._seen))
            self._closed = True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._view.close()

    def _tell(self, job: Job | None, lines: list[LogLine]) -> None:
        if self._closed:
            return
        try:
            self._view.update(job, lines)
        except BrokenPipeError:
            self._closed = True
            self._canceller.ask()


class _Canceller:
    """Cancels the job from a thread of its own: a signal handler must not take the locks that the job may hold."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._job_known = threading.Event()
        self._job_id = ""
        self._first = 0.0
        self._kept: dict[int, object] = {}

    def knows(self, job_id: str) -> None:
        if not self._job_id:
            self._job_id = job_id
            self._job_known.set()

    def ask(self) -> None:
        self._asked.put(True)

    def __enter__(self) -> None:
        threading.Thread(target=self._watch, name="cancel", daemon=True).start()
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            # A signal that the caller ignores (nohup) stays ignored.
            if signal.getsignal(number) != signal.SIG_IGN:
                self._kept[number] = signal.signal(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._kept.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._asked.put(False)
        self._job_known.set()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._first:
            self._first = now
            self.ask()
        elif number == signal.SIGINT and now - self._first > 1:
            # One interrupt can arrive twice, by the terminal and by a caller that passes it on.
            raise KeyboardInterrupt

    def _watch(self) -> None:
        if self._asked.get():
            self._job_known.wait()
            try:
                if self._job_id:
                    self._engine.jobs.cancel(self._job_id)
            except EnvsError:
                pass  # The job ended by itself meanwhile.


class _Silent:
    def update(self, job: Job | None, lines: list[LogLine]) -> None:
        pass

    def close(self) -> None:
        pass


class _Stream(_Silent):
    def __init__(self, out: Output) -> None:
        self._out = out
        self._last: Job | None = None

    def update(self, job: Job | None, lines: list[LogLine]) -> None:
        self._out.log(lines)
        if job is not None and job != self._last and not job.over:
            self._last = job
            self._out.emit("job", job)


class _Plain(_Silent):
    """A line for each phase and remark; with `verbose` what the tools say too.

    Phases come from the log, where none is lost, however short.
    """

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose

    def update(self, job: Job | None, lines: list[LogLine]) -> None:
        for line in lines:
            if line.stream == "info" or self._verbose:
                text = show.clean(line.text)
                more = show.amount(job.progress) if job is not None and job.progress.phase == line.text else ""
                print(f"  {text} {more}".rstrip(), file=sys.stderr, flush=True)


class _Bar(_Silent):
    """A progress bar that goes away at the end."""

    def __init__(self, verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._verbose = verbose
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("waiting", total=None, amount="")
        self._progress.start()

    def update(self, job: Job | None, lines: list[LogLine]) -> None:
        if self._verbose:
            for line in lines:
                self._progress.console.print(show.clean(line.text), markup=False, highlight=False)
        if job is None:
            return
        now = job.progress
        self._progress.update(
            self._task,
            description=show.clean(now.phase),
            total=None if now.fraction is None else 1.0,
            completed=now.fraction or 0.0,
            amount=show.amount(now),
        )

    def close(self) -> None:
        self._progress.stop()


def _view(out: Output, verbose: bool) -> _Silent:
    if out.mode == "stream":
        return _Stream(out)
    if out.quiet:
        return _Silent()
    if show.window(sys.stderr) is not None:
        return _Bar(verbose)
    return _Plain(verbose) if out.mode == "text" else _Silent()
