from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.system.providers import providers

SITE = "Lib/site-packages" if os.name == "nt" else f"lib/python3.{sys.version_info[1]}/site-packages"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    (tmp_path / SITE).mkdir(parents=True)
    return tmp_path


def put(prefix: Path, name: str, *files: str, local: bool = False) -> None:
    """A distribution with these files, as an installer leaves it."""
    site = prefix / SITE
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text("")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    if local:
        (info / "direct_url.json").write_text("{}")


@pytest.mark.parametrize("file", ["mod/__init__.py", "mod.py", "mod.cpython-311-x86_64-linux-gnu.so", "mod.pyd"])
def test_a_module_of_each_form(prefix: Path, file: str) -> None:
    put(prefix, "Some_Thing", file)
    put(prefix, "other", "modern/__init__.py", "x/mod.py")
    assert providers(prefix, "mod") == ["some-thing"]
    assert providers(prefix, "mo") == []


def test_a_namespace_is_told_apart_by_what_lies_below(prefix: Path) -> None:
    put(prefix, "cloud_a", "ns/cloud/a/__init__.py")
    put(prefix, "cloud_b", "ns/cloud/b.py")
    for n in range(4):
        put(prefix, f"more{n}", f"ns/more{n}.py")
    assert providers(prefix, "ns.cloud.a.Class") == ["cloud-a"]
    assert providers(prefix, "ns.cloud.b") == ["cloud-b"]
    assert providers(prefix, "ns.cloud") == ["cloud-a", "cloud-b"]
    assert providers(prefix, "ns") == []


def test_what_came_from_a_folder_is_not_looked_for_in_an_index(prefix: Path) -> None:
    put(prefix, "helpers", "helpers/__init__.py", local=True)
    assert providers(prefix, "helpers") == []


def test_older_forms_and_damage(prefix: Path) -> None:
    site = prefix / SITE
    (site / "old").mkdir()
    egg = site / "Old_Name-1.0.egg-info"
    egg.mkdir()
    (egg / "top_level.txt").write_text("old\n")
    (site / "broken-1.0.dist-info").mkdir()
    assert providers(prefix, "old") == ["old-name"]
    assert providers(prefix / "nowhere", "old") == []


def test_what_a_distribution_says_of_itself_counts_first(tmp_path: Path) -> None:
    site = tmp_path / f"lib/python3.{sys.version_info[1]}/site-packages"
    (site / "shared").mkdir(parents=True)
    for name, line in (("one", "Import-Name: shared\nImport-Name: other ; private\n"), ("two", "")):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.5\nName: {name}\n{line}\nImport-Name: text\n")
        (info / "RECORD").write_text("shared/__init__.py,,\n")
    assert providers(tmp_path, "shared.part") == ["one"]
