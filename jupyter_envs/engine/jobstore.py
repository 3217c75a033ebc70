"""Jobs on disk: one folder each with a state file and an append-only log, so that every process sees them."""

from __future__ import annotations

import builtins
import os
import re
import secrets
import stat
import threading
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.job import ErrorBody, Job, LogLine
from jupyter_envs.system.files import atomic_write, lock, locked, remove_tree
from jupyter_envs.system.reading import LISTING, append_bytes, decode, read_as, read_bytes
from jupyter_envs.system.redact import redacted, redacted_values

ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{6}\Z")
MAX_LOG = 5_000_000
# Characters that are added at once; a command's lines have fewer.
MOST_TEXT = 100_000
_LINE = msgspec.json.Decoder(LogLine)


class Stored(msgspec.Struct, frozen=True):
    """The content of a state file; `owner` names the lock that the job's process holds while it lives."""

    job: Job
    owner: str


_STORED = msgspec.json.Decoder(Stored)


def now() -> str:
    """The time, ISO 8601 UTC in milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Log:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.seq = 0
        self.size = 0


class JobStore:
    """The folder ``<state>/jobs``. Safe to use from several threads and processes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.state / "jobs"
        self._owners = settings.state / "owners"
        self._owner = secrets.token_hex(8)
        self._held = ExitStack()
        self._claimed = False
        self._logs: dict[str, _Log] = {}
        self._seen: dict[str, tuple[tuple[int, int, int], Stored]] = {}
        # Ended jobs whose state could not be written (full disk) are still told from here.
        self._unsaved: dict[str, Job] = {}
        self._guard = threading.Lock()

    @property
    def folder(self) -> Path:
        return self._folder

    def new(self, action: str, title: str, environment: str | None, by: str) -> Job:
        """A queued job of ours, on disk."""
        self._claim()
        moment = datetime.now(timezone.utc)
        job_id = f"{moment:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"
        job = Job(id=job_id, action=action, title=redacted(title, 500), environment=environment, created=now(), by=by)
        try:
            os.makedirs(self._folder / job_id, mode=0o700)
        except OSError:
            self._unsaved[job_id] = job
        with self._guard:
            self._logs[job_id] = _Log(self._folder / job_id / "log.jsonl")
        self.save(job)
        return job

    def save(self, job: Job) -> None:
        """Write the state of a job of ours; a full disk keeps it in memory."""
        try:
            atomic_write(
                self._folder / job.id / "state.json",
                msgspec.json.encode(redacted_values(Stored(job, self._owner))),
                0o600,
            )
            self._unsaved.pop(job.id, None)
        except OSError:
            self._unsaved[job.id] = job

    def append(self, job_id: str, text: str, stream: Literal["out", "err", "info"]) -> builtins.list[LogLine]:
        """Add `text` to the log; return its lines, none once the log is full or the job has ended."""
        with self._guard:
            # The last lines of a command may come after the end of its job.
            log = self._logs.get(job_id)
            if log is None or log.size > MAX_LOG:
                return []
            lines, raw = [], b""
            for part in redacted(text, MOST_TEXT).splitlines() or [""]:
                log.seq += 1
                line = LogLine(seq=log.seq, time=now(), stream=stream, text=part[:4000])
                lines.append(line)
                raw += msgspec.json.encode(line) + b"\n"
            log.size += len(raw)
            if log.size > MAX_LOG:
                said = "(the log is full; the rest is left out)"
                full = LogLine(seq=log.seq + 1, time=now(), stream="info", text=said)
                lines.append(full)
                raw += msgspec.json.encode(full) + b"\n"
            try:
                append_bytes(log.path, raw)
            except OSError:
                pass
            return lines

    def finish(self, job: Job) -> None:
        """Forget what is only needed while `job` runs."""
        with self._guard:
            self._logs.pop(job.id, None)

    def list(self) -> list[Job]:
        """The jobs on disk and those that could not be written, newest first."""
        try:
            names = sorted((n for n in os.listdir(self._folder) if ID.match(n)), reverse=True)
        except OSError:
            names = []
        found = {name: job for name in names if (job := self._read(name))}
        found.update(self._unsaved)
        return [found[name] for name in sorted(found, reverse=True)]

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: there is none with this id.
        """
        job = self._unsaved.get(job_id) or (self._read(job_id) if ID.match(job_id) else None)
        if job is None:
            raise NotFound("There is no such job.", hint="Old jobs are removed; `jobs` lists those that are kept.")
        return job

    def log(self, job_id: str, since: int = 0) -> builtins.list[LogLine]:
        """The lines after number `since`.

        Raises:
            NotFound: there is no such job.
        """
        self.get(job_id)
        try:
            raw = read_bytes(self._folder / job_id / "log.jsonl", LISTING)
        except OSError:
            return []
        lines = []
        for part in raw.split(b"\n"):
            try:
                line = decode(_LINE, part)
            except ValueError:
                continue  # the last line, half written
            if line.seq > since:
                lines.append(line)
        return lines

    def ask_cancel(self, job_id: str) -> None:
        """Leave word for the process that owns the job."""
        try:
            (self._folder / job_id / "cancel").touch()
        except OSError:
            # A full disk has no place for another file, but the folder can be marked.
            with suppress(OSError):
                os.chmod(self._folder / job_id, 0o700 | stat.S_ISVTX)

    def cancel_asked(self, job_id: str) -> bool:
        folder = self._folder / job_id
        try:
            return bool(os.stat(folder).st_mode & stat.S_ISVTX) or os.path.exists(folder / "cancel")
        except OSError:
            return False

    def prune(self) -> None:
        """Remove ended jobs beyond the number and the age that the settings keep, and dead owners' locks."""
        oldest = f"{datetime.now(timezone.utc) - timedelta(days=self._settings.keep_job_days):%Y%m%d}"
        ended = [job for job in self.list() if job.over]
        for place, job in enumerate(ended):
            if place >= self._settings.keep_jobs or job.id[:8] < oldest:
                remove_tree(self._folder / job.id)
                self._seen.pop(job.id, None)
        try:
            owners = list(self._owners.iterdir())
        except OSError:
            return
        for path in owners:
            if path.stem != self._owner and not locked(path):
                path.unlink(missing_ok=True)

    def prune_if_many(self) -> None:
        """`prune` when there are a fifth more jobs than are kept; cheap when there are not."""
        try:
            many = len(os.listdir(self._folder)) > self._settings.keep_jobs * 1.2
        except OSError:
            return
        if many:
            self.prune()

    def close(self) -> None:
        """Give up our ownership; what we still call running is from now on interrupted."""
        self._held.close()
        if self._claimed:
            (self._owners / f"{self._owner}.lock").unlink(missing_ok=True)
        self._claimed = False

    def _claim(self) -> None:
        with self._guard:
            if not self._claimed:
                try:
                    # Waited for, though it is ours alone: somebody may be looking at it right now.
                    self._held.enter_context(lock(self._owners / f"{self._owner}.lock", lambda: None))
                except OSError:
                    return
                self._claimed = True

    def _read(self, job_id: str) -> Job | None:
        path = self._folder / job_id / "state.json"
        try:
            info = os.stat(path)
            # Two writes within the clock's grain have one time, but each makes a new file.
            stamp = (info.st_mtime_ns, info.st_ino, info.st_size)
            known = self._seen.get(job_id)
            if known is None or known[0] != stamp:
                known = (stamp, read_as(path, _STORED))
                self._seen[job_id] = known
        except (OSError, ValueError):
            return None
        stored = known[1]
        if stored.job.over or stored.owner == self._owner or locked(self._owners / f"{stored.owner}.lock"):
            return stored.job
        # The owner may have ended the job between our reading and its own end.
        try:
            stored = read_as(path, _STORED)
        except (OSError, ValueError):
            return None
        return stored.job if stored.job.over else self._interrupt(stored)

    def _interrupt(self, stored: Stored) -> Job:
        job = replace(
            stored.job,
            state="interrupted",
            ended=now(),
            error=ErrorBody(
                message="The process that ran this job ended before the job did.",
                reason="interrupted",
                hint="Start it again; what it had begun is undone first.",
            ),
        )
        try:
            atomic_write(self._folder / job.id / "state.json", msgspec.json.encode(Stored(job, stored.owner)), 0o600)
        except OSError:
            pass
        return job
