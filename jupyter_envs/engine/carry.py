"""What a notebook in an environment should carry, so that the environment can be made again from it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from msgspec.structs import replace

from jupyter_envs.backends.conda_spec import check_package
from jupyter_envs.engine import history, record
from jupyter_envs.engine.kinds.base import Origin
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.refuse import Running
from jupyter_envs.engine.task import Task
from jupyter_envs.formats import explicit
from jupyter_envs.formats import lock as lock_file
from jupyter_envs.formats.base import Installed, listed
from jupyter_envs.formats.carried import Carried, CarriedConda, block, metadata_of, write
from jupyter_envs.model.carry import NotebookRecord, Rebuild, RecordPlace
from jupyter_envs.model.check import check_requirement
from jupyter_envs.model.env import Environment, Own, Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Create
from jupyter_envs.system import temporary
from jupyter_envs.system.conda_url import public
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.reading import DOCUMENT, read_text
from jupyter_envs.system.redact import redact
from jupyter_envs.system.trust import Approval, Trust, plain_name

# What every environment starts with; a notebook need not ask for it.
_BASE = frozenset({"ipykernel", "pip", "setuptools", "wheel"})


def carried(
    environment: Environment, own: Own | None, packages: list[Package], origin: Origin
) -> tuple[Carried, list[str]]:
    """What was asked for in `environment` and the lock of its last revision; then what cannot be carried, and why.

    Of one that is not the user's `own` no record counts, so that it carries no lock of pip's.

    What other things than pip brought is as `origin` tells.
    """
    spec = record.read_spec(own) if own else {}
    apart = bool(origin.archives or origin.specs)
    asked = spec.get("pip_packages" if apart else "packages")
    if asked is None:
        asked = [p.name for p in packages if p.requested and p.name.lower() not in _BASE and p.manager == "pip"]
    kept: list[str] = []
    warnings: list[str] = []
    for line in asked:
        try:
            requirement = check_requirement(line, "packages")
        except InvalidRequest:
            warnings.append(f"{line} is not a requirement of pip's; it is left out.")
            continue
        if requirement.editable or os.path.isabs(requirement.line) or "file:" in requirement.line:
            warnings.append(f"{requirement.line} lies on this machine alone; it is left out.")
        elif requirement.name is None:
            warnings.append(f"{redact(requirement.line)} does not tell its name; write it as 'name @ URL'.")
        else:
            kept.append(redact(str(requirement)))
    version = environment.python.version
    python = f">={'.'.join(version.split('.')[:2])}" if version else None
    newest = history.last(own) if own else None
    number = newest.revision.revision if newest else None
    whole = history.lock_of(own, number) if own and number is not None else None
    pip = [package for package in whole.packages if package.manager == "pip"] if whole else []
    unhashed = [package.name for package in pip if not package.hashed]
    lock = None
    if unhashed:
        warnings.append(f"The hashes of {listed(unhashed)} are not known yet, so no lock of pip's packages is carried.")
    elif whole and (pip or not apart):
        lock = lock_file.write(replace(whole, packages=pip))
    if not apart:
        return Carried(kept, python, lock), warnings
    conda, more = _conda(packages, origin)
    return Carried(kept, python, lock, conda), [*warnings, *more]


def _conda(packages: list[Package], origin: Origin) -> tuple[CarriedConda, list[str]]:
    """conda's part, nothing secret in it, and what is wrong with it elsewhere."""
    channels = list(dict.fromkeys(public(channel).rstrip("/") for channel in origin.channels))
    specs = [explicit.public_spec(spec) for _, spec in sorted(origin.specs.items())]
    if not specs:
        # Its client noted nothing: all that is not known to have come along.
        specs = sorted(p.name for p in packages if p.manager == "conda" and p.requested is not False)
    warnings = []
    unknown = sum(package.manager == "conda" for package in packages) - len(origin.archives)
    text = None
    if unknown > 0:
        warnings.append(f"Where {unknown} of conda's packages came from is not known; no lock of conda is carried.")
    else:
        text = explicit.write(Installed(packages=packages, archives=origin.archives, specs=origin.specs))
    if any(archive.url.startswith("file:") for archive in origin.archives):
        warnings.append("A channel lies on this machine alone; elsewhere what came from it cannot be had.")
    return CarriedConda(explicit.platform(), channels, specs, text), warnings


class Notebooks:
    """What can be done with a notebook and its environment; `find` and `packages` are the engine's."""

    def __init__(
        self,
        parts: Parts,
        find: Callable[[str], Environment],
        packages: Callable[[str], list[Package]],
        running: Running,
    ) -> None:
        self._parts = parts
        self._find = find
        self._packages = packages
        self._running = running

    def record(self, key: str, place: RecordPlace = "cell") -> NotebookRecord:
        """What a notebook in the environment `key` should carry: the cell and the metadata."""
        return _told(*self._carried(key), place)

    def record_in(self, path: str, key: str, place: RecordPlace = "cell") -> NotebookRecord:
        """Write that into the notebook file `path`; the rest of it stays.

        Raises:
            InvalidRequest: it cannot be read or written, or is no notebook.
        """
        found, warnings = self._carried(key)
        # One that was killed while it wrote the same notebook left a file beside it.
        temporary.sweep(self._parts.settings.state / "tmp")
        try:
            text = read_text(path, DOCUMENT)
            atomic_write(path, write(text, found, place), os.stat(path).st_mode & 0o777)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InvalidRequest(
                f"{path} cannot be read and written: {why}.", hint="Give a notebook of your own.", field="notebook"
            ) from None
        return _told(found, warnings, place)

    def rebuild(self, request: Rebuild, beside: Create | None = None) -> Task:
        """As `rebuild.rebuild`."""
        from jupyter_envs.engine.rebuild import rebuild

        return rebuild(self._parts, request, self._running, beside)

    def approved(self) -> list[Approval]:
        """The packages that this person has approved, sorted."""
        return sorted(self._trust.approved())

    def revoke(self, names: list[str]) -> list[Approval]:
        """Ask again about the packages `names`; return what had been approved of them."""
        wanted = {plain_name(check_package(name, f"names[{n}]")) for n, name in enumerate(names)}
        gone = [each for each in self.approved() if each.name in wanted]
        self._trust.revoke(gone)
        return gone

    @property
    def _trust(self) -> Trust:
        return Trust(self._parts.settings.trust_file)

    def _carried(self, key: str) -> tuple[Carried, list[str]]:
        environment = self._find(key)
        own = self._parts.own(environment.prefix)
        if own and history.incomplete(own):
            # What was installed a moment ago; that of earlier days has been completed in the background.
            self._parts.ledger.complete(own, threading.Event(), offline=True)
        origin = self._parts.kind_of(environment).origin(environment.prefix, own)
        return carried(environment, own, self._packages(environment.id), origin)


def _told(found: Carried, warnings: list[str], place: RecordPlace) -> NotebookRecord:
    return NotebookRecord(block=block(found), metadata=metadata_of(found, place), warnings=warnings)
