"""Channels over http: what they refuse, break or ask for, and how the network is reached."""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.model.errors import Failed, Forbidden, Unavailable
from tests.backends.conda_world import World, served

Request = http.server.SimpleHTTPRequestHandler


def rc(world: World, text: str) -> None:
    (world.top / "home" / ".condarc").write_text(f"remote_max_retries: 0\n{text}")


def status(code: int, part: str) -> object:
    def answer(request: Request) -> bool:
        if part in request.path:
            request.send_error(code)
            return True
        return False

    return answer


def test_an_install(world: World, channel: Path) -> None:
    with served(channel.parent) as url:
        outcome = world.do(install=["old"], channels=[f"{url}/{channel.name}"])
        assert outcome.added[0].channel == f"{url}/{channel.name}"
    assert world.here() == {"lib": "1.1", "old": "1.0"}


def test_offline(world: World, channel: Path) -> None:
    with served(channel) as url:
        with pytest.raises(Unavailable) as caught:
            world.do(install=["lib"], channels=[url], offline=True)
        assert caught.value.reason == "offline"
        world.do(install=["lib"], channels=[url])
        with pytest.raises(Unavailable, match=r"script 1.0 is not in the package cache"):
            world.do(install=["script"], channels=[url], offline=True)
    world.do(prefix=world.top / "other", install=["lib"], channels=[url], offline=True)
    assert world.here(world.top / "other") == {"lib": "2.0"}


@pytest.mark.parametrize(
    ("code", "part", "error", "reason"),
    [
        (404, "lib-2.0", Failed, "package_missing"),
        (401, "lib-2.0", Unavailable, "denied"),
        (403, "repodata", Unavailable, "denied"),
        (404, "repodata", Unavailable, "no_channel"),
        (500, "repodata", Unavailable, "unreachable"),
    ],
)
def test_answers(world: World, channel: Path, code: int, part: str, error: type[Exception], reason: str) -> None:
    rc(world, "")
    with served(channel, status(code, part)) as url, pytest.raises(error) as caught:  # type: ignore[arg-type]
        world.do(install=["lib"], channels=[url])
    assert caught.value.reason == reason, (caught.value.message, caught.value.detail)  # type: ignore[attr-defined]
    assert world.here() == {}


def test_nobody_there(world: World) -> None:
    rc(world, "")
    with pytest.raises(Unavailable) as caught:
        world.do(install=["lib"], channels=["http://127.0.0.1:9/mine"])
    assert caught.value.reason == "unreachable"
    assert caught.value.message.startswith("http://127.0.0.1:9/mine cannot be reached: Connection refused")


