"""Environments of hatch, pdm, tox and nox are found, named and attributed; pointers of a project's folder are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine import scan
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.tool_environments import ToolEnvironments
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.request import Change, Register
from jupyter_envs.system import env_pointers, tool_homes
from tests.engine.made_up import bare_home, discovery, found, make

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tools keep their folders elsewhere")
PYPROJECT = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("HATCH_", "PDM_", "XDG_", "WORKON_HOME", "PIPENV_"))]:
        monkeypatch.delenv(name)
    return bare_home(tmp_path, monkeypatch)


def project(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def facts(environments: dict[str, Environment]) -> dict[str, tuple[str | None, str | None]]:
    return {name: (e.tool, e.project) for name, e in environments.items()}


def test_folders_in_the_project(home: Path) -> None:
    """tox, nox and a hatch that keeps them there; also where the folder has no other mark of a project."""
    demo = home / "top/demo"
    for path in (".tox/py312", ".nox/tests-3-12", ".hatch/demo", ".tox/.pkg"):
        make(demo / path)
    assert facts(found(discovery(home / "top"))) == {
        "demo/py312": ("tox", str(demo)),
        "demo/tests-3-12": ("nox", str(demo)),
        "demo/demo": ("hatch", str(demo)),
    }
    each = next(iter(found(discovery(home / "top")).values()))
    assert (each.manager, each.kind, each.managed, each.adopted) == ("uv", "venv", False, False)
    assert facts({"it": discovery().by_prefix(str(demo / ".tox/py312"))}) == {"it": ("tox", str(demo))}


def test_the_folder_of_hatch(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = project(home / "top/demo", pyproject_toml=PYPROJECT)
    key = tool_homes.keys(str(demo))[0]
    for data in (home / ".local/share/hatch", home / "elsewhere"):
        for env in ("demo", "docs", "docs-build", "hatch-build", ".internal"):
            make(data / "env/virtual/demo" / key / env)
    make(home / "elsewhere/env/virtual/other/abcdefgh/other")
    at_home = {"demo/default": ("hatch", str(demo)), "demo/docs": ("hatch", str(demo))}
    assert facts(found(discovery(home / "top"))) == at_home
    monkeypatch.setenv("HATCH_DATA_DIR", str(home / "elsewhere"))
    there = found(discovery(home / "top"))
    shown = {e.prefix: (e.tool, e.project) for e in there.values()}
    assert shown[str(home / "elsewhere/env/virtual/other/abcdefgh/other")] == ("hatch", None)
    assert shown[str(home / "elsewhere/env/virtual/demo" / key / "docs")] == ("hatch", str(demo))


def test_places_that_hatch_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = project(home / "top/demo", pyproject_toml=PYPROJECT + '[tool.hatch.envs.default]\npath = "mine"\n')
    lone = project(home / "top/lone", hatch_toml='[envs.docs]\npath = "../far"\n[envs.bad]\npath = 3\n')
    make(demo / "mine")
    make(home / "top/far")
    make(demo / "kept/docs")
    (home / "config.toml").write_text('[dirs.env]\nvirtual = "kept"\n')
    monkeypatch.setenv("HATCH_CONFIG", str(home / "config.toml"))
    assert facts(found(discovery(home / "top"))) == {
        "mine": ("hatch", str(demo)),
        "far": ("hatch", str(lone)),
        "docs": ("hatch", str(demo)),
    }
    make(demo / "told")
    monkeypatch.setenv("HATCH_ENV_TYPE_VIRTUAL_PATH", "told")
    assert found(discovery(home / "top"))["told"].tool == "hatch"


def test_pdm(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = project(home / "top/de-mo", pyproject_toml=PYPROJECT)
    make(demo / ".venv")
    (demo / ".pdm-python").write_text(f"{demo}/.venv/bin/python")
    key = tool_homes.keys(str(demo))[1]
    make(home / ".local/share/pdm/venvs" / f"de-mo-{key}-3.12")
    make(home / "elsewhere" / f"de-mo-{key}-data")
    at_home = {"de-mo/.venv": ("pdm", str(demo)), "de-mo/3.12": ("pdm", str(demo))}
    assert facts(found(discovery(home / "top"))) == at_home
    (home / ".config/pdm").mkdir(parents=True)
    (home / ".config/pdm/config.toml").write_text(f'[venv]\nlocation = "{home}/elsewhere"\n')
    assert "de-mo/data" in found(discovery(home / "top"))
    assert facts(found(discovery()))["de-mo/data"] == ("pdm", str(demo)), "remembered without a search"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".venv", "{far}"),
        (".venv", "{far}\r\n"),
        (".venv", "../../far\n"),
        (".venv", "named"),
        (".python-envs", "\n{far}\nnowhere\n../../far\n"),
        (".pdm-python", "{far}/bin/python"),
    ],
)
def test_a_file_that_points(home: Path, name: str, text: str) -> None:
    far = make(home / "far")
    make(home / ".local/share/virtualenvs/named")
    folder = project(home / "top/demo")
    (folder / name).write_text(text.format(far=far), newline="")
    meant = "named" if text == "named" else "far"
    assert found(discovery(home / "top"))[meant].project == str(folder)


def test_a_link(home: Path) -> None:
    make(home / "far")
    folder = project(home / "top/demo")
    (folder / ".venv").symlink_to("../../far")
    assert facts(found(discovery(home / "top"))) == {"far": (None, str(folder))}


@pytest.mark.parametrize("name", [".venv", ".python-envs", ".pdm-python"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\0", b"/\0/x", b"a" * 5000, b"../" * 1000, b"\n" * 100_000, b"/proc/self/fd/0", b"x\n" * 70_000],
)
def test_what_points_nowhere(home: Path, name: str, content: bytes) -> None:
    folder = project(home / "top/demo")
    (folder / name).write_bytes(content)
    assert found(discovery(home / "top")) == {}


@pytest.mark.parametrize("name", [".venv", ".python-envs", ".pdm-python", ".tox"])
def test_what_is_no_file(home: Path, name: str) -> None:
    """A pipe is not waited for, and a link to itself leads nowhere."""
    os.mkfifo(project(home / "top/pipe") / name)
    (project(home / "top/loop") / name).symlink_to(name)
    assert found(discovery(home / "top")) == {}


def test_bounded(home: Path) -> None:
    folder = project(home / "demo")
    (folder / ".python-envs").write_text("".join(f"e{n}\n" for n in range(1000)))
    for number in (0, 150, 900):
        make(folder / f"e{number}")
    got = [each.prefix for each in env_pointers.of_folder(str(folder), {".python-envs"})]
    assert got == [str(folder / "e0"), str(folder / "e150")]


def test_an_own_one_keeps_its_place(home: Path) -> None:
    """What a project points at in the user's own root is not the project's."""
    make(home / "data/envs/mine")
    folder = project(home / "top/demo")
    (folder / ".venv").symlink_to(home / "data/envs/mine")
    mine = found(discovery(home / "top"))["mine"]
    assert (mine.project, mine.tool, mine.managed) == (None, None, True)


def test_adoption_is_asked_first(home: Path) -> None:
    make(home / "top/demo/.tox/py312")
    engine = Engine(by="rest", notebook_root=str(home / "top"))
    try:
        for call in (
            lambda: engine.register("demo/py312", Register()),
            lambda: engine.change("demo/py312", Change(install=["x"])),
        ):
            with pytest.raises(Conflict) as refused:
                call()
            assert refused.value.reason == "adoption_needed"
    finally:
        engine.close()


def test_the_command_line_has_what_servers_found(home: Path) -> None:
    make(home / "top/demo/.tox/py312")
    server = Engine(by="rest", notebook_root=str(home / "top"))
    line = Engine(by="cli")
    try:
        assert [e.name for e in server.environments() if e.tool] == ["demo/py312"]
        assert line.find("demo/py312").tool == "tox"
    finally:
        for engine in (server, line):
            engine.close()


def test_nothing_is_parsed_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(home / "demo", pyproject_toml=PYPROJECT)
    tools, seen = ToolEnvironments(), scan.Seen([], [str(folder)], {})
    tools.made(seen, {})
    monkeypatch.setattr("jupyter_envs.engine.tool_environments.parsed", lambda *_: pytest.fail("parsed again"))
    tools.made(seen, {})
