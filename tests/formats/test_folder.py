"""Which file of a folder counts, by what it says, and what is told of the others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jupyter_envs.formats import registry
from jupyter_envs.formats.base import Read
from jupyter_envs.model.errors import InvalidRequest
from tests.formats.recorded import NEW

TOOLS = "[tool.black]\nline-length = 100\n"
PROJECT = '[project]\nname = "p"\nversion = "1"\ndependencies = ["idna"]\n'
DYNAMIC = '[project]\nname = "p"\ndynamic = ["dependencies"]\n[build-system]\nrequires = []\n'
BUILD = '[build-system]\nrequires = ["setuptools"]\n'
CONDA = "name: e\ndependencies: [python=3.11, numpy]\n"
CFG = "[metadata]\nname = p\n[options]\ninstall_requires =\n    six\n    idna>=3; python_version > '3'\n"
PIXI = '[workspace]\nchannels = ["conda-forge"]\nplatforms = []\n[dependencies]\npython = "3.11.*"\n'


def notebook(*lines: str) -> str:
    cell = {"cell_type": "code", "source": list(lines), "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def read(files: dict[str, str]) -> Read:
    assert registry.FOLDER.read is not None
    return registry.FOLDER.read("", replace(NEW, files=files))


@pytest.mark.parametrize(
    ("files", "chosen", "asked", "told"),
    [
        ({"pyproject.toml": TOOLS, "requirements.txt": "six"}, "requirements.txt", ["six"], []),
        ({"pyproject.toml": TOOLS, "environment.yml": CONDA}, "environment.yml", ["python=3.11", "numpy"], []),
        ({"pyproject.toml": PROJECT, "requirements.txt": "six"}, "pyproject.toml", ["idna"], ["requirements.txt"]),
        ({"pyproject.toml": BUILD, "setup.cfg": CFG}, "setup.cfg", ["six", "idna>=3; python_version > '3'"], []),
        ({"pyproject.toml": BUILD, "setup.py": "setup(install_requires=['six'])"}, "setup.py", ["six"], []),
        ({"setup.cfg": "[flake8]\nx = 1\n", "requirements.txt": "six"}, "requirements.txt", ["six"], []),
        ({"setup.py": "print()", "requirements.txt": "six"}, "requirements.txt", ["six"], []),
        ({"environment.yaml": CONDA}, "environment.yaml", ["python=3.11", "numpy"], []),
        (
            {"environment.yml": CONDA, "requirements.txt": "six"},
            "environment.yml",
            ["python=3.11", "numpy"],
            ["requirements.txt"],
        ),
        (
            {"environment.yml": CONDA + "  \n", "Pipfile": '[packages]\nsix = "*"\n', "runtime.txt": "python-3.9"},
            "",
            ["python=3.11", "numpy"],
            ["runtime.txt", "Pipfile"],
        ),
        ({"conda/environment.yml": CONDA, "README.md": "# x"}, "conda/environment.yml", ["python=3.11", "numpy"], []),
        ({"pixi.toml": PIXI, "requirements.txt": "six"}, "pixi.toml", ["python=3.11.*"], ["pixi", "requirements.txt"]),
        ({"requirements.txt": "-r dev.txt\nsix", "dev.txt": "idna"}, "requirements.txt", ["idna", "six"], []),
        (
            {"requirements.txt": "six", "docs/requirements.txt": "idna"},
            "requirements.txt",
            ["six"],
            [],
        ),
        (
            {"a.ipynb": notebook("%pip install six"), "b.ipynb": notebook("%pip install idna six")},
            "",
            ["six", "idna"],
            ["a.ipynb"],
        ),
        ({"a.ipynb": notebook("%pip install idna"), "requirements.txt": "six"}, "requirements.txt", ["six"], []),
        (
            {
                "pyproject.toml": DYNAMIC + '[tool.setuptools.dynamic]\ndependencies = {file = ["r.txt"]}\n',
                "r.txt": "six",
            },
            "pyproject.toml",
            ["six"],
            [],
        ),
        (
            {
                "pyproject.toml": DYNAMIC + '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["r.txt"]\n',
                "r.txt": "six",
            },
            "pyproject.toml",
            ["six"],
            [],
        ),
        ({"pyproject.toml": DYNAMIC, "setup.cfg": CFG}, "setup.cfg", ["six", "idna>=3; python_version > '3'"], []),
    ],
)
def test_the_file_that_says_most(files: dict[str, str], chosen: str, asked: list[str], told: list[str]) -> None:
    found = read(files)
    assert [*found.conda, *found.packages] == asked
    assert found.source is not None
    assert found.source[1] == chosen
    said = " ".join(found.warnings)
    assert [name for name in told if name not in said] == []
    assert ("left out" in said) == any("." in name and "ipynb" not in name for name in told)


@pytest.mark.parametrize(
    ("files", "python", "told"),
    [
        ({"runtime.txt": "python-3.11.7", "requirements.txt": "six", "Procfile": "web: x"}, "3.11.7", "procfile"),
        ({"runtime.txt": "python-3.10-2022-01-31", "requirements.txt": "six"}, "3.10", ""),
        (
            {"runtime.txt": "python-3.10", "Pipfile": '[packages]\nsix="*"\n[requires]\npython_version="3.12"\n'},
            "3.12",
            "runtime.txt",
        ),
        ({"runtime.txt": "python-3.10", "environment.yml": CONDA}, "3.11", "runtime.txt"),
        ({"runtime.txt": "python-3.10"}, "3.10", "no package"),
        ({"apt.txt": "gcc\n"}, None, "apt.txt"),
        ({".binder/environment.yml": CONDA, ".binder/apt.txt": "gcc", "requirements.txt": "six"}, "3.11", "apt.txt"),
    ],
)
def test_runtime_and_what_lies_outside(files: dict[str, str], python: str | None, told: str) -> None:
    found = read(files)
    assert found.python == python
    assert told in " ".join([*found.warnings, *found.unknown])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"pyproject.toml": TOOLS}, "only set up tools"),
        ({"setup.cfg": "[flake8]\n"}, "only set up tools"),
        ({"requirements.txt": "six ="}, "not a requirement"),
        ({"a.png": ""}, "None of the files"),
    ],
)
def test_refused(files: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        read(files)


@pytest.mark.parametrize(
    ("text", "packages", "extras"),
    [
        ("from setuptools import setup\nsetup(name='p', install_requires=['six', 'idna>=3'])", ["six", "idna>=3"], []),
        (
            "import setuptools\nneeds = ['six']\nsetuptools.setup(install_requires=needs + ['idna'])",
            ["six", "idna"],
            [],
        ),
        ("setup(install_requires=open('r.txt').read().splitlines())", ["attrs"], []),
        ("with open('r.txt') as f:\n    needs = f.read().splitlines()\nsetup(install_requires=needs)", ["attrs"], []),
        ("needs = [line.strip() for line in open('./r.txt')]\nsetup(install_requires=needs)", ["attrs"], []),
        ("setup(install_requires='six\\nidna', extras_require={'x': ['attrs']})", ["six", "idna"], ["x"]),
        ("setup(install_requires=compute())", [], []),
        ("setup()", [], []),
        ("a = a\nsetup(install_requires=a)", [], []),
    ],
)
def test_setup_py_is_read_and_not_run(text: str, packages: list[str], extras: list[str]) -> None:
    found = registry.by_name("setup.py").read(text, replace(NEW, filename="setup.py", files={"r.txt": "attrs\n"}))  # type: ignore[misc]
    assert (found.packages, found.extras) == (packages, extras)
    assert ("when it is run" in " ".join(found.warnings)) == ("compute" in text or "a = a" in text)


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        (CFG, ["six", "idna>=3; python_version > '3'"]),
        ("[options]\ninstall_requires = six; idna\n", ["six", "idna"]),
        ("[options]\ninstall_requires = file: r.txt\n", ["attrs"]),
        ("[options]\ninstall_requires =\n    # why\n    six\n", ["six"]),
    ],
)
def test_setup_cfg(text: str, packages: list[str]) -> None:
    found = registry.by_name("setup.cfg").read(text, replace(NEW, filename="setup.cfg", files={"r.txt": "attrs\n"}))  # type: ignore[misc]
    assert found.packages == packages