def test_a_folder_that_is_no_channel(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        world.do(install=["lib"], channels=[str(tmp_path / "nothing")])
    assert caught.value.reason == "no_channel"


def test_an_archive_that_was_replaced(world: World, channel: Path) -> None:
    mine = world.top / "mine"
    shutil.copytree(channel, mine)
    (mine / "noarch" / "lib-2.0-0.tar.bz2").write_bytes((mine / "noarch" / "lib-1.1-0.tar.bz2").read_bytes())
    rc(world, "")
    with served(mine) as url, pytest.raises(Failed) as caught:
        world.do(install=["lib=2.0"], channels=[url])
    assert caught.value.reason == "wrong_hash"
    assert world.here() == {}


def test_an_archive_that_is_torn(world: World, channel: Path) -> None:
    mine = world.top / "mine"
    shutil.copytree(channel, mine)
    archive = mine / "noarch" / "lib-2.0-0.tar.bz2"
    archive.write_bytes(archive.read_bytes()[:100])
    rc(world, "")
    with served(mine) as url, pytest.raises(Failed) as caught:
        world.do(install=["lib=2.0"], channels=[url])
    assert caught.value.reason in ("wrong_hash", "damaged")


def test_a_mirror(world: World, channel: Path) -> None:
    with served(channel) as url:
        rc(world, f"channels: [mine]\nchannel_alias: https://nowhere.invalid\nmirrored_channels:\n  mine: [{url}]\n")
        outcome = world.do(install=["lib"])
    assert outcome.added[0].channel == "mine"
    assert outcome.added[0].url == "https://nowhere.invalid/mine/noarch/lib-2.0-0.tar.bz2"


def test_a_proxy(world: World, channel: Path) -> None:
    asked: list[str] = []

    def answer(request: Request) -> bool:
        asked.append(request.path)
        request.path = request.path.removeprefix("http://channel.invalid/mine")
        return False

    with served(channel, answer) as url:
        rc(world, f"proxy_servers:\n  http: {url}\n")
        world.do(install=["lib"], channels=["http://channel.invalid/mine"])
    assert asked
    assert all(path.startswith("http://channel.invalid/mine/") for path in asked)


@pytest.mark.parametrize("kind", ["password", "token"])
def test_credentials_open_the_channel_and_stay_nowhere(world: World, channel: Path, kind: str) -> None:
    asked: list[str] = []

    def answer(request: Request) -> bool:
        header = request.headers.get("Authorization", "")
        asked.append(f"{request.path} {header}")
        token = request.path.startswith("/t/opensesame1/")
        request.path = request.path.removeprefix("/t/opensesame1")
        if not token and base64.b64encode(b"me:opensesame1").decode() not in header:
            request.send_error(401)
            return True
        return False

    with served(channel, answer) as url:
        host = url.removeprefix("http://")
        secret = f"http://me:opensesame1@{host}" if kind == "password" else f"http://{host}/t/opensesame1"
        rc(world, f"channels: ['{secret}/']\n")
        world.do(install=["lib"])
        with pytest.raises(Exception, match="No channel has nothing-like-it"):
            world.do(install=["nothing-like-it"])
    assert asked
    assert not [path for path in world.top.rglob("*") if path.is_file() and path.name != ".condarc" and holds(path)]
    assert not any("opensesame1" in line for line in world.lines)
    record = json.loads(next((world.prefix / "conda-meta").glob("lib*.json")).read_text())
    assert record["url"] == f"{url}/noarch/lib-2.0-0.tar.bz2"


def holds(path: Path) -> bool:
    return b"opensesame1" in path.read_bytes()


def test_terms_are_asked_for_and_remembered(world: World, channel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_envs.system import conda_terms

    monkeypatch.setattr(conda_terms, "covered", lambda url: str(url).rstrip("/").endswith(channel.name))
    with pytest.raises(Forbidden) as caught:
        world.do(install=["lib"], channels=[str(channel)])
    assert caught.value.reason == "terms"
    assert world.here() == {}
    conda_terms.accept(channel.as_uri(), world.top / "state" / "conda-terms.json")
    world.do(install=["lib"], channels=[str(channel)])
    assert world.here() == {"lib": "2.0"}


@pytest.mark.parametrize("text", ["denylist_channels: [{0}]", "allowlist_channels: [conda-forge]"])
def test_channels_that_the_administrator_denies(world: World, channel: Path, text: str) -> None:
    rc(world, text.format(channel.as_uri()))
    with pytest.raises(Forbidden) as caught:
        world.do(install=["lib"], channels=[str(channel)])
    assert caught.value.reason == "channel_denied"


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make certificates with")
def test_certificates_of_ones_own(world: World, channel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    authority, context = certificates(world.top)
    with served(channel, tls=context) as url:
        asked = {"install": ["lib"], "channels": [url], "dry_run": True}
        rc(world, "")
        with pytest.raises(Unavailable) as caught:
            world.do(**asked)
        assert caught.value.reason == "certificate"
        rc(world, f"ssl_verify: {authority}")
        assert world.do(**asked).added
        rc(world, "ssl_verify: false")
        assert world.do(**asked).added
        rc(world, "")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        assert world.do(**asked).added


def certificates(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """An authority of our own, and a server's side of TLS that it vouches for."""

    def openssl(*words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    ca, key, request, pem, extra = (folder / n for n in ("ca.pem", "ca.key", "r.csr", "server.pem", "extra.cnf"))
    new = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", "-x509", *new, "-keyout", key, "-out", ca, "-subj", "/CN=ours", "-addext", "keyUsage=keyCertSign")
    openssl("req", *new[:3], "-keyout", folder / "server.key", "-out", request, "-subj", "/CN=localhost")
    extra.write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    signed = ("-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "2", "-extfile", extra)
    openssl("x509", "-req", "-in", request, *signed, "-out", pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, folder / "server.key")
    return ca, context
