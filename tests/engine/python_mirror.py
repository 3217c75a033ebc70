"""A mirror of the Pythons that uv downloads: one archive, made of the Python that runs the tests."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import platform
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_envs.backends.uv_python import list_argv, parse_list
from jupyter_envs.system.process import run

_UPSTREAM = "https://github.com/astral-sh/python-build-standalone/releases/download"
_LEFT_OUT = {
    *("test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip", "turtledemo", "pydoc_data", "__pycache__"),
    *("site-packages", "dist-packages"),
}
VERSION = platform.python_version()
MINOR = ".".join(VERSION.split(".")[:2])


class Mirror:
    """`folder` holds the archive as the mirror has it, `listing` is what uv is told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.listing = folder / "downloads.json"
        self.archive = folder / "20990101" / f"cpython-{VERSION}.tar.gz"
        self.archive.parent.mkdir(parents=True)
        _pack(self.archive)
        # For this machine, as uv names it.
        known = next(
            b for b in parse_list(run(list_argv(every=True, offline=True)).out) if b.implementation == "cpython"
        )
        self.key = known.key.replace(known.version, VERSION)
        _, _, system, machine, libc = self.key.split("-")
        major, minor, patch = VERSION.split(".")
        entry = {
            "name": "cpython",
            "arch": {"family": machine, "variant": None},
            "os": system,
            "libc": libc,
            "major": int(major),
            "minor": int(minor),
            "patch": int(patch),
            "prerelease": "",
            "url": f"{_UPSTREAM}/{self.archive.relative_to(folder)}",
            "sha256": hashlib.sha256(self.archive.read_bytes()).hexdigest(),
            "variant": None,
            "build": "20990101",
        }
        self.listing.write_text(json.dumps({self.key: entry}))

    def use(self, monkeypatch: pytest.MonkeyPatch, address: str | None = None) -> None:
        """Let uv ask this mirror alone, at `address` where it is served."""
        monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", os.fspath(self.listing))
        monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", address or self.folder.as_uri())
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        for name in ("UV_PYTHON_INSTALL_DIR", "UV_PYTHON_DOWNLOADS", "UV_OFFLINE", "XDG_DATA_HOME"):
            monkeypatch.delenv(name, raising=False)

    @contextmanager
    def stalling(self) -> Iterator[tuple[str, threading.Event]]:
        """The address of the mirror as a server that sends half of an archive, and the event that it has."""
        half = threading.Event()
        over = threading.Event()
        data = self.archive.read_bytes()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2])
                self.wfile.flush()
                # What was sent is being unpacked.
                time.sleep(0.3)
                half.set()
                over.wait()

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", half
        finally:
            over.set()
            server.shutdown()
            server.server_close()


def _pack(archive: Path) -> None:
    """The interpreter and its library, as python-build-standalone lays them out, without what no test needs."""
    program = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    library = Path(sys.base_prefix, "lib")

    def kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = os.path.basename(info.name)
        return None if name in _LEFT_OUT or name.startswith("config-") or name.endswith(".a") else info

    with tarfile.open(archive, "w:gz", compresslevel=1, dereference=True) as packed:
        packed.add(program, f"python/bin/python{MINOR}")
        link = tarfile.TarInfo("python/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, f"python{MINOR}"
        packed.addfile(link)
        packed.add(library / f"python{MINOR}", f"python/lib/python{MINOR}", filter=kept)
        for name in sorted(os.listdir(library)):
            if name.startswith("libpython"):
                packed.add(library / name, f"python/lib/{name}")
