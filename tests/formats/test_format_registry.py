from __future__ import annotations

import pytest

from jupyter_envs.formats.registry import FORMATS, by_name, sniff
from jupyter_envs.model.errors import InvalidRequest


def test_each_name_once_and_each_works_some_way() -> None:
    assert len({known.name for known in FORMATS}) == len(FORMATS)
    assert all(known.read or known.write for known in FORMATS)


def test_by_name() -> None:
    assert by_name("requirements.txt").write
    with pytest.raises(InvalidRequest) as caught:
        by_name("<b>\n", "from.format")
    assert caught.value.field == "from.format"
    assert "\n" not in caught.value.message
    assert "pyproject.toml" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("filename", "text", "name"),
    [
        ("requirements.txt", "six", "requirements.txt"),
        ("C:\\me\\Requirements-dev.TXT", "", "requirements.txt"),
        ("dev.in", "", "requirements.txt"),
        ("a/pyproject.toml", "[project]\n", "pyproject.toml"),
        ("Untitled.ipynb", "{}", "notebook"),
        ("untitled", '{"cells": []}', "notebook"),
    ],
)
def test_sniff(filename: str, text: str, name: str) -> None:
    assert sniff(filename, text).name == name


@pytest.mark.parametrize("filename", ["environment.yml", "uv.lock", "pylock.toml", "a.png", "", "Pipfile", "x.json"])
def test_what_is_not_read_yet(filename: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sniff(filename, "name: x")
    assert "requirements.txt" in (caught.value.hint or "")
