"""Writes conda packages and the index of a channel, with the standard library alone."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# As long as what conda-build writes: an installer puts the prefix in its place.
PLACEHOLDER = "/opt/" + "_placehold" * 24


@dataclass(frozen=True)
class File:
    """A file or, with `target`, a link; what holds `placeholder` is rewritten on installation."""

    data: bytes = b""
    mode: int = 0o644
    target: str | None = None
    placeholder: str | None = None
    binary: bool = False


def text(content: str, mode: int = 0o644) -> File:
    """A text file, rewritten on installation where it holds `PLACEHOLDER`."""
    return File(content.encode(), mode, placeholder=PLACEHOLDER if PLACEHOLDER in content else None)


@dataclass(frozen=True)
class Package:
    """A conda package: its index record and its files by path.

    `noarch` is None, ``"python"`` or ``"generic"``; `more` are further fields of the index record.
    """

    name: str
    version: str
    files: Mapping[str, File]
    depends: Sequence[str] = ()
    constrains: Sequence[str] = ()
    build: str = "0"
    number: int = 0
    noarch: str | None = None
    entry_points: Sequence[str] = ()
    summary: str = ""
    license: str = "BSD-3-Clause"
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    def index(self, subdir: str) -> dict[str, Any]:
        """``info/index.json``, which the channel's index repeats."""
        return {
            "arch": None if self.noarch else subdir.partition("-")[2],
            "build": self.build,
            "build_number": self.number,
            "constrains": list(self.constrains),
            "depends": list(self.depends),
            "license": self.license,
            "name": self.name,
            **({"noarch": self.noarch} if self.noarch else {}),
            "platform": None if self.noarch else subdir.partition("-")[0],
            "subdir": subdir,
            "timestamp": 1_700_000_000_000 + self.number,
            "version": self.version,
            **self.more,
        }


def write(package: Package, channel: Path, platform: str, *, old_format: bool = False) -> None:
    """Put `package` into the folder `channel`, as ``.conda`` or in the `old_format` ``.tar.bz2``."""
    subdir = "noarch" if package.noarch else platform
    folder = channel / subdir
    folder.mkdir(parents=True, exist_ok=True)
    # Two versions of a module never share a time: bytecode of the one would pass for that of the other.
    stamp = 1_600_000_000 + zlib.crc32(package.stem.encode()) % 100_000_000
    info = {f"info/{name}": File(raw) for name, raw in _info(package, subdir).items()}
    if old_format:
        path = folder / f"{package.stem}.tar.bz2"
        path.write_bytes(bz2.compress(_tar({**info, **package.files}, stamp), 1))
    else:
        path = folder / f"{package.stem}.conda"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
            archive.writestr(f"pkg-{package.stem}.tar.zst", b"".join(_zstd(_tar(package.files, stamp))))
            archive.writestr(f"info-{package.stem}.tar.zst", b"".join(_zstd(_tar(info, stamp))))
    raw = path.read_bytes()
    record = {
        **package.index(subdir),
        "md5": hashlib.md5(raw).hexdigest(),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "size": len(raw),
    }
    path.with_name(path.name + ".json").write_text(json.dumps(record))


def write_index(channel: Path, *subdirs: str) -> None:
    """Write ``repodata.json`` for what `write` has put into each of `subdirs`."""
    for subdir in subdirs:
        folder = channel / subdir
        folder.mkdir(parents=True, exist_ok=True)
        packages: dict[str, dict[str, Any]] = {"packages": {}, "packages.conda": {}}
        for record in sorted(folder.glob("*.json")):
            if record.name == "repodata.json":
                continue
            file = record.name[: -len(".json")]
            kind = "packages.conda" if file.endswith(".conda") else "packages"
            packages[kind][file] = json.loads(record.read_text())
        index = {"info": {"subdir": subdir}, **packages, "removed": [], "repodata_version": 1}
        (folder / "repodata.json").write_text(json.dumps(index, indent=1))


def _info(package: Package, subdir: str) -> dict[str, bytes]:
    paths = []
    for name, file in sorted(package.files.items()):
        entry: dict[str, Any] = {
            "_path": name,
            "path_type": "softlink" if file.target else "hardlink",
            "sha256": hashlib.sha256(file.data).hexdigest(),
            "size_in_bytes": len(file.data),
        }
        if file.placeholder:
            entry |= {"prefix_placeholder": file.placeholder, "file_mode": "binary" if file.binary else "text"}
        paths.append(entry)
    texts = {
        "index.json": json.dumps(package.index(subdir), indent=1),
        "paths.json": json.dumps({"paths": paths, "paths_version": 1}, indent=1),
        "files": "".join(f"{path['_path']}\n" for path in paths),
        "about.json": json.dumps({"summary": package.summary, "license": package.license}),
    }
    if rewritten := [p for p in paths if "file_mode" in p]:
        lines = [f'"{p["prefix_placeholder"]}" {p["file_mode"]} "{p["_path"]}"\n' for p in rewritten]
        texts["has_prefix"] = "".join(lines)
    if package.noarch:
        link: dict[str, Any] = {"type": package.noarch}
        if package.entry_points:
            link["entry_points"] = list(package.entry_points)
        texts["link.json"] = json.dumps({"noarch": link, "package_metadata_version": 1})
    return {name: content.encode() for name, content in texts.items()}


def _tar(files: Mapping[str, File], stamp: int) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, file in files.items():
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode = stamp, file.mode
            if file.target:
                entry.type, entry.linkname = tarfile.SYMTYPE, file.target
                archive.addfile(entry)
            else:
                entry.size = len(file.data)
                archive.addfile(entry, io.BytesIO(file.data))
    return raw.getvalue()


def _zstd(raw: bytes) -> Iterator[bytes]:
    """`raw` as a Zstandard frame (RFC 8878) of blocks that are stored as they are, which takes no time."""
    most = 1 << 17
    yield b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(17 - 10) << 3])
    for start in range(0, max(len(raw), 1), most):
        block = raw[start : start + most]
        last = start + most >= len(raw)
        yield (len(block) << 3 | last).to_bytes(3, "little") + block
