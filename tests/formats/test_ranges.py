"""Ranges of Poetry's of which any one may hold."""

from __future__ import annotations

import itertools

import pytest
from packaging.specifiers import SpecifierSet

from jupyter_envs.formats import poetry, pyproject
from jupyter_envs.model.errors import InvalidRequest


@pytest.mark.parametrize(
    ("constraint", "specifier", "exact"),
    [
        ("^3.8 || ^3.11", ">=3.8,<4.0", True),
        ("^3.8|^3.11", ">=3.8,<4.0", True),
        ("~2.7 || ^3.6", ">=2.7,<4.0", False),
        ("~1.26 || ~2.0", ">=1.26,<2.1", False),
        ("~3.8 || ~3.10 || ~3.11", ">=3.8,<3.12,!=3.9.*", True),
        ("<1.0 || >=1.0", "", True),
        ("1.0 || 1.1", ">=1.0,<=1.1", False),
        ("1.* || 2.*", ">=1,<3", True),
        (">=1,<2 || >=1.5,<3", ">=1,<3", True),
        ("* || ^1", "", True),
        ("!=1.5 || ^1", "", False),
    ],
)
def test_joined(constraint: str, specifier: str, exact: bool) -> None:
    assert poetry.specifier(constraint, "x") == specifier
    assert poetry.exact(constraint) == exact


def test_nothing_that_one_of_them_admits_is_lost() -> None:
    parts = ["^1.2", "~1.4", "2.*", ">=3.1,<3.5", "1.0", "<0.9", ">4", "!=1.3"]
    versions = [f"{major}.{minor}.{patch}" for major in range(6) for minor in range(7) for patch in (0, 3)]
    for one, other in itertools.product(parts, parts):
        whole = SpecifierSet(poetry.specifier(f"{one} || {other}", "x"))
        either = [SpecifierSet(poetry.specifier(part, "x")) for part in (one, other)]
        for version in versions:
            admitted = any(version in each for each in either)
            assert not admitted or version in whole, (one, other, version)
            if poetry.exact(f"{one} || {other}"):
                assert admitted == (version in whole), (one, other, version)


@pytest.mark.parametrize("constraint", ["^3.8 ||", "|| x", "^3.8 || -r x"])
def test_refused(constraint: str) -> None:
    if constraint.endswith("||"):
        assert poetry.specifier(constraint, "x") == ""
        return
    with pytest.raises(InvalidRequest):
        poetry.specifier(constraint, "x")


def test_what_admits_more_is_told() -> None:
    text = '[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\npython = "^3.9"\na = "~1 || ~3"\nb = "^1 || ^2"\n'
    found = pyproject.read(text)
    assert found.packages == ["a>=1,<4", "b>=1,<3"]
    assert "(||) too" in found.warnings[0]
    assert found.warnings[0].count(": a.") == 1
