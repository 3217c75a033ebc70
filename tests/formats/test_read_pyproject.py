from __future__ import annotations

import pytest

from jupyter_envs.formats import pyproject
from jupyter_envs.formats.python import choose, pinned
from jupyter_envs.model.errors import InvalidRequest

WHOLE = """
[build-system]
requires = ["hatchling"]
[project]
name = "thesis"
requires-python = "==3.11.*"
dependencies = ["numpy>=2", "pandas; python_version > '3'"]
[project.optional-dependencies]
dev = ["ruff"]
[dependency-groups]
test = ["pytest"]
[tool.uv.sources]
numpy = { path = "../numpy" }
"""


def test_project() -> None:
    found = pyproject.read("\ufeff" + WHOLE.replace("\n", "\r\n"))
    assert found.packages == ["numpy>=2", "pandas; python_version > '3'"]
    assert (found.name, found.python, found.requires_python) == ("thesis", "3.11", "==3.11.*")
    assert found.warnings == [
        "Optional dependencies are left out: dev.",
        "Dependency groups are left out: test.",
        "Sources in [tool.uv] do not hold here: numpy.",
    ]


def test_computed_dependencies() -> None:
    found = pyproject.read('[project]\nname = "a"\ndynamic = ["dependencies"]\n')
    assert found.packages == []
    assert "when it is built" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[project", "from.text"),
        ("", "from.text"),
        ("[tool.other]\nname='a'", "from.text"),
        ("project = 3", "from.text project"),
        ("[project]\ndependencies = 'six'", "from.text project.dependencies"),
        ("[project]\ndependencies = [1]", "from.text project.dependencies"),
        ("[project]\ndependencies = ['six', '--pre']", "from.text project.dependencies[1]"),
        ("[project]\ndependencies = ['six\\n--pre']", "from.text project.dependencies[0]"),
        ("[project]\nrequires-python = 3", "from.text project.requires-python"),
        ("[project]\nrequires-python = 'new'", "from.text project.requires-python"),
        ("a = " + "[" * 100_000, "from.text"),
        ("[project]\0", "from.text"),
    ],
)
def test_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        pyproject.read(text)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("specifier", "python"),
    [
        ("==3.11.*", "3.11"),
        ("~=3.11.2", "3.11"),
        (">=3.10,<3.11", "3.10"),
        ("==3.12.4", "3.12.4"),
        (">=3.10", None),
        ("", None),
        ("<3", None),
        ("==3.12a1", None),
    ],
)
def test_pinned(specifier: str, python: str | None) -> None:
    assert pinned(specifier) == python


def test_choose() -> None:
    assert choose(">=3.9,<3.12", ["3.13.0", "3.11.7", "3.10.1"]) == "3.11.7"
    assert choose(">=4", ["3.13.0"]) is None
