"""Install lines as people type them, by the grammar of the shell and the options of each tool."""

from __future__ import annotations

import time

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from jupyter_envs.formats.base import ALONE, Given
from jupyter_envs.formats.installs import Installs
from jupyter_envs.formats.shell import commands, interpolated


def of(text: str, given: Given = ALONE) -> Installs:
    installs = Installs(given)
    installs.run(text)
    return installs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b>c d", ["a b d"]),
        ("a b 2>&1 >> c | d", ["a b", "d"]),
        ("a && b || c; d & e", ["a", "b", "c", "d", "e"]),
        ("a &> /dev/null b", ["a b"]),
        ("a 'b c' \"d e\" f\\ g", ["a b c d e f g"]),
        ("a b#c # d", ["a b#c"]),
        ("a \\\n  b \\  \n  c", ["a b c"]),
        ("a <<E\npip install no\nE\nb", ["a", "b"]),
        ("a <<E <<-F\nno\nE\n\nno F\n\tF \nb", ["a", "b"]),
        ("a <<'E' | c\nno\nE\nb", ["a", "c", "b"]),
        ("(a; b)", ["a", "b"]),
        ("a <<< b c", ["a c"]),
        ("V=1.2; a x==$V ${V}", ["V=1.2", "a x==1.2 1.2"]),
        ("export V=1; a $V", ["export V=1", "a 1"]),
        ("a > 'x y' b", ["a b"]),
        ("a b>=1.2 c<2,>=1", ["a b>=1.2 c<2,>=1"]),
        ("a 'b>=1.2' > c", ["a b>=1.2"]),
        ("a b > log.txt", ["a b"]),
        ("a 'b", ["a b"]),
        ("", []),
        ("# a\n\n;;", []),
    ],
)
def test_commands(text: str, words: list[str]) -> None:
    assert [" ".join(word.text for word in command.words) for command in commands(text)] == words


@pytest.mark.parametrize("text", ["a $X", "a ${X:-1}", "a $(cat x)", "a `cat x`", 'a "b$X"', "a b$1"])
def test_what_only_the_shell_knows_is_marked(text: str) -> None:
    [command] = commands(text)
    assert [word.whole for word in command.words] == [True, False]


def test_what_ipython_puts_in() -> None:
    text = interpolated("pip install {name}=={version} {{x}} $name '{gone}'", {"name": "six", "version": "1.16"})
    [command] = commands(text)
    assert [(word.text, word.whole) for word in command.words[2:]] == [
        ("six==1.16", True),
        ("{x}", True),
        ("six", True),
        ("{gone}", False),
    ]


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("pip install six", ["six"]),
        ("pip3 install six", ["six"]),
        ("pip3.11 install six", ["six"]),
        ("pip.exe install six", ["six"]),
        ("/usr/bin/pip install six", ["six"]),
        ("python -m pip install six", ["six"]),
        ("python3.12 -I -m pip install six", ["six"]),
        ("py -3.11 -m pip install six", ["six"]),
        ("python -mpip install six", ["six"]),
        ("uv pip install six", ["six"]),
        ("uv add six idna", ["six", "idna"]),
        ("uv add --dev --group test six", ["six"]),
        ("uv run pip install six", ["six"]),
        ("uv --quiet pip install --system six", ["six"]),
        ("python -m uv pip install six", ["six"]),
        ("poetry add six@^1.16", ["six>=1.16,<2.0"]),
        ("poetry add --group dev pandas@latest 'six>=1'", ["pandas", "six>=1"]),
        ("pipenv install --dev six", ["six"]),
        ("pdm add -dG test six", ["six"]),
        ("pixi add --pypi six", ["six"]),
        ("easy_install six", ["six"]),
        ("sudo -H -u me pip install six", ["six"]),
        ("yes | pip install six", ["six"]),
        ("A=1 B='2 3' pip install six", ["six"]),
        ("env A=1 pip install six", ["six"]),
        ("time pip install six", ["six"]),
        ("timeout 60 pip install six", ["six"]),
        ("if true; then pip install six; fi", ["six"]),
        ("bash -c 'pip install six && pip install idna'", ["six", "idna"]),
        ("conda run -n x pip install six", ["six"]),
        ("pip install -U -q six", ["six"]),
        ("pip install -Uqq six", ["six"]),
        ("pip install -qr x.txt six", ["six"]),
        ("pip -q install six", ["six"]),
        ("pip --timeout 100 install six", ["six"]),
        ("pip install --timeout 100 --retries=3 six", ["six"]),
        ("pip install -t lib six", ["six"]),
        ("pip install --no-cache six", ["six"]),
        ("pip install --no-such-option six", ["six"]),
        ("pip install --no-such-option=x six", ["six"]),
        ("pip install -- six", ["six"]),
        ("pip install six==1.16.0 'idna>=3,<4'", ["six==1.16.0", "idna>=3,<4"]),
        ("pip install six == 1.16.0", ["six==1.16.0"]),
        ("pip install six >= 1.16", ["six>=1.16"]),
        ("pip install six=1.16", ["six==1.16"]),
        ("pip install six, idna", ["six", "idna"]),
        ("pip install 'pandas[excel]>=2' dask[complete]", ["pandas[excel]>=2", "dask[complete]"]),
        ("pip install six[x]>=1.2", ["six[x]>=1.2"]),
        ("pip install 'six ; python_version < \"3\"'", ['six ; python_version < "3"']),
        ("pip install 'x @ git+https://git.example/x.git@main'", ["x @ git+https://git.example/x.git@main"]),
        ("pip install git+https://git.example/x@v1#egg=x&subdirectory=y", ["git+https://git.example/x@v1#egg=x"]),
        (
            "pip install 'git+https://git.example/x#egg=x&subdirectory=y'",
            ["git+https://git.example/x#egg=x&subdirectory=y"],
        ),
        ("pip install https://files.example/x-1.0-py3-none-any.whl", ["https://files.example/x-1.0-py3-none-any.whl"]),
        ("pip install six; pip uninstall -y six", []),
        ("pip uninstall -y six; pip install six", ["six"]),
        ("pip install six==1.15 && pip install six", ["six==1.15"]),
        ("pip install six==1.15 && pip install -U six", ["six"]),
        ("pip install six==1.15 && pip install six==1.16", ["six==1.16"]),
        ("pip download six; pip list; pip show six; pip freeze | grep six", []),
        ("echo pip install six", []),
        ("# pip install six", []),
        ("grep 'pip install six' README", []),
        ("apt-get install -y graphviz", []),
        ("npm install six", []),
        ("pipx install six", []),
        ("uv tool install six", []),
    ],
)
def test_packages(text: str, packages: list[str]) -> None:
    assert list(of(text).packages.values()) == packages


