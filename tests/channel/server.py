"""Channels over http on 127.0.0.1, as slow, broken or private as a test wants them."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

_PIECE = 1 << 16


@dataclass
class ChannelServer:
    """What the server does with a request.

    `faults` gives for a regular expression on the path what goes wrong there: a number is
    the HTTP status that is answered, ``"cut"`` ends the connection in the middle of the
    content, ``"other"`` sends content of the same length with another hash, ``"stall"``
    sends half and then nothing until the end of the test. `delay` is the time in seconds
    before each answer, `rate` the most bytes a second of one answer. With `user`
    (``name:password``) or `token` a request without it is refused; a token comes in
    the path, as ``/t/TOKEN/main``. `asked` are the paths of the requests so far.
    """

    port: int = 0
    faults: dict[str, int | str] = field(default_factory=dict)
    delay: float = 0.0
    rate: float | None = None
    user: str | None = None
    token: str | None = None
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def top(self) -> str:
        """The address above the channels, without credentials."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address of ``main``, without credentials."""
        return f"{self.top}/main"

    @property
    def extra(self) -> str:
        return f"{self.top}/extra"

    def fault(self, path: str) -> int | str | None:
        return next((what for pattern, what in self.faults.items() if re.search(pattern, path)), None)


@contextmanager
def serving(folder: Path) -> Iterator[ChannelServer]:
    """Serve the files below `folder` until the block ends."""
    state = ChannelServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0])
            state.asked.append(path)
            if state.delay:
                state.over.wait(state.delay)
            if state.user is not None:
                wanted = "Basic " + base64.b64encode(state.user.encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    self.refuse(401)
                    return
            if state.token is not None:
                if not path.startswith(f"/t/{state.token}/"):
                    self.refuse(403)
                    return
                path = path.removeprefix(f"/t/{state.token}")
            fault = state.fault(path)
            if isinstance(fault, int):
                self.refuse(fault)
                return
            file = (folder / path.lstrip("/")).resolve()
            if not file.is_relative_to(folder.resolve()) or not file.is_file():
                self.refuse(404)
                return
            self.send(file, fault)

        def do_HEAD(self) -> None:
            self.do_GET()

        def refuse(self, status: int) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="channel"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send(self, file: Path, fault: str | None) -> None:
            content = file.read_bytes()
            stamp = f'"{file.stat().st_mtime_ns}"'
            if self.headers.get("If-None-Match") == stamp and fault is None:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", stamp)
            self.send_header("Cache-Control", "max-age=0")
            self.end_headers()
            if self.command == "HEAD":
                return
            if fault == "other":
                content = content[:-1] + bytes([content[-1] ^ 1])
            whole = len(content)
            if fault in ("cut", "stall"):
                content = content[: whole // 2]
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                self.wfile.write(piece)
                if state.rate:
                    state.over.wait(len(piece) / state.rate)
            self.wfile.flush()
            if fault == "stall":
                state.over.wait()
            if fault in ("cut", "stall"):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that gave up is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
