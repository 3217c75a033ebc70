"""Credentials in a request's URL: refused, and hidden from the server's log."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from jupyter_envs.server.access_log import loggable
from tests.server.conftest import Call

SECRET = "s3cret"
CHANNELS = [
    f"https://me:{SECRET}@host.example/ch",
    f"https://{SECRET}@host.example/ch",
    f"HTTPS://ME:a%2F{SECRET}@HOST.EXAMPLE/ch",
    f"https://me:a\"b'{SECRET}@[::1]:80/ch",
    f"https://me:a b{SECRET}@münchen.example/ch",
    f"https://me:a/{SECRET}@host.example/ch",
    f"https://host.example/t/{SECRET}/ch",
    f"https://host.example/ch?token={SECRET}",
    f"https://me:\n{SECRET}@host.example/ch",
    f"ftp://me:{SECRET}@host.example/ch",
    f"me:{SECRET}@proxy.example:3128",
]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_the_log_gets_no_secret_however_it_is_encoded(channel: str, layers: int) -> None:
    # A line's end comes encoded.
    text = channel if layers else channel.replace("\n", "%0A")
    for _ in range(layers):
        text = quote(text, safe="")
    for uri in (
        f"/jupyter-envs/search?q=a&channel={text}",
        f"/jupyter-envs/search/{text}",
        f"/jupyter-envs/{text}?a=b",
    ):
        assert SECRET not in loggable(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "/jupyter-envs/search?q=a%20b&channel=conda-forge%2Flabel%2Fdev",
        "/user/a@b/jupyter-envs/environments/x-1?refresh=1",
        "/jupyter-envs/search?q=%E5%90%8D&channel=https%3A%2F%2Fhost%3A8080%2Fch",
        "/jupyter-envs/search/a%2Fb",
    ],
)
def test_what_holds_no_secret_is_logged_as_it_came(uri: str) -> None:
    assert loggable(uri) == uri


@pytest.mark.parametrize("path", ["search?q=x&", "search/numpy?", "terms?"])
async def test_a_channel_with_credentials_is_refused_in_a_query(
    call: Call, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for channel in CHANNELS:
        got = await call("GET", f"{path}channel={quote(channel, safe='')}")
        assert got.status == 400
        assert got.json["field"] == "channel"
        assert SECRET not in got.body.decode()
    got = await call("GET", f"{path}channel={quote(CHANNELS[0], safe='')}")
    assert got.json["reason"] == "secret_in_query"
    assert "https://host.example/ch" in got.json["hint"]
    assert await call("GET", f"search/{quote(CHANNELS[0], safe='')}")
    await call("GET", f"nothing/{quote(CHANNELS[0], safe='')}")
    assert "jupyter-envs" in caplog.text
    assert SECRET not in caplog.text