@pytest.mark.parametrize(
    ("text", "specs", "channels"),
    [
        ("conda install -y six", ["six"], []),
        (
            "conda install -c conda-forge -c pytorch six=1.16 'idna>=3'",
            ["six=1.16", "idna>=3"],
            ["conda-forge", "pytorch"],
        ),
        ("mamba install -yqc conda-forge six", ["six"], ["conda-forge"]),
        ("micromamba install --channel conda-forge six", ["six"], ["conda-forge"]),
        ("conda create -n x python=3.11 six", ["python=3.11", "six"], []),
        ("conda install conda-forge::six", ["conda-forge::six"], []),
        ("conda install six>=1.16", ["six>=1.16"], []),
        ("conda install six; conda remove six", [], []),
        ("conda update -n base conda", [], []),
        ("conda config --add channels conda-forge; conda install six", ["six"], ["conda-forge"]),
        ("pixi add six", ["six"], []),
    ],
)
def test_conda(text: str, specs: list[str], channels: list[str]) -> None:
    found = of(text)
    assert (list(found.conda.values()), list(found.channels)) == (specs, channels)
    assert not found.packages


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pip install -e .", "-e ."),
        ("pip install ./lib x.whl", "./lib"),
        ("python setup.py develop", "setup.py"),
        ("pip install $NAME", "NAME"),
        ("pip install {name}", "only known when it runs"),
        ("pip install --frobnicate six", "--frobnicate"),
        ("pip install --pre six", "--pre"),
        ("pip install -i https://index.example/simple six", "https://index.example/simple"),
        ("pip install -f https://wheels.example/x.html six", "https://wheels.example/x.html"),
        ("pip install -r gone.txt", "gone.txt"),
        ("pip install -r ../requirements.txt", "../requirements.txt"),
        ("pip install -r https://files.example/r.txt", "r.txt"),
        ("pip install six>=1.16", "redirection"),
        ("pip install six=1.16", "'=='"),
        ("pip install –pre", "left out"),
        ("apt-get -qq install -y graphviz ffmpeg", "graphviz, ffmpeg"),
        ("brew install ffmpeg", "ffmpeg"),
        ("uv tool install ruff", "ruff"),
        ("conda env update -f environment.yml", "environment.yml"),
        ("conda install --file list.txt", "list.txt"),
        ("conda install six", "conda environment"),
    ],
)
def test_what_is_not_taken_as_it_stands_is_told(text: str, says: str) -> None:
    text = interpolated(text, {})
    assert any(says in note for note in of(text).notes), of(text).notes


def test_files_behind_r_are_read_from_where_the_command_runs() -> None:
    given = Given(
        filename="work/a.ipynb",
        files={"work/requirements.txt": "six\n-r more.txt\n", "work/more.txt": "idna\n", "work/sub/r.txt": "attrs\n"},
    )
    assert list(of("pip install -r requirements.txt", given).packages) == ["six", "idna"]
    assert list(of("cd sub && pip install -r r.txt", given).packages) == ["attrs"]
    assert list(of("cd /content && pip install -r requirements.txt", given).packages) == []
    assert list(of("pip install -c more.txt six", given).constraints) == ["idna"]
    installs = Installs(given)
    installs.run("cd sub", persistent=True)
    installs.run("pip install -r r.txt")
    assert list(installs.packages) == ["attrs"]


def test_credentials_are_not_told() -> None:
    for text in (
        "pip install -i https://me:secret@index.example/simple six",
        "pip install -r https://me:secret@x.example/r",
    ):
        assert "secret" not in " ".join(of(text).notes)


@settings(max_examples=200, deadline=None)
@for_all(st.text(alphabet="ab \n\\'\"$`{}()<>&|;#=1.,-/[]!", max_size=60))
def test_any_text_is_read(text: str) -> None:
    of(f"pip install {text}")
    of(interpolated(text, {"a": "b"}))


@pytest.mark.parametrize(
    "part", ["a<1", "'", '"', "$(", "`", "<<E\n", "{", "\\", "-", "a ", "a=", "((", "a>=1,", "[", ";"]
)
def test_long_texts_are_read_in_one_pass(part: str) -> None:
    started = time.monotonic()
    of("pip install " + part * 30_000)
    assert time.monotonic() - started < 20


def test_many_heredocs_are_passed_over_in_one_pass() -> None:
    began = time.process_time()
    of("pip install six " + " ".join(f"<<a{n}" for n in range(20_000)) + "\nx\n")
    assert time.process_time() - began < 1
