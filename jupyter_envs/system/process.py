"""Run a command: line by line, cancellable, ended as a whole, never outliving us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from jupyter_envs.model.errors import Cancelled, Failed
from jupyter_envs.system.files import held_descriptors

GUARD = str(Path(__file__).with_name("guard.py"))
OnLine = Callable[[str, str], None]

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


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    on_line: OnLine | None = None,
    cancelled: threading.Event | None = None,
    timeout: float | None = None,
    nice: bool = False,
) -> Finished:
    """Run `argv` to its end and return what it printed.

    `on_line` gets each line as it comes, as ``("out" | "err", text)``, one call
    at a time. Setting `cancelled` ends the whole process tree, and so does the
    death of this process; the locks that this process holds are free only after that. `timeout` is in seconds.

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
            env=dict(env) if env is not None else clean_environment(),
            cwd=cwd,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            # Whoever comes for a lock when we were killed must find nothing of this at work any more.
            pass_fds=held,
        )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    texts: dict[str, list[str]] = {"out": [], "err": []}
    one_at_a_time = threading.Lock()

    def read(stream: IO[bytes], name: str) -> None:
        for raw in stream:
            text = raw.decode("utf-8", "replace").rstrip("\r\n")
            texts[name].append(text)
            if on_line:
                with one_at_a_time:
                    on_line(name, text)

    readers = [
        threading.Thread(target=read, args=(stream, name), daemon=True)
        for stream, name in ((process.stdout, "out"), (process.stderr, "err"))
    ]
    for reader in readers:
        reader.start()
    code = _wait(process, readers, cancelled, timeout)
    for reader in readers:
        reader.join(5)
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("The job was cancelled.")
    if code is None:
        raise Failed(f"{Path(argv[0]).name} did not end within {timeout:g} s.", reason="timeout")
    return Finished(code, "\n".join(texts["out"]), "\n".join(texts["err"]))


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
