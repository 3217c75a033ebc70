"""An index of packages that cannot be had, each in another way."""

from __future__ import annotations

import html
import io
import ssl
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.engine.wheels import wheel


def sdist(name: str, setup: str, requires: str = "setuptools") -> bytes:
    """An sdist whose `setup.py` is `setup`."""
    files = {
        "setup.py": setup,
        "pyproject.toml": f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "setuptools.build_meta"\n',
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "x.c": "#include <no_such_header.h>\n",
    }
    if name == "needs-distutils":
        # setuptools brings a distutils of its own.
        files["pyproject.toml"] = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        files["own.py"] = setup
    elif not requires:
        del files["pyproject.toml"]
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-1.0/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return raw.getvalue()


SETUP = "from setuptools import setup\nsetup(name={name!r}, version='1.0'{more})\n"
BUILDS = {
    "needs-distutils": "from distutils.core import setup\n",
    "needs-imp": "import imp\n" + SETUP.format(name="needs-imp", more=""),
    "needs-pkg-resources": "import pkg_resources\n" + SETUP.format(name="needs-pkg-resources", more=""),
    "needs-numpy": "import numpy\n" + SETUP.format(name="needs-numpy", more=""),
    "needs-header": "from setuptools import setup, Extension\n"
    "setup(name='needs-header', version='1.0', ext_modules=[Extension('x', ['x.c'])])\n",
    "needs-compiler": "import os\nos.environ['CC'] = 'no-such-cc'\nfrom setuptools import setup, Extension\n"
    "setup(name='needs-compiler', version='1.0', ext_modules=[Extension('x', ['x.c'])])\n",
    "needs-program": "import subprocess\nsubprocess.run(['no-such-config', '--cflags'], check=True)\n",
    "raises-python": "import sys\nsys.exit('RuntimeError: Cannot install on Python version 3.13.0; only versions "
    ">=3.7,<3.10 are supported.')\n",
    "raises-anything": "raise ValueError('the moon is in the wrong phase')\n",
    "use-2to3": SETUP.format(name="use-2to3", more=", use_2to3=True"),
}


class Server:
    """Packages that cannot be had; `user` and `status` make the index refuse."""

    def __init__(self) -> None:
        self.user: str | None = None
        self.status = 0
        self.files: dict[str, bytes] = {}
        self.pages: dict[str, str] = {}
        for name, version, more in [
            ("base", "1.0", {}),
            ("base", "2.0", {}),
            ("wants-old", "1.0", {"requires": ["base<2"]}),
            ("wants-new", "1.0", {"requires": ["base>=2"]}),
            ("deep-old", "1.0", {"requires": ["wants-old"]}),
            ("wants-missing", "1.0", {"requires": ["no-such-project-xyz"]}),
            ("damaged", "1.0", {}),
            ("other-hash", "1.0", {}),
            ("good", "1.0", {}),
        ]:
            filename, content = wheel(name, version, **more)
            if name == "damaged":
                content = content[: len(content) // 2]
            mark = "#sha256=" + "0" * 64 if name == "other-hash" else ""
            self.add(name, filename, content, mark=mark)
        for version, limit in (("1.0", ">=3.6,<3.9"), ("2.0", ">=3.99")):
            filename, content = wheel("other-python", version)
            self.add("other-python", filename, content, attribute=f' data-requires-python="{html.escape(limit)}"')
        filename, content = wheel("newer-python", "1.0")
        self.add("newer-python", filename, content, attribute=' data-requires-python="&gt;=3.99"')
        for tag in ("cp39-cp39-win_amd64", "cp39-cp39-macosx_11_0_arm64"):
            filename, content = wheel("other-machine", "1.0")
            self.add("other-machine", filename.replace("py3-none-any", tag), content)
        filename, content = wheel("other-abi", "1.0")
        self.add("other-abi", filename.replace("py3-none-any", "cp36-cp36m-manylinux1_x86_64"), content)
        filename, content = wheel("withdrawn", "1.0")
        self.add("withdrawn", filename, content, attribute=' data-yanked="eats data"')
        filename, content = wheel("only-beta", "1.0b1")
        self.add("only-beta", filename, content)
        for name, setup in BUILDS.items():
            self.add(name, f"{name}-1.0.tar.gz", sdist(name, setup, requires=""))

    def add(self, name: str, filename: str, content: bytes, *, mark: str = "", attribute: str = "") -> None:
        self.files[f"/files/{filename}"] = content
        line = f'<a href="/files/{filename}{mark}"{attribute}>{filename}</a>'
        self.pages[name] = self.pages.get(name, "") + line


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[tuple[Server, str]]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("#")[0]
            if state.status:
                return self.send_error(state.status)
            if state.user and state.user not in (self.headers.get("Authorization") or ""):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                self.end_headers()
                return None
            body = state.files.get(path)
            kind = "application/octet-stream"
            if body is None and (page := state.pages.get(path.removeprefix("/simple/").rstrip("/"))):
                body, kind = f"<!DOCTYPE html><html><body>{page}</body></html>".encode(), "text/html"
            if body is None:
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket, scheme = context.wrap_socket(server.socket, server_side=True), "https"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state, f"{scheme}://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()
