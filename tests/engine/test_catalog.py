from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.catalog import MOST_FOUND, POPULAR, Catalog
from jupyter_envs.formats.base import Installed
from jupyter_envs.model.check import check_distribution
from jupyter_envs.model.env import Environment, Interpreter, Package, Python
from jupyter_envs.model.errors import InvalidRequest, NotFound, Unavailable
from jupyter_envs.model.request import ImportText, Inspect

INSTALLED = {"numpy": "Arrays", "my-numbers": None, "zebra": "Stripes"}


def interpreter(version: str, default: bool = False, supported: bool = True) -> Interpreter:
    return Interpreter(
        version=version,
        implementation="CPython",
        architecture="x86_64",
        path=f"/usr/bin/python{version}",
        source="system",
        supported=supported,
        default=default,
    )


PYTHONS = [interpreter("3.14.0rc1"), interpreter("3.13.0"), interpreter("3.12.1", default=True), interpreter("3.10.4")]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder laid out as an index, with one package."""
    folder = tmp_path / "simple" / "demo"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text('<a href="demo-1.0.tar.gz">a</a><a href="demo-1.10.tar.gz">b</a>')
    return tmp_path / "simple"


@pytest.fixture
def environ(index: Path, tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "PIP_INDEX_URL": index.as_uri(),
    }


@pytest.fixture
def catalog(environ: dict[str, str]) -> Catalog:
    return Catalog(installed=lambda: INSTALLED, interpreters=lambda: PYTHONS, environ=environ)


def test_the_shipped_list() -> None:
    lines = [line.split("\t") for line in POPULAR.read_text("utf-8").splitlines()]
    names = [name for name, *_ in lines]
    assert len(names) >= 5000
    assert len(names) == len(set(names))
    assert names.index("numpy") < names.index("scikit-image"), "the most used first"
    for name, *summary in lines:
        assert check_distribution(name, "name") == name
        assert not summary or 3 < len(summary[0]) < 80


def test_formats_tell_their_ways(catalog: Catalog) -> None:
    ways = {known.name: (known.imports, known.exports) for known in catalog.formats()}
    assert ways["requirements.txt"] == (True, True)
    assert ways["requirements-requested.txt"] == (False, True)
    assert ways["notebook"] == (True, False)


def test_export(catalog: Catalog) -> None:
    packages = [
        Package(name="six", version="1.0", requested=False),
        Package(name="idna", version="2.0", requested=True),
    ]
    assert (
        catalog.export(Installed(packages, "3.12.1"), "requirements.txt").text
        == "# Python 3.12.1\n# Asked for: idna\nidna==2.0\nsix==1.0\n"
    )
    requested = catalog.export(Installed(packages, "3.12.1"), "requirements-requested.txt")
    assert (requested.text, requested.filename) == ("# Python 3.12.1\nidna==2.0\n", "requirements.txt")
    for name in ("notebook", "none"):
        with pytest.raises(InvalidRequest) as caught:
            catalog.export(Installed(packages), name)
        assert caught.value.field == "format"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("requirements.txt", None),
        ("thesis-requirements.txt", "thesis"),
        ("My thesis (final).txt", "My-thesis-final"),
        ("con.txt", None),
        ("../../x.txt", "x"),
        ("-n.txt", "n"),
        ("é.txt", None),
        ("a" * 200 + ".txt", "a" * 64),
    ],
)
def test_the_name_comes_from_the_file(catalog: Catalog, filename: str, name: str | None) -> None:
    inspected = catalog.inspect(Inspect(filename=filename, text="six"))
    assert inspected.create.name == name
    assert (inspected.format, inspected.create.packages) == ("requirements.txt", ["six"])


@pytest.mark.parametrize(
    ("requires", "python", "warned"),
    [
        (">=3.9", None, False),
        (">=3.9,<3.12", "3.10.4", False),
        (">=3.13", "3.13.0", False),
        ("==3.11.*", "3.11", True),
        (">=3.20", None, True),
    ],
)
def test_a_python_that_is_here(catalog: Catalog, requires: str, python: str | None, warned: bool) -> None:
    text = f'[project]\nname = "thesis"\nrequires-python = "{requires}"\ndependencies = ["six"]\n'
    inspected = catalog.inspect(Inspect(filename="pyproject.toml", text=text))
    assert (inspected.create.name, inspected.create.python) == ("thesis", python)
    assert bool(inspected.warnings) == warned


def test_only_known_guesses_are_taken(catalog: Catalog) -> None:
    cell = {"cell_type": "code", "source": "import numpy, yaml, zebra, helpers"}
    inspected = catalog.inspect(Inspect(filename="Analysis.ipynb", text=json.dumps({"cells": [cell]})))
    assert inspected.create.packages == ["numpy", "pyyaml", "zebra"]
    assert inspected.create.name == "Analysis"
    assert inspected.warnings[-1] == "Left out, since they may be modules of your own: helpers."


def test_read_refuses_what_is_only_written(catalog: Catalog) -> None:
    for name in ("requirements-requested.txt", "none"):
        with pytest.raises(InvalidRequest) as caught:
            catalog.read(ImportText(format=name, text=""))
        assert caught.value.field == "from.format"


def test_search_orders_exact_prefix_installed(catalog: Catalog) -> None:
    found = catalog.search(" NumPy ")
    assert (found[0].name, found[0].source, found[0].summary) == ("numpy", "installed", "Arrays")
    names = [entry.name for entry in catalog.search("num")]
    assert names[0] == "numpy"
    assert names.index("numba") < names.index("my-numbers"), "what begins so comes first"
    assert {entry.source for entry in catalog.search("num")} == {"installed", "popular"}
    assert catalog.search("scikit_learn")[0].name == "scikit-learn"


def test_search_is_bounded(catalog: Catalog) -> None:
    assert len(catalog.search("p")) == MOST_FOUND
    for q in ("", "  ", "-", "\0", "<script>", "x" * 10_000, "*"):
        assert catalog.search(q) == []


def with_module(prefix: Path, name: str, module: str, local: bool = False) -> Environment:
    """An environment with a distribution `name` that brings `module`."""
    site = prefix / f"lib/python3.{sys.version_info[1]}/site-packages"
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").touch()
    (info / "RECORD").write_text(f"{module}.py,,\n")
    if local:
        (info / "direct_url.json").write_text("{}")
    python = Python(version="3.12", implementation="CPython", path=f"{prefix}/bin/python", base=None)
    return Environment(
        id=f"{prefix.name}-id", name=prefix.name, manager="uv", kind="venv", prefix=str(prefix), python=python
    )


def test_what_an_environment_has_comes_before_what_is_known(catalog: Catalog, tmp_path: Path) -> None:
    one = with_module(tmp_path / "one", "opencv_python_headless", "cv2")
    two = with_module(tmp_path / "two", "opencv_python", "cv2")
    found = catalog.providers("cv2", [one, two]).distributions
    assert [(f.name, f.source, f.environments) for f in found] == [
        ("opencv-python", "installed", ["two-id"]),
        ("opencv-python-headless", "installed", ["one-id"]),
    ]
    broken = msgspec.structs.replace(one, state="broken")
    assert {f.source for f in catalog.providers("cv2", [broken]).distributions} == {"known"}


def test_known_and_guessed_providers(catalog: Catalog, tmp_path: Path) -> None:
    def of(module: str, *environments: Environment) -> list[tuple[str, str]]:
        return [(f.name, f.source) for f in catalog.providers(module, environments).distributions]

    assert of("yaml") == [("pyyaml", "known")]
    assert of("numpy.linalg") == [("numpy", "known")]
    assert of("demo") == [("demo", "guess")], "the index has it"
    assert of("my_helpers") == [], "the index has none of this name"
    own = with_module(tmp_path / "own", "demo", "demo", local=True)
    assert of("demo", own) == []
    assert of("sys") == of("näme") == of("_") == []


@pytest.mark.parametrize(
    ("module", "python", "first", "says"),
    [
        ("google.colab", None, None, "part of Colab"),
        ("clip.model", None, None, "stranger's project"),
        ("tree", None, "dm-tree", ""),
        ("board", None, "adafruit-blinka", ""),
        ("ee", None, "earthengine-api", ""),
        ("distutils.core", "3.12.4", "setuptools", "took distutils out"),
        ("distutils", "3.11.4", None, "is a part of this Python"),
        ("telnetlib", "3.13.0", "standard-telnetlib", "telnetlib3"),
        ("tomllib", "3.10.1", "tomli", "from 3.11 on"),
        ("tomllib", "3.11.1", None, ""),
        ("_tkinter", "3.12.0", None, "python3-tk"),
        ("no_such_thing", None, None, "No package is known"),
    ],
)
def test_modules_of_python_and_of_nobody(
    catalog: Catalog, module: str, python: str | None, first: str | None, says: str
) -> None:
    found = catalog.providers(module, [], python)
    assert [each.name for each in found.distributions][:1] == ([first] if first else [])
    assert says in found.note


def test_no_guess_where_the_index_cannot_be_asked(catalog: Catalog, environ: dict[str, str]) -> None:
    environ["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    assert catalog.providers("demo", []).distributions == []
    assert [each.name for each in catalog.providers("yaml", []).distributions] == ["pyyaml"]


@pytest.mark.parametrize(
    ("q", "first", "says"),
    [
        ("cv2", "opencv-python", "The module cv2 comes with it."),
        ("sklearn", "scikit-learn", "The module sklearn comes with it."),
        ("skimage", "scikit-image", "skimage"),
        ("bs4", "beautifulsoup4", "bs4"),
        ("google.cloud.storage", "google-cloud-storage", "google.cloud.storage"),
        ("nunpy", "numpy", "Did you mean numpy?"),
        ("torch", "torch", None),
        ("gym", "gym", "gymnasium"),
    ],
)
def test_search_finds_what_is_meant(catalog: Catalog, q: str, first: str, says: str | None) -> None:
    found = catalog.search(q)
    assert found[0].name == first
    assert (says in (found[0].note or "")) if says else found[0].note is None


def test_search_ranks_by_use_and_marks_placeholders(catalog: Catalog) -> None:
    names = [each.name for each in catalog.search("scikit")]
    assert names.index("scikit-learn") < names.index("scikit-image") < names.index("scikit-optimize")
    notes = {each.name: each.note for each in catalog.search("sklearn")}
    assert notes["sklearn"] == "The module sklearn does not come with it, but with scikit-learn."


def test_what_is_no_module_is_refused(catalog: Catalog) -> None:
    for module in ("", ".", "a.", "-x", "a b", "<b>", "a/b", "../x", "a" * 201, "1a"):
        with pytest.raises(InvalidRequest) as caught:
            catalog.providers(module, [])
        assert caught.value.field == "module"


def test_versions_are_kept(catalog: Catalog, index: Path, environ: dict[str, str]) -> None:
    assert catalog.versions("Demo").versions == ["1.10", "1.0"]
    (index / "demo" / "index.html").write_text('<a href="demo-2.0.tar.gz">a</a>')
    assert catalog.versions("demo").versions == ["1.10", "1.0"]
    environ["PIP_EXTRA_INDEX_URL"] = index.as_uri()
    assert catalog.versions("demo").versions == ["2.0"], "other settings, another answer"


def test_versions_refused(catalog: Catalog, environ: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        catalog.versions("other")
    for name in ("", "../x", "-n", "a b", "a==1", "a\nb", "é", "a" * 300):
        with pytest.raises(InvalidRequest) as caught:
            catalog.versions(name)
        assert caught.value.field == "name"
    environ["PIP_INDEX_URL"] = "http://me:secret@127.0.0.1:9/simple"
    with pytest.raises(Unavailable) as unreachable:
        catalog.versions("demo")
    assert "secret" not in repr(unreachable.value.__dict__)
