"""``!pip`` of a kernel stays in its environment, whether that has a pip or not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from string import Template

import pytest

from jupyter_envs.engine import shims
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Create, Register
from jupyter_envs.system import metadata
from tests.engine.wheels import offer
from tests.engine.world import done
from tests.system.index_server import Index


@pytest.fixture
def kernel(engine: Engine, index: Index, home: Path) -> str:
    """The prefix of a kernel without pip, made where Jupyter's own pip comes first on PATH."""
    offer(index, "ipykernel", "7.0")
    offer(index, "thing", "1.0")
    done(engine, engine.create(Create(name="demo", pip=False)))
    return engine.find("demo").prefix


def cell(home: Path, line: str, **given: str) -> subprocess.CompletedProcess[str]:
    """What ``!line`` comes to in the kernel ``demo``, whose server has a pip on PATH and `given` variables."""
    theirs = home / "server"
    theirs.mkdir(exist_ok=True)
    for name in ("pip", "pip3", "pip3.9", "pip3.12", "pip3.14"):
        (theirs / name).write_text("#!/bin/sh\necho the pip of the server\n")
        (theirs / name).chmod(0o755)
    server = {**os.environ, **given, "PATH": f"{theirs}{os.pathsep}{os.environ['PATH']}"}
    spec = json.loads((home / "data" / "kernels" / "demo" / "kernel.json").read_text())
    env = {name: Template(value).safe_substitute(server) for name, value in spec["env"].items()}
    return subprocess.run(
        ["sh", "-c", line], env={**server, **env}, cwd=home, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("name", ["pip", "pip3", "pip3.9", "pip3.12", "pip3.14"])
def test_pip_installs_into_the_environment(kernel: str, home: Path, name: str) -> None:
    ran = cell(home, f"{name} -q install thing")
    assert ran.returncode == 0, ran.stderr
    assert "server" not in ran.stdout
    assert metadata.versions(kernel)["thing"] == "1.0"
    assert "thing==1.0" in cell(home, f"{name} freeze").stdout
    assert cell(home, f"{name} uninstall -y thing").returncode == 0
    assert "thing" not in metadata.versions(kernel)


def test_pip_says_what_it_cannot_do(kernel: str, home: Path) -> None:
    for line in ("pip", "pip download thing", "pip --user"):
        ran = cell(home, line)
        assert ran.returncode != 0
        assert "has no pip" in ran.stderr
        assert "%envinstall pip" in ran.stderr
    assert "uv in place of pip" in cell(home, "pip --version").stdout


def test_an_environment_without_python_takes_no_other_pip(kernel: str, home: Path) -> None:
    os.unlink(f"{kernel}/bin/python")
    ran = cell(home, "pip install thing")
    assert ran.returncode != 0
    assert "no Python" in ran.stderr


def test_a_pip_whose_program_is_gone_says_so(kernel: str, home: Path, engine: Engine) -> None:
    path = shims.place(engine.settings.state) / "pip"
    path.write_text(path.read_text().replace(shims.MAIN, "/gone/main.py"))
    ran = cell(home, "pip install thing")
    assert ran.returncode != 0
    assert "has no pip" in ran.stderr
    done(engine, engine.register("demo", Register()))
    assert cell(home, "pip install thing").returncode == 0, "written anew with the kernel"


def test_variables_of_pip_do_not_lead_out(engine: Engine, index: Index, home: Path) -> None:
    """A real pip in the environment, told by the server's variables and a file to install elsewhere."""
    offer(index, "ipykernel", "7.0")
    offer(index, "thing", "1.0")
    done(engine, engine.create(Create(name="demo", manager="venv")))
    (home / ".pip").mkdir()
    (home / ".pip" / "pip.conf").write_text("[install]\nuser = true\n")
    away = str(home / "away")
    said = {"PIP_USER": "1", "PIP_TARGET": away, "PIP_PREFIX": away, "PIP_ROOT": away, "PIP_PYTHON": "/usr/bin/python3"}
    assert said.keys() == shims.INSIDE.keys()
    for name, value in said.items():
        ran = cell(home, "pip --disable-pip-version-check install --force-reinstall thing", **{name: value})
        assert ran.returncode == 0, f"{name}: {ran.stderr}"
        assert "server" not in ran.stdout
        assert not os.path.exists(away), name
    assert metadata.versions(engine.find("demo").prefix)["thing"] == "1.0"


@pytest.mark.parametrize(("section", "option"), [("install", "target"), ("global", "prefix"), ("install", "user")])
def test_files_of_pip_do_not_lead_out(engine: Engine, index: Index, home: Path, section: str, option: str) -> None:
    offer(index, "ipykernel", "7.0")
    offer(index, "thing", "1.0")
    (home / ".pip").mkdir()
    away = home / "away"
    (home / ".pip" / "pip.conf").write_text(f"[{section}]\n{option} = {'true' if option == 'user' else away}\n")
    done(engine, engine.create(Create(name="demo", manager="venv")))
    ran = cell(home, "pip --disable-pip-version-check install thing")
    assert ran.returncode == 0, ran.stderr
    assert not away.exists()
    prefix = engine.find("demo").prefix
    assert metadata.versions(prefix)["thing"] == "1.0"
    before = [Path(shims.pipconf.site_file(prefix)).exists()]
    done(engine, engine.register("demo", Register()))
    assert [Path(shims.pipconf.site_file(prefix)).exists()] == before == [option != "user"]


def test_the_own_file_of_an_environment_is_kept(engine: Engine, index: Index, home: Path) -> None:
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", pip=False)))
    prefix = engine.find("demo").prefix
    path = Path(shims.pipconf.site_file(prefix))
    path.write_text("# mine\n[global]\ntimeout = 7\n")
    (home / ".pip").mkdir()
    (home / ".pip" / "pip.conf").write_text("[install]\ntarget = /elsewhere\n")
    for _ in range(2):
        done(engine, engine.register("demo", Register()))
        assert path.read_text() == "# mine\n[global]\ntarget =\ntimeout = 7\n\n[install]\ntarget =\n"


def test_what_pip_was_asked_for_counts(engine: Engine, index: Index, home: Path, tmp_path: Path) -> None:
    """By name, by a list, as far as it was asked for: what came along does not count, though uv marks it."""
    offer(index, "ipykernel", "7.0")
    offer(index, "thing", "1.0", requires=["part"])
    offer(index, "part", "1.0")
    offer(index, "listed", "1.0", requires=["part"])
    done(engine, engine.create(Create(name="demo", pip=False)))
    (home / "list.txt").write_text("listed\n")
    assert cell(home, "pip -q install 'Thing[x]>=1' ").returncode == 0
    assert cell(home, "pip -q install -r list.txt").returncode == 0
    marks = {package.name: package.requested for package in engine.packages("demo")}
    assert (marks["thing"], marks["part"], marks["listed"]) == (True, False, True)
    assert cell(home, "pip -q install part").returncode == 0
    marks = {package.name: package.requested for package in engine.packages("demo")}
    assert marks["part"] is True, "there already, and asked for now"
    offer(index, "part", "2.0")
    offer(index, "thing", "2.0")
    plan = done(engine, engine.change("demo", Change(upgrade_all=True, dry_run=True)))["plan"]
    assert {each["name"] for each in plan["changed"]} == {"thing", "part"}  # type: ignore[index]
