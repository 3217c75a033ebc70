"""Pythons that are not on this machine: which ones uv can download, and the job that does."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_envs.backends.uv import Uv, find_uv
from jupyter_envs.engine import journal, recover
from jupyter_envs.engine.journal import Entry
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.env import Interpreter, PythonDownload
from jupyter_envs.model.errors import (
    EnvsError,
    Failed,
    Forbidden,
    InvalidRequest,
    NoInterpreter,
    Unavailable,
    Unsolvable,
)
from jupyter_envs.model.request import Create
from jupyter_envs.model.wire import plain
from jupyter_envs.system import interpreters, python_places, uv_pythons, uvconf
from jupyter_envs.system.files import lock
from jupyter_envs.system.process import DATA, Finished, clean_environment, run
from jupyter_envs.system.redact import redact

if TYPE_CHECKING:
    from jupyter_envs.backends.uv_python import Build

_WANTED = re.compile(r"(pypy)?(\d{1,2}(?:\.\d{1,3}){0,2})\Z")
# Seconds that a list holds, and that uv may take for one.
_FRESH, _LIMIT = 600.0, 30.0
# uv breaks a long line at any blank.
_GONE = re.compile(r"404\s+Not\s+Found\)\s+for\s+url\s+\(([^)\s]{1,500})\)")
_NO_NETWORK = frozenset({"index_unreachable", "offline"})


class Pythons:
    """What uv can download. It is asked when somebody wants to know, and its answer is kept for some minutes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kept: dict[bool, tuple[float, object, list[Build]]] = {}
        self._mutex = threading.Lock()

    def available(self) -> tuple[list[PythonDownload], str | None]:
        """The newest release of each minor version of CPython that a kernel runs on; else why there is none."""
        try:
            self._refuse()
            builds = self._builds(every=False)
        except EnvsError as error:
            return [], f"{error.message} {error.hint or ''}".strip()
        here = {(i.implementation.lower(), i.version) for i in self._here()}
        newest: dict[tuple[int, ...], Build] = {}
        for build in builds:
            if build.implementation == "cpython" and build.numbers >= interpreters.MINIMUM:
                newest.setdefault(build.numbers[:2], build)
        downloads = [
            PythonDownload(
                version=build.version,
                implementation="CPython",
                architecture=build.architecture,
                installed=("cpython", build.version) in here,
            )
            for build in newest.values()
        ]
        return downloads, None

    def find(self, wanted: str, field: str = "version") -> Build:
        """The newest download that `wanted` means, ``3.13``, ``3.13.5`` or ``pypy3.11``.

        Raises:
            InvalidRequest: it is no version, too old for a kernel, or nowhere to be had.
            Forbidden: uv is told not to download any.
            Unavailable: uv is not installed, or does not give its list.
        """
        match = _WANTED.match(wanted)
        if match is None:
            raise InvalidRequest(
                f"{ascii(wanted)[:60]} is no version of Python.",
                hint="Write 3.13, 3.13.5 or pypy3.11.",
                field=field,
            )
        self._refuse()
        implementation, numbers = match[1] or "cpython", tuple(map(int, match[2].split(".")))
        # A third number is a certain patch release, of which there are many.
        builds = [b for b in self._builds(every=len(numbers) == 3) if b.implementation == implementation]
        fitting = [build for build in builds if build.numbers[: len(numbers)] == numbers]
        if not fitting:
            raise InvalidRequest(
                f"There is no Python {wanted} to download for this machine.",
                hint=f"The nearest that can be downloaded are {_nearest(numbers, builds)}." if builds else None,
                reason="no_such_python",
                field=field,
            )
        usable = [build for build in fitting if build.numbers >= interpreters.MINIMUM]
        if not usable:
            least = ".".join(map(str, interpreters.MINIMUM))
            raise InvalidRequest(
                f"Python {wanted} is too old: kernels with a current ipykernel need {least} or newer.",
                reason="too_old",
                field=field,
            )
        tested = [build for build in usable if build.numbers[:2] <= interpreters.NEWEST_TESTED]
        return (tested or usable)[0]

    def install(self, wanted: str) -> Task:
        """The task that downloads a Python; its result is the `interpreter`, as the list of them has it.

        Raises as `find`.
        """
        build = self.find(wanted)

        def work(context: Context) -> dict[str, Any]:
            return {"interpreter": plain(self._install(build, context))}

        return Task("install_python", f"Install {build.title}", work)

    def offered(self, error: NoInterpreter) -> Build | None:
        """The download that helps against `error`, which is told of it; None where there is none."""
        try:
            build = self.find(error.version)
        except InvalidRequest as nowhere:
            error.hint = nowhere.hint or error.hint
            return None
        except EnvsError:
            return None
        error.offer = {"python": build.version}
        error.hint = f"Python {build.version} can be downloaded: `jupyter envs interpreters --install {build.version}`."
        return build

    def creating(self, create: Callable[[Create], Task], request: Create) -> Task:
        """The task that `create` gives for `request`; a missing Python is downloaded first where `request` says so.

        Raises:
            NoInterpreter: the Python is not here; `offer` names the one that can be downloaded.
        """
        try:
            return create(request)
        except NoInterpreter as error:
            build = self.offered(error)
            if build is None or not request.install_python:
                raise
        # All but the Python is checked now, on the one that is here.
        checked = self._checked(create, request)

        def work(context: Context) -> dict[str, Any]:
            installed = self._install(build, context)
            return {**create(request).work(context), "interpreter": plain(installed)}

        title = checked.title if checked else "Create an environment"
        return Task(
            action="create",
            title=f"{title} with Python {build.version}",
            work=work,
            environment=checked.environment if checked else None,
            key=checked.key if checked else None,
        )

    def _checked(self, create: Callable[[Create], Task], request: Create) -> Task | None:
        default = next((i for i in self._here() if i.default), None)
        if default is None:
            return None
        try:
            return create(replace(request, python=default.path))
        except (InvalidRequest, Unsolvable) as error:
            if request.from_ is None or (error.field or "") in ("name", "prefix", "manager"):
                raise
            # A file may fit the other Python alone.
            return create(replace(request, python=default.path, from_=None))

    def _here(self) -> list[Interpreter]:
        return interpreters.find(self._parts.settings.interpreters_file)

    def _refuse(self) -> None:
        if why := Uv().missing():
            raise Unavailable(
                "A Python is downloaded by uv, which cannot be used.",
                hint=why,
                reason="manager_unavailable",
                field="version",
            )
        if not uvconf.downloads_pythons(os.environ):
            raise Forbidden(
                "uv is told not to download any Python (`python-downloads` is never).",
                hint="Use one that is here, or change UV_PYTHON_DOWNLOADS or `python-downloads` in uv.toml.",
                reason="python_downloads",
                field="version",
            )

    def _builds(self, *, every: bool) -> list[Build]:
        from jupyter_envs.backends.uv_python import environment, list_argv, parse_list

        # What decides over the list, besides files that are seldom changed.
        settings = (find_uv(), sorted((k, v) for k, v in os.environ.items() if k.startswith("UV_")))
        with self._mutex:
            kept = self._kept.get(every)
            if kept and kept[1] == settings and time.monotonic() - kept[0] < _FRESH:
                return kept[2]
            env = clean_environment(environ=environment(os.environ))
            # uv brings its list along; where a setting names another one at an address, it has to ask there.
            for offline in (True, False):
                done = run(list_argv(every=every, offline=offline), env=env, timeout=_LIMIT, most=DATA)
                if done.code == 0:
                    break
            else:
                raise _explained("uv does not say which Pythons it can download.", done)
            try:
                found = parse_list(done.out)
            except ValueError as error:
                raise Unavailable(
                    f"The list of Pythons that uv prints cannot be read: {error}.",
                    hint="Install another version of uv.",
                    detail=done.out[:2000],
                ) from None
            self._kept[every] = (time.monotonic(), settings, found)
            return found

    def _install(self, build: Build, context: Context) -> Interpreter:
        parts = self._parts
        folder = os.path.abspath(python_places.uv_folder())
        prefix = os.path.join(folder, build.key)
        guard = parts.settings.state / "locks" / "pythons.lock"
        with lock(guard, lambda: context.step("wait for another download")):
            recover.settle_of(parts, prefix)
            os.makedirs(folder, exist_ok=True)
            entry = Entry(
                action="python",
                prefix=prefix,
                kind="venv",
                lock=os.fspath(guard),
                absent=[] if os.path.lexists(prefix) else [prefix],
                links=uv_pythons.links(folder),
            )
            with journal.opened(parts.settings.state, entry) as opened:
                try:
                    self._download(build, folder, context)
                    found = self._interpreter(prefix)
                    context.check()
                    opened.done()
                except BaseException:
                    recover.undo(parts, opened)
                    raise
                opened.drop()
            return found

    def _download(self, build: Build, folder: str, context: Context) -> None:
        from jupyter_envs.backends.uv_python import download_size, environment, install_argv

        context.step(f"download {build.title}")

        def on_line(stream: str, text: str) -> None:
            context.line(text, "out" if stream == "out" else "err")
            if size := download_size(text):
                context.step(f"download {build.title}", None, size, "bytes")
            elif text.lstrip().startswith("Downloaded "):
                context.step("register Python")

        done = run(
            install_argv(build.key, folder),
            env=clean_environment(environ=environment(os.environ)),
            on_line=on_line,
            cancelled=context.cancelled,
        )
        if done.code:
            raise _explained(f"{build.title} could not be downloaded.", done)

    def _interpreter(self, prefix: str) -> Interpreter:
        inside = os.path.realpath(prefix) + os.sep
        for interpreter in self._here():
            if os.path.realpath(interpreter.path).startswith(inside):
                return interpreter
        raise Failed(
            f"The Python that was downloaded to {prefix} does not run here.",
            hint="It may need a newer system; use one of the Pythons that are here.",
            reason="not_running",
        )


