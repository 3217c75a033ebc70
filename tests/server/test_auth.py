"""Who may do what: no token, no right, no XSRF token."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_envs.engine.task import Task
from jupyter_envs.server.routes import LOG_PATH, OPERATIONS

ASKED: list[tuple[str, str]] = []
# Passes the XSRF check, so that what refuses is the lack of a login.
STRANGER = {"Cookie": "_xsrf=deadbeef", "X-XSRFToken": "deadbeef"}


class DenyAll(Authorizer):
    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        ASKED.append((action, resource))
        return False


class ReadOnly(Authorizer):
    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read"


def address(path: str) -> str:
    return re.sub(r"\{\w+\}", "some-12345678", path)


async def test_without_a_token_nothing_answers(call: Any, jp_ws_fetch: Any) -> None:
    for operation in OPERATIONS:
        reply = await call(operation.verb, address(operation.path), b"{}", headers=STRANGER, authorized=False)
        assert reply.status == 403, operation
        assert "_xsrf" not in reply.json["message"]
        assert reply.json["reason"] == "forbidden"
    with pytest.raises(HTTPClientError) as caught:
        await jp_ws_fetch("jupyter-envs", address(LOG_PATH), headers={"Authorization": "token wrong"})
    assert caught.value.code == 403


async def test_the_server_allowing_strangers_elsewhere_does_not_open_ours(
    call: Any, jp_serverapp: Any, jp_ws_fetch: Any
) -> None:
    jp_serverapp.web_app.settings["allow_unauthenticated_access"] = True
    for operation in OPERATIONS:
        reply = await call(operation.verb, address(operation.path), b"{}", headers=STRANGER, authorized=False)
        assert reply.status == 403, operation
        assert "_xsrf" not in reply.json["message"]
    with pytest.raises(HTTPClientError) as caught:
        await jp_ws_fetch("jupyter-envs", address(LOG_PATH), headers={"Authorization": "token wrong"})
    assert caught.value.code == 403


class TestDenyAll:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config) -> Config:
        jp_server_config.ServerApp.authorizer_class = DenyAll
        return jp_server_config

    async def test_every_verb_is_refused_for_its_own_action(self, app: Any, call: Any, jp_ws_fetch: Any) -> None:
        for operation in OPERATIONS:
            ASKED.clear()
            reply = await call(operation.verb, address(operation.path), b"{}" if operation.body else None)
            assert reply.status == 403, operation
            assert reply.json["reason"] == "forbidden"
            assert [(operation.action, "jupyter_envs")] == ASKED, operation
        job = app.engine.jobs.submit(Task("test", "Test", lambda _: {}))
        ASKED.clear()
        with pytest.raises(HTTPClientError) as caught:
            await jp_ws_fetch("jupyter-envs", LOG_PATH.format(id=job.id))
        assert caught.value.code == 403
        assert ASKED == [("read", "jupyter_envs")]


class TestReadOnly:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config) -> Config:
        jp_server_config.ServerApp.authorizer_class = ReadOnly
        return jp_server_config

    async def test_a_reader_reads_and_no_more(self, call: Any) -> None:
        assert (await call("GET", "environments")).status == 200
        assert (await call("POST", "inspect", {"filename": "requirements.txt", "text": "six\n"})).status == 200
        assert (await call("POST", "environments", {"name": "a"})).status == 403
        assert (await call("DELETE", "cache")).status == 403


def test_what_changes_anything_asks_for_more_than_read() -> None:
    for operation in OPERATIONS:
        assert (operation.action == "read") == (operation.verb == "GET" or operation.path == "inspect"), operation


async def test_a_browser_without_the_xsrf_token_is_refused(
    call: Any, http_server_client: Any, jp_serverapp: Any, jp_base_url: str
) -> None:
    login = f"{jp_base_url}login"
    token = jp_serverapp.identity_provider.token
    cookies = {}
    for address_of_page in (login, f"{login}?token={token}"):
        page = await http_server_client.fetch(address_of_page, raise_error=False, follow_redirects=False)
        for cookie in page.headers.get_list("Set-Cookie"):
            name, _, value = cookie.split(";")[0].partition("=")
            cookies[name] = value
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    origin = {"Origin": f"http://127.0.0.1:{http_server_client.get_http_port()}"}
    assert (await call("GET", "environments", headers=header | origin, authorized=False)).status == 200
    for operation in OPERATIONS:
        if operation.verb == "GET":
            continue
        reply = await call(operation.verb, address(operation.path), b"{}", headers=header | origin, authorized=False)
        assert reply.status == 403, operation
        assert "_xsrf" in reply.json["message"]
    assert (await call("GET", "jobs")).json == {"jobs": []}
    granted = header | origin | {"X-XSRFToken": cookies["_xsrf"]}
    file = {"filename": "requirements.txt", "text": "six\n"}
    reply = await call("POST", "inspect", file, headers=granted, authorized=False)
    assert reply.status == 200
