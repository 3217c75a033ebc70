"""Environments are found where a user expects them, once each, with what is wrong with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.made_up import (
    BASE,
    CONFIGS,
    VERSION,
    codes,
    discovery,
    found,
    home,
    make,
    managed,
    register,
)

__all__ = ["home", "managed"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")


@pytest.mark.parametrize("case", CONFIGS)
def test_each_tools_configuration(case: str, managed: Path) -> None:
    manager, config = CONFIGS[case]
    make(managed / "demo", config)
    environment = found(discovery())["demo"]
    assert (environment.manager, environment.state, environment.kind) == (manager, "ready", "venv")
    assert environment.python.version == VERSION
    assert environment.python.implementation == "CPython"
    assert environment.python.base == BASE
    assert environment.managed
    assert not environment.protected
    assert environment.package_count == 1
    assert environment.created
    assert environment.created.endswith("Z")


@pytest.mark.parametrize("tool", ["venv", "virtualenv", "uv"])
def test_real_environments(tool: str, managed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from uv import find_uv_bin

    managed.mkdir(parents=True)
    prefix = managed / "real"
    argv = {
        "venv": [BASE, "-m", "venv", "--without-pip", prefix],
        "virtualenv": [sys.executable, "-m", "virtualenv", "-q", "--no-seed", "-p", BASE, prefix],
        "uv": [find_uv_bin(), "venv", "-q", "-p", BASE, prefix],
    }[tool]
    subprocess.run(argv, check=True)
    environment = found(discovery())["real"]
    assert (environment.manager, environment.python.version, environment.state) == (tool, VERSION, "ready")
    assert environment.python.base
    assert os.path.realpath(environment.python.base) == BASE
    assert environment.package_count == 0


def test_the_record_tells_manager_creation_and_revision(managed: Path) -> None:
    record = make(managed / "demo") / ".jupyter-envs"
    (record / "revisions").mkdir(parents=True)
    for name in ("1.json", "2.json", "10.json", "notes.json", "11.json.tmp"):
        (record / "revisions" / name).write_text("{}")
    (record / "spec.toml").write_text('manager = "venv"\ncreated = "2026-01-02T03:04:05.000Z"\n')
    environment = found(discovery())["demo"]
    assert (environment.manager, environment.revision) == ("venv", 10)
    assert environment.created == "2026-01-02T03:04:05.000Z"


class TestBroken:
    def test_base_python_gone(self, managed: Path, home: Path) -> None:
        prefix = make(managed / "demo", "home = /gone/bin\nversion = 3.11.4\n")
        (prefix / "bin/python").unlink()
        (prefix / "bin/python").symlink_to("/gone/bin/python3.11")
        environment = found(discovery())["demo"]
        assert environment.state == "broken"
        assert codes(environment) == ["no_interpreter"]
        assert "/gone/bin/python3.11" in environment.problems[0].message
        assert environment.problems[0].repair
        assert environment.python.base == "/gone/bin/python3.11"

    def test_a_copied_python_whose_home_is_gone(self, managed: Path) -> None:
        prefix = make(managed / "demo", "home = /gone/bin\nversion = {version}\n")
        (prefix / "bin/python").unlink()
        (prefix / "bin/python").write_text("")
        (prefix / "bin/python").chmod(0o755)
        assert codes(found(discovery())["demo"]) == ["no_interpreter"]

    def test_no_python_at_all(self, managed: Path) -> None:
        prefix = make(managed / "demo")
        (prefix / "bin/python").unlink()
        assert codes(found(discovery())["demo"]) == ["no_interpreter"]

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no equals sign", b"version = 3.12\n"])
    def test_unreadable_configuration(self, content: bytes, managed: Path) -> None:
        prefix = make(managed / "demo")
        (prefix / "pyvenv.cfg").write_bytes(content)
        environment = found(discovery())["demo"]
        assert (environment.state, codes(environment)) == ("broken", ["unreadable"])

    def test_configuration_lost(self, managed: Path) -> None:
        prefix = make(managed / "demo")
        (prefix / "pyvenv.cfg").unlink()
        assert codes(found(discovery())["demo"]) == ["unreadable"]
        (managed / "notes").mkdir()
        (managed / ".new").mkdir()
        (managed / "file").write_text("")
        assert list(found(discovery())) == ["demo"]

    def test_base_python_moved_on(self, managed: Path) -> None:
        make(managed / "demo", "home = {home}\nversion = 3.1.5\n")
        environment = found(discovery())["demo"]
        if not os.path.basename(BASE).startswith("python3."):
            pytest.skip("this interpreter's name tells no version")
        assert codes(environment) == ["base_upgraded"]

    def test_interrupted_change(self, managed: Path) -> None:
        undo = make(managed / "demo") / ".jupyter-envs/undo"
        lister = discovery()
        assert codes(found(lister)["demo"]) == []
        undo.mkdir(parents=True)
        assert codes(found(lister)["demo"]) == []
        (undo / "names.json").write_text("[]")
        assert codes(found(lister)["demo"]) == ["interrupted_change"]
        (undo / "names.json").unlink()
        assert found(lister)["demo"].state == "ready"


class TestKernels:
    def test_by_prefix_by_program_and_through_links(self, home: Path, managed: Path) -> None:
        prefix = make(managed / "demo")
        (home / "link").symlink_to(managed)
        register(home, "told", f"{prefix}/bin/python", prefix)
        register(home, "others", f"{home}/link/demo/bin/python", language="xonsh")
        register(home, "elsewhere", BASE)
        environment = found(discovery())["demo"]
        assert [(k.name, k.display_name, k.language) for k in environment.kernels] == [
            ("others", "Python (others)", "xonsh"),
            ("told", "Python (told)", "python"),
        ]
        assert (environment.state, environment.problems) == ("ready", [])

    def test_a_kernel_is_seen_when_it_comes_and_goes(self, home: Path, managed: Path) -> None:
        prefix = make(managed / "demo")
        lister = discovery()
        assert found(lister)["demo"].kernels == []
        register(home, "demo", f"{prefix}/bin/python", prefix)
        assert [k.name for k in found(lister)["demo"].kernels] == ["demo"]
        (home / "data/kernels/demo/kernel.json").unlink()
        assert found(lister)["demo"].kernels == []

    def test_no_ipykernel_is_told_where_there_is_a_kernel(self, home: Path, managed: Path) -> None:
        prefix = make(managed / "demo", packages=())
        lister = discovery()
        assert codes(found(lister)["demo"]) == []
        register(home, "demo", f"{prefix}/bin/python", prefix)
        environment = found(lister)["demo"]
        assert (codes(environment), environment.state) == (["no_ipykernel"], "ready")

    @pytest.mark.parametrize("program", ["/gone/bin/python", "", BASE])
    def test_a_spec_that_points_elsewhere(self, program: str, home: Path, managed: Path) -> None:
        prefix = make(managed / "demo")
        register(home, "demo", program, prefix)
        assert codes(found(discovery())["demo"]) == ["kernelspec_broken"]

    @pytest.mark.parametrize(
        "content", ["", "[]", '{"argv": 3}', '{"metadata": 3}', '{"metadata": {"jupyter_envs": 1}}']
    )
    def test_damaged_specs_hide_nothing(self, content: str, home: Path, managed: Path) -> None:
        make(managed / "demo")
        register(home, "bad", "x")
        (home / "data/kernels/bad/kernel.json").write_text(content)
        assert found(discovery())["demo"].kernels == []


class TestLinks:
    def test_out_of_the_root_is_not_managed(self, home: Path, managed: Path) -> None:
        outside = make(home / "outside/real")
        managed.mkdir(parents=True)
        (managed / "alias").symlink_to(outside)
        environments = found(discovery())
        assert [(e.prefix, e.managed) for e in environments.values()] == [(os.fspath(outside), False)]

    def test_within_the_root_is_no_second(self, managed: Path) -> None:
        make(managed / "demo")
        (managed / "alias").symlink_to("demo")
        (managed / "loop").symlink_to("loop")
        assert list(found(discovery())) == ["demo"]

    def test_a_linked_root(self, home: Path) -> None:
        make(home / "disk/demo")
        (home / "shortcut").symlink_to(home / "disk")
        roots = [os.fspath(home / "shortcut"), os.fspath(home / "disk")]
        environment = found(discovery(roots=roots))["demo"]
        assert environment.managed
        assert environment.prefix == os.fspath(home / "disk/demo")

    def test_by_prefix_resolves(self, home: Path, managed: Path) -> None:
        make(managed / "demo")
        (home / "alias").symlink_to(managed / "demo")
        lister = discovery()
        assert lister.by_prefix(os.fspath(home / "alias")) == found(lister)["demo"]

    def test_the_notebook_root_is_not_left(self, home: Path) -> None:
        make(home / "elsewhere/project/.venv")
        (home / "work").mkdir()
        (home / "work/link").symlink_to(home / "elsewhere")
        (home / "work/further").symlink_to(home / "elsewhere/project/.venv")
        assert found(discovery(home / "work")) == {}


class TestNames:
    def test_a_project_names_its_environment(self, home: Path) -> None:
        make(home / "work/thesis/.venv")
        make(home / "work/paper/py312")
        environments = found(discovery(home / "work"))
        assert sorted(environments) == ["py312", "thesis/.venv"]
        assert environments["thesis/.venv"].project == os.fspath(home / "work/thesis")
        assert environments["py312"].project == os.fspath(home / "work/paper")
        assert not environments["py312"].managed

    def test_ambiguous_ones_get_their_folder(self, home: Path, managed: Path) -> None:
        make(home / "work/a/thesis/.venv")
        make(home / "work/b/thesis/.venv")
        make(managed / "demo")
        make(home / ".virtualenvs/demo")
        assert sorted(found(discovery(home / "work"))) == [
            ".virtualenvs/demo",
            "a/thesis/.venv",
            "b/thesis/.venv",
            "demo",
        ]

    def test_the_id_stays_when_a_name_becomes_ambiguous(self, home: Path) -> None:
        make(home / "work/a/thesis/.venv")
        lister = discovery(home / "work")
        before = found(lister)["thesis/.venv"].id
        make(home / "work/b/thesis/.venv")
        assert found(lister, refresh=True)["a/thesis/.venv"].id == before
        # Neither does it depend on the face that asks.
        assert discovery().by_prefix(os.fspath(home / "work/a/thesis/.venv")).id == before
