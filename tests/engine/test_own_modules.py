"""Modules that lie beside a notebook are the user's own: no package is offered for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.modules import own


@pytest.fixture
def root(tmp_path: Path) -> str:
    folder = tmp_path / "root" / "lessons"
    (folder / "package").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "one.csv").touch()
    (folder / "package" / "__init__.py").touch()
    (folder / "helpers.py").touch()
    (folder / "fast.so").touch()
    (folder / "fifo.py").mkdir()
    (tmp_path / "outside.py").touch()
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    return os.path.realpath(tmp_path / "root")


@pytest.mark.parametrize(
    ("notebook", "module", "is_own"),
    [
        ("lessons/a.ipynb", "helpers", True),
        ("/lessons/a.ipynb", "helpers.more", True),
        ("lessons/a.ipynb", "fast", True),
        ("lessons/a.ipynb", "package.part", True),
        ("lessons/a.ipynb", "data", False),
        ("lessons/a.ipynb", "fifo", False),
        ("lessons/a.ipynb", "numpy", False),
        ("a.ipynb", "helpers", False),
        ("../a.ipynb", "outside", False),
        ("link/a.ipynb", "outside", False),
        ("lessons/a.ipynb", "../../outside", False),
        ("work\0/a.ipynb", "numpy", False),
    ],
)
def test_what_lies_beside_is_own(root: str, notebook: str, module: str, is_own: bool) -> None:
    found = own(root, notebook, module)
    assert (found is not None and found.own) == is_own


def test_no_package_is_offered_for_it(root: str) -> None:
    catalog = Catalog(root=root)
    assert catalog.providers("helpers", [], notebook="lessons/a.ipynb").distributions == []
    assert not Catalog().providers("yaml", [], notebook="lessons/a.ipynb").own
    assert [each.name for each in catalog.providers("yaml", [], notebook="lessons/a.ipynb").distributions] == ["pyyaml"]
