"""A closer look at an environment finds what discovery does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from jupyter_envs.engine import health
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Environment, Kernel, Problem, Python

VERSION = ".".join(map(str, sys.version_info[:3]))
MINOR = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PYTHONPATH", "PYTHONHOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "env"
    (folder / f"lib/python{MINOR}/site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {VERSION}\n")
    return folder


def install(prefix: Path, name: str, version: str = "1.0", *needs: str) -> None:
    folder = prefix / f"lib/python{MINOR}/site-packages/{name}-{version}.dist-info"
    folder.mkdir()
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
    (folder / "METADATA").write_text("\n".join(lines) + "\n\n")


def check(environment: Environment) -> list[Problem]:
    return health.check(environment, Kinds(Settings())[environment.kind], Settings())


def environment(prefix: Path, kernel: bool = False, **fields: object) -> Environment:
    kernels = [Kernel(name="k", display_name="K", language="python")] if kernel else []
    python = Python(version=VERSION, implementation="CPython", path=f"{prefix}/bin/python", base=None)
    values: dict[str, object] = {"id": "e-1", "name": "env", "manager": "uv", "kind": "venv", "kernels": kernels}
    return Environment(prefix=os.fspath(prefix), python=python, **{**values, **fields})  # type: ignore[arg-type]


def codes(found: list[Problem]) -> list[str]:
    return [problem.code for problem in found]


def test_a_sound_environment_has_no_problem(prefix: Path) -> None:
    install(prefix, "ipykernel", "7.0", "six>=1")
    install(prefix, "six", "1.17")
    assert check(environment(prefix, kernel=True)) == []


def test_a_real_new_environment_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from uv import find_uv_bin

    monkeypatch.setenv("JUPYTER_DATA_DIR", os.fspath(tmp_path / "data"))
    for name in ("PYTHONPATH", "PYTHONHOME"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run([find_uv_bin(), "venv", "-q", "-p", sys.executable, tmp_path / "env"], check=True)
    found = Discovery(Settings(), None, Kinds(Settings())).by_prefix(os.fspath(tmp_path / "env"))
    assert check(found) == []


def test_unmet_requirements_are_named(prefix: Path) -> None:
    install(prefix, "app", "1.0", "lib>=2", "gone", "other; python_version < '3'")
    install(prefix, "lib", "1.5")
    found = check(environment(prefix))
    assert codes(found) == ["unmet_requirements"]
    assert "app needs lib>=2, there is 1.5" in found[0].message
    assert "app needs gone, it is not there" in found[0].message
    assert found[0].repair


def test_a_kernel_without_ipykernel(prefix: Path) -> None:
    assert codes(check(environment(prefix, kernel=True))) == ["no_ipykernel"]
    assert codes(check(environment(prefix))) == []


def test_lent_ipykernel_counts(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    config = f"home = {tmp_path}/base/bin\nversion = {VERSION}\ninclude-system-site-packages = true\n"
    (prefix / "pyvenv.cfg").write_text(config)
    assert codes(check(environment(prefix, kernel=True))) == ["no_ipykernel", "user_site"]
    (tmp_path / f"base/lib/python{MINOR}/site-packages/ipykernel-7.0.dist-info").mkdir(parents=True)
    assert codes(check(environment(prefix, kernel=True))) == ["user_site"]


def test_what_discovery_saw_comes_along_once_and_the_worst_first(prefix: Path) -> None:
    seen = [
        Problem(code="no_ipykernel", severity="warning", message="as seen"),
        Problem(code="no_interpreter", severity="error", message="gone"),
    ]
    found = check(environment(prefix, kernel=True, problems=seen))
    assert [(p.code, p.message) for p in found] == [("no_interpreter", "gone"), ("no_ipykernel", "as seen")]


def test_variables_that_reach_every_kernel(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/lib")
    found = check(environment(prefix))
    assert codes(found) == ["pythonpath"]
    assert "/somewhere/lib" in found[0].message
    monkeypatch.setenv("PYTHONHOME", "/somewhere")
    assert codes(check(environment(prefix))) == ["pythonhome", "pythonpath"]


def test_unwritable(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Permissions stop nobody here: what the system would answer another user.
        monkeypatch.setattr(os, "access", lambda path, _: "site-packages" not in os.fspath(path))
    else:
        next(prefix.glob("lib/*/site-packages")).chmod(0o555)
    assert codes(check(environment(prefix))) == ["unwritable"]


def test_a_disk_nearly_full(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 5_000_000, 5_000_000))
    found = check(environment(prefix))
    assert codes(found) == ["disk_full"]
    assert "5 MB" in found[0].message


@pytest.mark.parametrize("gone", ["pyvenv.cfg", "lib", "."])
def test_what_is_left_of_an_environment_can_be_checked(prefix: Path, gone: str) -> None:
    target = prefix / gone
    target.unlink() if target.is_file() else shutil.rmtree(target)
    seen = [Problem(code="unreadable", severity="error", message="x")]
    assert codes(check(environment(prefix, problems=seen)))[0] == "unreadable"


def test_no_process_is_started(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process(*args: object, **options: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    check(environment(prefix, kernel=True))


def test_a_users_own_folder_leaks_into_conda(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.delenv("PYTHONNOUSERSITE", raising=False)
    (prefix / "pyvenv.cfg").unlink()
    (prefix / "conda-meta").mkdir()
    conda = environment(prefix, kind="conda", manager="conda")
    assert codes(check(conda)) == []
    (tmp_path / f".local/lib/python{MINOR}/site-packages").mkdir(parents=True)
    assert codes(check(conda)) == ["user_site"]
