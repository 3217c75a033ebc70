"""A line that somebody typed where it takes effect: the reader of notebooks, and nothing left out unsaid."""

from __future__ import annotations

import pytest

from jupyter_envs.formats.installs import Installs
from jupyter_envs.formats.notebook.texts import read_commands
from jupyter_envs.formats.typed import Typed
from jupyter_envs.model.errors import InvalidRequest


def of(line: str, *, by_conda: bool = False) -> Typed:
    typed = Typed(by_conda=by_conda)
    typed.read(line)
    return typed


SAME = [
    ("numpy>=2 pandas", ["numpy>=2", "pandas"]),
    ("numpy >= 2", ["numpy>=2"]),
    ("'pandas[excel] >= 2' six", ["pandas[excel] >= 2", "six"]),
    ("six==1.16.0  # because", ["six==1.16.0"]),
    ("six, toolz", ["six", "toolz"]),
    ("six=1.16", ["six==1.16"]),
    ("'six;python_version<\"3\"'", ['six;python_version<"3"']),
    ("$ pip3 install six", ["six"]),
    ("!pip install -q six", ["six"]),
    ("%pip install six", ["six"]),
    ("(base) $ python -m pip install six", ["six"]),
    ("sudo -H pip install six", ["six"]),
    ("time pip install six", ["six"]),
    ("uv add six toolz", ["six", "toolz"]),
    ("uv pip install six", ["six"]),
    ("poetry add six@^1.16", ["six>=1.16,<2.0"]),
    ("pdm add six", ["six"]),
    ("rye add six", ["six"]),
    ("pipenv install six", ["six"]),
    ("git+https://host/x.git#egg=x", ["git+https://host/x.git#egg=x"]),
    # The tools are packages too.
    ("uv", ["uv"]),
    ("pip setuptools", ["pip", "setuptools"]),
    ("poetry conda", ["poetry", "conda"]),
    ("-U pip", ["pip"]),
]


@pytest.mark.parametrize(("line", "packages"), SAME)
def test_a_typed_line_and_a_pasted_one_mean_the_same(line: str, packages: list[str]) -> None:
    assert list(of(line).packages.values()) == packages
    assert read_commands(line).packages == packages


@pytest.mark.parametrize(
    ("line", "local", "files", "options"),
    [
        ("-e . ./x[dev] -r a.txt -ra/b.txt", ["-e .", "./x[dev]"], ["a.txt", "a/b.txt"], {"-e", "-r"}),
        ("uv add -r a.txt", [], ["a.txt"], {"-r"}),
        ("pip install -e ../x x.whl", ["-e ../x", "x.whl"], [], {"-e"}),
        ("-U -q --dry-run -y six", [], [], {"-U", "-q", "--dry-run", "-y"}),
        # conda's -y answers a question of conda's; ours lets a file run code.
        ("conda install -y six", [], [], set()),
        ("pip install --user --no-cache-dir six", [], [], {"--user", "--no-cache-dir"}),
    ],
)
def test_its_user_has_the_folders_and_files(line: str, local: list[str], files: list[str], options: set[str]) -> None:
    typed = of(line)
    assert (list(typed.local), list(typed.files), typed.options) == (local, files, options)


def test_own_options_allow_indexes() -> None:
    typed = of("--index https://a.example/s --find-links https://b.example six")
    assert (list(typed.allowed), list(typed.links)) == (["https://a.example/s"], ["https://b.example"])
    assert typed.notes == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-i https://a.example/s six", "not asked without your consent: https://a.example/s"),
        ("pip install --index-url=https://me:pw@a.example/s six", r"consent: https://\S*a.example/s"),
        ("pip install --find-links https://a.example six", "consent"),
        ("uv add --index https://a.example six", "consent"),
        ("--no-deps six", "not taken here: --no-deps"),
        ("--pre six", "--pre"),
        ("-t lib six", "-t"),
        ("--foo six", "--foo"),
        ("conda install -n other six", "-n"),
        ("-c limits.txt six", "Constraints"),
        ("six -r", "-r lacks"),
        ("six && rm -rf x", "more than one command"),
        ("six; toolz", "more than one command"),
        ("six | tee x", "more than one command"),
        ("pip install $(cat x)", "only known when it runs"),
        ("pipx install black", "environment of its own"),
        ("apt-get install gcc", "gcc: packages of the system"),
        ("import cv2", "line of Python"),
        ("from a import b", "line of Python"),
        ("conda env create -f environment.yml", "environment.yml"),
    ],
)
def test_what_would_be_left_out_is_refused(line: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said) as caught:
        of(line)
    assert "pw" not in caught.value.message
    assert caught.value.field == "line"


def test_imports_name_what_brings_them() -> None:
    with pytest.raises(InvalidRequest) as caught:
        of("import cv2, sklearn.svm as svm, os")
    assert caught.value.hint == "What it imports comes with: opencv-python, scikit-learn."


def test_match_specs_in_a_conda_environment() -> None:
    assert list(of("numpy=2.1 conda-forge::six 'a>=1,<2'", by_conda=True).packages.values()) == [
        *("numpy=2.1", "conda-forge::six", "a>=1,<2")
    ]
    assert list(of("--pip numpy=2.1", by_conda=True).packages.values()) == ["numpy==2.1"]
    typed = of("mamba install -c conda-forge numpy=2.1", by_conda=True)
    assert (typed.conda, list(typed.channels)) == ({"numpy": "numpy=2.1"}, ["conda-forge"])


def test_every_option_that_installs_read_is_taken_or_refused() -> None:
    """What a notebook's reader passes over changes what is installed, or has no effect: nothing in between."""
    from jupyter_envs.formats import tooloptions, typed

    seen = typed._TAKEN | typed._WITHOUT_EFFECT
    for option in sorted(tooloptions.PIP.flags - seen):
        with pytest.raises(InvalidRequest, match="not taken here"):
            of(f"{option} six")
    assert isinstance(of("six"), Installs)
