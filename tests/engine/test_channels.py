"""Channels that a file names: no file of any format makes one be asked that is not configured, until there is a yes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats import explicit
from jupyter_envs.model.errors import Conflict, InvalidRequest, NotFound
from jupyter_envs.model.request import Change, Create, ImportText, Inspect
from tests.channel.fixture import Channel
from tests.channel.server import ChannelServer
from tests.engine.conda_engine import create, envs, here
from tests.engine.world import NO_KERNEL, done, run

__all__ = ["envs"]

PLATFORM = explicit.platform()
HASH = "a" * 64


def _conda_lock(url: str) -> str:
    return f"""\
version: 1
metadata:
  platforms: [{PLATFORM}]
  channels: [{{url: '{url}'}}]
package:
- name: small
  version: '9'
  manager: conda
  platform: {PLATFORM}
  dependencies: {{}}
  url: {url}/noarch/small-9-0.conda
  hash: {{md5: {"c" * 32}, sha256: {HASH}}}
  category: main
"""


def _pixi_lock(url: str) -> str:
    archive = f"{url}/noarch/small-9-0.conda"
    return f"""\
version: 6
environments:
  default:
    channels:
    - url: {url}/
    packages:
      {PLATFORM}:
      - conda: {archive}
packages:
- conda: {archive}
  sha256: {HASH}
"""


FORMATS: dict[str, tuple[str, Callable[[str], str]]] = {
    "environment.yml": ("environment.yml", lambda url: f"channels: ['{url}']\ndependencies: [small]\n"),
    "a spec's channel": ("environment.yml", lambda url: f"dependencies: ['{url}::small']\n"),
    "explicit": ("conda-lock.txt", lambda url: f"@EXPLICIT\n{url}/noarch/small-9-0.conda#sha256:{HASH}\n"),
    "conda-lock.yml": ("conda-lock.yml", _conda_lock),
    "pixi.toml": (
        "pixi.toml",
        lambda url: (
            f'[workspace]\nname = "x"\nchannels = ["{url}"]\nplatforms = ["{PLATFORM}"]\n[dependencies]\nsmall = "*"\n'
        ),
    ),
    "pixi.lock": ("pixi.lock", _pixi_lock),
}


def source(form: str, url: str) -> ImportText:
    filename, text = FORMATS[form]
    return ImportText(format="", text=text(url), filename=filename)


def _import(engine: Engine, text: ImportText) -> None:
    seen = engine.inspect(Inspect(filename=text.filename, text=text.text)).create
    engine.create(Create(**{f: getattr(seen, f) for f in seen.__struct_fields__} | {"name": "new"}))


WAYS: dict[str, Callable[[Engine, ImportText], object]] = {
    "create": lambda engine, text: engine.create(Create(name="new", from_=text, kernel=NO_KERNEL)),
    "import": _import,
    "change": lambda engine, text: engine.change("demo", Change(from_=text)),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("way", WAYS)
def test_a_channel_of_a_file_is_asked_about(engine: Engine, channel: Channel, form: str, way: str) -> None:
    text = source(form, channel.extra)
    if way == "change":
        create(engine, "demo", "demo-activate=1.0")
    with pytest.raises(Conflict) as caught:
        WAYS[way](engine, text)
    assert (caught.value.reason, caught.value.field) == ("approval_needed", "build")
    assert caught.value.detail == channel.extra
    assert not any(each.name == "new" for each in engine.environments())


@pytest.mark.parametrize("form", ["environment.yml", "a spec's channel", "pixi.toml"])
def test_a_configured_channel_needs_no_yes(engine: Engine, channel: Channel, form: str) -> None:
    done(engine, engine.create(Create(name="new", from_=source(form, channel.url), kernel=NO_KERNEL)))
    assert here(engine, "new")["small"] == "2.0"


def test_a_yes_takes_it(engine: Engine, channel: Channel) -> None:
    text = source("a spec's channel", channel.extra)
    done(engine, engine.create(Create(name="new", from_=text, kernel=NO_KERNEL, build=True)))
    assert here(engine, "new")["small"] not in ("1.0", "2.0")


def test_what_is_typed_beside_a_file_needs_no_yes(engine: Engine, channel: Channel) -> None:
    request = Create(name="new", from_=source("environment.yml", channel.url), channels=[channel.extra])
    assert engine.create(request).title == "Create new"


def test_names_of_the_settings_files_need_no_yes(engine: Engine, channel: Channel, home: Path, envs: Path) -> None:
    rc = f"custom_channels: {{extra: '{channel.folder.as_uri()}'}}\n"
    (home / ".condarc").write_text((home / ".condarc").read_text() + rc)
    for name in ("extra", "defaults"):
        text = ImportText(format="environment.yml", text=f"channels: [{name}]\ndependencies: [small]\n")
        assert engine.create(Create(name=f"of-{name}", from_=text, kernel=NO_KERNEL)).title == f"Create of-{name}"


def _book(channels: list[str]) -> ImportText:
    conda = {"dependencies": ["small"], "channels": channels}
    text = json.dumps({"cells": [], "metadata": {"conda": conda}, "nbformat": 4, "nbformat_minor": 5})
    return ImportText(format="", text=text, filename="a.ipynb")


def test_a_notebooks_own_conda_table(engine: Engine, channel_server: ChannelServer) -> None:
    """nteract's metadata: nothing is read from its channel, and no environment made, without a yes."""
    source = _book([channel_server.extra])
    job = run(engine, engine.create(Create(name="new", from_=source, kernel=NO_KERNEL)))
    assert job.error
    assert job.error.reason == "approval_needed"
    assert job.error.detail == f"small from {channel_server.extra}"
    assert channel_server.asked == []
    with pytest.raises(NotFound):
        engine.find("new")


