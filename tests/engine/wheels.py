"""Tiny distributions for real installers: wheels, an index that offers them, projects to build."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.system.index_server import Index

# Builds itself with the standard library alone, since a build without a network finds no other backend.
BACKEND = """
import base64, hashlib, os, zipfile

NAME, VERSION = {name!r}, {version!r}
INFO = f"{{NAME}}-{{VERSION}}.dist-info"


def _write(folder, files):
    name = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    files[f"{{INFO}}/METADATA"] = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n"
    files[f"{{INFO}}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    listed = "".join(f"{{path}},sha256={{digest(text)}},{{len(text)}}\\n" for path, text in files.items())
    files[f"{{INFO}}/RECORD"] = f"{{listed}}{{INFO}}/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_wheel(folder, config=None, metadata=None):
    return _write(folder, {{f"{{NAME}}.py": open(f"{{NAME}}.py").read()}})


def build_editable(folder, config=None, metadata=None):
    return _write(folder, {{f"_{{NAME}}.pth": os.getcwd() + "\\n"}})
"""


def wheel(
    name: str,
    version: str,
    *,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
    extras: Mapping[str, Sequence[str]] | None = None,
    scripts: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
) -> tuple[str, bytes]:
    """The file name and the content of a wheel; without `files` one module that holds its version.

    `scripts` are console scripts, `data` files below the prefix.
    """
    plain = re.sub("[-_.]+", "_", name)
    info = f"{plain}-{version}.dist-info"
    about = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    about += [f"Requires-Dist: {line}\n" for line in requires]
    for extra, lines in (extras or {}).items():
        about += [f"Provides-Extra: {extra}\n", *(f"Requires-Dist: {line}; extra == '{extra}'\n" for line in lines)]
    content = dict(files) if files is not None else {f"{plain}.py": f"VERSION = {version!r}\n"}
    content |= {f"{plain}-{version}.data/data/{path}": text for path, text in (data or {}).items()}
    content[f"{info}/METADATA"] = "".join(about)
    content[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts:
        lines = ["[console_scripts]", *(f"{name} = {target}" for name, target in scripts.items())]
        content[f"{info}/entry_points.txt"] = "\n".join(lines) + "\n"
    lines = []
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}\n")
    content[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return f"{plain}-{version}-py3-none-any.whl", raw.getvalue()


def offer(index: Index, name: str, *versions: str, hashed: bool = False, **parts: object) -> None:
    """Let `index` offer `versions` of `name` besides what it has; `parts` are those of `wheel`.

    With `hashed` it tells the hash of each file, as most indexes do.
    """
    page = f"/simple/{re.sub('[-_.]+', '-', name)}/"
    for version in versions:
        file, raw = wheel(name, version, **parts)  # type: ignore[arg-type]
        index.answers[f"/files/{file}"] = (200, "application/octet-stream", raw)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            about = archive.read(next(n for n in archive.namelist() if n.endswith("/METADATA")))
        # PEP 658: a solver need not fetch the wheel.
        index.answers[f"/files/{file}.metadata"] = (200, "text/plain", about)
        digest = f"sha256={hashlib.sha256(about).hexdigest()}"
        told = f"#sha256={hashlib.sha256(raw).hexdigest()}" if hashed else ""
        link = (
            f'<a href="/files/{file}{told}" data-core-metadata="{digest}" data-dist-info-metadata="{digest}">{file}</a>'
        )
        before = index.answers[page][2] if page in index.answers else b"<!DOCTYPE html>"
        index.answers[page] = (200, "text/html", before + link.encode())


def wheel_file(folder: Path, name: str, version: str, **parts: object) -> Path:
    """A wheel in `folder`."""
    file, raw = wheel(name, version, **parts)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(raw)
    return folder / file


def project(folder: Path, name: str, version: str = "1.0") -> Path:
    """A source tree that builds without any other package."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "builder"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
    )
    (folder / "builder.py").write_text(BACKEND.format(name=name, version=version))
    (folder / f"{name}.py").write_text(f"VERSION = {version!r}\n")
    return folder


def snapshot(prefix: str | os.PathLike[str]) -> dict[str, tuple[str, ...]]:
    """Every file, link and folder of a tree with its mode and content; bytecode and uv's own lock left out."""
    found: dict[str, tuple[str, ...]] = {}
    for folder, folders, files in os.walk(prefix):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        for name in [*folders, *(file for file in files if file != ".lock")]:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, prefix)
            mode = oct(os.lstat(path).st_mode)
            if os.path.islink(path):
                found[key] = (mode, os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    found[key] = (mode, hashlib.sha256(file.read()).hexdigest())
            else:
                found[key] = (mode,)
    return found


def sdist(name: str, version: str, marker: Path) -> tuple[str, bytes]:
    """The file name and the content of a source distribution that builds alone and leaves a line in `marker` if so."""
    top = f"{name}-{version}"
    builder = f"open({str(marker)!r}, 'a').write('ran\\n')\n{BACKEND.format(name=name, version=version)}"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        "PKG-INFO": about,
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "builder"\nbackend-path = ["."]\n',
        "builder.py": builder,
        f"{name}.py": f"VERSION = {version!r}\n",
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for path, text in files.items():
            told = tarfile.TarInfo(f"{top}/{path}")
            told.size = len(text)
            archive.addfile(told, io.BytesIO(text.encode()))
    return f"{top}.tar.gz", raw.getvalue()


def offer_source(index: Index, name: str, version: str, marker: Path) -> str:
    """Let `index` offer `name` as source beside what it has of it; its address."""
    file, raw = sdist(name, version, marker)
    index.answers[f"/files/{file}"] = (200, "application/octet-stream", raw)
    page = f"/simple/{name}/"
    before = index.answers[page][2] if page in index.answers else b"<!DOCTYPE html>"
    index.answers[page] = (200, "text/html", before + f'<a href="/files/{file}">{file}</a>'.encode())
    return f"{index.url.removesuffix('/simple')}/files/{file}"
