"""What is asked of whoever changes a conda prefix, what it tells on its way, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import CondaPackage, Exact, Priority, Swap

Phase = Literal["read channels", "solve", "download", "link"]
# Phase, done, total, unit ("packages" or "bytes"): the arguments of a job's `step`.
OnStep = Callable[[Phase, int | None, int | None, str | None], None]
OnLine = Callable[[str], None]


class Operation(Struct, frozen=True, kw_only=True):
    """One transaction on the prefix `prefix`, an absolute path; a prefix that is not there is made.

    `install` adds match specs and changes little else: what is installed stays where
    it can. `update` takes the newest of a name, or of a spec. `update_all` takes the newest of
    everything within what was asked for before. `remove` takes names: what needs
    them goes too, and so does what only they needed; what was asked for stays.
    What was asked for in earlier transactions, by us or by another client, is held
    to; a new spec of the same name replaces the old one. Python keeps its minor version
    unless it is named, as conda has it.

    `exact` replaces the whole content by these archives, nothing solved; `requested` then says
    which specs count as asked for (None: those that did and are still there; where none did,
    the packages that no other one needs).

    `channels` are names, paths or URLs, first wins; empty takes those of .condarc.
    `constrained` specs limit packages without bringing them in; `excluded` names stay out.
    `dry_run` changes nothing. `offline` uses caches alone. `target` is the path that installed
    files name where the prefix is to be moved there afterwards. `command` is noted in
    the history (``# cmd:``). `scripts` are the packages whose link scripts may run, None all; where
    another one has a script, the operation fails (reason ``approval_needed``).
    """

    prefix: str
    install: Sequence[str] = ()
    update: Sequence[str] = ()
    remove: Sequence[str] = ()
    update_all: bool = False
    exact: Sequence[Exact] | None = None
    requested: Sequence[str] | None = None
    channels: Sequence[Address] = ()
    priority: Priority | None = None
    constrained: Sequence[str] = ()
    excluded: Sequence[str] = ()
    dry_run: bool = False
    offline: bool = False
    target: str | None = None
    command: Sequence[str] = ()
    scripts: Sequence[str] | None = None


class CondaOutcome(Struct, frozen=True, kw_only=True):
    """What a transaction did, or would do; `download_size` is in bytes and leaves out what is cached.

    `requested` are the specs asked for, by name, after the transaction.
    """

    added: list[CondaPackage] = []
    changed: list[Swap] = []
    removed: list[CondaPackage] = []
    download_size: int = 0
    requested: dict[str, str] = {}

    @property
    def empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


class CondaInstaller(Protocol):
    """Changes the packages of a conda prefix: the embedded engine, or an installed client.

    Neither registers the prefix in ``~/.conda/environments.txt``: a prefix may still be moved
    (`system.conda_environments`). `relocates` tells whether `Operation.target`, `constrained` and
    `excluded` are understood.
    """

    name: str
    relocates: bool

    def version(self) -> str | None:
        """The version of the tool, without starting a process."""

    def run(
        self,
        operation: Operation,
        *,
        environ: Mapping[str, str] | None = None,
        on_step: OnStep | None = None,
        on_line: OnLine | None = None,
        cancelled: threading.Event | None = None,
    ) -> CondaOutcome:
        """Do `operation` and write conda's own records of it (history, requested specs).

        `environ` is the environment whose CONDA_* variables count (ours by default). The
        callbacks are called from other threads, one call at a time.

        Raises:
            InvalidRequest: a spec or channel is not one; `field` says which.
            Unsolvable: the specs contradict; the message says what with what, `detail` is the solver's own text.
            Unavailable: a channel cannot be reached, or holds nothing for this platform.
            Forbidden: a channel's terms are not accepted (reason ``terms``).
            NotFound: a name to remove is not installed.
            Failed: a wrong hash, a full disk, a damaged package, or the engine crashed.
            Cancelled: `cancelled` was set; nothing of the work runs any more, but the
                prefix may be half changed: the caller restores it.
        """
