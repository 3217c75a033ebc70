"""What a channel's name means and what its address is called, as conda has it; credentials leave by neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.conda_channels import Channels, check_channel, default_alias
from jupyter_envs.system.conda_rc import Condarc
from jupyter_envs.system.conda_url import base_of, public, secrets_of
from jupyter_envs.system.redact import redact

ALIAS = default_alias()


def channels(**words: object) -> Channels:
    return Channels(Condarc(**words))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        ("conda-forge", [f"{ALIAS}/conda-forge"]),
        ("conda-forge/label/dev", [f"{ALIAS}/conda-forge/label/dev"]),
        ("conda-forge/linux-64", [f"{ALIAS}/conda-forge"]),
        ("https://host/some/channel/", ["https://host/some/channel"]),
        ("https://host/some/channel/noarch", ["https://host/some/channel"]),
        ("/data/channel", [Path("/data/channel").as_uri()]),
        ("team", ["http://inside/conda/team"]),
        ("team/sub", ["http://inside/conda/team/sub"]),
        ("teams", [f"{ALIAS}/teams"]),
        ("all", [f"{ALIAS}/conda-forge", "http://inside/conda/team"]),
        ("all/noarch", [f"{ALIAS}/conda-forge", "http://inside/conda/team"]),
    ],
)
def test_addresses(name: str, urls: list[str]) -> None:
    known = channels(
        custom_channels={"team": "http://inside/conda"}, custom_multichannels={"all": ["conda-forge", "team"]}
    )
    assert known.urls([name]) == urls


def test_an_alias_of_ones_own() -> None:
    known = channels(channel_alias="http://me:pw@inside/t/token1234/")
    assert known.urls(["mine"]) == ["http://me:pw@inside/t/token1234/mine"]
    assert known.name("http://inside/mine/noarch/x-1-0.conda") == "mine"
    assert known.name(f"{ALIAS}/conda-forge/noarch/x-1-0.conda") == "conda-forge"


def test_defaults() -> None:
    assert channels().urls(["defaults"])[:2] == [f"{ALIAS}/main", f"{ALIAS}/r"]
    own = channels(default_channels=["http://inside/main", "http://inside/extra"])
    assert own.urls(["defaults", "http://inside/main"]) == ["http://inside/main", "http://inside/extra"]
    assert own.name("http://inside/extra/linux-64/x-1-0.conda") == "defaults"
    repository = "https://repo.anaconda." + "example/pkgs/"
    assert channels().name(repository + "main/linux-64/x-1-0.conda") == "defaults"
    assert channels().name(repository + "archive/noarch") == "pkgs/archive"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{ALIAS}/conda-forge/linux-64/x-1-0.conda", "conda-forge"),
        (f"{ALIAS}/conda-forge/label/dev/noarch", "conda-forge/label/dev"),
        ("http://inside/conda/team/noarch/x-1-0.tar.bz2", "team"),
        ("http://me:pw@elsewhere/x/noarch/x-1-0.conda", "http://elsewhere/x"),
        ("file:///data/channel/noarch/x-1-0.conda", "file:///data/channel"),
        ("conda-forge", "conda-forge"),
    ],
)
def test_names(url: str, name: str) -> None:
    assert channels(custom_channels={"team": "http://inside/conda"}).name(url) == name


def test_channels_that_stand_for_each_other_end() -> None:
    assert channels(custom_multichannels={"a": ["b"], "b": ["a", "c"]}).urls(["a"])


def test_mirrors() -> None:
    known = channels(mirrored_channels={"conda-forge": ["http://near/conda-forge/", "http://far/cf"]})
    assert known.mirrors() == {f"{ALIAS}/conda-forge": ["http://near/conda-forge", "http://far/cf"]}


@pytest.mark.parametrize("url", ["http://me:pw@h:1/t/tk12345678/ch/noarch/a-1-0.conda?token=x#f"])
def test_public(url: str) -> None:
    assert public(url) == "http://h:1/ch/noarch/a-1-0.conda"
    assert base_of(public(url)) == "http://h:1/ch"


def test_secrets() -> None:
    assert secrets_of("http://h/ch") is None
    assert secrets_of("http://h/t/abc/ch") == {"CondaToken": "abc"}
    assert secrets_of("http://a%40b:p%2Fw@h/ch") == {"BasicHTTP": {"username": "a@b", "password": "p/w"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-c",
        "--channel",
        "a b",
        "a\nb",
        "../up",
        "a/../b",
        "ftp://h/x",
        "http://",
        "file://",
        "x[y]",
        "a" * 501,
        "<x>",
    ],
)
def test_what_is_no_channel(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_channel(text, "channels[2]")
    assert caught.value.field == "channels[2]"


@pytest.mark.parametrize(
    "text", ["conda-forge", "a/label/b_c", "https://u:p@h/x", "/data/x", "file:///data/x", "s3://b/x"]
)
def test_what_is_one(text: str) -> None:
    assert check_channel(f" {text} ") == text


def test_tokens_are_redacted() -> None:
    assert redact("get http://h/t/tk-12345/ch, then go") == "get http://h/t/****/ch, then go"
