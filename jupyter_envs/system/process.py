"""Run a command: line by line, cancellable, ended as a whole, never outliving us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from jupyter_envs.model.errors import Cancelled, Failed
from jupyter_envs.system.files import held_descriptors

# Where a command runs that was told nowhere: tools look for settings in the folder that they are in and above it,
# and there nobody but an administrator can have put any.
_NEUTRAL = os.path.dirname(sys.executable) if sys.platform == "win32" else "/"
GUARD = str(Path(__file__).with_name("guard.py"))
OnLine = Callable[[str, str], None]

# The bytes of each stream that `run` returns where nothing else is asked for: what a person may look at.
KEPT = 1_000_000
# The same for a command whose output is data for us.
DATA = 16_000_000
# A line that `on_line` gets has no more bytes than this, and it gets no more lines than BURST and RATE a second.
LINE = 16_384
BURST = 20_000
RATE = 1_000
_PART = 65_536

# What the server's own environment says about its interpreter must not reach another one.
_DROPPED = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "VIRTUAL_ENV", "CONDA_PREFIX")


class Finished(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def clean_environment(
    extra: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`environ`, our own by default, without what would mislead another interpreter, and with `extra`."""
    env = {k: v for k, v in (os.environ if environ is None else environ).items() if k not in _DROPPED}
    env.update(extra or {})
    return env


def _by_whole_paths(env: Mapping[str, str]) -> dict[str, str]:
    """`env` without the folders on PATH that depend on where a program is: another's repository perhaps.

    A program may go elsewhere before it starts the next one, as pyenv's do.
    """
    path = os.pathsep.join(filter(os.path.isabs, env.get("PATH", "").split(os.pathsep)))
    return {**env, "PATH": path} if "PATH" in env else dict(env)


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    on_line: OnLine | None = None,
    cancelled: threading.Event | None = None,
    timeout: float | None = None,
    nice: bool = False,
    most: int = KEPT,
) -> Finished:
    """Run `argv` to its end and return what it printed, of each stream the last `most` bytes.

    `on_line` gets each line as it comes, as ``("out" | "err", text)``, one call
    at a time; what it raises is raised here once the command has ended. A line that overwrites itself by carriage
    returns comes as it stands at its end; of a long one come the first `LINE` bytes, of a flood some. With a larger
    `most` than `KEPT` every line comes, with up to `most` bytes.

    Setting `cancelled` ends the whole process tree, and so does the death of this process; the locks that this
    process holds are free only after that. `timeout` is in seconds. Without `cwd` it runs in a folder that holds
    no settings.

    Raises:
        Cancelled: `cancelled` was set; nothing of the command runs any more.
        Failed: the time limit was reached.
    """
    with held_descriptors() as held:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", GUARD, "1" if nice else "0", *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_by_whole_paths(clean_environment() if env is None else env),
            cwd=_NEUTRAL if cwd is None else cwd,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            # Whoever comes for a lock when we were killed must find nothing of this at work any more.
            pass_fds=held,
        )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    one_at_a_time = threading.Lock()
    streams = [
        _Stream(name, stream, on_line, one_at_a_time, most)
        for name, stream in (("out", process.stdout), ("err", process.stderr))
    ]
    readers = [threading.Thread(target=stream.read, daemon=True) for stream in streams]
    for reader in readers:
        reader.start()
    code = _wait(process, readers, cancelled, timeout)
    for reader in readers:
        reader.join(5)
    process.stdin.close()
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("The job was cancelled.")
    if code is None:
        raise Failed(f"{Path(argv[0]).name} did not end within {timeout:g} s.", reason="timeout")
    for stream in streams:
        if stream.error is not None:
            raise stream.error
    return Finished(code, *(stream.text() for stream in streams))