def test_a_notebook_names_no_folder_of_this_machine(engine: Engine, channel: Channel) -> None:
    with pytest.raises(InvalidRequest):
        engine.create(Create(name="new", from_=_book([channel.extra]), kernel=NO_KERNEL))
    with pytest.raises(NotFound):
        engine.find("new")


def test_a_notebook_of_conda_becomes_an_environment_of_conda(engine: Engine, channel_server: ChannelServer) -> None:
    source = _book([channel_server.extra, channel_server.url])
    done(engine, engine.create(Create(name="new", from_=source, approve=["small", "pip", "python"], kernel=NO_KERNEL)))
    assert engine.find("new").kind == "conda"
    assert "small" in here(engine, "new")


@pytest.mark.parametrize("form", FORMATS)
def test_a_channel_that_is_typed_beside_a_file_that_names_it_needs_no_yes(
    engine: Engine, channel: Channel, form: str
) -> None:
    text = source(form, channel.extra)
    assert engine.create(Create(name="new", from_=text, channels=[channel.extra], kernel=NO_KERNEL)).title
    create(engine, "demo", "demo-activate=1.0")
    assert engine.change("demo", Change(from_=text, channels=[channel.extra])).title


def test_of_what_was_read_from_a_file_only_typed_channels_need_no_yes(engine: Engine, channel: Channel) -> None:
    seen = engine.inspect(Inspect(filename="environment.yml", text=source("environment.yml", channel.extra).text))
    request = replace(seen.create, name="new", kernel=NO_KERNEL)
    assert request.channels == [channel.extra]
    with pytest.raises(Conflict, match="channel that is not configured"):
        engine.create(request)
    with pytest.raises(Conflict, match="channel that is not configured"):
        engine.create(replace(request, from_=source("environment.yml", channel.extra)))
    both = [channel.extra, channel.url]
    done(engine, engine.create(replace(request, channels=both, typed_channels=[channel.extra])))
    assert here(engine, "new")["small"] == "3.0"


def test_a_channel_that_is_typed_beside_a_notebook_that_names_it_is_read(
    engine: Engine, channel_server: ChannelServer
) -> None:
    both = [channel_server.extra, channel_server.url]
    book = _book(both)
    request = Create(name="new", from_=book, channels=both, kernel=NO_KERNEL)
    job = run(engine, engine.create(request))
    assert job.error
    # The whole list, by its versions, and not the question whether the channel may be read.
    assert f"small 3.0 from {channel_server.extra}" in (job.error.detail or "")
    approve = [line.split()[0] for line in (job.error.detail or "").splitlines()]
    done(engine, engine.create(replace(request, approve=approve)))
    assert here(engine, "new")["small"] == "3.0"
