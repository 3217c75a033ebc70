from __future__ import annotations

import pytest

from jupyter_envs.formats.registry import FORMATS, by_name, lie, sniff
from jupyter_envs.model.errors import InvalidRequest


def test_each_name_once_and_each_works_some_way() -> None:
    assert len({known.name for known in FORMATS}) == len(FORMATS)
    assert all(known.read or known.exports for known in FORMATS)


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
        ("pylock.toml", "", "pylock.toml"),
        ("pylock.dev.toml", "[project]", "pylock.toml"),
        ("uv.lock", "", "uv.lock"),
        ("poetry.lock", "", "poetry.lock"),
        ("Pipfile", "", "Pipfile"),
        ("Pipfile.lock", "", "Pipfile.lock"),
        ("thesis-pyproject.toml", "", "pyproject.toml"),
        ("environment.yml", "name: x\ndependencies:\n- six\n", "environment.yml"),
        ("env.YAML", "channels: [a]\n", "environment.yml"),
        ("spec-file.txt", "# platform: linux-64\n@EXPLICIT\n", "explicit"),
        ("conda-lock", "@EXPLICIT\n", "explicit"),
    ],
)
def test_sniff(filename: str, text: str, name: str) -> None:
    assert sniff(filename, text).name == name


@pytest.mark.parametrize("filename", ["a.png", "", "x.json", "a.lock", "setup.cfg", "x.toml", "apt.txt", "Procfile"])
def test_what_is_not_read(filename: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sniff(filename, "name: x")
    assert "requirements.txt" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ('{"cells": []}', "JSON"),
        ("<!DOCTYPE html><html>", "HTML or XML"),
        ('[project]\nname = "a"\n', "TOML"),
        ('# by hand\nlock-version = "1.0"\n', "TOML"),
        ("name: a\ndependencies:\n- six\n", "YAML"),
        ("PK\x03\x04", "no text"),
        ("six==1.0\nnumpy\n", None),
        ("-e .\n# [x]\n", None),
    ],
)
def test_a_file_that_lies(text: str, looks: str | None) -> None:
    assert lie(by_name("requirements.txt"), text) == looks
