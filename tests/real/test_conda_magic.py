"""conda by the command line and by the magics in a kernel of one of its environments: the whole way, nothing played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "magic"))
from kernel_session import Session

import jupyter_envs
from tests.channel.fixture import Channel
from tests.engine.wheels import wheel_file
from tests.real.conda_home import settle_conda

pytestmark = pytest.mark.slow

MAIN = Path(jupyter_envs.__file__).with_name("__main__.py")


class Home:
    """A home whose conda asks the tests' channel, and whose pip a folder of wheels."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        self.wheels = folder / "wheels"
        wheel_file(self.wheels, "other", "1.0")
        self.cwd = folder
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(folder))
            settle_conda(patch, folder, channel)
            self.env = {**os.environ, "JUPYTER_DATA_DIR": str(folder / "data"), "UV_FIND_LINKS": str(self.wheels)}
        # The places of conda on this machine are not this test's.
        self.env["UV_OFFLINE"] = "1"
        for name in ("VIRTUAL_ENV", "PYTHONPATH"):
            self.env.pop(name, None)

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, str(MAIN), *args, "--json"]
        return subprocess.run(argv, env=self.env, cwd=self.cwd, capture_output=True, text=True, timeout=240)

    def cli(self, *args: str) -> Any:
        done = self.run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, channel: Channel) -> Home:
    made = Home(tmp_path_factory.mktemp("home"), channel)
    made.cli("create", "magic", "small=1.0", "--manager", "conda", "-c", channel.url, "--python", channel.python)
    return made


@pytest.fixture(scope="module")
def kernel(home: Home) -> Iterator[Session]:
    spec = json.loads((home.cwd / "data" / "kernels" / "magic" / "kernel.json").read_text("utf-8"))
    activated = {name: value.replace("${PATH}", os.environ["PATH"]) for name, value in spec["env"].items()}
    session = Session(spec["argv"], home.cwd, {**home.env, **activated})
    yield session
    session.close()


def versions(home: Home) -> dict[str, tuple[str, str]]:
    found = home.cli("show", "magic", "--packages")["packages"]
    return {p["name"]: (p["manager"], p["version"]) for p in found}


def test_verbs(home: Home, channel: Channel) -> None:
    assert "conda" in {m["name"] for m in home.cli("managers")["managers"]}
    assert versions(home)["small"] == ("conda", "1.0")
    assert "small" in {p["name"] for p in home.cli("search", "small", "--manager", "conda")["packages"]}
    assert home.cli("search", "small", "--versions", "--channel", channel.url)["versions"] == ["2.0", "1.0"]
    refused = home.run("install", "magic", "-c", "defaults", "small")
    assert refused.returncode != 0
    assert json.loads(refused.stdout or refused.stderr)["error"]["reason"] == "terms"
    assert home.cli("terms", "defaults", "--accept")["terms"][0]["accepted"]
    assert all(t["accepted"] for t in home.cli("terms", "defaults")["terms"])
    plan = home.cli("install", "magic", "--dry-run", "where-am-i", "--pip", "other")["plan"]
    assert {p["name"] for p in plan["added"]} == {"where-am-i", "other"}


def test_conda_first(kernel: Session, home: Home) -> None:
    said = kernel.run("%envinstall small=2.0")
    assert "1 changed" in said.text
    assert versions(home)["small"] == ("conda", "2.0")
    assert kernel.run("import small; print(small.VERSION)").text.strip() == "2.0"


def test_pip_where_no_channel_has_it(kernel: Session, home: Home) -> None:
    said = kernel.run("%envinstall other")
    assert "No channel has other: brought by pip." in said.text
    assert versions(home)["other"] == ("pip", "1.0")
    kernel.run("%envremove other")
    assert "other" not in versions(home)


def test_pip_on_request(kernel: Session, home: Home) -> None:
    kernel.run("%envinstall --pip other")
    assert versions(home)["other"] == ("pip", "1.0")
