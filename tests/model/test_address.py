"""An address that may hold credentials gives them to a tool alone."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from jupyter_envs.model import wire
from jupyter_envs.model.address import Address, reveal_for_tool

SECRETS = [
    ("https://https://me:s3cret@host/x", "https://https://****@host/x", "https://https://host/x"),
    ("://me:s3cret-one@host/x", "://****@host/x", "://host/x"),
    ("https://me:s3cret@host/simple", "https://****@host/simple", "https://host/simple"),
    ("https://s3cret@host/simple", "https://****@host/simple", "https://host/simple"),
    ("https://s3cret:@host/simple", "https://****@host/simple", "https://host/simple"),
    ("HTTPS://ME:S3CRET@HOST:8080/Simple", "HTTPS://****@HOST:8080/Simple", "HTTPS://HOST:8080/Simple"),
    ("https://me:s3cret@[::1]:8080/x", "https://****@[::1]:8080/x", "https://[::1]:8080/x"),
    ("https://me:s3cret@münchen.example/x", "https://****@münchen.example/x", "https://münchen.example/x"),
    ("https://me:a\"b'c s3cret@host/x", "https://****@host/x", "https://host/x"),
    ("https://me:a\\s3cret\n@host/x", "https://****@host/x", "https://host/x"),
    ("https://me:a/s3cret@host/x", "https://****@host/x", "https://host/x"),
    ("https://me:a?s3cret#b@host/x", "https://****@host/x", "https://host/x"),
    ("https://me:a@s3cret@host/x@y", "https://****@host/x@y", "https://host/x@y"),
    ("https://me:s3cret%40x@host/x", "https://****@host/x", "https://host/x"),
    ("https://host/t/s3cret/ch", "https://host/t/****/ch", "https://host/ch"),
    ("https://host/a/t/s3cret/ch", "https://host/a/t/****/ch", "https://host/a/t/****/ch"),
    ("https://host/x?token=s3cret&b=s3cret", "https://host/x?token=****&b=****", "https://host/x"),
    ("https://host/x#s3cret", "https://host/x#****", "https://host/x"),
    ("me:s3cret@proxy:3128", "****@proxy:3128", "proxy:3128"),
    ("socks5h://me:s3cret@proxy:1", "socks5h://****@proxy:1", "socks5h://proxy:1"),
    ("git+https://s3cret@host/a/b@main#egg=c", "git+https://****@host/a/b@main#egg=c", "git+https://host/a/b@main"),
]
OPEN = [
    "conda-forge",
    "conda-forge/label/dev",
    "/data/t/channel",
    "https://host:8080/x@y",
    "https://[::1]/x",
    "file:///data/x@y",
    "git+ssh://git@host/a/b@main#egg=c&subdirectory=d",
    "https://host/a.whl#sha256=0f",
    "C:\\channels\\mine",
    "",
]


@pytest.mark.parametrize(("text", "shown", "public"), SECRETS)
def test_nothing_that_prints_or_writes_gives_the_secret(text: str, shown: str, public: str) -> None:
    address = Address(text)
    assert (str(address), f"{address}", f"{address:s}", "%s" % address) == (shown,) * 4  # noqa: UP031
    assert repr(address) == f"Address({shown!r})"
    assert address.public == public
    assert address.has_secret
    for written in (repr([address]), repr({"a": {address}}), wire.encode({"a": [address]}), str(wire.plain([address]))):
        assert "s3cret" not in str(written).lower()
    for write in (msgspec.json.encode, json.dumps, pickle.dumps, lambda value: pickle.dumps(value, 0)):
        with pytest.raises(TypeError) as caught:
            write(address)
        assert "s3cret" not in str(caught.value).lower()
    with pytest.raises(TypeError):
        "".join([address])  # type: ignore[list-item]
    assert reveal_for_tool(address) == text
    assert reveal_for_tool(copy.deepcopy(address)) == text
    assert any("s3cret" in secret.lower() for secret in address.secrets) or "#" in text


@pytest.mark.parametrize("text", OPEN)
def test_what_holds_no_secret_is_shown_as_it_is(text: str) -> None:
    address = Address(text)
    assert str(address) == text
    assert not address.has_secret
    assert not address.secrets


def test_it_counts_as_its_full_text() -> None:
    address = Address("https://me:one@host/")
    assert address == "https://me:one@host/"
    assert address != Address("https://me:two@host/")
    assert address in {Address("https://me:one@host/"): 1}
    assert Address(address) == address


def test_what_is_derived_stays_hidden() -> None:
    below = Address("https://me:pw@host").map(lambda text: f"{text}/simple")
    assert str(below) == "https://****@host/simple"
    assert reveal_for_tool(below) == "https://me:pw@host/simple"


def test_requests_may_hold_addresses() -> None:
    read = wire.decode(b'{"a": "https://me:pw@host/"}', dict[str, Address])
    assert reveal_for_tool(read["a"]) == "https://me:pw@host/"
    assert wire.encode(read) == b'{"a":"https://****@host/"}'


@pytest.mark.parametrize("part", ["a", "://", "@", "https://a:b@", "/t/", "/t/a", "?a=b&", "#", "&", "[", ":"])
def test_a_long_text_is_taken_apart_in_linear_time(part: str) -> None:
    import time

    text = "https://" + part * (1_000_000 // len(part))
    begun = time.process_time()
    address = Address(text)
    _ = str(address), address.public, address.secrets
    assert time.process_time() - begun < 2
