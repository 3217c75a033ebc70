"""Conda channels of tiny packages, made in milliseconds with the standard library alone."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PLACEHOLDER = "/opt/" + "_placehold" * 20


@dataclass
class Tiny:
    """One package: what it needs, what it forbids, the text files and symbolic links that it brings."""

    name: str
    version: str = "1.0"
    depends: Sequence[str] = ()
    constrains: Sequence[str] = ()
    build: str = "0"
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    noarch: str = "generic"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"


def make_channel(folder: Path, packages: Sequence[Tiny], *, padding: int = 0) -> Path:
    """Write the channel `folder` with `packages` in ``noarch``, each with `padding` bytes that do not compress."""
    noarch = folder / "noarch"
    noarch.mkdir(parents=True, exist_ok=True)
    index = {}
    for package in packages:
        data = _archive(package, padding)
        (noarch / package.file_name).write_bytes(data)
        index[package.file_name] = {
            **_about(package),
            "md5": hashlib.md5(data).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
        }
    write_index(noarch, index)
    for platform in ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"):
        (folder / platform).mkdir(exist_ok=True)
        write_index(folder / platform, {})
    return folder


def write_index(folder: Path, packages: Mapping[str, object]) -> None:
    """Write ``repodata.json`` of one platform's `folder`."""
    text = {"info": {"subdir": folder.name}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
    (folder / "repodata.json").write_text(json.dumps(text))


def _about(package: Tiny) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": 0,
        "depends": list(package.depends),
        "constrains": list(package.constrains),
        "subdir": "noarch",
        "noarch": package.noarch,
        "timestamp": 1700000000000,
    }


def _archive(package: Tiny, padding: int) -> bytes:
    files = {f"share/{package.name}.txt": f"{package.version}\n", **package.files}
    raw = {name: text.encode() for name, text in files.items()}
    if padding:
        seed = hashlib.sha256(package.file_name.encode()).digest()
        raw[f"share/{package.name}.bin"] = b"".join(
            hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in range(padding // 32)
        )
    paths = []
    for name, data in raw.items():
        entry = {
            "_path": name,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
        }
        if PLACEHOLDER.encode() in data:
            entry.update(prefix_placeholder=PLACEHOLDER, file_mode="text")
        paths.append(entry)
    for name, target in package.links.items():
        behind = raw[str(Path(name).parent / target)]
        entry = {"_path": name, "path_type": "softlink", "sha256": hashlib.sha256(behind).hexdigest()}
        paths.append({**entry, "size_in_bytes": len(behind)})
    info = {
        "info/index.json": json.dumps(_about(package)).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/link.json": json.dumps({"noarch": {"type": package.noarch}, "package_metadata_version": 1}).encode(),
        "info/files": "".join(f"{name}\n" for name in raw).encode(),
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as tar:
        for name, data in {**info, **raw}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(data))
        for name, target in package.links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return out.getvalue()
