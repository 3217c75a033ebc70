"""A chosen client: its command lines, run with a stand-in, and what the JSON of real ones means."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.backends import conda, conda_client_output
from jupyter_envs.backends.conda_client import ClientInstaller, commands
from jupyter_envs.backends.conda_client_output import parse
from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.model.conda import CondaPackage, Exact
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
    """What is there in another build goes, what is there as wanted stays as it is."""
    host = "https://host/c/noarch"
    lines = [Exact(url=f"{host}/six-1.17.0-0.conda", md5="0" * 32), Exact(url=f"{host}/pip-26.3-0.conda")]
    operation = Operation(prefix="/p", exact=lines)
    here = {
        name: CondaPackage(name=name, version=version, build="0", subdir="noarch")
        for name, version in (("numpy", "2.0"), ("pip", "26.3"), ("six", "1.16.0"))
    }
    remove, install = commands("conda", operation, here, str(tmp_path))
    assert remove == ["conda", "remove", "--prefix", "/p", "--json", "--yes", "--force", "--", "numpy", "six"]
    assert install[:2] == ["conda", "install"]
    assert Path(install[-1]).read_text() == f"@EXPLICIT\n{host}/six-1.17.0-0.conda#{'0' * 32}\n"
    (create,) = commands("conda", operation, {}, str(tmp_path))
    assert create[:2] == ["conda", "create"]
    assert Path(create[-1]).read_text().splitlines()[1:] == [f"{host}/six-1.17.0-0.conda#{'0' * 32}", lines[1].url]


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


def recorded(name: str) -> str:
    return (Path(__file__).with_name("data") / f"{name}.json").read_text()


@pytest.mark.parametrize("client", ["conda-26.7.1", "micromamba-2.8.1"])
def test_what_the_real_ones_print(client: str) -> None:
    """mamba 2.8.1 prints what micromamba does: they are one program."""
    planned = parse(0, recorded(f"{client}-dry-run"), "")
    assert versions(planned)[0] == {"pip": "26.3", "python": "3.12.1", "small": "1.0"}
    assert planned.download_size == 66553227
    assert {package.channel for package in planned.added} == {"main"}
    assert versions(parse(0, recorded(f"{client}-update"), "")) == ({}, {"small": ("1.0", "2.0")}, [])
    assert versions(parse(0, recorded(f"{client}-remove"), "")) == ({}, {}, ["where-am-i"])
    assert parse(0, recorded(f"{client}-install-nothing"), "").empty


CLASH = (
    "The following packages are incompatible: small <2 is requested and can be installed; small >=2 is not "
    "installable because it conflicts with any installable versions previously reported."
)


@pytest.mark.parametrize(
    ("answer", "error", "message", "hint"),
    [
        ("conda-26.7.1-not-found", Unsolvable, "No channel has no-such-package.", "Check the name and the channels."),
        ("micromamba-2.8.1-not-found", Unsolvable, "No channel has no-such-package.", "Check the name"),
        ("micromamba-2.8.1-unsolvable", Unsolvable, "No channel has small >=3.", "Check the name"),
        ("micromamba-2.8.1-unsolvable-deep", Unsolvable, CLASH, "Ask for other versions"),
        ("conda-26.7.1-unreachable", Unavailable, "HTTP 000 CONNECTION FAILED for url <http://127.0.0.1:9", "network"),
        ("micromamba-2.8.1-unreachable", Unavailable, "Couldn't connect to server [http://127.0.0.1:9", "network"),
        ("conda-26.7.1-no-channel", Unavailable, "for channel nowhere <file:///nowhere>", "channels"),
        ("micromamba-2.8.1-no-channel", Unavailable, "[file:///nowhere/noarch/repodata.json]", "channels"),
        ("micromamba-2.8.1-bad-hash", Failed, "MD5 doesn't match expectation", "details"),
    ],
)
def test_what_the_real_ones_cannot_do(answer: str, error: type[EnvsError], message: str, hint: str) -> None:
    with pytest.raises(error) as caught:
        parse(1, recorded(answer), "")
    assert message in str(caught.value)
    assert hint in (caught.value.hint or "")
    assert caught.value.detail


def test_a_mamba_without_a_log_in_its_json() -> None:
    """The reasons go to stderr then."""
    err = (
        "error    libmamba Could not solve for environment specs\n"
        "    The following package could not be installed\n"
        "    └─ nope =* * does not exist (perhaps a typo or a missing channel).\n"
        "critical libmamba Could not solve for environment specs\n"
    )
    with pytest.raises(Unsolvable, match=r"^No channel has nope\.$"):
        parse(1, '{"solver_problems": ["unsupported request"], "success": false}', err)


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


@pytest.mark.parametrize("unit", ["{", '{"a":', "[{", '{"a": [', "{,"])
def test_output_that_is_no_json_takes_no_time(unit: str) -> None:
    begin = time.perf_counter()
    assert list(conda_client_output._objects(unit * (1_000_000 // len(unit)))) == []
    assert time.perf_counter() - begin < 5
