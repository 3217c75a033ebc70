"""What ``pip config --site`` of an environment wrote holds for that environment, and for no other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.engine.adopt import what_runs
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import EnvsError, NotFound
from jupyter_envs.model.request import Change, Create
from jupyter_envs.system import metadata, pipconf
from tests.engine.wheels import offer, wheel_file
from tests.engine.world import NO_KERNEL, done
from tests.system.index_server import Index


@pytest.fixture
def prefix(engine: Engine, index: Index, tmp_path: Path) -> str:
    """Of an environment that has a folder of wheels of its own, beside one that has not."""
    offer(index, "thing", "1.0")
    for name in ("demo", "other"):
        done(engine, engine.create(Create(name=name, pip=False, kernel=NO_KERNEL)))
    (tmp_path / "links").mkdir()
    wheel_file(tmp_path / "links", "special", "2.0")
    found = engine.find("demo").prefix
    Path(pipconf.site_file(found)).write_text(f"[install]\nfind-links = {tmp_path}/links\n")
    return found


def test_it_holds_for_install_plan_and_versions(engine: Engine, prefix: str) -> None:
    plan = done(engine, engine.change("demo", Change(install=["special"], dry_run=True)))["plan"]
    assert [(pin["name"], pin["version"]) for pin in plan["added"]] == [("special", "2.0")]  # type: ignore[index]
    done(engine, engine.change("demo", Change(install=["special", "thing"])))
    assert {"special": "2.0", "thing": "1.0"}.items() <= metadata.versions(prefix).items()
    assert engine.versions("special", environment="demo").versions == ["2.0"]
    assert "special" in engine.export("demo", "pylock.toml").text


def test_it_holds_for_no_other(engine: Engine, prefix: str) -> None:
    for environment in ("other", None):
        with pytest.raises(NotFound):
            engine.versions("special", environment=environment)
    with pytest.raises((AssertionError, EnvsError)):
        done(engine, engine.change("other", Change(install=["special"])))


def test_options_without_a_variable(engine: Engine, prefix: str) -> None:
    Path(pipconf.site_file(prefix)).write_text("[install]\nno-binary = thing\n")
    tool, other = UvPip(), engine.find("other").prefix
    for lines in (tool.install_argv(f"{prefix}/bin/python", "f"), tool.lock_argv(f"{prefix}/bin/python", "f") or []):
        assert lines[lines.index("--no-binary") + 1] == "thing"
    assert "--no-binary" not in tool.install_argv(f"{other}/bin/python", "f")


def test_the_order_is_that_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the user's file, less than a variable."""
    for name in ("user", "site"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pip.conf").write_text(f"[global]\nindex-url = https://{name}.example/simple\n")
    environ = {"HOME": str(tmp_path / "nobody"), "XDG_CONFIG_HOME": str(tmp_path / "nobody")}
    (tmp_path / "nobody/pip").mkdir(parents=True)
    (tmp_path / "nobody/pip/pip.conf").write_text((tmp_path / "user/pip.conf").read_text())
    site = str(tmp_path / "site")

    def asked(environ: dict[str, str]) -> str:
        return pipconf.settings(environ).addresses["index-url"][0].public

    assert asked(environ) == "https://user.example/simple"
    assert asked(pipconf.within(environ, site)) == "https://site.example/simple"
    given = {**environ, "PIP_INDEX_URL": "https://given.example/simple"}
    assert asked(pipconf.within(given, site)) == "https://given.example/simple"
    assert pipconf.fingerprint(environ) != pipconf.fingerprint(pipconf.within(environ, site))


def test_adoption_tells_of_it(engine: Engine, prefix: str) -> None:
    lines = what_runs(engine.find("demo")).lines
    assert any(pipconf.site_file(prefix) in line for line in lines)
    assert not any("pip.conf" in line for line in what_runs(engine.find("other")).lines)


def test_a_real_pip_writes_that_file(engine: Engine, index: Index, tmp_path: Path) -> None:
    done(engine, engine.create(Create(name="real", manager="venv", kernel=NO_KERNEL)))
    prefix = engine.find("real").prefix
    argv = [f"{prefix}/bin/python", "-m", "pip", "config", "--site", "set", "global.timeout", "7"]
    subprocess.run(argv, check=True, capture_output=True)
    assert pipconf.settings(pipconf.within({"HOME": str(tmp_path)}, prefix)).options["timeout"] == "7"
