"""Whatever a file holds, reading it gives packages that passed every check, or InvalidRequest."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_envs.formats.base import FileFormat, Given, Read
from jupyter_envs.formats.registry import FORMATS, by_name, sniff
from jupyter_envs.model.check import check_requirement
from jupyter_envs.model.errors import InvalidRequest

READERS = [known for known in FORMATS if known.read]
PIECES = [
    *("six", "numpy>=2", "-r x", "-e /a", "--hash=sha256:0", "\\", "#", ";", "@", "[", "]", "'", '"', "=", ",", "\n"),
    *("\r\n", "\ufeff", "\0", "\x85", "\u2028", "\ud800", "${HOME}", "https://a@b/c", "file:///x", "[project]"),
    *(
        "dependencies = ['six']",
        "requires-python = '>=3'",
        "# /// script",
        "# ///",
        "# ",
        "import os",
        "from a import b",
    ),
    *("[packages]", "[[package]]", "[[packages]]", "[tool.poetry.dependencies]", "[dependency-groups]", "version = 1"),
    *('lock-version = "1.0"', 'name = "a"', 'version = "1"', "marker = 'os'", "python = '^3'", "{include-group = 'a'}"),
    *('"_meta": {"pipfile-spec": 6}', '"default": {"a": {}}', "-c x", "-i x", "../x", "^1.2", "~1", "=> 1", "a = '*'"),
    *("%pip install x", "(", "python_version", "{", "}", '"cells"', ":", '"cell_type": "code"', '"source"', "~=", "*"),
]
anything = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refusal(act: Callable[[], Read]) -> tuple[InvalidRequest | None, Read | None]:
    try:
        return None, act()
    except InvalidRequest as error:
        return error, None


def holds(known: FileFormat, text: str) -> None:
    assert known.read
    given = Given(filename="x", files={"x": text, "pyproject.toml": text, "runtime.txt": text}, folder="/a")
    error, found = refusal(partial(known.read, text, given))
    if error:
        assert error.message
        assert error.field
        assert "\n" not in error.message
    if found:
        for package in [*found.packages, *found.guesses, *found.constraints]:
            check_requirement(package, "packages[0]")
        assert not any(requirement.line.startswith("-") for requirement in found.requirements())


@pytest.mark.parametrize("known", READERS, ids=lambda known: known.name)
@quick
@given(text=anything)
def test_text(known: FileFormat, text: str) -> None:
    holds(known, text)


@quick
@given(
    source=anything,
    also=st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)),
)
def test_cells(source: str, also: object) -> None:
    cells = [{"cell_type": "code", "source": source}, {"cell_type": "code", "source": also}, also]
    holds(by_name("notebook"), json.dumps({"cells": cells, "metadata": also}))


@quick
@given(lines=st.lists(anything, max_size=5), python=anything)
def test_project_tables(lines: list[str], python: str) -> None:
    text = f"[project]\ndependencies = {json.dumps(lines)}\nrequires-python = {json.dumps(python)}\n"
    holds(by_name("pyproject.toml"), text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(PIECES) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRY = ["name", "version", "marker", "markers", "wheels", "sdist", "vcs", "archive", "directory", "source", "files"]
ENTRY += [
    "hashes",
    "dependencies",
    "extras",
    "groups",
    "git",
    "url",
    "path",
    "optional",
    "index",
    "ref",
    "hash",
    "type",
]
entries = st.dictionaries(st.sampled_from(ENTRY), values | st.dictionaries(st.sampled_from(ENTRY), values, max_size=4))


@quick
@given(packages=st.lists(entries, max_size=3))
def test_locks(packages: list[dict[str, object]]) -> None:
    """Locks that are well formed at their head, with anything at all for packages."""
    plain = json.dumps({name: dict(entry) for name, entry in zip("abc", packages, strict=False)})
    holds(by_name("Pipfile.lock"), f'{{"_meta": {{"pipfile-spec": 6}}, "default": {plain}}}')
    for name, head in {
        "pylock.toml": {"lock-version": "1.0", "packages": packages},
        "uv.lock": {"version": 1, "package": packages},
        "poetry.lock": {"metadata": {"lock-version": "2.1"}, "package": packages},
        "Pipfile": {"packages": {str(at): entry for at, entry in enumerate(packages)}},
        "pyproject.toml": {"tool": {"poetry": {"dependencies": dict(zip("abc", packages, strict=False))}}},
    }.items():
        with suppress(TypeError, ValueError):
            # What TOML cannot hold is no text.
            holds(by_name(name), tomli_w.dumps(head))


@quick
@given(filename=st.text(), text=anything)
def test_names(filename: str, text: str) -> None:
    def act() -> Read:
        assert sniff(filename, text).read
        return Read(packages=[])

    error, _ = refusal(act)
    if error:
        assert error.hint


@pytest.mark.parametrize("known", READERS, ids=lambda known: known.name)
@pytest.mark.parametrize(
    "piece",
    [
        *("a", " ", "#", "\\\n", "(", "[", "'", "import a, ", "six --hash=x ", "# ///\n", "\u00e9\n"),
        *("[a]\n", "a.", "'a' . ", "-r x\n", "~=", "{"),
    ],
)
@pytest.mark.timeout(30)
def test_a_long_text(known: FileFormat, piece: str) -> None:
    """A second or less; whatever takes the square of it, 60 thousand million steps, does not end in time."""
    text = piece * (250_000 // len(piece))
    holds(known, text)
    if known.name == "notebook":
        holds(known, json.dumps({"cells": [{"cell_type": "code", "source": "# /// script\n" + text}]}))
