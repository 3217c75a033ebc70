"""What a notebook carries of conda: checked, told with its channels, and as the lock that makes it again.

The exact lock is taken as it stands: to tell what it would install, nobody is asked. For the
newest versions that fit channels have to be read; of those only what this person has configured
or approved something from is, until the answer is yes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from msgspec import Struct

from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.backends.conda_setup import Setup
from jupyter_envs.backends.conda_spec import Spec, check_spec
from jupyter_envs.engine.kinds import conda_kernels
from jupyter_envs.engine.kinds.base import Kind, Recipe
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.resolve import Consent
from jupyter_envs.engine.task import Context
from jupyter_envs.formats import explicit
from jupyter_envs.formats.base import FIELD, Given, Installed, Read
from jupyter_envs.formats.carried import KEY, CarriedConda
from jupyter_envs.formats.conda_fit import conda_differences, parts_of
from jupyter_envs.model.address import Address
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.conda import CondaPackage, Exact
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.resolved import Pinned
from jupyter_envs.system.conda_channels import check_channel
from jupyter_envs.system.conda_url import SUBDIR, base_of, leads_elsewhere, public, secrets_of
from jupyter_envs.system.redact import redact
from jupyter_envs.system.trust import Trust

_WHERE = f"{FIELD} metadata.{KEY}.conda"


class Solved(Struct, frozen=True):
    """conda's part as it would come: its packages, and `lock`, None where it is not known yet."""

    pinned: list[Pinned]
    lock: str | None
    python: str | None
    note: str | None = None