class _Stream:
    """One of a command's outputs: its lines are passed on, its end is kept, and none of it without bound."""

    def __init__(self, name: str, pipe: IO[bytes], on_line: OnLine | None, mutex: threading.Lock, most: int) -> None:
        self.error: BaseException | None = None
        self._name, self._pipe, self._on_line, self._mutex = name, pipe, on_line, mutex
        self._most = most
        self._longest = LINE if most <= KEPT else most
        self._lines = _Allowance() if most <= KEPT else None
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._line = bytearray()
        self._cut = False

    def read(self) -> None:
        """Read to the end; whatever `on_line` raises, since a command whose output nobody takes waits for ever."""
        with self._pipe:
            while part := os.read(self._pipe.fileno(), _PART):
                self._keep(part)
                if self._on_line:
                    self._pass_on(part)
        if self._line:
            self._give(b"")

    def text(self) -> str:
        raw = b"".join(self._kept)[-self._most :]
        left_out = self._dropped + self._size - len(raw)
        text = raw.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n")
        return f"({left_out:,} bytes before this are left out)\n{text}" if left_out else text

    def _keep(self, part: bytes) -> None:
        self._kept.append(part)
        self._size += len(part)
        while self._size - len(self._kept[0]) >= self._most:
            self._size -= len(self._kept[0])
            self._dropped += len(self._kept.popleft())
        # A command that flushes each letter makes many small parts.
        if len(self._kept) > 256 + self._most // _PART:
            joined = b"".join(self._kept)
            self._kept.clear()
            self._kept.append(joined)

    def _pass_on(self, part: bytes) -> None:
        lines = part.split(b"\n") if self._lines is None else self._lines.split(part)
        for line in lines[:-1]:
            self._give(line)
        self._add(lines[-1])

    def _add(self, part: bytes) -> None:
        """Add `part` to the line that has not ended, without what a carriage return in it overwrites."""
        ending = part[-1:] == b"\r"
        at = part.rfind(b"\r", 0, len(part) - ending)
        if (at >= 0 or self._line[-1:] == b"\r") and part:
            self._line.clear()
            self._cut = False
            part = part[at + 1 :]
        room = self._longest - len(self._line)
        if len(part) > room:
            self._cut = True
        self._line += part[: max(room, 0)]
        if self._cut and ending:
            self._line[-1:] = b"\r"

    def _give(self, end: bytes) -> None:
        self._add(end)
        text = self._line.decode("utf-8", "replace").rstrip("\r") + (" …" if self._cut else "")
        self._line.clear()
        self._cut = False
        if self.error is None and self._on_line:
            try:
                with self._mutex:
                    self._on_line(self._name, text)
            except BaseException as error:  # noqa: BLE001 - raised by `run`, in the thread that called it
                self.error = error


class _Allowance:
    """How many lines may be passed on: a burst, and then so many a second."""

    def __init__(self) -> None:
        self._left: float = BURST
        self._when = time.monotonic()

    def split(self, part: bytes) -> list[bytes]:
        """The lines of `part` as far as they are allowed, and what follows the last line end."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._when) * RATE)
        self._when = now
        count = part.count(b"\n")
        if count <= self._left:
            self._left -= count
            return part.split(b"\n")
        allowed = int(self._left)
        self._left -= allowed
        lines = part.split(b"\n", allowed)[:allowed]
        left_out = count - allowed
        # The first of them ends the line that had begun.
        note = b"(%d lines are left out)" % left_out
        return [*lines, note, part[part.rfind(b"\n") + 1 :]]


def _wait(
    process: subprocess.Popen[bytes],
    readers: Sequence[threading.Thread],
    cancelled: threading.Event | None,
    timeout: float | None,
) -> int | None:
    """The exit code, or None when the command was ended for `cancelled` or `timeout`."""
    if cancelled is None and timeout is None:
        return process.wait()
    until = None if timeout is None else time.monotonic() + timeout
    pause = 0.002
    while True:
        # Who writes no more is at its end: that is seen at once, by its exit code only at the next look.
        writing = next((reader for reader in readers if reader.is_alive()), None)
        if writing is not None:
            writing.join(pause)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(0.0 if writing is not None and writing.is_alive() else pause)
        pause = min(pause * 1.5, 0.05)
        if (cancelled is not None and cancelled.is_set()) or (until is not None and time.monotonic() > until):
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return None
