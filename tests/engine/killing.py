"""Kill a process at an aimed moment of an action, and tell what the next one finds.

A moment is the n-th change of the file system, or start of a program, that the action makes: a forked process counts
them by an audit hook and ends itself without a word. Some moments lie between two of those, some milliseconds after a
program was started, so that it is at work.
"""

from __future__ import annotations

import ctypes
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from jupyter_envs.engine import journal, kernels, record
from jupyter_envs.engine.adoption import new
from jupyter_envs.engine.background import tidy
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings

_EVENTS = {"os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "subprocess.Popen"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What tells nothing of an environment: caches, logs and locks that stay for the next use.
_PASSED = re.compile(
    r"(^|/)(uv-cache|pip-cache|pkgs|jobs|owners|shared|state/locks|\.locks|__pycache__|packages|index\.json|interpreters\.json|disk\.json"
    r"|[^/]*\.lock|\.environments\.lock|lock|lock\.history|tmp/[0-9a-f]{16}|\.cache|wanted\.json|templates|\.spares)(/|$)"
)
_SUBREAPER = 36


class Action(NamedTuple):
    """What is done in the prepared home, by an engine of its own.

    `first` prepares the home for this action alone. What `agree` does stands from the moment on that it is done,
    whatever becomes of the rest: who agreed to something is not asked again. One that does not `look` finds what
    others left when it looks itself.
    """

    name: str
    act: Callable[[Engine], object]
    first: Callable[[Path], object] = lambda home: None
    agree: Callable[[Engine], object] | None = None
    look: bool = True


class Moment(NamedTuple):
    """The `number`-th event, or where `delay` is given (seconds) that long after it."""

    number: int
    delay: float | None = None


class World:
    """A home that is put back as it was before each action; HOME and Jupyter's folders lie in it."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.home = home
        self.seed = home.with_name("seed")
        self._own: list[str] = []
        # What whoever settles does besides.
        self.besides: Callable[[Engine], object] | None = None
        self.options = {"root": str(home / "envs"), "state_dir": str(home / "state"), "templates": False, **options}

    def engine(self) -> Engine:
        about = {k: v for k, v in self.options.items() if k in ("notebook_root",)}
        return Engine(Settings(**{k: v for k, v in self.options.items() if k not in about}), **about)

    def keep(self) -> None:
        """What is in the home now is what each action begins with."""
        engine = self.engine()
        found = [e.prefix for e in engine.environments() if e.prefix.startswith(str(self.home))]
        self._own = [prefix for prefix in found if engine._discovery.adoption.own(prefix)]
        engine.close()
        shutil.rmtree(self.seed, ignore_errors=True)
        subprocess.run(["cp", "-a", self.home, self.seed], check=True)

    def put_back(self, action: Action) -> None:
        shutil.rmtree(self.home)
        subprocess.run(["cp", "-a", self.seed, self.home], check=True)
        engine = self.engine()
        for prefix in self._own:
            # Another folder in its place is another environment.
            engine._discovery.adoption.adopt(prefix)
        engine.close()
        action.first(self.home)

    def seen(self) -> dict[str, Any]:
        """What there is, as a user sees it, and every path in the home that tells of an environment."""
        engine = self.engine()
        found: dict[str, Any] = {}
        for e in engine.environments():
            if e.prefix.startswith(str(self.home)):
                own = engine._discovery.adoption.own(e.prefix)
                spec = {key: value for key, value in record.read_spec(own or new("")).items() if key != "created"}
                past = [(r.action, r.by, sorted(p.name for p in r.plan.added)) for r in engine.history(e.id)]
                named = [(k.name, k.display_name) for k in e.kernels]
                codes = [problem.code for problem in e.problems]
                found[e.name] = (
                    e.kind,
                    engine._kinds[e.kind].versions(e.prefix),
                    spec,
                    past,
                    named,
                    e.state,
                    codes,
                    own is not None,
                )
        found["kernelspecs"] = sorted((s.name, s.display_name, s.content["argv"][0]) for s in kernels.specs())
        engine.close()
        found["paths"] = sorted(self._paths())
        found["texts"] = {str(path): path.read_text() for path in self._texts()}
        if self.besides:
            ready = ("state/templates/*/*", "envs/.spares/*/*", "envs/.spares/*/.*")
            found["ready"] = [sum(1 for _ in self.home.glob(each)) for each in ready]
        found["broken kernels"] = broken_kernels()
        return found

    def _texts(self) -> list[Path]:
        """The files that a person wrote, or that others share: notebooks, and those of projects."""
        found = [*self.home.glob("notebooks/*"), *self.home.glob("work/*/*")]
        return sorted(path for path in found if path.is_file())

    def _paths(self) -> list[str]:
        found = []
        for top, folders, files in os.walk(self.home):
            where = os.path.relpath(top, self.home)
            folders[:] = [name for name in folders if not _PASSED.search(os.path.join(where, name))]
            found += [os.path.join(where, name) for name in (*folders, *files)]
        # Those two stay, empty, for the next use.
        kept = (".gone", ".new")
        found = [path for path in found if not _PASSED.search(path) and os.path.basename(path) not in kept]
        # Its hashes follow when nobody waits.
        return [re.sub(r"(\d+)\.incomplete\.toml$", r"pylock.\1.toml", path) for path in found]


def moments(count: int, programs: list[int], many: int, seed: int) -> list[Moment]:
    """`many` moments spread over `count` events, a fifth of them while a program is at work, chosen by `seed`."""
    chance = random.Random(seed)
    within = [Moment(chance.choice(programs), chance.uniform(0.0, 0.3)) for _ in range(many // 5)] if programs else []
    rest = many - len(within)
    if rest >= count:
        return [Moment(n) for n in range(1, count + 1)] + within
    step = count / rest
    return [Moment(1 + int(step * (n + chance.random()))) for n in range(rest)] + within


def counted(world: World, action: Action) -> tuple[int, list[int]]:
    """How many events `action` makes, undisturbed, and which of them start a program."""
    reader, writer = os.pipe()
    _forked(world, action, None, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        said = told.read().decode().split()
    assert said, f"{action.name} did not end well"
    return int(said[0]), [int(word) for word in said[1:]]


def killed(world: World, action: Action, moment: Moment) -> None:
    """Do `action` in another process, which is killed at `moment`; return when nothing of it runs any more."""
    _forked(world, action, moment, None)


def settled(world: World) -> None:
    """What the next start does before a minute is over."""
    engine = world.engine()
    settle(engine)
    if world.besides:
        world.besides(engine)
    engine.close()


def settle(engine: Engine) -> None:
    until = time.monotonic() + 60
    engine.environments()
    while journal.left(engine.settings.state):
        assert time.monotonic() < until, f"nobody settles {journal.left(engine.settings.state)}"
        engine._recovery.look(10)
    tidy(engine._parts, engine.jobs)


SETTLING = Action("settle", settle, look=False)


def broken_kernels() -> list[str]:
    """The kernelspecs whose Python does not start or lacks ipykernel."""
    found = []
    for spec in kernels.specs():
        program = spec.content["argv"][0]
        code = "import ipykernel" if "ipykernel_launcher" in spec.content["argv"] else "pass"
        if not os.path.exists(program) or subprocess.run([program, "-c", code], capture_output=True).returncode:
            found.append(f"{spec.name}: {program}")
    return found


def wrong(world: World, before: dict[str, Any], after: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    """What is neither as `before` nor as `after`, nor as one of `others`, in words."""
    settled(world)
    now = world.seen()
    if now in (before, after, *others):
        return []
    # The nearer of both.
    goal = min((before, after), key=lambda one: sum(one.get(key) != now.get(key) for key in {*one, *now}))
    told, found = "before" if goal is before else "after", []
    for key in sorted({*goal, *now}):
        if key == "paths":
            more, less = set(now[key]) - set(goal[key]), set(goal[key]) - set(now[key])
            found += [f"left over (against {told}): {path}" for path in sorted(more)[:6]]
            found += [f"missing (against {told}): {path}" for path in sorted(less)[:6]]
        elif goal.get(key) != now.get(key):
            found.append(f"{key} (against {told}): {now.get(key)} and not {goal.get(key)}")
    return found


def _forked(world: World, action: Action, moment: Moment | None, writer: int | None) -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            _do(world, action, moment, writer)
        os._exit(1)
    os.waitpid(child, 0)
    # What it had started ends by itself, and is ours to bury.
    until = time.monotonic() + 60
    while left := [p for p in psutil.Process().children(recursive=True) if _runs(p)]:
        assert time.monotonic() < until, f"it goes on: {left}"
        time.sleep(0.005)
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _do(world: World, action: Action, moment: Moment | None, writer: int | None) -> None:
    # To find it, Python tries whether it can write there.
    tempfile.gettempdir()
    engine = world.engine()
    if action.look:
        engine.environments()
    count, programs, begun = 0, [0] * 0, False
    guard = threading.Lock()

    def end() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if not begun or (event not in _EVENTS and event != "open"):
            return
        if event == "open" and not (isinstance(args[2], int) and args[2] & _WRITES):
            return
        if any(isinstance(arg, str) and "/state/jobs/" in arg for arg in args):
            return
        with guard:
            count += 1
            now = count
        if event == "subprocess.Popen":
            programs.append(now)
        if moment and now == moment.number:
            if moment.delay is None:
                end()
            else:
                threading.Timer(moment.delay, end).start()

    sys.addaudithook(hook)
    begun = True
    action.act(engine)
    begun = False
    engine.close()
    if writer is not None:
        os.write(writer, " ".join(map(str, [count, *programs])).encode())
    os._exit(0)
