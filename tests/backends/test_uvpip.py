"""What uv printed, read back; the command lines that made it print it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.backends.base import Event, Outcome
from jupyter_envs.backends.causes import explain
from jupyter_envs.backends.uv import uv
from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.model.errors import Failed, Unavailable, Unsolvable
from jupyter_envs.system.process import Finished, clean_environment, run

DATA = Path(__file__).with_name("data")
PIP = UvPip()


def said(name: str) -> str:
    return (DATA / f"uv-0.13.8-{name}.txt").read_text()


def events(name: str) -> list[Event]:
    return [event for line in said(name).splitlines() if (event := PIP.event(line))]


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def test_command_lines() -> None:
    assert PIP.install_argv("/e/bin/python", "/t/r.txt") == [
        uv(),
        *("pip", "install", "--python", "/e/bin/python", "-r", "/t/r.txt"),
    ]
    every = PIP.install_argv(
        *("/p", "/r"),
        upgrade=True,
        upgrade_names=["a", "b-c"],
        exact=True,
        hashed=True,
        constraints="/c",
        dry_run=True,
        offline=True,
    )
    assert every[5:-2] == [
        *("--upgrade", "--upgrade-package=a", "--upgrade-package=b-c"),
        *("--no-deps", "--require-hashes", "--dry-run", "--offline", "-c", "/c"),
    ]
    assert PIP.remove_argv("/p", "/r") == [uv(), "pip", "uninstall", "--python", "/p", "-r", "/r"]


@pytest.mark.parametrize(
    "argv", [PIP.install_argv("p", "r", upgrade=True, upgrade_names=["a"], exact=True, hashed=True)]
)
def test_every_option_is_one_of_this_uv(argv: list[str]) -> None:
    known = run([uv(), "help", "pip", "install"], env=clean_environment()).out
    options = [part.split("=")[0] for part in argv if part.startswith("--")]
    assert [option for option in [*options, "--dry-run", "--offline"] if option not in known] == []


def test_variables_that_would_mislead_it() -> None:
    env = PIP.environment({"PATH": "/bin", "UV_PYTHON": "3.9", "VIRTUAL_ENV": "/x", "UV_SYSTEM_PYTHON": "1"})
    assert env["PATH"] == "/bin"
    assert not {"UV_PYTHON", "VIRTUAL_ENV", "UV_SYSTEM_PYTHON"} & env.keys()
    assert (env["UV_PYTHON_DOWNLOADS"], env["UV_NO_PROGRESS"]) == ("never", "1")


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("plan", Outcome({"a-b-c": "1.0", "big": "1.0", "huge": "1.0", "six": "2.0"}, {}, cached=False)),
        ("plan-cached", Outcome({"big": "1.0", "huge": "1.0"}, {}, cached=True)),
        ("plan-nothing", Outcome({}, {}, cached=True)),
        ("plan-upgrade", Outcome({"big": "2.0"}, {"big": "1.0"}, cached=False)),
        ("plan-editable", Outcome({"mine": "file:///home/me/src/mine"}, {}, cached=False)),
        ("install", Outcome({"a-b-c": "1.0", "big": "1.0", "huge": "1.0", "six": "2.0"}, {}, cached=True)),
        ("upgrade", Outcome({"big": "2.0"}, {"big": "1.0"}, cached=True)),
        ("remove", Outcome({}, {"big": "2.0", "huge": "1.0"}, cached=True)),
        ("editable", Outcome({"mine": "1.0"}, {}, cached=True)),
        ("build", Outcome({"mine": "1.0"}, {}, cached=True)),
        ("unsolvable", Outcome({}, {}, cached=True)),
    ],
)
def test_outcomes(name: str, outcome: Outcome) -> None:
    assert PIP.outcome(said(name)) == outcome


def test_progress() -> None:
    mib = 1024**2
    told = events("install")
    assert told[0] == Event(resolved=4)
    assert told[-2:] == [Event(prepared=4), Event(installed=4)]
    # Downloads run side by side, in any order.
    assert {(e.started, e.size) for e in told if e.started} == {("huge", int(4.6 * mib)), ("big", int(2.3 * mib))}
    assert {e.fetched for e in told if e.fetched} == {"huge", "big"}
    assert [event for event in events("editable") if event.built] == [Event(built="mine")]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("not-found", "nothing-like-it", "spelling"),
        ("unsolvable", "clash needs six==9, and there is no such version", "versions"),
        ("unsolvable-deep", "clash2 needs six>=2", "Loosen"),
        ("no-version", "There is no version six>=99", "There is six<=2.0"),
    ],
)
def test_what_cannot_be_solved(name: str, message: str, hint: str) -> None:
    error = explain(PIP, Finished(1, "", said(name)))
    assert isinstance(error, Unsolvable)
    assert message in error.message
    assert "error:" not in error.message
    assert "cause:" not in (error.detail or "")
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("unreachable", Unavailable, "index_unreachable"),
        ("build-failed", Failed, "build_failed"),
        ("damaged", Failed, "installer_failed"),
    ],
)
def test_other_failures(name: str, kind: type[Exception], reason: str) -> None:
    error = explain(PIP, Finished(1, "", said(name)))
    assert isinstance(error, kind)
    assert error.reason == reason
    assert error.message
    assert not error.message.startswith("error")
    assert error.hint
    assert error.detail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("error: Failed to write\n  cause: No space left on device (os error 28)", "disk_full"),
        ("error: failed to create directory `/e/x`: Read-only file system (os error 30)", "not_writable"),
        ("error: Hash mismatch for `six==1.0`", "hash_mismatch"),
        ("", "installer_failed"),
    ],
)
def test_failures_of_the_machine(text: str, reason: str) -> None:
    error = explain(PIP, Finished(2, "", text))
    assert error.reason == reason
    assert error.message
