from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.engine.shells import activation, kind_of, line_for, quoted
from jupyter_envs.model.env import Environment, Python
from jupyter_envs.model.errors import Conflict

ODD = """it's $(touch pwned) `touch pwned` "q" \\ ; & | ! é ~ *"""
SCRIPTS = ("activate", "activate.fish", "activate.csh", "activate.ps1", "activate.bat")


def environment(prefix: str) -> Environment:
    python = Python(version="3.12", implementation="CPython", path=f"{prefix}/bin/python", base=None)
    return Environment(id="x", name="x", manager="uv", kind="venv", prefix=prefix, python=python)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    folder = tmp_path / ODD
    (folder / "bin").mkdir(parents=True)
    for name in SCRIPTS:
        (folder / "bin" / name).write_text("export ACTIVE=yes\n")
    return folder


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "ksh"])
@pytest.mark.parametrize("script", [True, False])
def test_a_real_shell_takes_the_line(prefix: Path, shell: str, script: bool) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    if not script:
        (prefix / "bin" / "activate").unlink()
    line = line_for(kind_of(shell), os.fspath(prefix))
    ran = subprocess.run(
        [shell, "-c", f'{line}\necho "$ACTIVE:$PATH"'], capture_output=True, text=True, cwd=prefix.parent, timeout=120
    )
    assert ran.stderr == ""
    active, path = ran.stdout.strip().split(":", 1)
    assert active == ("yes" if script else "")
    assert script or path.startswith(f"{prefix}/bin:")
    assert not (prefix.parent / "pwned").exists()


def test_the_shell_of_the_server_comes_with_the_lines_of_all(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = prefix.parent / "plain"
    shutil.copytree(prefix, plain)
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    found = activation(environment(str(plain)))
    assert found.shell == "sh"
    assert {line.shell: line.command for line in found.lines} == {
        "sh": f". {plain}/bin/activate",
        "fish": f"source '{plain}/bin/activate.fish'",
        "csh": f"source '{plain}/bin/activate.csh'",
        "powershell": f"& '{plain}/bin/activate.ps1'",
        "cmd": f'call "{plain}/bin/activate.bat"',
    }
    assert activation(environment(str(plain)), "/opt/fish").shell == "fish"
    assert activation(environment(str(plain)), "C:\\Windows\\pwsh.EXE").shell == "powershell"
    assert activation(environment(str(plain)), "nu").shell == "sh"


def test_quotes_of_each_shell() -> None:
    assert quoted("sh", "a'b") == "'a'\"'\"'b'"
    assert quoted("fish", "a'b\\") == "'a\\'b\\\\'"
    assert quoted("csh", "a!b") == "'a\\!b'"
    assert quoted("powershell", "a'b\u2019c") == "'a''b\u2019\u2019c'"
    assert quoted("cmd", "C:\\a b") == '"C:\\a b"'
    assert quoted("cmd", "%PATH%") is None


@pytest.mark.parametrize("sign", ["\n", "\x03", "\x1b", "\x7f"])
def test_keys_are_not_typed(sign: str) -> None:
    with pytest.raises(Conflict):
        activation(environment(f"/envs/a{sign}b"))


@pytest.mark.parametrize("adopted", [True, False])
def test_it_says_whose_the_environment_is(adopted: bool) -> None:
    class Found:
        prefix, kind, name = "/envs/thesis", "venv", "thesis"

    Found.adopted = adopted
    assert activation(Found, "sh").adopted is adopted
