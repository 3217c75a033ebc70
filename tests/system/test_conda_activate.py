"""Activation of a conda prefix: what real scripts change, as a kernel will have it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from string import Template

import pytest

from jupyter_envs.model.errors import Cancelled
from jupyter_envs.system import conda_activate
from jupyter_envs.system.conda_activate import activation

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts for bash")


class Prefix:
    """A conda prefix of files alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "conda-meta").mkdir(parents=True)
        self.said: list[str] = []

    def script(self, name: str, text: str) -> None:
        self.file(f"etc/conda/activate.d/{name}.sh", text)

    def file(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def active(self, **more: object) -> dict[str, str]:
        return activation(str(self.path), str(self.path), log=self.said.append, **more)  # type: ignore[arg-type]

    def kernel(self, path: str = "/usr/bin:/bin") -> dict[str, str]:
        """The variables as jupyter_client gives them to a kernel started where PATH is `path`."""
        return {name: Template(value).safe_substitute(PATH=path) for name, value in self.active().items()}


@pytest.fixture
def prefix(tmp_path: Path) -> Prefix:
    return Prefix(tmp_path / "envs" / "demo")


def test_without_scripts(prefix: Prefix) -> None:
    assert prefix.active() == {
        "CONDA_PREFIX": str(prefix.path),
        "CONDA_DEFAULT_ENV": "demo",
        "CONDA_SHLVL": "1",
        "CONDA_PROMPT_MODIFIER": "(demo) ",
        "PATH": f"{prefix.path}/bin:${{PATH}}",
    }


def test_names(tmp_path: Path) -> None:
    """As conda: by name where environments go by name, else by path."""
    elsewhere = Prefix(tmp_path / "project" / "env").active()
    assert elsewhere["CONDA_DEFAULT_ENV"] == str(tmp_path / "project" / "env")
    base = Prefix(tmp_path / "conda")
    (base.path / "condabin").mkdir()
    assert base.active()["CONDA_DEFAULT_ENV"] == "base"


def test_scripts_set_and_unset(prefix: Prefix) -> None:
    prefix.file("etc/conda/env_vars.d/a.json", json.dumps({"FROM_PACKAGE": "1", "GONE": "1"}))
    prefix.script("b", 'export SECOND="$FIRST and $FROM_PACKAGE"; unset GONE')
    prefix.script("a", 'export FIRST="$CONDA_PREFIX/share"; HIDDEN=not-exported; echo "set up"; echo "oh" >&2')
    prefix.script("readme.txt", "")
    (prefix.path / "etc/conda/activate.d/other.fish").write_text("set -x FISH 1")
    got = prefix.kernel()
    assert got["FIRST"] == f"{prefix.path}/share"
    assert got["SECOND"] == f"{prefix.path}/share and 1"
    assert sorted(prefix.said) == ["oh", "set up"]
    basic = {"CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL", "CONDA_PROMPT_MODIFIER", "PATH"}
    assert set(got) == basic | {"FROM_PACKAGE", "FIRST", "SECOND"}


def test_nothing_of_the_session_gets_in(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/session")
    monkeypatch.setenv("BASH_ENV", "/does/not/exist")
    monkeypatch.setenv("CONDA_PREFIX", "/opt/another")
    prefix.script(
        "a",
        'export LD_LIBRARY_PATH="$CONDA_PREFIX/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; export SEEN=$SECRET_TOKEN',
    )
    got = prefix.active()
    assert got["LD_LIBRARY_PATH"] == f"{prefix.path}/lib"
    assert got["SEEN"] == ""
    assert "hush" not in str(got)
    assert prefix.said == []


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ('export PATH="$CONDA_PREFIX/tool:$PATH"', "{p}/tool:{p}/bin:${{PATH}}"),
        ('export PATH="$PATH:$CONDA_PREFIX/tool"', "{p}/bin:${{PATH}}:{p}/tool"),
        ('export PATH="/first:$PATH:/last"', "/first:{p}/bin:${{PATH}}:/last"),
        ("PATH=/only/this", "/only/this:${{PATH}}"),
        ("export PATH=$(echo $PATH | tr ':' '\\n' | sort -r | tr '\\n' ':')", "{p}/bin:${{PATH}}"),
        ("unset PATH", None),
    ],
)
def test_path_stays_relative(prefix: Prefix, script: str, path: str | None) -> None:
    prefix.script("a", script)
    got = prefix.active().get("PATH")
    if path is not None and "sort" in script:
        # The order of a list that a script has put together anew is its own.
        assert got is not None
        assert got.endswith(":${PATH}")
        assert f"{prefix.path}/bin" in got.split(":")
        assert os.environ["PATH"] not in got
    else:
        assert got == (path and path.format(p=prefix.path))


def test_dollars_are_meant(prefix: Prefix) -> None:
    prefix.file("etc/conda/env_vars.d/a.json", json.dumps({"PRICE": "5 ${HOME} $$ $HOME"}))
    prefix.script("a", "export QUOTED='${PATH} $x'; export COPY=\"$PATH\"")
    got = prefix.kernel("/session/bin")
    assert got["PRICE"] == "5 ${HOME} $$ $HOME"
    assert got["QUOTED"] == "${PATH} $x"
    assert got["COPY"] == got["PATH"] == f"{prefix.path}/bin:/session/bin"


def test_a_prefix_with_odd_letters(tmp_path: Path) -> None:
    prefix = Prefix(tmp_path / "Grüße, ${USER} & 'co'" / "envs" / "a b")
    prefix.script("it's", 'export HERE="$CONDA_PREFIX/x"')
    got = prefix.kernel()
    assert got["HERE"] == f"{prefix.path}/x"
    assert got["CONDA_DEFAULT_ENV"] == "a b"
    assert got["PATH"] == f"{prefix.path}/bin:/usr/bin:/bin"


