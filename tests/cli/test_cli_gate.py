"""Files of unknown origin on the command line: without a terminal what would be built is refused, and listed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.formats.carried import Carried, write
from tests.engine.wheels import offer, offer_source
from tests.system.index_server import Index, serving

Envs = Callable[..., Any]
EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
BARE = ("--no-kernel", "--no-pip", "--manager", "uv")


@pytest.fixture
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving() as index:
        for name in [n for n in os.environ if n.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(home / "uv-cache"))
        offer(index, "a", "1.0", hashed=True)
        offer_source(index, "src", "1.0", home / "ran")
        yield index


def test_what_would_be_built(envs: Envs, shop: Index, home: Path) -> None:
    (home / "req.txt").write_text("src\n")
    refused = envs("create", "new", "-r", "req.txt", *BARE)
    assert refused.code == 5
    assert "src is built" in refused.err
    assert "--yes" in refused.err
    assert not (home / "ran").exists()
    assert envs("create", "new", "-r", "req.txt", "--yes", *BARE).code == 0
    (home / "req.txt").write_text("a\n")
    assert envs("create", "other", "-r", "req.txt", *BARE).code == 0
    (home / "req.txt").write_text("src\n")
    assert envs("install", "other", "-r", "req.txt").code == 5
    assert envs("install", "other", "-U", "-r", "req.txt").code == 5
    assert envs("install", "other", "-r", "req.txt", "-y").code == 0


@pytest.mark.parametrize("name", ["report.ipynb", "work.py"])
def test_a_program_is_listed_first(envs: Envs, shop: Index, home: Path, name: str) -> None:
    text = write(EMPTY, Carried(["a"])) if name.endswith(".ipynb") else '# /// script\n# dependencies = ["a"]\n# ///\n'
    (home / name).write_text(text)
    refused = envs("create", "new", "-r", name, *BARE)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert "new to you" in refused.err
    done = envs("create", "new", "-r", name, "--yes", *BARE, "--json")
    assert done.code == 0, done.err
    assert done.json["environment"]["package_count"] == 1


def test_just_the_plan_that_was_shown(envs: Envs, shop: Index, home: Path) -> None:
    assert envs("create", "new", *BARE).code == 0
    shown = envs("install", "new", "a", "--dry-run")
    plan = shown.out.split("--plan ")[1].strip()
    assert envs("install", "new", "a", "--plan", "sha256:0").code == 5
    assert envs("install", "new", "a", "--plan", plan).code == 0
    back = envs("rollback", "new", "--dry-run", "--json").json["plan"]["hash"]
    assert envs("rollback", "new", "--plan", back).code == 0
