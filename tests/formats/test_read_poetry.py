"""Poetry's own table in pyproject.toml."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from jupyter_envs.formats import poetry, pyproject
from jupyter_envs.model.errors import InvalidRequest
from tests.formats.recorded import NEW, recorded


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        # As Poetry's documentation has them.
        ("^1.2.3", ">=1.2.3,<2.0.0"),
        ("^1.2", ">=1.2,<2.0"),
        ("^1", ">=1,<2"),
        ("^0.2.3", ">=0.2.3,<0.3.0"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3.0"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("*", ""),
        ("1.*", "==1.*"),
        ("1.2.*", "==1.2.*"),
        ("!=1.*", "!=1.*"),
        (">= 1.2.0", ">=1.2.0"),
        (">= 1.2, < 1.5", ">=1.2,<1.5"),
        (">=1.2 <1.5", ">=1.2,<1.5"),
        ("1.2", "==1.2"),
        ("==1.2", "==1.2"),
        ("~=1.2.3", "~=1.2.3"),
        ("^2.0b1", ">=2.0b1,<3.0"),
    ],
)
def test_ranges(constraint: str, specifier: str) -> None:
    found = poetry.specifier(constraint, "x")
    assert found == specifier
    SpecifierSet(found)


@pytest.mark.parametrize("constraint", ["^", "^x", "~=", "1 || ^x", "=> 1", "^1.2.3.4.5.6.7.8", "^" * 1000])
def test_what_is_no_range(constraint: str) -> None:
    text = f'[tool.poetry.dependencies]\none = "{constraint}"\n'
    with pytest.raises(InvalidRequest):
        pyproject.read(text)


def test_a_real_one() -> None:
    text = recorded("poetry-2.5.1-pyproject.toml")
    found = pyproject.read(text, NEW)
    assert found.packages == [
        "httpx[socks]>=0.27,<0.28",
        "rich>=13.7,<13.8",
        "exceptiongroup>=1.2 ; python_version < '3.11'",
        "colorama==0.4.6 ; sys_platform == 'win32'",
    ]
    assert (found.name, found.requires_python, found.python) == ("thesis", ">=3.10,<4.0", None)
    assert (found.extras, found.groups) == (["tables"], ["docs", "test"])
    assert found.indexes == ["https://index.example/simple"]
    whole = pyproject.read(text, replace(NEW, extras=frozenset({"tables"}), groups=frozenset({"test", "docs"})))
    assert whole.packages[-3:] == ["tabulate>=0.9,<0.10", "pluggy>=1.5,<2.0", "pathspec"]


def test_tables_lists_and_places() -> None:
    text = """
[tool.poetry.dependencies]
one = [{ version = "^1", python = "<3.10" }, { version = "^2", python = "^3.10" }]
two = { git = "git@git.example:me/two.git", tag = "v2" }
three = { path = "../three" }
"""
    with pytest.raises(InvalidRequest) as caught:
        pyproject.read(text, replace(NEW, folder="/home/me/thesis"))
    assert (caught.value.field, caught.value.reason) == ("from.text tool.poetry.dependencies.three.path", "outside")
    inside = text.replace("../three", "three").replace('}\n"', "}")
    found = pyproject.read(inside, replace(NEW, folder="/home/me/thesis"))
    assert found.packages == [
        "one>=1,<2 ; python_version < '3.10'",
        "one>=2,<3 ; python_version >= '3.10' and python_version < '4.0'",
        "two @ git+ssh://git@git.example/me/two.git@v2",
        "/home/me/thesis/three",
    ]


def test_what_nothing_comes_of_is_told() -> None:
    found = pyproject.read('[tool.poetry.dependencies]\none = { version = "1", new = true }\n')
    assert found.unknown == ["tool.poetry.dependencies.one.new"]
