"""The package records of a conda prefix (``conda-meta/*.json``): facts, kept by the times of the files."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import msgspec

from jupyter_envs.model.conda import CondaPackage, Exact
from jupyter_envs.system import conda_history, conda_meta
from jupyter_envs.system.conda_url import public
from jupyter_envs.system.package_store import file_of, write
from jupyter_envs.system.reading import decode, read_as

# In the JSON of a list of paths.
_DIST = re.compile(rb"\"(?:[^\"]*/)?site-packages/([^/\"]+\.(?:dist-info|egg-info))[/\"]")
_MOST_KEPT = 20_000


class Record(msgspec.Struct, frozen=True, array_like=True):
    """What one record tells; the address may hold a token and is for installers alone.

    `dists` are the names of the ``.dist-info`` folders that came with the package,
    `noarch` tells that it lies in the folder of whatever Python there is.
    """

    name: str
    version: str
    build: str = ""
    subdir: str = ""
    channel: str | None = None
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    depends: list[str] = []
    constrains: list[str] = []
    requested: str | None = None
    dists: list[str] = []
    noarch: bool = False

    @property
    def package(self) -> CondaPackage:
        return CondaPackage(
            name=self.name,
            version=self.version,
            build=self.build,
            subdir=self.subdir,
            channel=conda_meta.short_channel(self.channel),
            url=public(self.url) if self.url else None,
            sha256=self.sha256,
            md5=self.md5,
            size=self.size,
        )

    @property
    def exact(self) -> Exact | None:
        """The line that brings it back; None where the record does not tell where it came from."""
        return Exact(url=self.url, sha256=self.sha256, md5=self.md5) if self.url else None


class _Noted(msgspec.Struct):
    name: str
    version: str
    build: str = ""
    subdir: str = ""
    channel: str | None = None
    url: str | None = None
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    depends: list[str] = []
    constrains: list[str] = []
    requested_spec: str | None = None
    requested_specs: list[str] | None = None
    noarch: str | None = None
    # Thousands of paths, of which one counts: as they stand, they take half of the time.
    files: msgspec.Raw = msgspec.Raw(b"[]")


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    path: str
    stamp: tuple[int, int]
    record: Record


_noted = msgspec.json.Decoder(_Noted)
_paths = msgspec.json.Decoder(list[str])
_stored = msgspec.json.Decoder(list[_Entry])
_lock = threading.Lock()
_known: dict[str, _Entry] = {}


def records(prefix: str, store: Path | None = None) -> list[Record]:
    """The records of the conda environment at `prefix`; one that cannot be read is told by its file name.

    What was read is kept in memory until it changes, and in the folder `store` for other processes.
    """
    folder = os.path.join(prefix, "conda-meta")
    paths = [folder + os.sep + name for name in sorted(conda_meta.files(prefix))]
    kept = file_of(store, prefix, ".conda.json") if store is not None else None
    if kept and paths and not any(path in _known for path in paths):
        with _lock:
            _known.update({entry.path: entry for entry in _load(kept)})
    before = [_known.get(path) for path in paths]
    entries = [_read(path) for path in paths]
    if kept and any(old is not new for old, new in zip(before, entries, strict=True)):
        write(kept, msgspec.json.encode(entries))
    return [entry.record for entry in entries]


def packages(prefix: str) -> list[CondaPackage]:
    """What conda installed, with the addresses and hashes of the archives, by name."""
    return sorted((record.package for record in records(prefix)), key=lambda package: package.name)


def requested(prefix: str) -> dict[str, str]:
    """The specs that somebody asked for and that are still there, by name.

    The history of whichever client tells them; where there is none, the records do.
    """
    return requested_of(prefix, records(prefix))


def requested_of(prefix: str, found: list[Record]) -> dict[str, str]:
    """As `requested`, for records that have been read."""
    told = conda_history.requested(prefix, (record.name for record in found))
    return told or {record.name: record.requested for record in found if record.requested}


def files(prefix: str, record: Record) -> list[str]:
    """What the package `record` brought, relative to `prefix`, its own record included."""
    name = f"{record.name}-{record.version}-{record.build}.json"
    path = os.path.join(prefix, "conda-meta", name)
    try:
        listed = decode(_paths, bytes(read_as(path, _noted).files))
    except (OSError, ValueError):
        listed = []
    return [f"conda-meta/{name}", *listed]


def _spec(noted: _Noted) -> str | None:
    # conda writes the word where nobody asked.
    told = [text for text in (*(noted.requested_specs or []), noted.requested_spec) if text and text != "None"]
    return told[0] if told else None


def _read(path: str) -> _Entry:
    try:
        info = os.stat(path)
        stamp = (info.st_mtime_ns, info.st_size)
    except OSError:
        stamp = (0, 0)
    kept = _known.get(path)
    if kept and kept.stamp == stamp:
        return kept
    entry = _Entry(path, stamp, _parsed(path))
    with _lock:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        _known[path] = entry
    return entry


def _parsed(path: str) -> Record:
    try:
        noted = read_as(path, _noted)
        dists = _dists(bytes(noted.files))
    except (OSError, ValueError):
        name, version, build = os.path.basename(path)[: -len(".json")].rsplit("-", 2)
        return Record(name=name, version=version, build=build)
    return Record(
        name=noted.name,
        version=noted.version,
        build=noted.build,
        subdir=noted.subdir,
        channel=noted.channel,
        url=noted.url,
        sha256=noted.sha256,
        md5=noted.md5,
        size=noted.size,
        depends=noted.depends,
        constrains=noted.constrains,
        requested=_spec(noted),
        dists=dists,
        noarch=noted.noarch == "python",
    )


def _dists(files: bytes) -> list[str]:
    """The ``.dist-info`` folders among `files`, a list of paths as JSON."""
    if b"-info" not in files:
        return []
    if b"\\" in files:
        # Letters outside of ASCII may be escaped, and so are quotation marks, which no distribution's name has.
        files = msgspec.json.encode([path for path in decode(_paths, files) if '"' not in path])
    return sorted({found.decode() for found in _DIST.findall(files)})


def _load(file: Path) -> list[_Entry]:
    try:
        return read_as(file, _stored)
    except (OSError, ValueError):
        return []
