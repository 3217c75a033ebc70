"""What a notebook asks of pip: by the lock that holds it, or the newest that fits, and what a kernel needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from jupyter_envs.engine import resolve
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.resolve import Consent, Settled, settle
from jupyter_envs.engine.task import Context
from jupyter_envs.formats.base import Read, listed
from jupyter_envs.formats.fit import differences
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import InvalidRequest, Unavailable, Unsolvable
from jupyter_envs.model.request import ImportText
from jupyter_envs.model.resolved import Pinned
from jupyter_envs.system import interpreters
from jupyter_envs.system.requires import marker_environment


class PipPart:
    """What is `found` in a notebook's text, and of its `locks` the one that holds it: `lock`, None where none does.

    `told` says then what the first of them differs in. Projects of the machine that a lock was made on
    are never looked for in an index.
    """

    def __init__(self, parts: Parts, found: Read, locks: Iterable[tuple[str, str]]) -> None:
        self._parts = parts
        self._found = found
        self._local: set[str] = set()
        self.lock: Read | None = None
        self.text: str | None = None
        self.told: str | None = None
        resolve.refuse_local(found.requirements())
        for form, text in locks:
            read = self._read(ImportText(format=form, text=text))
            self._local.update(read.local)
            here = self._here(read.python)
            variables = (
                marker_environment(here.version, here.implementation) if here else marker_environment(None, None)
            )
            if not (differs := differences(found, read, variables)):
                self.lock, self.text, self.told = read, text, None
                break
            said = "; ".join(differs[:4])
            self.told = self.told or f"The notebook's lock does not fit what the notebook asks for: {said}."

    def exact(self, here: Interpreter, base: Sequence[Requirement], consent: Consent, context: Context) -> Settled:
        """What the lock holds, and of `base` what it lacks.

        Raises:
            InvalidRequest: the lock lacks what an extra that is asked for brings.
            Failed: an index has other files than the lock (reason ``hash_mismatch``).
        """
        assert self.lock is not None
        settled = settle(self._parts, here, self.lock.requirements(), consent, context, deps=False)
        if not settled.complete:
            return settled
        pinned = resolve.held_to(settled.pinned, self.lock)
        names = {each.name for each in pinned}
        limits = [Requirement(line=each.line, name=each.name) for each in pinned if each.address is None]
        extras = [each for each in self._found.requirements() if resolve.extras_of(each)]
        if extras:
            needed = settle(self._parts, here, extras, consent, context, limits=limits)
            if lacking := [each.name for each in needed.pinned if each.name not in names]:
                raise InvalidRequest(
                    f"The notebook's lock lacks what the notebook asks for: {listed(lacking)}.",
                    hint="Take the newest versions that fit instead.",
                    field="exact",
                    reason="lock_differs",
                )
        return self._with_base(here, pinned, base, limits, context)

    def newest(self, here: Interpreter, base: Sequence[Requirement], consent: Consent, context: Context) -> Settled:
        """The newest that fit, what they need and `base`, solved together.

        Raises:
            InvalidRequest: an index would bring what is a folder of its author's machine.
        """
        wanted = self._found.requirements()
        names = {each.name for each in wanted}
        more = [each for each in base if each.name not in names]
        settled = settle(self._parts, here, [*wanted, *more], consent, context)
        for each in settled.pinned:
            if each.name in self._local and each.address is None:
                raise InvalidRequest(
                    f"{each.name} is a folder of the machine that the notebook was recorded on; what an index has"
                    " under that name is something else.",
                    hint="Take it out of what the notebook declares, and install your copy of it yourself.",
                    field="notebook",
                )
        return dataclasses.replace(settled, own=self._own(here, base, context)) if base else settled

    def _with_base(
        self,
        here: Interpreter,
        pinned: Sequence[Pinned],
        base: Sequence[Requirement],
        limits: Sequence[Requirement],
        context: Context,
    ) -> Settled:
        names = {each.name for each in pinned}
        lacking = [each for each in base if each.name not in names]
        if not lacking:
            return Settled(list(pinned))
        try:
            more = settle(self._parts, here, lacking, Consent(), context, limits=limits)
        except Unsolvable:
            # The lock stands as it is; what is started in it says what does not work together.
            more = settle(self._parts, here, lacking, Consent(), context)
        along = [each for each in more.pinned if each.name not in names]
        return Settled([*pinned, *along], more.complete, more.notes, self._own(here, base, context))

    def _own(self, here: Interpreter, base: Sequence[Requirement], context: Context) -> frozenset[Pinned]:
        """What every environment with `base` gets: nobody need approve it."""
        settled = settle(self._parts, here, base, Consent(), context)
        return frozenset(settled.pinned if settled.complete else [])

    def _read(self, source: ImportText) -> Read:
        read = self._parts.catalog.read(source)
        if read.python is None and self._found.python is not None:
            read = self._parts.catalog.read(source, self._found.python)
            read = dataclasses.replace(read, python=self._found.python)
        return resolve.without_local(read)

    def _here(self, python: str | None) -> Interpreter | None:
        try:
            return interpreters.pick(python, self._parts.settings.interpreters_file)
        except Unavailable:
            return None