def test_variables_of_the_user_win(prefix: Prefix) -> None:
    prefix.file("etc/conda/env_vars.d/a.json", json.dumps({"A": "package", "B": "package", "C": "package"}))
    prefix.file("etc/conda/env_vars.d/b.json", json.dumps({"B": "second"}))
    prefix.file("conda-meta/state", json.dumps({"version": 1, "env_vars": {"A": "user", "C": "***unset***"}}))
    prefix.script("a", 'export SEEN="$A"')
    got = prefix.active()
    assert (got["A"], got["B"], got["SEEN"]) == ("user", "second", "user")
    assert "C" not in got


@pytest.mark.parametrize("text", ["{", "[1]", '{"env_vars": 3}', "null", "\x00"])
def test_files_that_cannot_be_read(prefix: Prefix, text: str) -> None:
    prefix.file("conda-meta/state", text)
    prefix.file("etc/conda/env_vars.d/a.json", text)
    prefix.file(
        "etc/conda/env_vars.d/b.json", '{"PATH": "/x", "B": 3, "no name": "x", "N\\u0000": "x", "V": "\\u0000"}'
    )
    got = prefix.active()
    assert got["B"] == "3"
    assert got["PATH"] == f"{prefix.path}/bin:${{PATH}}"
    assert not {"no name", "N\0", "V"} & set(got)
    assert any("passed over" in line for line in prefix.said)


def test_a_script_that_ends_the_shell(prefix: Prefix) -> None:
    prefix.script("a", "export A=1; set -e; false; export NEVER=1")
    got = prefix.active()
    assert got["A"] == "1"
    assert "NEVER" not in got
    assert "exit code 1" in prefix.said[-1]


def test_a_script_with_an_error_in_it(prefix: Prefix) -> None:
    prefix.script("a", "export A=1\nif then fi (")
    prefix.script("b", "no-such-command; export B=1; export -f undefined; f() { :; }; export -f f; export RAW=$'\\xff'")
    got = prefix.active()
    assert got["B"] == "1"
    assert "RAW" not in got
    assert not any(name.startswith("BASH_FUNC") for name in got)
    assert any("syntax error" in line for line in prefix.said)


def test_a_script_that_never_ends(prefix: Prefix) -> None:
    prefix.file("etc/conda/env_vars.d/a.json", '{"A": "1"}')
    prefix.script("a", "export LATE=1; read answer; sleep 600")
    got = prefix.active(limit=1.0)
    assert got["A"] == "1"
    assert "LATE" not in got
    assert "did not end" in prefix.said[-1]


def test_cancel(prefix: Prefix) -> None:
    prefix.script("a", "sleep 600")
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        prefix.active(cancelled=cancelled, limit=60.0)
    assert time.monotonic() - started < 30


def test_no_process_where_there_is_no_script(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conda_activate.process, "run", lambda *_, **__: pytest.fail("started a process"))
    prefix.active()


def test_before_it_is_at_its_place(prefix: Prefix, tmp_path: Path) -> None:
    prefix.file("share/data.txt", "found")
    prefix.script(
        "a", 'export DATA=$(cat "$CONDA_PREFIX/share/data.txt"); export AT="$CONDA_PREFIX/share:$CONDA_PREFIX"'
    )
    final = tmp_path / "envs" / "final"
    got = activation(str(final), str(prefix.path))
    assert got["DATA"] == "found"
    assert got["AT"] == f"{final}/share:{final}"
    assert got["CONDA_PREFIX"] == str(final)
    assert got["CONDA_DEFAULT_ENV"] == "final"
    assert got["PATH"] == f"{final}/bin:${{PATH}}"
    assert str(prefix.path) not in str(got)


def test_a_client_acts_on_this_environment(prefix: Prefix, tmp_path: Path) -> None:
    base = tmp_path / "miniforge3"
    got = prefix.active(client=f"{base}/bin/conda")
    assert got["CONDA_EXE"] == f"{base}/bin/conda"
    assert got["CONDA_PYTHON_EXE"] == f"{base}/bin/python"
    assert got["PATH"] == f"{prefix.path}/bin:{base}/condabin:${{PATH}}"
    alone = prefix.active(client=str(tmp_path / "local/bin/micromamba"))
    assert alone["MAMBA_EXE"] == str(tmp_path / "local/bin/micromamba")
    assert alone["PATH"] == f"{prefix.path}/bin:${{PATH}}:{tmp_path}/local/bin"


def test_on_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The folders in conda's order, and the driver that cmd runs; running it takes a Windows."""
    monkeypatch.setattr(conda_activate, "WINDOWS", True)
    assert [os.path.relpath(p, "/e") for p in conda_activate.path_folders("/e")] == [
        ".",
        "Library/mingw-w64/bin",
        "Library/usr/bin",
        "Library/bin",
        "Scripts",
        "bin",
    ]
    helpers = {"_P": "C:\\p%1\\python.exe", "_D": "d.py", "_O": "o.json"}
    argv = conda_activate._bat(["C:\\envs\\100%\\activate.d\\a.bat"], helpers, str(tmp_path))
    assert argv[-3:] == ["/d", "/c", str(tmp_path / "activate.bat")]
    assert (tmp_path / "activate.bat").read_bytes().decode().split("\r\n") == [
        "@echo off",
        "chcp 65001 >nul",
        'call "C:\\envs\\100%%\\activate.d\\a.bat"',
        '"C:\\p%%1\\python.exe" -I -S "d.py" "o.json"',
        "",
    ]
