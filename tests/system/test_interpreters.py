"""Interpreters are found once each, asked once, and chosen as a user means it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import InvalidRequest, Unavailable
from jupyter_envs.system import interpreters, python_places

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up interpreters are shell scripts and links")

BASE = os.path.realpath(sys.executable)


def no_process(*args: object, **options: object) -> None:
    pytest.fail("a process was started")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no Python in the places that are looked at."""
    for name in ("UV_PYTHON_INSTALL_DIR", "CONDA_PREFIX", "CONDA_EXE", "MAMBA_ROOT_PREFIX", "ASDF_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", os.fspath(tmp_path / "share"))
    monkeypatch.setenv("PYENV_ROOT", os.fspath(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "bin"))
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", list)
    monkeypatch.setattr("jupyter_envs.system.python_places._HOMEBREW", ())
    (tmp_path / "bin").mkdir()
    return tmp_path


def made_up(path: Path, version: str = "3.12.4", implementation: str = "CPython", body: str | None = None) -> Path:
    """A program that answers as an interpreter does; compiled ones start with no `#!`, and so does this one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = (
        f'{{"version": "{version}", "implementation": "{implementation}", "architecture": "x86_64", "bits": 64, '
        '"free_threaded": false, "venv": false, "base": "/x"}'
    )
    path.write_text(body or f"echo '{answer}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def run_as_shell(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Start made-up interpreters by the shell, and note which were started."""
    started: list[str] = []
    real = interpreters.run

    def run(argv: list[str], **options: object) -> object:
        started.append(argv[0])
        made = Path(argv[0]).stat().st_size < 5000
        return real(["/bin/sh", *argv] if made else argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(interpreters, "run", run)
    return started


def test_our_own_is_found_once_through_links(bare: Path) -> None:
    for name in ("python", "python3", "python3.99"):
        (bare / "bin" / name).symlink_to(BASE)
    (bare / "more").symlink_to(bare / "bin")
    os.environ["PATH"] += f":{bare}/more"
    found = interpreters.find(bare / "cache.json")
    assert [i.path for i in found] == [BASE]
    assert found[0].version.split("rc")[0] == ".".join(map(str, sys.version_info[:3]))
    assert found[0].implementation == "CPython"
    assert found[0].default


def test_a_second_call_starts_nothing(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "bin/python3").symlink_to(BASE)
    first = interpreters.find(bare / "cache.json")
    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert interpreters.find(bare / "cache.json") == first
    assert interpreters.probe(BASE, bare / "cache.json").version == first[0].version


def test_a_new_interpreter_and_a_changed_one_are_seen(bare: Path, run_as_shell: list[str]) -> None:
    cache = bare / "cache.json"
    one = made_up(bare / "bin/python3.12")
    assert [i.version for i in interpreters.find(cache)] == ["3.12.4"]
    made_up(bare / "bin/python3.13", "3.13.1")
    assert [i.version for i in interpreters.find(cache)] == ["3.13.1", "3.12.4"]
    made_up(one, "3.12.10")
    assert [i.version for i in interpreters.find(cache)] == ["3.13.1", "3.12.10"]
    one.unlink()
    assert [i.version for i in interpreters.find(cache)] == ["3.13.1"]
    assert len(run_as_shell) == 3


def test_each_tool_is_a_source(bare: Path, run_as_shell: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(bare / "pyenv/versions/3.9.1/bin/python3.9", "3.9.1")
    uv = made_up(bare / "share/uv/python/cpython-3.13.2-linux/bin/python3.13", "3.13.2")
    (bare / "share/uv/python/cpython-3.13-linux").symlink_to(uv.parents[1])
    (uv.parent / "python3").symlink_to("python3.13")
    (uv.parent / "python").symlink_to("python3.13")
    conda = made_up(bare / "conda/bin/python", "3.11.1")
    (bare / "conda/conda-meta").mkdir()
    (bare / "conda/condabin").mkdir()
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", lambda: [os.fspath(bare / "conda")])
    # Not a named environment, which is one that somebody made: its Python is not started.
    made_up(bare / "conda/envs/other/bin/python", "3.11.9")
    (bare / "conda/envs/other/conda-meta").mkdir()
    (bare / ".conda").mkdir()
    (bare / ".conda/environments.txt").write_text(f"{bare}/conda/envs/other\n/gone\n")
    made_up(bare / "bin/pypy3.10", "3.10.14", "PyPy")
    found = interpreters.find(bare / "cache.json")
    assert [(i.version, i.source, i.implementation) for i in found] == [
        ("3.13.2", "uv", "CPython"),
        ("3.11.1", "conda", "CPython"),
        ("3.10.14", "path", "PyPy"),
        ("3.9.1", "pyenv", "CPython"),
    ]
    assert (found[0].path, found[1].path) == (os.fspath(uv), os.fspath(conda))


def test_shims_scripts_and_environments_are_left_out(bare: Path, run_as_shell: list[str]) -> None:
    made_up(bare / "shims/python3.12")
    made_up(bare / "scripts/python3.12", body="#!/bin/sh\nexec false\n")
    subprocess.run([BASE, "-m", "venv", "--without-pip", bare / "env"], check=True)
    subprocess.run([BASE, "-m", "venv", "--copies", "--without-pip", bare / "copied"], check=True)
    os.environ["PATH"] = ":".join(f"{bare}/{name}" for name in ("shims", "scripts", "env/bin", "copied/bin"))
    assert interpreters.find(bare / "cache.json") == []
    assert run_as_shell == []


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin", "../repository/bin"])
def test_nothing_in_the_folder_that_we_are_in_is_started(
    bare: Path, run_as_shell: list[str], monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """A relative folder on PATH would have an interpreter of a repository run."""
    for folder in ("repository", "repository/bin"):
        made_up(bare / folder / "python3.12")
    made_up(bare / "bin/python3.11", "3.11.1")
    monkeypatch.chdir(bare / "repository")
    os.environ["PATH"] = os.pathsep.join([entry, os.environ["PATH"]])
    assert [i.path for i in interpreters.find(bare / "cache.json")] == [os.fspath(bare / "bin/python3.11")]
    assert run_as_shell == [os.fspath(bare / "bin/python3.11")]


def test_a_broken_interpreter_is_skipped(bare: Path, run_as_shell: list[str]) -> None:
    made_up(bare / "bin/python3.12")
    made_up(bare / "bin/python3.13", body="echo oops >&2; exit 3\n")
    (bare / "bin/python3.14").symlink_to(bare / "gone")
    assert [i.version for i in interpreters.find(bare / "cache.json")] == ["3.12.4"]
    with pytest.raises(InvalidRequest, match="oops") as caught:
        interpreters.probe(os.fspath(bare / "bin/python3.13"), bare / "cache.json")
    assert caught.value.field == "python"


def test_a_slow_interpreter_is_skipped_and_asked_again(
    bare: Path, run_as_shell: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = made_up(bare / "bin/python3.12", body="exec sleep 60\n")
    monkeypatch.setattr(interpreters, "_LIMIT", 0.2)
    assert interpreters.find(bare / "cache.json") == []
    monkeypatch.setattr(interpreters, "_LIMIT", 30.0)
    stamp = slow.stat()
    slow.write_text(made_up(bare / "other/python3").read_text())
    os.utime(slow, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert [i.version for i in interpreters.find(bare / "cache.json")] == ["3.12.4"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"script": "x", "pythons": 3}'])
def test_a_damaged_cache_is_made_anew(bare: Path, content: str) -> None:
    (bare / "bin/python3").symlink_to(BASE)
    (bare / "cache.json").write_text(content)
    assert [i.path for i in interpreters.find(bare / "cache.json")] == [BASE]


def test_a_cache_that_cannot_be_written_is_no_error(bare: Path) -> None:
    (bare / "bin/python3").symlink_to(BASE)
    (bare / "file").write_text("")
    assert len(interpreters.find(bare / "file/cache.json")) == 1


@pytest.mark.parametrize("copies", [False, True])
def test_an_environments_python_stands_for_its_base(tmp_path: Path, copies: bool) -> None:
    env = tmp_path / "env"
    subprocess.run([BASE, "-m", "venv", "--without-pip", *(["--copies"] if copies else []), env], check=True)
    found = interpreters.pick(os.fspath(env / "bin/python"), tmp_path / "cache.json")
    assert os.path.realpath(found.path) == BASE


@pytest.mark.parametrize("path", ["/bin/ls", "/bin/sh", "/nowhere/python3", "/"])
def test_what_is_no_python_is_refused_unstarted(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", no_process)
    with pytest.raises(InvalidRequest) as caught:
        interpreters.probe(path, tmp_path / "cache.json")
    assert caught.value.field == "python"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7"])
def test_real_old_pythons_are_listed_with_the_reason(version: str, tmp_path: Path) -> None:
    places = [p for p, _ in python_places.search() if os.path.basename(p) == f"python{version}"]
    if not places:
        pytest.skip(f"no Python {version} on this machine")
    found = interpreters.probe(places[0], tmp_path / "cache.json")
    assert found.version.startswith(version)
    assert not found.supported
    assert "3.8" in (found.reason or "")


def interpreter(version: str, implementation: str = "CPython", **more: object) -> Interpreter:
    values = {"architecture": "x86_64", "path": f"/py/{version}/{implementation}/python", "source": "path"}
    return Interpreter(version=version, implementation=implementation, **{**values, **more})  # type: ignore[arg-type]


FOUND = [
    interpreter("3.15.0a1"),
    interpreter("3.14.0", "CPython free-threaded"),
    interpreter("3.13.2"),
    interpreter("3.13.0", "PyPy"),
    interpreter("3.12.10"),
    interpreter("3.12.9"),
    interpreter("3.7.1", supported=False, reason="Python 3.7.1 is too old."),
]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("3.12", "3.12.10"),
        ("3.12.9", "3.12.9"),
        ("3", "3.13.2"),
        ("3.13", "3.13.2"),
        ("3.14", "3.14.0"),
        ("3.15", "3.15.0a1"),
        ("/py/3.12.9/CPython/python", "3.12.9"),
    ],
)
def test_choose(wanted: str, version: str) -> None:
    assert interpreters.choose(wanted, FOUND).version == version


@pytest.mark.parametrize("wanted", ["3.7", "3.7.1", "/py/3.7.1/CPython/python", "2", "2.7", "3.6", "3.1"])
def test_too_old_is_refused_installed_or_not(wanted: str) -> None:
    with pytest.raises(InvalidRequest, match="too old") as caught:
        interpreters.choose(wanted, FOUND)
    assert caught.value.field == "python"


@pytest.mark.parametrize("wanted", ["3.99", "3.12.1", "4"])
def test_what_is_not_here_is_told_with_what_is(wanted: str) -> None:
    with pytest.raises(InvalidRequest, match=r"3\.12\.10"):
        interpreters.choose(wanted, FOUND)


def test_the_default_is_a_final_tested_cpython(bare: Path, run_as_shell: list[str]) -> None:
    for version, implementation in (
        ("3.99.0", "CPython"),
        ("3.14.0rc1", "CPython"),
        ("3.14.0", "CPython free-threaded"),
        ("3.13.5", "PyPy"),
        ("3.13.2", "CPython"),
        ("3.12.9", "CPython"),
    ):
        made_up(bare / version / implementation / "bin/python3", version, implementation)
        os.environ["PATH"] += f":{bare}/{version}/{implementation}/bin"
    found = interpreters.find(bare / "cache.json")
    assert [i.version for i in found if i.default] == ["3.13.2"]
    assert interpreters.choose(None, found).version == "3.13.2"
    assert len(found) == 6


@pytest.mark.parametrize("found", [[], FOUND[-1:]])
def test_no_usable_python_at_all(found: list[Interpreter]) -> None:
    with pytest.raises(Unavailable):
        interpreters.choose(None, found)


def test_findpython_is_not_imported_for_a_warm_call(bare: Path) -> None:
    (bare / "bin/python3").symlink_to(BASE)
    interpreters.find(bare / "cache.json")
    script = (
        "import sys; from pathlib import Path\n"
        "from jupyter_envs.system import conda_places, interpreters as i, python_places\n"
        "conda_places.tops, python_places._HOMEBREW = list, ()\n"
        f"assert len(i.find(Path({os.fspath(bare / 'cache.json')!r}))) == 1\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('findpython', 'packaging')])"
    )
    # The same search path: else the folders that hold Pythons are others.
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