def _explained(what: str, done: Finished) -> EnvsError:
    """The error that the failed command `done` of uv stands for; `what` failed by it."""
    from jupyter_envs.backends.causes import explain
    from jupyter_envs.backends.uvpip import UvPip

    error = explain(UvPip(), done)
    why, cause = error.message.replace("The index", "The server"), error.reason
    if gone := _GONE.search(f"{done.out}\n{done.err}"):
        why, cause = f"There is nothing at {gone[1]}.", "url_not_found"
        error.hint = "Check the mirror that uv is told to use, or take another version."
    elif cause == "offline":
        why = "The network is switched off for uv (offline)."
    error.reason = {"installer_failed": "download_failed", "url_not_found": "download_failed"}.get(cause, cause)
    if cause in _NO_NETWORK:
        error.reason = "offline"
        error.hint = "Check the network and the proxy, or name a mirror in UV_PYTHON_INSTALL_MIRROR; then try again."
    error.message, error.cause = f"{what} {redact(why)}", cause
    return error


def _nearest(numbers: tuple[int, ...], builds: list[Build]) -> str:
    """Some versions near `numbers`, the newest first."""

    def distance(build: Build) -> tuple[int, ...]:
        return tuple(abs(a - b) for a, b in zip(build.numbers, (*numbers, 0, 0), strict=False))

    near = sorted((b for b in builds if b.numbers >= interpreters.MINIMUM), key=distance)[:4]
    return ", ".join(build.version for build in sorted(near, key=lambda build: build.numbers, reverse=True))
