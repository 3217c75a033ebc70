"""The channels of the tests, made once for a machine, and a server for them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from tests.channel import build, wheels
from tests.channel.server import ChannelServer, serving

# Before any test changes HOME.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "jupyter-envs-tests")
_WEEK = 7 * 86400
# What decides the content of the channels.
_SOURCES = ("build.py", "package.py", "pythons.py", "shell_kernel.py", "wheels.py")


@dataclass(frozen=True)
class Channel:
    """Two channels in one folder: ``main`` has nearly all, ``extra`` a newer `small`.

    `pythons` are the versions of Python in ``main``, that of the tests first; with it
    come numpy and six. `pkgs` is a package cache that every test may share.
    """

    folder: Path
    pythons: tuple[str, ...]
    pkgs: Path

    @property
    def url(self) -> str:
        return (self.folder / "main").as_uri()

    @property
    def extra(self) -> str:
        return (self.folder / "extra").as_uri()

    @property
    def python(self) -> str:
        """The first two numbers of the version that has numpy."""
        return ".".join(self.pythons[0].split(".")[:2])


@cache
def made() -> Channel:
    """The channels, made if this machine does not have them; processes wait for each other.

    Raises:
        build.NoPython: this machine has no Python to make them from.
        wheels.Unreachable: they would have to be made and the package index does not answer.
    """
    digest = hashlib.sha256(f"{sys.base_prefix} {sys.version}".encode())
    for name in _SOURCES:
        digest.update((build.HERE / name).read_bytes())
    _CACHE.mkdir(parents=True, exist_ok=True)
    folder = _CACHE / f"channel-{digest.hexdigest()[:16]}"
    with FileLock(_CACHE / "channel.lock"):
        if not folder.is_dir():
            _clean()
            work = Path(tempfile.mkdtemp(prefix="making-", dir=_CACHE))
            try:
                pythons = build.build(work)
                (work / "pythons.json").write_text(json.dumps(pythons))
                (work / "pkgs").mkdir()
                work.rename(folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        os.utime(folder)
    return Channel(folder, tuple(json.loads((folder / "pythons.json").read_text())), folder / "pkgs")


def _clean() -> None:
    """Drop channels that no test has used for a week and what a killed process has left."""
    for old in [*_CACHE.glob("channel-*/"), *_CACHE.glob("making-*/")]:
        if old.is_dir() and old.stat().st_mtime < time.time() - _WEEK:
            shutil.rmtree(old, ignore_errors=True)


@pytest.fixture(scope="session")
def channel() -> Channel:
    """The channels; they take some 15 s to make where this machine has none yet."""
    try:
        return made()
    except build.NoPython as error:
        pytest.skip(str(error))
    except wheels.Unreachable as error:
        pytest.skip(f"the package index cannot be reached: {error}")


@pytest.fixture
def channel_server(channel: Channel) -> Iterator[ChannelServer]:
    """The channels over http, served as well as can be until the test says otherwise."""
    with serving(channel.folder) as server:
        yield server
