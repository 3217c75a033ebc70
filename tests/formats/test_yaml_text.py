"""YAML read as texts, lists and mappings, whatever somebody sends."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_envs.formats import yaml_text
from jupyter_envs.formats.yaml_text import Node, parse
from jupyter_envs.model.errors import InvalidRequest

# Each line stands for ten times the one above it.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))


def plain(node: Node) -> object:
    if isinstance(node.value, list):
        return [plain(each) for each in node.value]
    if isinstance(node.value, dict):
        return {key: plain(each) for key, each in node.value.items()}
    return node.value


def refusal(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse(text)
    return caught.value


def test_texts_stay_as_they_are() -> None:
    text = "version: 3.10\nyes: no\nwhen: 2024-01-01\nnothing: ~\nquoted: '~'\nempty:\nflow: {a: [1, 0x10]}\n"
    assert plain(parse(text)) == {
        "version": "3.10",
        "yes": "no",
        "when": "2024-01-01",
        "nothing": "",
        "quoted": "~",
        "empty": "",
        "flow": {"a": ["1", "0x10"]},
    }


def test_lines() -> None:
    top = parse("# a comment\n\nname: x\nlist:\n  - a\n\n  - b: c\n").value
    assert isinstance(top, dict)
    assert [top["name"].line, top["list"].line] == [3, 5]
    entries = top["list"].value
    assert isinstance(entries, list)
    assert [entry.line for entry in entries] == [5, 7]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "~"])
def test_nothing(text: str) -> None:
    assert parse(text).value == ""


@pytest.mark.parametrize(
    ("text", "field", "word"),
    [
        (BOMB, "from.text line 6", "stand for too much"),
        ("a: 1\nb: *x\n", "from.text line 2", "names no anchor"),
        ("a: &x [*x]\n", "from.text line 1", "names no anchor"),
        ("<<: 1\n", "from.text line 1", "mapping"),
        ("a: 1\nb: 2\na: 3\n", "from.text line 3", "twice"),
        ("a: [1\nb: 2\n", "from.text line 2", "not YAML"),
        ("a: 1\n---\nb: 2\n", "from.text line 2", "more than one document"),
        ("? [a]\n: b\n", "from.text line 1", "key"),
        ("[" * 100, "from.text line 1", "too deeply"),
        ("a: \x01", "from.text", "not YAML"),
        ("a: \ud800", "from.text", "not YAML"),
        ("a: \0", "from.text", "NUL"),
        ("a: b\n" * 400_000, "from.text", "too long"),
    ],
)
def test_refused(text: str, field: str, word: str) -> None:
    error = refusal(text)
    assert error.field == field
    assert word in error.message
    assert "\n" not in error.message


def test_tags_make_nothing() -> None:
    text = "a: !!python/object/apply:os.system ['exit 1']\nb: !!binary aGk=\n"
    assert plain(parse(text)) == {"a": ["exit 1"], "b": "aGk="}


@pytest.mark.parametrize(
    "piece", ["[", "{", "- ", "- a\n", "a", "? ", "a: ", "\n", "#", "'", '"', "!", "|\n", " ", "\t", ", ", "é", "k\n "]
)
@pytest.mark.timeout(60)
def test_the_largest_that_is_read(piece: str) -> None:
    text = (piece * yaml_text.LARGEST)[: yaml_text.LARGEST]
    with contextlib.suppress(InvalidRequest):
        parse(text)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\n \t~\ufeff\x85é") | st.text())
def test_anything(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        parse(text)
