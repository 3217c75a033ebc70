"""A Jupyter server with our extension in it, and callers of its routes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Here and not for all tests: its fixtures give every test an event loop, which the browser's tests cannot share.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPResponse
from tornado.httputil import HTTPHeaders
from traitlets.config import Config

from jupyter_envs.server.app import EnvsApp
from tests.server.described import check


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPHeaders
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Call = Callable[..., Awaitable[Reply]]


UV_CACHE = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")


@pytest.fixture
def environ(jp_environ: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own for the server, but what uv has downloaded stays, and nothing leaks into environments."""
    monkeypatch.setenv("UV_CACHE_DIR", UV_CACHE)
    monkeypatch.delenv("PYTHONPATH")


@pytest.fixture
def jp_server_config(environ: None) -> Config:
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_envs": True, "jupyter_server_terminals": False},
                "allow_unauthenticated_access": False,
            },
            # No process that works on after a job, and writes meanwhile.
            "Settings": {"templates": False, "spares": 0, "copy_at_once": True},
        }
    )


@pytest.fixture
def app(jp_serverapp: Any) -> EnvsApp:
    """Our extension in the running server."""
    found = jp_serverapp.extension_manager.extension_apps["jupyter_envs"]
    return next(iter(found))


@pytest.fixture
def call(app: EnvsApp, http_server_client: Any, jp_auth_header: dict[str, str], jp_base_url: str) -> Call:
    """``await call("POST", "environments", {…})`` → Reply, whatever the status; bytes go out as they are.

    Each answer is held against openapi.json.
    """

    async def fetch(
        verb: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        authorized: bool = True,
        timeout: float = 60,
        check_answer: bool = True,
    ) -> Reply:
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        response: HTTPResponse = await http_server_client.fetch(
            f"{jp_base_url}jupyter-envs/{path}",
            method=verb,
            body=raw,
            headers={**(jp_auth_header if authorized else {}), **(headers or {})},
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
            request_timeout=timeout,
        )
        if check_answer:
            check(verb, path, response.code, response.headers.get("Content-Type", ""), response.body)
        return Reply(response.code, response.headers, response.body)

    return fetch


@pytest.fixture
def done(call: Call) -> Callable[[Reply], Awaitable[dict[str, Any]]]:
    """``await done(reply)`` waits for the job of a 202 and returns it as it ended."""

    async def wait(reply: Reply) -> dict[str, Any]:
        assert reply.status == 202, reply.body
        while True:
            job = (await call("GET", f"jobs/{reply.json['id']}")).json
            if job["ended"]:
                return job
            await asyncio.sleep(0.02)

    return wait


def below(*folders: Path) -> dict[str, tuple[int, int]]:
    """All files below `folders` with size and time of change."""
    found = {}
    for folder in folders:
        for here, _, names in os.walk(folder):
            for name in names:
                info = os.lstat(os.path.join(here, name))
                found[os.path.join(here, name)] = (info.st_size, info.st_mtime_ns)
    return found
