"""What conda knows of packages, channels and requests: the types that the tools, formats and the engine share."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Priority = Literal["strict", "flexible", "disabled"]


class CondaPackage(Struct, frozen=True, kw_only=True):
    """One built package of a channel, installed or to be.

    `channel` is the short name (``conda-forge``), `url` the archive's address
    without credentials, the hashes are hexadecimal, `size` is that of the archive in bytes.
    `cached` tells whether the archive need not be fetched, null where nobody asked.
    """

    name: str
    version: str
    build: str
    subdir: str
    channel: str | None = None
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    cached: bool | None = None


class Exact(Struct, frozen=True, kw_only=True):
    """One line of an explicit lock: an archive's address, and its hash in hexadecimal where the lock tells it."""

    url: str
    sha256: str | None = None
    md5: str | None = None


class Swap(Struct, frozen=True, kw_only=True):
    """A package that gives way to another build of the same name."""

    before: CondaPackage
    after: CondaPackage


class Terms(Struct, frozen=True, kw_only=True):
    """Terms of service of a channel, which can be read at `url`; `accepted` is when, ISO 8601 UTC, or null."""

    channel: str
    title: str
    url: str | None
    accepted: str | None
