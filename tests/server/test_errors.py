"""Errors: always the same JSON, the right status, nothing of our insides."""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import Any

import pytest
from tornado.web import HTTPError

from jupyter_envs.model.errors import (
    Conflict,
    EnvsError,
    Failed,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unavailable,
    Unsolvable,
)

FIELDS = {"message", "reason", "kind", "hint", "field", "detail"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequest("Wrong.", field="name", hint="Mend it."), 400),
        (Forbidden("Protected."), 403),
        (NotFound("Nowhere."), 404),
        (Conflict("Taken.", reason="name_taken"), 409),
        (Unsolvable("No way.", detail="a needs b\nb needs c"), 422),
        (Unavailable("No uv."), 503),
        (Failed("uv failed."), 503),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_each_error_has_its_status(
    app: Any, call: Any, monkeypatch: pytest.MonkeyPatch, error: EnvsError, status: int
) -> None:
    def refuse(*args: Any) -> None:
        raise error

    monkeypatch.setattr(app.engine, "change", refuse)
    reply = await call("POST", "environments/some-12345678/packages", {"install": ["six"]})
    assert reply.status == status
    assert reply.json == {
        "message": error.message,
        "reason": error.reason,
        "kind": error.default_reason,
        "hint": error.hint,
        "field": error.field,
        "detail": error.detail,
    }
    assert reply.headers["Content-Type"].startswith("application/json")


async def test_a_disk_that_fails_is_no_500(app: Any, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/kernel.json")

    monkeypatch.setattr(app.engine, "unregister", refuse)
    reply = await call("DELETE", "environments/some-12345678/kernel")
    assert reply.status == 503
    assert reply.json["reason"] == "not_writable"


async def test_a_bug_tells_nothing_of_itself_and_is_logged_without_secrets(
    app: Any, call: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(refresh: bool = False) -> None:
        raise KeyError("https://me:sesame@index.example/simple")

    monkeypatch.setattr(app.engine, "environments", stumble)
    with caplog.at_level(logging.ERROR):
        reply = await call("GET", "environments", check_answer=False)
    assert reply.status == 500
    assert set(reply.json) == FIELDS
    assert reply.json["reason"] == "internal"
    assert b"sesame" not in reply.body
    assert b"Traceback" not in reply.body
    assert "KeyError" in caplog.text
    assert "sesame" not in caplog.text


async def test_an_unknown_route_is_json(call: Any) -> None:
    for path in ("", "nothing", "environments/", "environments/a/b/c", "managers/x", "jobs//log", "%2e%2e/api", "<b>"):
        for verb in ("GET", "POST", "DELETE"):
            reply = await call(verb, path)
            assert reply.status == 404, path
            assert set(reply.json) == FIELDS
            assert reply.json["reason"] == "not_found"


async def test_a_wrong_verb_is_json_and_tells_the_right_ones(call: Any) -> None:
    for verb, path in (
        ("PUT", "environments"),
        ("HEAD", "managers"),
        ("DELETE", "managers"),
        ("PATCH", "jobs"),
        ("POST", "jobs/some-12345678"),
        ("POST", "jobs/some-12345678/log"),
        ("FETCH", "managers"),
    ):
        reply = await call(verb, path, b"{}" if verb in ("PUT", "PATCH", "POST") else None, check_answer=verb != "HEAD")
        assert reply.status == 405, (verb, path)
        if verb != "HEAD":
            assert reply.json["reason"] == "method_not_allowed"
    reply = await call("PUT", "environments", b"{}")
    assert reply.headers["Allow"] == "GET, OPTIONS, POST"


async def test_a_percent_sign_is_one_percent_sign(app: Any, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(refresh: bool = False) -> None:
        raise InvalidRequest("50% done, %s and %d.")

    monkeypatch.setattr(app.engine, "environments", refuse)
    assert (await call("GET", "environments")).json["message"] == "50% done, %s and %d."

    def refuse_as_tornado(refresh: bool = False) -> None:
        raise HTTPError(400, "50% done, %s and %d.")

    monkeypatch.setattr(app.engine, "environments", refuse_as_tornado)
    assert (await call("GET", "environments")).json["message"] == "50% done, %s and %d."


async def test_the_loop_is_free_while_the_engine_thinks(app: Any, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    asked, go_on = Event(), Event()

    def think(refresh: bool = False) -> list[Any]:
        asked.set()
        assert go_on.wait(60)
        return []

    monkeypatch.setattr(app.engine, "environments", think)
    slow = asyncio.ensure_future(call("GET", "environments"))
    while not asked.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert (await call("GET", "jobs")).status == 200
    assert not slow.done()
    go_on.set()
    assert (await slow).status == 200
