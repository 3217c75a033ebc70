"""What the tests of the conda engine share: a home of their own, channels, an engine, short ways to ask."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_envs.backends.conda_operation import CondaOutcome, Operation
from jupyter_envs.backends.rattler import Embedded


class World:
    """An engine with the package cache, the home and the environment of one test."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.prefix = top / "env"
        self.engine = Embedded(top / "state")
        self.steps: list[tuple[Any, ...]] = []
        self.lines: list[str] = []

    def do(self, *, prefix: Path | None = None, cancelled: threading.Event | None = None, **words: Any) -> CondaOutcome:
        return self.engine.run(
            Operation(prefix=str(prefix or self.prefix), **words),
            on_step=lambda *step: self.steps.append(step),
            on_line=self.lines.append,
            cancelled=cancelled,
        )

    def here(self, prefix: Path | None = None) -> dict[str, str]:
        """The installed versions by name, as the records tell them."""
        meta = (prefix or self.prefix) / "conda-meta"
        return dict(path.stem.rsplit("-", 2)[:2] for path in meta.glob("*.json"))

    def history(self) -> str:
        return (self.prefix / "conda-meta" / "history").read_text()


def versions(outcome: CondaOutcome) -> tuple[dict[str, str], dict[str, tuple[str, str]], list[str]]:
    """What was added, changed and removed, without the rest."""
    return (
        {p.name: p.version for p in outcome.added},
        {s.after.name: (s.before.version, s.after.version) for s in outcome.changed},
        [p.name for p in outcome.removed],
    )


@contextmanager
def served(
    folder: Path,
    answer: Callable[[http.server.SimpleHTTPRequestHandler], bool] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """The address at which `folder` is served; `answer` may deal with a request itself and say so by True."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if not (answer and answer(self)):
                super().do_GET()

        def do_HEAD(self) -> None:
            if not (answer and answer(self)):
                super().do_HEAD()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(folder)))  # type: ignore[arg-type]
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