class CondaPart:
    """`carried`, as this person may use it here, where `pip` is what is asked of pip beside it.

    `own_channels` are those that the person named for it: they are used as the configured ones are, before others.
    `fits` tells whether the lock can be taken, `differs` whether it holds less, or other things, than the notebook
    asks for; `told` says why it cannot.

    Raises:
        InvalidRequest: it names a folder of this machine that is no channel of this person's, holds
            credentials, or is wrong; the field tells where.
    """

    manager = "conda"

    def __init__(
        self,
        parts: Parts,
        carried: CarriedConda,
        kernel: bool,
        pip: Iterable[Requirement] = (),
        own_channels: Sequence[str] = (),
    ) -> None:
        self._parts = parts
        self._kernel = kernel
        self._setup = Setup(None, parts.settings.state)
        names = list(parts.settings.conda_channels) or self._setup.rc.channels
        self.own = [check_channel(text, f"channels[{n}]").public for n, text in enumerate(own_channels)]
        self._configured = {public(url).rstrip("/") for url in self._setup.names.urls([*names, *self.own])}
        self.platform = carried.platform
        self.specs = [self._spec(text, n) for n, text in enumerate(carried.dependencies)]
        self.channels = [self._channel(text, f"channels[{n}]") for n, text in enumerate(carried.channels)]
        self.channels = list(dict.fromkeys([*self.own, *self.channels]))
        self._lock = carried.lock
        here = explicit.platform()
        self.fits = carried.lock is not None and self.platform == here
        # What to tell where the lock cannot be taken.
        self.told = (
            f"The notebook's lock is for {redact(self.platform[:40])!a}, and this machine is {here}."
            if carried.lock is not None and not self.fits
            else None
        )
        said = self._differences(pip) if self.fits else []
        self.differs = bool(said)
        if said:
            self.fits = False
            self.told = f"The notebook's lock does not fit what the notebook asks for: {'; '.join(said[:4])}."

    def _differences(self, pip: Iterable[Requirement]) -> list[str]:
        try:
            found = self.lock()
        except InvalidRequest:
            # Who takes the lock is told what is wrong with it.
            return []
        return conda_differences(self.specs, pip, found.archives, lambda name: list(map(public, self._urls(name))))

    def _urls(self, channel: str) -> list[Address]:
        return self._setup.names.urls([check_channel(channel, _WHERE)])

    def lock(self) -> Read:
        """The archives of its lock, each from a channel that may be asked for it; raises as the class."""
        assert self._lock is not None
        found = explicit.read(self._lock, Given())
        for archive in found.archives:
            self._check(Address(archive.url), "lock")
            if not SUBDIR.match(os.path.basename(os.path.dirname(archive.url))):
                raise _refused("An archive of the notebook's lock lies in no platform's folder.", archive.url, "lock")
        return found

    def exact(self) -> Solved:
        """What its lock would install; nobody is asked."""
        found = self.lock()
        pinned = [_of_archive(line) for line in found.archives]
        there = {each.name for each in pinned}
        own = conda_kernels.bring_their_own(spec.text for spec in self.specs)
        if self._kernel and "ipykernel" not in there and not own:
            source = self._setup.names.urls(self.channels_of(pinned) or self._setup.rc.channels)[0]
            # The environment was no kernel where it was recorded, and is to be one here.
            pinned.append(_named(Spec(text="ipykernel", name="ipykernel"), public(source)))
        return Solved(pinned, self._lock, found.python)

    def channels_of(self, pinned: Iterable[Pinned]) -> list[str]:
        """The channels that the environment may keep: what is asked of it later comes from them without a question.

        One that the notebook names and nothing that was approved came from is left out.
        """
        known = self._configured | {each.source.rstrip("/") for each in pinned}
        urls = self._setup.names.urls
        return [name for name in self.channels if {public(url).rstrip("/") for url in urls([name])} <= known]

    def newest(self, kind: Kind, recipe: Recipe, context: Context, consent: Consent) -> Solved:
        """What its specs come to now; channels that are neither this person's nor agreed to are not read.

        Raises:
            Unsolvable, Unavailable, Forbidden: as `CondaInstaller.run`.
        """
        named = [spec.channel for spec in self.specs if spec.channel]
        asked: Sequence[str | Address] = self.channels or [
            *recipe.channels,
            *([] if recipe.channels else self._setup.rc.channels),
        ]
        urls = [public(url) for url in self._setup.names.urls([*asked, *named])]
        trusted = self._configured | {approval.source for approval in self._trust.approved()}
        strange = [url for url in urls if url.rstrip("/") not in trusted]
        places = [own if (own := self._source(spec)) in strange else _listed(strange) for spec in self.specs]
        told = [_named(spec, place) for spec, place in zip(self.specs, places, strict=True)]
        if strange and not all(consent.covers(each) for each in told):
            note = (
                f"The notebook names {_listed(strange)}, which you have not used here;"
                " what comes from there is known once it is read."
            )
            # From one of these, so that each spec is asked about, whatever was approved from others.
            return Solved(told, None, None, note)
        base = [line for line in kind.base(recipe, self._kernel) if line.name not in {s.name for s in self.specs}]
        operation = Operation(
            # Nothing is there, and nothing will be.
            prefix=os.fspath(self._parts.settings.state / "nowhere"),
            install=[*(str(line) for line in base), *(spec.text for spec in self.specs)],
            channels=[Address(channel) for channel in asked],
            dry_run=True,
        )
        from jupyter_envs.backends.rattler import Embedded

        outcome = Embedded(self._parts.settings.state).run(operation, cancelled=context.cancelled)
        return self._solved(outcome.added)

    def _solved(self, packages: Sequence[CondaPackage]) -> Solved:
        lines = [Exact(url=p.url, sha256=p.sha256, md5=p.md5) for p in packages if p.url]
        specs = {spec.name: spec.text for spec in self.specs}
        python = next((p.version for p in packages if p.name == "python"), None)
        text = explicit.write(Installed(packages=[], archives=lines, specs=specs))
        return Solved([_of_archive(line) for line in lines], text, python)

    def _spec(self, text: str, number: int) -> Spec:
        spec = check_spec(text, f"{_WHERE}.dependencies[{number}]")
        if spec.channel:
            self._channel(spec.channel, f"dependencies[{number}]")
        return spec

    def _channel(self, text: str, place: str) -> str:
        channel = check_channel(text, f"{_WHERE}.{place}")
        if channel.is_url:
            self._check(channel, place)
        else:
            # What a name stands for here is this person's own setting, credentials included.
            for url in self._setup.names.urls([channel]):
                self._check(Address(url.public), place)
        return channel.public

    def _check(self, address: Address, place: str) -> None:
        url = address.public
        if leads_elsewhere(str(address)):
            raise _refused("An address of the notebook leads elsewhere than it reads.", str(address), place)
        if address.has_secret or secrets_of(address) is not None:
            raise _refused("The notebook holds credentials of a channel.", str(address), place)
        if not url.startswith(("http://", "https://")) and not self._mine(url):
            raise _refused("The notebook names a folder or file of this machine.", url, place)

    def _mine(self, url: str) -> bool:
        """Whether the archive or channel at `url` is in a channel of this person's settings."""
        return base_of(url).rstrip("/") in self._configured

    def _source(self, spec: Spec) -> str | None:
        return public(self._setup.names.urls([spec.channel])[0]) if spec.channel else None

    @property
    def _trust(self) -> Trust:
        return Trust(self._parts.settings.trust_file)


def _of_archive(line: Exact) -> Pinned:
    name, version, _ = parts_of(line)
    hashes = [f"{kind}:{digest}" for kind, digest in (("sha256", line.sha256), ("md5", line.md5)) if digest]
    return Pinned(
        name=name,
        version=version,
        source=base_of(line.url).rstrip("/"),
        address=line.url,
        hashes=tuple(hashes[:1]),
        manager="conda",
    )


def _named(spec: Spec, source: str) -> Pinned:
    return Pinned(name=spec.name, version=None, source=source, manager="conda")


def _listed(urls: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(redact(url) for url in urls))


def _refused(message: str, url: str, place: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        hint="Do not use it unless you know why; have its author record the environment again.",
        field=f"{_WHERE}.{place}",
        detail=redact(url),
    )
