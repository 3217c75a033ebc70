"""A chosen client: its command lines, and what its JSON means; run with a stand-in, since no real one is at hand."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.backends import conda
from jupyter_envs.backends.conda_client import ClientInstaller, commands
from jupyter_envs.backends.conda_client_output import parse
from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.errors import EnvsError, Failed, InvalidRequest, NotFound, Unavailable, Unsolvable
from jupyter_envs.system.conda_clients import Client
from tests.backends.conda_world import World, versions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
CHANNEL = "file:///channel"


class StandIn:
    """The installer on the stand-in, and what it was called with."""

    def __init__(self, top: Path, prefix: Path) -> None:
        self.folder = top / "client"
        self.folder.mkdir()
        script = self.folder / "stand_in_conda.py"
        shutil.copy(Path(__file__).with_name("stand_in_conda.py"), script)
        self.program = self.folder / "conda"
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        self.program.chmod(0o755)
        client = Client(name="conda", path=str(self.program), version="26.8.0", flavour="Miniforge", root=None)
        self.installer = ClientInstaller(client, top / "state")
        self.prefix = prefix
        self.steps: list[tuple[Any, ...]] = []

    def do(self, **words: Any) -> Any:
        words.setdefault("channels", [CHANNEL])
        operation = Operation(prefix=str(self.prefix), **words)
        return self.installer.run(operation, on_step=lambda *step: self.steps.append(step))

    def fails_with(self, **answer: object) -> None:
        (self.folder / "answer.json").write_text(json.dumps(answer))

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]


@pytest.fixture
def client(world: World) -> StandIn:
    return StandIn(world.top, world.prefix)


def test_an_install(client: StandIn) -> None:
    outcome = client.do(install=["six >=1", "conda-forge::numpy"], priority="strict")
    (call,) = client.calls
    assert call["argv"][:5] == ["create", "--prefix", str(client.prefix), "--json", "--yes"]
    assert "--strict-channel-priority" in call["argv"]
    assert call["argv"][call["argv"].index("--channel") + 1] == CHANNEL
    assert "--override-channels" in call["argv"]
    assert call["specs"] == ["six >=1\nconda-forge::numpy\n"]
    assert call["json"] == "true"
    assert versions(outcome) == ({"six": "1.17.0"}, {}, [])
    assert outcome.download_size == 12433
    assert client.steps == [("solve", None, None, None), ("download", 1, None, "packages")]


def test_a_dry_run(client: StandIn) -> None:
    assert versions(client.do(install=["six"], dry_run=True))[0] == {"six": "1.17.0"}
    assert "--dry-run" in client.calls[0]["argv"]
    assert not client.prefix.exists()


def test_several_at_once(client: StandIn) -> None:
    client.do(install=["six"])
    outcome = client.do(remove=["six"], update=["numpy"], update_all=True, offline=True)
    verbs = [call["argv"][0] for call in client.calls]
    assert verbs == ["create", "remove", "update", "update"]
    assert client.calls[1]["argv"][-2:] == ["--", "six"]
    assert client.calls[3]["argv"][-1] == "--all"
    assert all("--offline" in call["argv"] for call in client.calls[1:])
    assert outcome.empty  # the stand-in puts back what it took


def test_exact_archives(tmp_path: Path) -> None:
    lines = [Exact(url="https://host/c/noarch/six-1.17.0-0.conda", md5="0" * 32)]
    operation = Operation(prefix="/p", exact=lines)
    remove, install = commands("conda", operation, ["six", "numpy"], str(tmp_path))
    assert remove == ["conda", "remove", "--prefix", "/p", "--json", "--yes", "--force", "--", "numpy"]
    assert install[:2] == ["conda", "install"]
    assert Path(install[-1]).read_text() == f"@EXPLICIT\nhttps://host/c/noarch/six-1.17.0-0.conda#{'0' * 32}\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"install": ["--yes"]}, InvalidRequest),
        ({"remove": ["--all"]}, InvalidRequest),
        ({"remove": ["numpy"]}, NotFound),
        ({}, InvalidRequest),
        ({"install": ["six"], "excluded": ["numpy"]}, Unavailable),
        ({"install": ["six"], "target": "/elsewhere"}, Unavailable),
    ],
)
def test_what_never_reaches_it(client: StandIn, words: dict[str, Any], error: type[EnvsError]) -> None:
    with pytest.raises(error):
        client.do(**words)
    assert not (client.folder / "calls.jsonl").exists()


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (
            {"exception_name": "UnsatisfiableError", "message": "The following specifications conflict:\n  - a\n  - b"},
            Unsolvable,
            "The following specifications conflict:",
        ),
        (
            {"exception_name": "PackagesNotFoundInChannelsError", "message": "Not available:", "packages": ["nope"]},
            Unsolvable,
            "No channel has nope.",
        ),
        ({"exception_name": "PackagesNotFoundInPrefixError", "message": "missing: six"}, NotFound, "missing: six"),
        ({"exception_name": "CondaHTTPError", "message": "HTTP 000 CONNECTION FAILED"}, Unavailable, "HTTP 000"),
        ({"exception_name": "CondaValueError", "message": "prefix"}, Failed, "The conda client failed: prefix"),
        ({"success": False, "solver_problems": ["a needs b"]}, Unsolvable, "a needs b"),
        ({"exception_name": "X", "message": "at https://me:secret1@host/"}, Failed, r"\*\*\*\*@host"),
    ],
)
def test_failures(client: StandIn, answer: dict[str, object], error: type[EnvsError], message: str) -> None:
    client.fails_with(**answer)
    with pytest.raises(error, match=message):
        client.do(install=["six"])


def test_credentials_never_reach_a_command_line(client: StandIn) -> None:
    with pytest.raises(InvalidRequest, match="credentials"):
        client.do(install=["six"], channels=["https://me:secret1@host/c"])
    assert not (client.folder / "calls.jsonl").exists()


def test_a_crash_of_it() -> None:
    with pytest.raises(Failed, match="Traceback"):
        parse(1, "", "Traceback (most recent call last):\nboom")


def test_an_administrator_chooses(world: World, client: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    assert conda.installer(world.top).name == "rattler"
    monkeypatch.setenv("PATH", str(client.folder))
    chosen = conda.installer(world.top, "conda")
    assert (chosen.name, chosen.relocates) == ("conda", False)
    with pytest.raises(Unavailable, match="'mamba'"):
        conda.installer(world.top, "mamba")


def test_the_manager() -> None:
    manager = conda.Conda()
    assert manager.missing() is None
    assert manager.version()
    assert manager.can.channels
