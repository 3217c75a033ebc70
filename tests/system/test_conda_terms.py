"""Channels with terms: known by their address, accepted once, remembered for their owner alone."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from jupyter_envs.system.conda_channels import default_alias
from jupyter_envs.system.conda_terms import accept, covered, terms_of, unaccepted, withdraw

REPOSITORY = "https://repo.anaconda." + "example/pkgs/"


@pytest.mark.parametrize(
    ("url", "has"),
    [
        (REPOSITORY + "main", True),
        (REPOSITORY + "msys2/", True),
        (f"{default_alias()}/main", True),
        (f"{default_alias()}/r/label/x", True),
        (f"{default_alias()}/anaconda", True),
        (f"{default_alias()}/conda-forge", False),
        (f"{default_alias()}/main-street", False),
        ("https://host/main", False),
        ("file:///data/pkgs/main", False),
    ],
)
def test_which(url: str, has: bool) -> None:
    assert covered(url) is has


def test_once_and_remembered(tmp_path: Path) -> None:
    file = tmp_path / "state" / "terms.json"
    main, forge = f"{default_alias()}/main", f"{default_alias()}/conda-forge"
    assert [t.channel for t in unaccepted([main, main + "/", forge], file, {})] == [main]
    accepted = accept(main.replace("://", "://me:pw@"), file)
    assert (accepted.channel, accepted.url) == (main, f"{main}/tos.json")
    assert unaccepted([main], file, {}) == []
    assert [t.accepted for t in terms_of([main], file, {})] == [accepted.accepted]
    assert [t.channel for t in unaccepted([f"{default_alias()}/r"], file, {})] == [f"{default_alias()}/r"]
    withdraw(main, file)
    assert unaccepted([main], file, {})


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    accept(f"{default_alias()}/main", tmp_path / "terms.json")
    assert stat.S_IMODE((tmp_path / "terms.json").stat().st_mode) == 0o600


def test_a_damaged_file_accepts_nothing(tmp_path: Path) -> None:
    (tmp_path / "terms.json").write_text("[1")
    assert unaccepted([f"{default_alias()}/main"], tmp_path / "terms.json", {})


def test_what_an_administrator_set_for_the_clients(tmp_path: Path) -> None:
    environ = {"CONDA_PLUGINS_AUTO_ACCEPT_TOS": "yes"}
    assert not unaccepted([f"{default_alias()}/main"], tmp_path / "terms.json", environ)
