"""Lists of what is installed, in each form in which conda and pip write them."""

from __future__ import annotations

import json

import pytest

from jupyter_envs.formats import listings, registry
from jupyter_envs.formats.explicit import platform
from jupyter_envs.model.errors import InvalidRequest

HEAD = "# This file may be used to create an environment using:\n# $ conda create --name <env> --file <this file>\n"
EXPORT = HEAD + "# platform: {}\n_libgcc_mutex=0.1=main\nabsl-py=0.10.0=py37_0\nidna=3.7=pypi_0\npython=3.7.9=h75_0\n"
TABLE = """# packages in environment at /opt/conda/envs/x:
#
# Name                    Version                   Build  Channel
_libgcc_mutex             0.1                 conda_forge    conda-forge
numpy                     1.26.4          py311h64a7726_0    conda-forge
python                    3.11.9               h955ad1f_0
six                       1.16.0                   pypi_0    pypi
"""
PIP = "Package    Version   Editable project location\n---------- -------- ----\nidna       3.7\nnumpy      1.26.4\n"
ROWS = [
    {"name": "numpy", "version": "1.26.4", "build_string": "py311_0", "channel": "conda-forge", "dist_name": "x"},
    {"name": "six", "version": "1.16.0", "build_string": "pypi_0", "channel": "pypi", "dist_name": "x"},
]


@pytest.mark.parametrize(
    ("filename", "text", "conda", "pip", "channels"),
    [
        (
            "requirements.txt",
            EXPORT.format(platform()),
            ["_libgcc_mutex=0.1=main", "absl-py=0.10.0=py37_0", "python=3.7.9=h75_0"],
            ["idna==3.7"],
            [],
        ),
        (
            "spec.txt",
            EXPORT.format("win-64"),
            ["_libgcc_mutex=0.1", "absl-py=0.10.0", "python=3.7.9"],
            ["idna==3.7"],
            [],
        ),
        ("x.yml", "a=1.0=0\nb=2.0=py_1\n", ["a=1.0=0", "b=2.0=py_1"], [], []),
        (
            "list.txt",
            TABLE,
            ["_libgcc_mutex=0.1=conda_forge", "numpy=1.26.4=py311h64a7726_0", "python=3.11.9=h955ad1f_0"],
            ["six==1.16.0"],
            ["conda-forge"],
        ),
        ("requirements.txt", PIP, [], ["idna==3.7", "numpy==1.26.4"], []),
        ("list.json", json.dumps(ROWS), ["numpy=1.26.4=py311_0"], ["six==1.16.0"], ["conda-forge"]),
        ("pip.json", '[{"name": "six", "version": "1.16.0"}]', [], ["six==1.16.0"], []),
    ],
)
def test_listings(filename: str, text: str, conda: list[str], pip: list[str], channels: list[str]) -> None:
    chosen = registry.sniff(filename, text)
    assert chosen is listings.FORMAT
    found = listings.read(text)
    assert (found.conda, found.packages, found.channels) == (conda, pip, channels)
    assert bool(found.warnings) == bool(conda)


@pytest.mark.parametrize(
    ("filename", "text"),
    [
        ("requirements.txt", "numpy=1.21\npandas=1.3.4\n"),
        ("requirements.txt", "numpy==1.21\nsix\n"),
        ("requirements.txt", ""),
        ("requirements.txt", "# packages in environment at x\nnumpy>=1\n"),
        ("conda-linux-64.lock", "@EXPLICIT\n"),
        ("x.toml", "[project]\n"),
    ],
)
def test_what_is_no_listing(filename: str, text: str) -> None:
    assert not listings.FORMAT.fits(filename, text)


def test_a_broken_listing_names_its_line() -> None:
    with pytest.raises(InvalidRequest) as caught:
        listings.read(TABLE + "and more\n")
    assert caught.value.field == "from.text line 8"
