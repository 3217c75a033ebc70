"""Exactly these archives: explicit locks and rollbacks, with their hashes."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.model.conda import Exact
from jupyter_envs.model.errors import Failed, InvalidRequest
from jupyter_envs.system import conda_records
from tests.backends.conda_world import World, versions
from tests.backends.tiny_channel import write_index


def lock(prefix: Path) -> list[Exact]:
    return [Exact(url=p.url or "", sha256=p.sha256, md5=p.md5) for p in conda_records.packages(prefix)]


def test_back_to_an_earlier_state(world: World, channel: Path) -> None:
    world.do(install=["old", "script"], channels=[str(channel)])
    first = lock(world.prefix)
    world.do(remove=["old"], channels=[str(channel)])
    world.do(install=["new", "module"], channels=[str(channel)])
    outcome = world.do(exact=first, requested=["old", "script"])
    assert versions(outcome) == ({"old": "1.0"}, {"lib": ("2.0", "1.1")}, ["module", "new", "python"])
    assert lock(world.prefix) == first
    assert conda_records.requested(world.prefix) == {"old": "old", "script": "script"}
    assert world.do(exact=first).empty


def test_a_new_environment_from_a_lock(world: World, channel: Path) -> None:
    world.do(install=["old"], channels=[str(channel)])
    other = world.top / "other"
    assert versions(world.do(prefix=other, exact=lock(world.prefix)))[0] == {"lib": "1.1", "old": "1.0"}
    assert lock(other) == lock(world.prefix)
    # `lib` came along with it then.
    assert conda_records.requested(other) == {"old": "old"}


def test_a_dry_run(world: World, channel: Path) -> None:
    world.do(install=["lib=1.0"], channels=[str(channel)])
    before = lock(world.prefix)
    world.do(install=["lib=2.0"], channels=[str(channel)])
    assert versions(world.do(exact=before, dry_run=True))[1] == {"lib": ("2.0", "1.0")}
    assert world.here() == {"lib": "2.0"}


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_hash_that_differs_from_the_index(world: World, channel: Path, kind: str) -> None:
    world.do(install=["lib"], channels=[str(channel)])
    (line,) = lock(world.prefix)
    wrong = msgspec.structs.replace(line, **{kind: "0" * len(getattr(line, kind))})
    with pytest.raises(Failed) as caught:
        world.do(prefix=world.top / "other", exact=[wrong])
    assert caught.value.reason == "wrong_hash"
    assert not (world.top / "other").exists()


def test_an_archive_that_was_replaced_on_this_machine(world: World, channel: Path) -> None:
    mine = world.top / "mine"
    shutil.copytree(channel, mine)
    (mine / "noarch" / "lib-2.0-0.tar.bz2").write_bytes((mine / "noarch" / "lib-1.1-0.tar.bz2").read_bytes())
    with pytest.raises(Failed) as caught:
        world.do(install=["lib=2.0"], channels=[str(mine)])
    assert caught.value.reason == "wrong_hash"
    assert world.here() == {}


@pytest.mark.parametrize("right", [True, False])
def test_an_archive_that_its_channel_has_withdrawn(world: World, channel: Path, right: bool) -> None:
    world.do(install=["lib=1.0"], channels=[str(channel)])
    mine = world.top / "mine"
    shutil.copytree(channel, mine)
    write_index(mine / "noarch", {})
    (line,) = lock(world.prefix)
    url = line.url.replace(channel.as_uri(), mine.as_uri())
    shutil.rmtree(world.top / "home" / ".conda")
    gone = Exact(url=url, sha256=line.sha256 if right else "0" * 64)
    if right:
        world.do(prefix=world.top / "other", exact=[gone])
        assert world.here(world.top / "other") == {"lib": "1.0"}
    else:
        with pytest.raises(Failed, match="not the archive that was promised"):
            world.do(prefix=world.top / "other", exact=[gone])


@pytest.mark.parametrize(
    "line",
    [
        Exact(url="lib-1.0-0.tar.bz2"),
        Exact(url="http://host/noarch/lib.tar.bz2"),
        Exact(url="http://host/noarch/lib-1.0-0.zip"),
        Exact(url="ftp://host/noarch/lib-1.0-0.conda"),
        Exact(url="http://host/noarch/../lib-1.0-0.conda"),
        Exact(url="http://host/noarch/lib-1.0-0.conda", md5="xyz"),
        Exact(url="http://host/noarch/lib-1.0-0.conda", sha256="0" * 32),
    ],
)
def test_lines_that_are_no_archive(world: World, line: Exact) -> None:
    with pytest.raises(InvalidRequest) as caught:
        world.do(exact=[line])
    assert caught.value.field in ("exact[0]", "channels[0]")


def test_a_name_twice(world: World, channel: Path) -> None:
    lines = [Exact(url=f"{channel.as_uri()}/noarch/lib-{v}-0.tar.bz2") for v in ("1.0", "2.0")]
    with pytest.raises(InvalidRequest, match="listed twice"):
        world.do(exact=lines)
