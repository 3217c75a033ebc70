"""The embedded conda engine, in a process of its own: it can be stopped, and its crash is nobody else's."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.backends.conda_operation import CondaOutcome, OnLine, OnStep, Operation
from jupyter_envs.backends.conda_setup import Setup
from jupyter_envs.backends.rattler_work import Done, Lookup, Message, Work
from jupyter_envs.model import errors
from jupyter_envs.model.address import Address, reveal_for_tool
from jupyter_envs.model.conda import CondaPackage, Swap
from jupyter_envs.model.errors import EnvsError, Failed
from jupyter_envs.system import conda_history, conda_records, temporary
from jupyter_envs.system.conda_url import base_of
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.process import DATA, run
from jupyter_envs.system.redact import redact

WORKER = os.fspath(Path(__file__).with_name("rattler_worker.py"))
_decoder = msgspec.json.Decoder(Message)


class Embedded:
    """Changes conda prefixes by the engine that comes with us; `state` is our own folder, for accepted terms."""

    name = "rattler"
    relocates = True

    def __init__(self, state: Path) -> None:
        self._state = state

    def version(self) -> str | None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("py-rattler")
        except PackageNotFoundError:
            return None

    def run(
        self,
        operation: Operation,
        *,
        environ: Mapping[str, str] | None = None,
        on_step: OnStep | None = None,
        on_line: OnLine | None = None,
        cancelled: threading.Event | None = None,
    ) -> CondaOutcome:
        """As `CondaInstaller.run`."""
        setup = Setup(environ, self._state, prefix=operation.prefix)
        held = conda_records.requested(operation.prefix)
        if operation.exact is None:
            specs = (*operation.install, *operation.update, *operation.constrained)
            channels = setup.channels(operation.channels, specs)
        else:
            channels = setup.channels([base_of(line.url) for line in operation.exact], ())
        with temporary.folder() as folder:
            work = Work(
                operation=setup.translated(operation),
                network=setup.network(channels, folder, offline=operation.offline),
                priority=setup.rc.channel_priority,
                held=setup.held(held, channels),
                pinned=setup.pins(operation.prefix),
            )
            message = _ask(work, "work", folder, setup.process_environment(), on_step, on_line, cancelled)
        done = message.done
        assert done is not None
        outcome = _outcome(done, operation, held, setup)
        if not operation.dry_run:
            _note(operation, done, outcome, held, setup)
        return outcome

    def names(
        self,
        channels: Sequence[str | Address] = (),
        *,
        prefix: str | None = None,
        environ: Mapping[str, str] | None = None,
        offline: bool = False,
        cancelled: threading.Event | None = None,
    ) -> list[str]:
        """The names of the packages that `channels` (those of .condarc by default) have for this platform, sorted.

        The settings are those for work on the environment `prefix`, where one is given.

        Raises:
            Unavailable: a channel cannot be reached.
            Forbidden: a channel's terms are not accepted.
        """
        return self._look_up(Setup(environ, self._state, prefix=prefix), None, channels, offline, cancelled)

    def versions(
        self,
        name: str,
        channels: Sequence[str | Address] = (),
        *,
        prefix: str | None = None,
        environ: Mapping[str, str] | None = None,
        offline: bool = False,
        cancelled: threading.Event | None = None,
    ) -> list[CondaPackage]:
        """The builds of `name` that `channels` have for this platform, newest first; none when they do not know it.

        `prefix` is as for `names`.

        Raises:
            InvalidRequest: `name` is no package name.
            Unavailable: a channel cannot be reached.
            Forbidden: a channel's terms are not accepted.
        """
        from jupyter_envs.backends.conda_spec import check_package

        setup = Setup(environ, self._state, prefix=prefix)
        found = self._look_up(setup, check_package(name, "name"), channels, offline, cancelled)
        return [setup.named(one) for one in msgspec.convert(found, list[CondaPackage])]

    def _look_up(
        self,
        setup: Setup,
        name: str | None,
        channels: Sequence[str | Address],
        offline: bool,
        cancelled: threading.Event | None,
    ) -> list[Any]:
        with temporary.folder() as folder:
            network = setup.network(setup.channels(channels, ()), folder, offline=offline)
            question = Lookup(network=network, name=name)
            message = _ask(question, "lookup", folder, setup.process_environment(), None, None, cancelled)
        return message.found or []


def _ask(
    question: Work | Lookup,
    kind: str,
    folder: str,
    environ: Mapping[str, str],
    on_step: OnStep | None,
    on_line: OnLine | None,
    cancelled: threading.Event | None,
) -> Message:
    """`PYTHON -I rattler_worker.py FILE KIND PATH TOP`, and its last word; raises what it was refused with.

    Raises:
        Failed: the process ended without a last word.
        Cancelled: `cancelled` was set.
    """
    path = os.path.join(folder, "question.json")
    # Proxies go along with their credentials, in a file of our user's alone that the worker removes.
    atomic_write(path, msgspec.json.encode(question, enc_hook=reveal_for_tool), 0o600)
    last: list[Message] = []

    def line(stream: str, text: str) -> None:
        if stream == "err":
            if on_line and text.strip():
                on_line(redact(text))
            return
        message = _decoder.decode(text.encode())
        if message.step is not None:
            if on_step:
                on_step(*message.step)  # type: ignore[arg-type]
        elif message.line is not None:
            if on_line:
                on_line(message.line)
        else:
            last.append(message)

    finished = run(
        [sys.executable, "-I", WORKER, path, kind, os.pathsep.join(filter(os.path.isabs, sys.path)), temporary.top()],
        # What the engine itself puts aside goes with the folder, also when both processes are killed.
        env={**environ, "TMPDIR": folder, "TMP": folder, "TEMP": folder},
        on_line=line,
        cancelled=cancelled,
        most=DATA,
    )
    if not last:
        signal = f"signal {finished.code - 128}" if finished.code > 128 else f"code {finished.code}"
        raise Failed(
            f"The conda engine crashed ({signal}).",
            hint="Try again; if it happens each time, have an administrator choose an installed conda client.",
            reason="crashed",
            detail=redact(finished.err[-4000:]) or None,
        )
    if refused := last[-1].refused:
        known: type[EnvsError] = getattr(errors, refused.kind)
        raise known(
            refused.message,
            hint=refused.hint,
            reason=refused.reason,
            field=refused.field,
            detail=refused.detail,
        )
    return last[-1]


def _outcome(done: Done, operation: Operation, held: Mapping[str, str], setup: Setup) -> CondaOutcome:
    """`done` with channels by name and specs as they were written."""
    written = dict(held)
    for spec in (*operation.install, *operation.update, *(operation.requested or ())):
        written[conda_history.name_of(spec) or ""] = spec.strip()
    return CondaOutcome(
        added=[setup.named(one) for one in done.added],
        changed=[Swap(before=setup.named(s.before), after=setup.named(s.after)) for s in done.changed],
        removed=[setup.named(one) for one in done.removed],
        download_size=done.download_size,
        requested={name: written.get(name, spec) for name, spec in done.requested.items()},
    )


def _note(operation: Operation, done: Done, outcome: CondaOutcome, held: Mapping[str, str], setup: Setup) -> None:
    """Write what conda would have written: the engine leaves the history empty."""
    asked = {n: s for n, s in outcome.requested.items() if held.get(n) != s}
    for spec in (*operation.install, *operation.update):
        asked[conda_history.name_of(spec) or ""] = spec.strip()
    gone = [name for name in held if name not in outcome.requested]
    named = list(operation.remove)
    if outcome.empty and not asked and not gone:
        return
    builds = [
        conda_history.build_name(setup.named(p).channel, p.subdir, p.name, p.version, p.build) for p in done.installed
    ]
    conda_history.append(
        operation.prefix,
        command=operation.command or ["jupyter", "envs", *_words(operation)],
        installed=builds,
        update_specs=list(asked.values()),
        remove_specs=list(dict.fromkeys([*named, *gone])),
    )


def _words(operation: Operation) -> list[str]:
    """What a person would have typed."""
    if operation.exact is not None:
        return ["install", "--explicit"]
    if operation.update_all:
        return ["update", "--all", *operation.install, *operation.update]
    if operation.install:
        return ["install", *operation.install, *operation.update]
    return ["update", *operation.update] if operation.update else ["remove", *operation.remove]
