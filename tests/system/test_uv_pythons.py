"""What an installation that did not end leaves in uv's folder of Pythons goes, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.system import uv_pythons
from jupyter_envs.system.files import lock

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cpython-3.13.1-x", "cpython-3.13.2-x", "cpython-3.12.4-x"):
        (tmp_path / name / "bin").mkdir(parents=True)
    (tmp_path / "cpython-3.13-x").symlink_to(tmp_path / "cpython-3.13.1-x")
    (tmp_path / "cpython-3.12-x").symlink_to("cpython-3.12.4-x")
    return tmp_path


def test_links_to_a_dropped_python_lead_where_they_did(folder: Path) -> None:
    before = uv_pythons.links(folder)
    assert before == {"cpython-3.13-x": f"{folder}/cpython-3.13.1-x", "cpython-3.12-x": "cpython-3.12.4-x"}
    (folder / "cpython-3.13-x").unlink()
    (folder / "cpython-3.13-x").symlink_to(folder / "cpython-3.13.2-x")
    uv_pythons.drop(str(folder / "cpython-3.13.2-x"), before)
    assert uv_pythons.links(folder) == before
    assert sorted(os.listdir(folder)) == [
        *("cpython-3.12-x", "cpython-3.12.4-x", "cpython-3.13-x", "cpython-3.13.1-x"),
    ]


def test_a_link_that_was_not_there_goes(folder: Path) -> None:
    uv_pythons.drop(str(folder / "cpython-3.12.4-x"), {})
    assert sorted(os.listdir(folder)) == ["cpython-3.13-x", "cpython-3.13.1-x", "cpython-3.13.2-x"]
    uv_pythons.drop(str(folder / "cpython-3.12.4-x"), {})


def test_what_was_being_unpacked_goes_unless_uv_is_at_work(folder: Path) -> None:
    (folder / ".temp" / "half" / "python").mkdir(parents=True)
    (folder / ".temp" / "archive").write_text("x")
    with lock(folder / ".lock"):
        uv_pythons.sweep(str(folder))
        assert len(os.listdir(folder / ".temp")) == 2
    uv_pythons.sweep(str(folder))
    assert os.listdir(folder / ".temp") == []
    uv_pythons.sweep(str(folder / "nowhere"))
