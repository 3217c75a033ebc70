import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jupyter_envs.model.errors import Cancelled, Failed
from jupyter_envs.system.files import lock, locked
from jupyter_envs.system.process import clean_environment, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sh")


# Seconds that nobody else sleeps: others may run these tests beside us.
ALIVE, OWNED, DETACHED = (str(10_000_000 * kind + os.getpid()) for kind in (1, 2, 3))


def living(marker: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if marker in line[-1:] and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def wait_for(condition, seconds=120.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not come about in time"
        time.sleep(0.02)


def test_output_comes_line_by_line_and_whole():
    seen = []
    done = run(["sh", "-c", "echo one; echo two >&2; printf three"], on_line=lambda s, t: seen.append((s, t)))
    assert done.code == 0
    assert (done.out, done.err) == ("one\nthree", "two")
    assert sorted(seen) == [("err", "two"), ("out", "one"), ("out", "three")]


def test_exit_code_and_a_missing_program():
    assert run(["sh", "-c", "exit 3"]).code == 3
    missing = run(["/nowhere/at-all"])
    assert missing.code == 127
    assert "cannot start" in missing.err


def test_arguments_are_never_read_by_a_shell():
    assert run([sys.executable, "-c", "import sys; print(sys.argv[1])", "a; echo b $HOME"]).out == "a; echo b $HOME"


def test_a_time_limit_ends_it():
    with pytest.raises(Failed, match="did not end within"):
        run(["sleep", "4711"], timeout=0.2)


def test_cancel_ends_grandchildren_in_sessions_of_their_own():
    stop = threading.Event()
    # A grandchild that left session and parent behind, and a child that ignores SIGTERM.
    script = f"setsid sh -c 'sleep {ALIVE} & sleep {ALIVE}' & trap '' TERM; sleep {ALIVE}"
    thread_error = []

    def work():
        try:
            run(["sh", "-c", script], cancelled=stop)
        except BaseException as error:
            thread_error.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: len(living(ALIVE)) >= 3)
    stop.set()
    thread.join(120)
    assert isinstance(thread_error[0], Cancelled)
    assert living(ALIVE) == []


@pytest.mark.parametrize("detached", [False, True])
def test_children_end_when_the_owner_is_killed(detached):
    marker = DETACHED if detached else OWNED
    inner = f"setsid sleep {marker} & sleep {marker}" if detached else f"sleep {marker}"
    code = f"from jupyter_envs.system.process import run; run(['sh', '-c', {inner!r}])"
    owner = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=os.getcwd()))
    wait_for(lambda: len(living(marker)) >= 1 + detached)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    wait_for(lambda: not living(marker))


def test_a_lock_of_a_killed_owner_is_held_until_nothing_of_it_runs(tmp_path: Path):
    marker, path = "47224", str(tmp_path / "env.lock")
    # It takes the guard's patience: a worker that ends at the first signal is gone within milliseconds.
    child = ["sh", "-c", f"trap '' TERM; sleep {marker}; sleep {marker}"]
    code = (
        "from jupyter_envs.system.files import lock; from jupyter_envs.system.process import run\n"
        f"with lock({path!r}): run({child!r})"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=os.getcwd()))
    wait_for(lambda: living(marker))
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    seen = 0
    while living(marker):
        free = not locked(path)
        assert not (free and living(marker)), "the lock was free and the work went on"
        seen += 1
    assert seen > 1
    wait_for(lambda: not locked(path))


def test_a_lock_given_up_is_free_though_something_runs(tmp_path: Path):
    path, stop = str(tmp_path / "env.lock"), threading.Event()
    with lock(path):

        def sleep() -> None:
            with suppress(Cancelled):
                run(["sleep", "47225"], cancelled=stop)

        work = threading.Thread(target=sleep)
        work.start()
        wait_for(lambda: living("47225"))
        assert locked(path)
    assert not locked(path)
    stop.set()
    work.join(15)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_a_command_does_not_outlive_its_guard():
    code = "from jupyter_envs.system.process import run; run(['sleep', '47226'])"
    owner = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=os.getcwd()))
    wait_for(lambda: [p for p in living("47226") if p.name() == "sleep"])
    sleeper = next(p for p in living("47226") if p.name() == "sleep")
    sleeper.parent().kill()
    owner.wait()
    wait_for(lambda: not living("47226"))


def test_a_cancel_of_something_that_ended_by_itself_loses_no_output():
    stop = threading.Event()
    assert run(["echo", "x"], cancelled=stop).out == "x"


def test_our_interpreter_s_variables_do_not_reach_the_child(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")
    env = clean_environment({"EXTRA": "1"})
    assert "PYTHONHOME" not in env
    assert "VIRTUAL_ENV" not in env
    assert env["EXTRA"] == "1"


def test_low_priority(tmp_path: Path):
    done = run([sys.executable, "-c", "import os; print(os.nice(0))"], nice=True)
    assert done.out == "19"


def test_no_program_is_found_where_it_happens_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder on PATH would be one of the repository that a program goes to, before it starts another."""
    (tmp_path / "bin").mkdir()
    for program in (tmp_path / "planted", tmp_path / "bin/planted"):
        program.write_text("#!/bin/sh\necho sprung\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", "bin", os.environ["PATH"]]))
    for env in (None, dict(os.environ)):
        done = run(["/bin/sh", "-c", f"cd {tmp_path} && planted; true"], env=env)
        assert "sprung" not in done.out
