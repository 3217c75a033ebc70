"""A package index on 127.0.0.1 with tiny wheels, for real installers and for our own reader."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def wheel(name: str, version: str) -> bytes:
    """A wheel of one module that holds its version."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return raw.getvalue()


def file_name(name: str, version: str) -> str:
    return f"{name}-{version}-py3-none-any.whl"


@dataclass
class Index:
    """What the server answers, by path; the headers of each request as it came.

    While it is `closed` nobody gets an answer. Until `hold` is set, what begins with
    `held` gets none for two minutes, metadata excepted.
    """

    port: int = 0
    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    hold: threading.Event | None = None
    held: str = "/"
    closed: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/simple"

    def add(self, name: str, *versions: str, yanked: tuple[str, ...] = ()) -> None:
        """`name` with wheels of `versions`, as an HTML page of links."""
        links = []
        for version in versions:
            path = f"/files/{file_name(name, version)}"
            self.answers[path] = (200, "application/octet-stream", wheel(name, version))
            mark = ' data-yanked="broken"' if version in yanked else ""
            links.append(f'<a href="{path}"{mark}>{file_name(name, version)}</a>')
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"
        self.answers[f"/simple/{name}/"] = (200, "text/html", page.encode())


@contextmanager
def serving() -> Iterator[Index]:
    """An empty index that answers until the block ends."""
    index = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append((self.path, dict(self.headers)))
            if index.closed:
                self.close_connection = True
                return
            if index.hold is not None and self.path.startswith(index.held) and ".metadata" not in self.path:
                index.hold.wait(120)
            if index.user is not None:
                wanted = "Basic " + base64.b64encode(index.user.encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    self.reply(401, "text/plain", b"who?")
                    return
            if self.path in index.moved:
                self.send_response(302)
                self.send_header("Location", index.moved[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.reply(*index.answers.get(self.path, (404, "text/plain", b"no such page")))

        def do_HEAD(self) -> None:
            self.do_GET()

        def reply(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that gave up is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    index.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        if index.hold is not None:
            index.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
