"""Run one command so that nothing of it outlives whoever asked for it.

Started as ``python -I -S guard.py NICE ARGV...`` with a pipe as standard input.
When that pipe closes, because the owner ended the job or died (SIGKILL
included), the command and all that it started are ended. On Linux the guard
adopts orphans (PR_SET_CHILD_SUBREAPER), so a grandchild in a session of its
own is found as well, and the command itself is killed where the guard is. The locks
that the owner held stay held as long as the guard lives, by descriptors that it has
inherited and does not hand on. Standard library alone: it starts in about 10 ms.
"""

import os
import select
import signal
import subprocess
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 1.5


def main() -> int:
    nice, argv = sys.argv[1] == "1", sys.argv[2:]
    if sys.platform == "win32":
        return _windows(argv)
    tied = _adopt_orphans() if sys.platform.startswith("linux") else None
    if nice:
        os.nice(19)
    wake, wake_in = os.pipe()
    os.set_blocking(wake_in, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_in)
    # The terminal sends Ctrl-C to the whole group; the owner decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # This process has one thread, so that a function may run after the fork.
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tied,  # noqa: PLW1509
        )
    except OSError as error:
        print(f"cannot start {argv[0]}: {error.strerror}", file=sys.stderr)
        return 127
    while child.poll() is None:
        ready, _, _ = select.select([0, wake], [], [])
        if 0 in ready and not os.read(0, 4096):
            _end_all(child)
            return 130
        if wake in ready:
            os.read(wake, 4096)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _adopt_orphans() -> "Callable[[], None]":
    """Take in what the command leaves behind; returns what ties a new process to this one's life."""
    import ctypes

    prctl, guard = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()
    # 36 is PR_SET_CHILD_SUBREAPER, prctl(2).
    prctl(36, 1, 0, 0, 0)

    def tied() -> None:
        # 1 is PR_SET_PDEATHSIG; it comes too late for a parent that is gone by now.
        prctl(1, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != guard:
            os._exit(127)

    return tied


def _end_all(child: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + GRACE
    sign = signal.SIGTERM
    while True:
        try:
            os.killpg(child.pid, sign)
        except OSError:
            pass
        left = _descendants()
        for pid in left:
            try:
                os.kill(pid, sign)
            except OSError:
                pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except OSError:
                break
        if not _descendants() and not _group_lives(child.pid):
            return
        if time.monotonic() > until:
            if sign == signal.SIGKILL and time.monotonic() > until + GRACE:
                return
            sign = signal.SIGKILL
        time.sleep(0.02)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def _descendants() -> "list[int]":
    """All processes below this one, by /proc; empty where there is none (macOS: the group is all there is)."""
    parents = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] != b"Z":
                parents[int(name)] = int(fields[1])
    mine, found = {os.getpid()}, []
    grew = True
    while grew:
        grew = False
        for pid, parent in parents.items():
            if parent in mine and pid not in mine:
                mine.add(pid)
                found.append(pid)
                grew = True
    return found


def _windows(argv: "list[str]") -> int:
    import threading

    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def watch() -> None:
        while os.read(0, 4096):
            pass
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(child.pid)], capture_output=True, check=False)

    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main())
