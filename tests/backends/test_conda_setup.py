"""What settings come to for one piece of work: addresses, caches, credentials apart."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.backends.conda_setup import Setup
from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import toml
from jupyter_envs.system.conda_channels import default_alias
from tests.backends.conda_world import World


def setup(world: World, text: str = "") -> Setup:
    (world.top / "home" / ".condarc").write_text(text)
    return Setup(None, world.top / "state", prefix=str(world.prefix))


def test_specs_name_channels_by_address(world: World) -> None:
    made = setup(world, "custom_multichannels:\n  all: [a, b]\ncustom_channels:\n  mine: http://me:pw@host/x\n")
    assert made.spec("numpy >=2") == "numpy >=2"
    assert made.spec("conda-forge::numpy") == f"{default_alias()}/conda-forge::numpy"
    assert made.spec("conda-forge/noarch::numpy") == f"{default_alias()}/conda-forge::numpy"
    assert made.spec("mine::numpy") == "http://host/x/mine::numpy"
    assert made.spec("all::numpy") == "numpy"
    assert made.channels(["conda-forge"], ["mine::numpy", "scipy"]) == [
        f"{default_alias()}/conda-forge",
        "http://me:pw@host/x/mine",
    ]
    with pytest.raises(InvalidRequest):
        made.channels([], ["-c evil::numpy"])


def test_specs_of_earlier_times_bind_to_no_channel_that_is_not_used(world: World) -> None:
    made = setup(world)
    held = {"a": "conda-forge::a=1", "b": "defaults::b", "c": "c"}
    assert made.held(held, [f"{default_alias()}/conda-forge"]) == {
        "a": f"{default_alias()}/conda-forge::a=1",
        "b": "b",
        "c": "c",
    }


def test_disallowed_packages_stay_out(world: World) -> None:
    made = setup(world, "disallowed_packages: [evil]\n")
    operation = made.translated(Operation(prefix="/p", exact=[Exact(url="http://u:p@h/t/tk1234/c/noarch/a-1-0.conda")]))
    assert operation.excluded == ["evil"]
    assert operation.exact == [Exact(url="http://h/c/noarch/a-1-0.conda")]


def test_credentials_lie_in_a_file_of_their_own(world: World) -> None:
    store = world.top / "home" / ".rattler" / "credentials.json"
    store.parent.mkdir()
    store.write_text(json.dumps({"other": {"BearerToken": "x"}, "host": {"BearerToken": "old"}}))
    folder = world.top / "private"
    folder.mkdir()
    made = setup(world, "mirrored_channels:\n  conda-forge: ['http://host/t/tk1234/cf']\n")
    network = made.network([Address(f"{default_alias()}/conda-forge")], str(folder), offline=False)
    config = toml.parse(network.config)
    assert config["mirrors"] == {f"{default_alias()}/conda-forge": ["http://host/cf"]}
    written = json.loads(Path(config["authentication-override-file"]).read_text())
    assert written == {"other": {"BearerToken": "x"}, "host": {"CondaToken": "tk1234"}}
    plain = setup(world).network([Address("http://host/cf")], str(folder), offline=True)
    assert "authentication-override-file" not in toml.parse(plain.config)
    assert plain.offline


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="modes do not bind this user")
def test_the_first_cache_that_can_be_written(world: World) -> None:
    shared = world.top / "shared"
    shared.mkdir(mode=0o555)
    made = setup(world, f"pkgs_dirs: [{shared}, {world.top}/mine]\n")
    network = made.network([], str(world.top), offline=False)
    assert network.pkgs_dirs == [f"{world.top}/mine", str(shared)]
    assert network.repodata.startswith(f"{world.top}/mine/")


def test_the_caches_in_their_order(world: World) -> None:
    made = setup(world, f"pkgs_dirs: [{world.top}/one, {world.top}/two, {world.top}/three]\n")
    (world.top / "three").mkdir()
    assert made.network([], str(world.top), offline=False).pkgs_dirs == [f"{world.top}/one", f"{world.top}/three"]


def test_what_misleads_an_interpreter_stays_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11")
    made = setup(world, "override_virtual_packages: {cuda: '12', __glibc: '2.17'}\n")
    env = made.process_environment()
    assert "PYTHONPATH" not in env
    # A variable says it more closely than a file.
    assert (env["CONDA_OVERRIDE_CUDA"], env["CONDA_OVERRIDE_GLIBC"]) == ("11", "2.17")
