"""What this person has approved on this machine: package names, each from one index or channel.

The file lies in the state folder, never in a notebook, so that a notebook which is
shared brings no approval along. Only its owner may read or write it. A file that
cannot be read, is damaged, or that somebody else could have written approves
nothing: then one is asked again.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import msgspec

from jupyter_envs.system.files import atomic_write, lock
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import decode, opened, read_from
from jupyter_envs.system.redact import redact

_FORMAT = 1
# More than a person can have looked at: such a file was not written here.
_MOST_BYTES = 5_000_000


class Approval(NamedTuple):
    """A package by its normalised name (PEP 503), from `source`: the address of an index or a channel, or a URL."""

    name: str
    source: str


class _File(msgspec.Struct, frozen=True):
    format: int
    approved: list[tuple[str, str]]


_decoder = msgspec.json.Decoder(_File)


class Trust:
    """The approvals in the file `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def approved(self) -> set[Approval]:
        """Everything that was approved; nothing where the file is missing or not to be relied on."""
        try:
            with opened(self._path) as descriptor:
                if not _owners_alone(os.fstat(descriptor)):
                    return set()
                kept = decode(_decoder, read_from(descriptor, _MOST_BYTES))
        except (OSError, ValueError):
            return set()
        return {Approval(name, source) for name, source in kept.approved} if kept.format == _FORMAT else set()

    def approve(self, packages: Iterable[Approval]) -> None:
        """Add `packages`, credentials in their sources left out.

        Raises:
            OSError: the file cannot be written.
        """
        self._write(add={approval(name, source) for name, source in packages})

    def revoke(self, packages: Iterable[Approval]) -> None:
        """Take `packages` back; unknown ones are fine.

        Raises:
            OSError: the file cannot be written.
        """
        self._write(drop={approval(name, source) for name, source in packages})

    def _write(self, add: AbstractSet[Approval] = frozenset(), drop: AbstractSet[Approval] = frozenset()) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with lock(self._path.with_suffix(".lock"), lambda: None):
            kept: list[tuple[str, str]] = sorted((self.approved() | add) - drop)
            atomic_write(self._path, msgspec.json.encode(_File(_FORMAT, kept)), 0o600, durable=True)


def approval(name: str, source: str) -> Approval:
    """The approval of `name` from `source`, both in the one form in which they are compared."""
    return Approval(plain_name(name), redact(source).rstrip("/"))


def plain_name(name: str) -> str:
    """`name` as PEP 503 has it; underscores at its start, which are conda's, stay."""
    rest = name.lstrip("_")
    return "_" * (len(name) - len(rest)) + re.sub(r"[-_.]+", "-", rest).lower()


def _owners_alone(told: os.stat_result) -> bool:
    # Windows keeps a profile's files to its user by the folder's access list.
    return WINDOWS or (told.st_uid == os.getuid() and not told.st_mode & (stat.S_IRWXG | stat.S_IRWXO))
