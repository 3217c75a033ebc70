"""What a notebook's metadata says of its environment, whoever wrote it."""

from __future__ import annotations

import json

import pytest

from jupyter_envs.formats import notebook
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.errors import InvalidRequest

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def of(metadata: object) -> str:
    return json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_ours() -> None:
    carried = Carried(["six>=1", "idna"], ">=3.10", "lock-version = '1.0'\n")
    found = notebook.read(write(EMPTY, carried, "metadata"))
    assert (sorted(found.packages), found.requires_python) == (["idna", "six>=1"], ">=3.10")
    assert "lock" in found.warnings[0]
    assert notebook.read(write(EMPTY, carried, "cell")).packages == ["idna", "six>=1"]


def test_that_of_jupyterlab_requirements() -> None:
    pipfile = {
        "packages": {"pandas": "*", "numpy": ">=1.20"},
        "requires": {"python_version": "3.11"},
        "sources": [{"url": "https://index.example/simple", "verify_ssl": True, "name": "main"}],
    }
    found = notebook.read(of({"requirements": json.dumps(pipfile)}))
    assert found.packages == ["pandas", "numpy>=1.20"]
    assert (found.python, found.indexes) == ("3.11", ["https://index.example/simple"])


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        "x",
        {"jupyter_envs": {"version": 1, "dependencies": ["six", 3]}},
        {"jupyter_envs": {"version": 99, "dependencies": ["six"]}},
        {"jupyter_envs": []},
        {"requirements": 3},
        {"requirements": "six"},
    ],
)
def test_what_says_nothing_is_passed_over(metadata: object) -> None:
    assert notebook.read(of(metadata)).packages == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"jupyter_envs": {"version": 1, "dependencies": ["--index-url https://evil.example"]}},
        {"jupyter_envs": {"version": 1, "dependencies": ["six\n-r /etc/passwd"]}},
        {"jupyter_envs": {"version": 1, "dependencies": ["-e ../x"]}},
        {"jupyter_envs": {"version": 1, "dependencies": ["six"], "requires-python": "; rm"}},
        {"requirements": '{"packages": {"-r": "*"}}'},
        {"requirements": '{"packages": {"a": {"path": "/etc"}}}'},
        {"requirements": '{"packages": {"a": {"git": "ext::sh -c x"}}}'},
        {"requirements": "{" * 100_000},
    ],
)
def test_hostile_metadata_is_refused(metadata: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        notebook.read(of(metadata))
    assert (caught.value.field or "").startswith("from.text")
    assert "\n" not in caught.value.message
