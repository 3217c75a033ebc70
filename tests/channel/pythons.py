"""A CPython of this machine as a relocatable conda package."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.channel.package import PLACEHOLDER, File, Package

_DROPPED = {"__pycache__", "idle_test", "idlelib", "lib2to3", "site-packages", "test", "tests", "tkinter", "turtledemo"}
_ABOUT = """
import json, os, platform, sys, sysconfig
usual = os.path.join(sys.base_prefix, "lib/python%d.%d/site-packages" % sys.version_info[:2])
plain = platform.python_implementation() == "CPython" and sysconfig.get_path("purelib", vars={"base": sys.base_prefix})
print(json.dumps([sys.base_prefix, platform.python_version(), plain == usual]))
"""


class Python(NamedTuple):
    """An installed CPython: its folder and its version."""

    prefix: str
    version: str

    @property
    def short(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def executable(self) -> str:
        return f"{self.prefix}/bin/python{self.short}"


def look(executable: str) -> Python | None:
    """The installation behind `executable`; None if it is no CPython that keeps its modules where all others do."""
    ran = subprocess.run([executable, "-I", "-c", _ABOUT], capture_output=True, text=True, timeout=60)
    if ran.returncode:
        return None
    prefix, version, usual = json.loads(ran.stdout)
    python = Python(prefix, version)
    return python if usual and os.path.isfile(python.executable) else None


def package(python: Python) -> Package:
    """`python` without its tests, its Tk and what was installed into it."""
    top = Path(python.prefix)
    name = os.path.basename(python.executable)
    lib = f"lib/python{python.short}"
    files = {
        f"bin/{name}": _binary(Path(python.executable).resolve(), python),
        "bin/python": File(target=name),
        "bin/python3": File(target=name),
        f"{lib}/site-packages/README.txt": File(b"This directory contains third-party packages.\n"),
    }
    for library in sorted((top / "lib").glob("libpython3*.so*")):
        files[f"lib/{library.name}"] = (
            File(target=os.readlink(library)) if library.is_symlink() else _binary(library, python)
        )
    for folder, folders, names in os.walk(top / lib):
        folders[:] = [f for f in folders if f not in _DROPPED and not f.startswith("config-")]
        for file in names:
            if file.endswith((".a", ".pyc")) or file.startswith(("_test", "_tkinter", "_xx", "_ctypes_test")):
                continue
            path = Path(folder, file)
            files[path.relative_to(top).as_posix()] = _binary(path, python) if ".so" in file else _text(path, python)
    return Package(
        name="python",
        version=python.version,
        build="0_cpython",
        files=files,
        summary="General purpose programming language",
        license="PSF-2.0",
        more={"python_site_packages_path": f"{lib}/site-packages"},
    )


def _text(path: Path, python: Python) -> File:
    raw = path.read_bytes()
    # What an installer has to rewrite must be as good as what it writes: the prefix here becomes the placeholder.
    if path.suffix == ".py" and python.prefix.encode() in raw and b"\0" not in raw:
        raw = raw.replace(python.prefix.encode(), PLACEHOLDER.encode())
        return File(raw, path.stat().st_mode & 0o777, placeholder=PLACEHOLDER)
    return File(raw, path.stat().st_mode & 0o777)


def _binary(path: Path, python: Python) -> File:
    """A program or library that finds libpython beside itself, wherever that is.

    The folder in its run path gives way to one relative to the file, as patchelf would do it.
    """
    raw = path.read_bytes()
    fixed, relative = f"{python.prefix}/lib\0".encode(), b"$ORIGIN/../lib\0"
    if len(relative) <= len(fixed):
        raw = raw.replace(fixed, relative.ljust(len(fixed), b"\0"))
    return File(raw, 0o755)
