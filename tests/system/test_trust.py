from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.trust import Approval, Trust

INDEX = "https://index.example/simple"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trust.json"


def test_what_was_approved_is_known_to_the_next_process(file: Path) -> None:
    Trust(file).approve([Approval("numpy", INDEX)])
    Trust(file).approve([Approval("pandas", INDEX)])
    assert Trust(file).approved() == {Approval("numpy", INDEX), Approval("pandas", INDEX)}


def test_approval_is_for_one_name_from_one_source(file: Path) -> None:
    Trust(file).approve([Approval("Numpy_Ext", INDEX + "/")])
    assert Trust(file).approved() == {Approval("numpy-ext", INDEX)}
    assert Approval("numpy-ext", "https://other.example/simple") not in Trust(file).approved()


def test_revoked_is_asked_for_again(file: Path) -> None:
    trust = Trust(file)
    trust.approve([Approval("numpy", INDEX), Approval("pandas", INDEX)])
    trust.revoke([Approval("numpy", INDEX), Approval("never", INDEX)])
    assert trust.approved() == {Approval("pandas", INDEX)}


def test_credentials_are_not_kept(file: Path) -> None:
    Trust(file).approve([Approval("numpy", "https://me:secret@index.example/simple")])
    assert "secret" not in file.read_text()


@pytest.mark.skipif(WINDOWS, reason="there the folder's access list decides")
def test_only_the_owner_reads_it(file: Path) -> None:
    Trust(file).approve([Approval("numpy", INDEX)])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(WINDOWS, reason="there the folder's access list decides")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o644])
def test_a_file_open_to_others_approves_nothing(file: Path, mode: int) -> None:
    Trust(file).approve([Approval("numpy", INDEX)])
    os.chmod(file, mode)
    assert Trust(file).approved() == set()


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '{"format": 1}', '{"format": 1, "approved": [["numpy"]]}', "[" * 100_000, "\xff"],
)
def test_a_damaged_file_approves_nothing(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    assert Trust(file).approved() == set()
    Trust(file).approve([Approval("numpy", INDEX)])
    assert Trust(file).approved() == {Approval("numpy", INDEX)}


def test_a_file_of_another_format_approves_nothing(file: Path) -> None:
    Trust(file).approve([Approval("numpy", INDEX)])
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "format": 99}))
    file.chmod(0o600)
    assert Trust(file).approved() == set()


def test_names_of_conda_keep_their_first_underscore(file: Path) -> None:
    Trust(file).approve([Approval("_libgcc_mutex", INDEX)])
    assert Trust(file).approved() == {Approval("_libgcc-mutex", INDEX)}
