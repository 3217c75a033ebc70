"""Projects: refused for a reason, found wherever they are named from, put back after a crash; pixi by a stand-in."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest, Unavailable
from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.model.request import Change, Create, Register, Rollback
from jupyter_envs.system.metadata import versions
from tests.engine.made_up import make
from tests.engine.project_world import files, stock, write
from tests.engine.wheels import project, snapshot
from tests.engine.world import Engines, done, ended, killed, other_process, run, wait_for
from tests.system.index_server import Index

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")


@pytest.fixture
def top(home: Path) -> Path:
    (home / "work").mkdir()
    return home / "work"


@pytest.fixture
def engine(engines: Engines, top: Path) -> Engine:
    return engines(notebook_root=str(top))


@pytest.fixture
def demo(engine: Engine, index: Index, top: Path) -> Path:
    """A project of uv with a kernel."""
    stock(index)
    folder = write("uv", top / "demo", index, "one")
    done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    return folder


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.system.tools.find", lambda name, *places: None)


@pytest.mark.parametrize("tool", ["poetry", "pipenv"])
def test_without_the_tool(tool: str, engine: Engine, index: Index, top: Path, no_tools: None) -> None:
    folder = write(tool, top / "demo", index, "one")
    (folder / "Pipfile.lock").write_text("{}") if tool == "pipenv" else (folder / "poetry.lock").write_text("")
    make(folder / ".venv")
    [project] = engine.projects(refresh=True)
    assert (project.available, project.manager) == (False, tool)
    assert "is not installed" in (project.reason or "")
    env = engine.find(project.environment or "")
    before = snapshot(folder)
    for act in (
        lambda: engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))),
        lambda: engine.change(env.id, Change(install=["two"])),
        lambda: engine.change(env.id, Change(install=["two"], dry_run=True)),
    ):
        with pytest.raises(Unavailable) as caught:
            act()
        assert caught.value.reason == "tool_missing"
        assert f"pipx install {tool}" in (caught.value.hint or "")
    assert snapshot(folder) == before
    [manager] = [m for m in engine.managers() if m.name == tool]
    assert (manager.available, manager.capabilities.project, manager.capabilities.create) == (False, True, False)


def test_managers_say_what_they_can(engine: Engine) -> None:
    can = {m.name: m.capabilities for m in engine.managers()}
    assert list(can)[:3] == ["uv", "venv", "virtualenv"]
    assert [name for name, c in can.items() if c.project] == ["uv", "poetry", "pipenv", "pixi"]
    assert [name for name, c in can.items() if not c.create] == ["poetry", "pipenv", "pixi", "pipx", "uv tool"]
    assert [name for name, c in can.items() if not c.kernel] == ["pipx", "uv tool"]
    with pytest.raises(InvalidRequest) as caught:
        engine.create(Create(name="x", manager="poetry"))
    assert "project" in (caught.value.hint or "")


def test_what_is_no_project(engine: Engine, top: Path) -> None:
    with pytest.raises(InvalidRequest, match="is no project") as caught:
        engine.project_kernel(ProjectKernel(adopt=True, path=str(top)))
    assert "uv.lock" in (caught.value.hint or "")
    for path in ("work", "-x", f"{top}/../work", "a\0b", f"{top}/nowhere"):
        with pytest.raises(InvalidRequest) as caught:
            engine.project_kernel(ProjectKernel(adopt=True, path=path))
        assert caught.value.field == "path"


def test_by_a_link_and_nested(engine: Engine, index: Index, top: Path) -> None:
    stock(index)
    outer = write("uv", top / "a/demo", index, "one")
    inner = write("uv", outer / "parts/demo", index, "two")
    (top / "link").symlink_to(inner)
    done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(outer))))
    result = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(top / "link"))))
    assert result["environment"]["project"] == str(inner)
    found = {p.path: engine.find(p.environment or "") for p in engine.projects(refresh=True)}
    assert found.keys() == {str(outer), str(inner)}, "a link is no second project"
    assert len({e.name for e in found.values()}) == 2
    assert len({e.kernels[0].display_name for e in found.values()}) == 2
    assert "two" in versions(found[str(inner)].prefix)
    assert "one" not in versions(found[str(inner)].prefix)


def test_an_environment_made_before_keeps_what_is_in_it(engine: Engine, index: Index, demo: Path) -> None:
    """A second call syncs; what was installed besides stays, and so does the kernel's name."""
    env = engine.find(engine.projects()[0].environment or "")
    (demo / "pyproject.toml").write_text((demo / "pyproject.toml").read_text().replace('"one"', '"tail"'))
    result = done(engine, engine.project_kernel(ProjectKernel(path=str(demo), lock=True)))
    assert result["environment"]["id"] == env.id
    assert result["environment"]["kernels"][0]["name"] == env.kernels[0].name
    assert versions(env.prefix).keys() >= {"one", "tail", "ipykernel"}


def test_a_plain_environment_of_a_project_gets_its_kernel_outside_its_files(
    engine: Engine, demo: Path, index: Index
) -> None:
    env = engine.find(engine.projects()[0].environment or "")
    engine.unregister(env.id)
    before = files(demo)
    done(engine, engine.register(env.id, Register()))
    assert files(demo) == before


def test_a_project_follows_its_lock_file_and_no_revision(engine: Engine, demo: Path) -> None:
    env = engine.projects()[0].environment or ""
    with pytest.raises(Forbidden, match="lock file"):
        engine.rollback(env, Rollback(revision=1))
    with pytest.raises(Forbidden) as caught:
        engine.remove(env)
    assert caught.value.reason == "outside_root"


def test_what_the_project_asks_for(engine: Engine, demo: Path) -> None:
    env = engine.projects()[0].environment or ""
    asked = {p.name: p.requested for p in engine.packages(env)}
    assert (asked["one"], asked["two"]) == (True, False)
    with pytest.raises(InvalidRequest, match="came along") as caught:
        engine.change(env, Change(remove=["one", "two"]))
    assert caught.value.field == "remove[1]"


def test_what_was_installed_besides_goes_without_the_tool(engine: Engine, demo: Path) -> None:
    env = engine.find(engine.projects()[0].environment or "")
    before = files(demo)
    looked = done(engine, engine.change(env.id, Change(remove=["ipykernel"], dry_run=True)))["plan"]
    assert [pin["name"] for pin in looked["removed"]] == ["ipykernel"]
    did = done(engine, engine.change(env.id, Change(remove=["ipykernel"])))["plan"]
    assert {**did, "hash": looked["hash"]} == looked
    assert files(demo) == before
    assert "ipykernel" not in versions(env.prefix)


def test_cancelled_before_there_was_an_environment(engine: Engine, index: Index, top: Path) -> None:
    stock(index)
    folder = write("uv", top / "new", index, "one")
    before = snapshot(folder)
    index.hold, index.held = threading.Event(), "/files/one"
    job = engine.jobs.submit(engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    wait_for(lambda: any(p.startswith("/files/one") and ".metadata" not in p for p, _ in index.asked))
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    assert snapshot(folder) == before
    assert engine.projects(refresh=True)[0].environment is None


def test_one_writer_per_project(engine: Engine, demo: Path) -> None:
    env = engine.find(engine.projects()[0].environment or "")
    [store] = (engine.settings.state / "projects").glob("*.lock")
    holder = other_process(
        f"from jupyter_envs.system.files import lock\nwith lock({str(store)!r}):\n print('held'); input()", stdin=-1
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    for act in (
        lambda: engine.project_kernel(ProjectKernel(adopt=True, path=str(demo))),
        lambda: engine.change(env.id, Change(install=["tail"])),
    ):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.reason == "busy"
    holder.communicate("\n", timeout=120)


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process")
def test_killed_in_the_middle(engine: Engine, engines: Engines, demo: Path, index: Index) -> None:
    env = engine.find(engine.projects()[0].environment or "")
    before, tree = files(demo), versions(env.prefix)
    index.hold, index.held = threading.Event(), "/files/tail"
    code = (
        "from jupyter_envs.engine.engine import Engine\nfrom jupyter_envs.engine.settings import Settings\n"
        "from jupyter_envs.model.request import Change\n"
        f"engine = Engine(Settings(root={engine.settings.root!r}, state_dir={engine.settings.state_dir!r}),"
        f" notebook_root={str(demo.parent)!r})\n"
        f"engine.jobs.run(engine.change({env.id!r}, Change(install=['three'])))\n"
    )
    other = other_process(code)
    wait_for(lambda: any(p.startswith("/files/tail") and ".metadata" not in p for p, _ in index.asked))
    assert files(demo) != before, "uv writes first"
    killed(other)
    index.hold.set()
    index.hold = None
    done(engine, engine.change(env.id, Change(install=["wire"])))
    assert "three" not in "".join(files(demo).values())
    assert versions(env.prefix) == tree
    assert files(demo).keys() == before.keys()


def test_what_lies_beside_and_within(engine: Engine, index: Index, top: Path) -> None:
    """A plan is made on a copy, which finds a project beside, and the members of a workspace."""
    stock(index)
    project(top / "lib", "lib")
    folder = write("uv", top / "demo", index, "one", "lib", "part")
    project(folder / "parts/part", "part")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('[tool.uv.sources]\nlib = {path = "../lib"}\npart = {workspace = true}\n')
        file.write('[tool.uv.workspace]\nmembers = ["parts/*"]\n')
    env = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))["environment"]
    assert versions(env["prefix"]).keys() >= {"lib", "part", "one", "ipykernel"}
    assert engine.find(env["id"]).lock == "uv.lock"
    before = files(folder)
    plan = done(engine, engine.change(env["id"], Change(install=["three"], dry_run=True)))["plan"]
    assert [pin["name"] for pin in plan["added"]] == ["tail", "three"]
    assert ([c["name"] for c in plan["changed"]], plan["removed"]) == (["two"], [])
    assert files(folder) == before
    did = done(engine, engine.change(env["id"], Change(install=["three"])))["plan"]
    assert {**did, "hash": plan["hash"]} == plan


def test_credentials_do_not_get_into_a_project(engine: Engine, demo: Path) -> None:
    env, before = engine.find(engine.projects()[0].environment or ""), files(demo)
    with pytest.raises(InvalidRequest) as caught:
        engine.change(env.id, Change(install=["a @ git+https://me:s3cret@git.example/a.git"]))
    assert caught.value.reason == "secret_in_project"
    assert "s3cret" not in caught.value.message
    assert files(demo) == before


def test_no_python_that_fits(engine: Engine, demo: Path) -> None:
    env = engine.find(engine.projects()[0].environment or "")
    (demo / "pyproject.toml").write_text((demo / "pyproject.toml").read_text().replace(">=3.10", "==3.99.*"))
    before, tree = files(demo), snapshot(env.prefix)
    job = run(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(demo), lock=True)))
    assert job.error
    assert (job.error.reason, job.error.kind) == ("no_python", "unsolvable"), job.error
    assert files(demo) == before
    after = snapshot(env.prefix)
    differ = {p for p in tree.keys() | after.keys() if tree.get(p) != after.get(p)}
    assert {p for p in differ if not p.startswith(".jupyter-envs/lock")} == set(), "lock files are of no matter"


def test_a_lost_interpreter_is_no_end(engine: Engine, demo: Path) -> None:
    """The tool makes the environment anew; the kernel keeps its name."""
    env = engine.find(engine.projects()[0].environment or "")
    python = Path(env.prefix, "bin/python")
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert engine.find(env.id).state == "broken"
    result = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(demo))))
    assert (result["environment"]["id"], result["environment"]["state"]) == (env.id, "ready")
    assert result["environment"]["kernels"][0]["name"] == env.kernels[0].name
    assert versions(env.prefix).keys() >= {"one", "ipykernel"}


PIXI = """#!{python}
import json, os, re, subprocess, sys
verb, words = sys.argv[1], sys.argv[2:]
print(verb, *words, file=sys.stderr)
if "--locked" in words and not os.path.exists("pixi.lock"):
    sys.exit("Error: × lock-file not up-to-date with the workspace")
manifest = open("pixi.toml").read()
names = [w for w in words if not w.startswith("-") and w != "default"]
if "nowhere" in names:
    sys.exit("Error:   × failed to solve 'default', no candidates\\n  ╰─▶ Cannot solve the request because of: "
             "No candidates were found for nowhere *.")
for name in names:
    manifest = (manifest + f'{{name}} = "*"\\n') if verb == "add" else manifest.replace(f'{{name}} = "*"\\n', "")
open("pixi.toml", "w").write(manifest)
there = re.findall(r'^(\\w+) = "\\*"$', manifest, re.M)
lines = [f"      - conda: https://conda.example/noarch/{{n}}-1.0-h0_0.conda" for n in there]
open("pixi.lock", "w").write("\\n".join(["version: 6", "environments:", "  default:", "    packages:",
                                       "      {subdir}:", *lines, ""]))
if "--no-install" not in words:
    top = ".pixi/envs/default"
    if not os.path.exists(top):
        subprocess.run(["{uv}", "venv", "-q", top], check=True)
    subprocess.run(["{uv}", "pip", "install", "-q", "--python", top, *there], check=True)
    for gone in {{"one", "three"}} - set(there):
        subprocess.run(["{uv}", "pip", "uninstall", "-q", "--python", top, gone], check=True)
"""


def test_a_project_of_pixi_by_a_stand_in(
    engine: Engine, index: Index, top: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pixi itself is not on the package index; the stand-in takes its arguments as its documentation has them."""
    from jupyter_envs.backends.pixi import subdir
    from jupyter_envs.backends.uv import uv

    stock(index)
    program = home / ".pixi/bin/pixi"
    program.parent.mkdir(parents=True)
    program.write_text(PIXI.format(python=sys.executable, uv=uv(), subdir=subdir()))
    program.chmod(0o755)
    monkeypatch.delenv("PIXI_HOME", raising=False)
    folder = top / "bio"
    folder.mkdir()
    (folder / "pixi.toml").write_text('[workspace]\nname = "bio"\nchannels = []\n[dependencies]\none = "*"\n')
    result = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    assert result["environment"]["manager"] == "pixi"
    [project] = engine.projects(refresh=True)
    env = engine.find(project.environment or "")
    assert (env.prefix, env.project) == (str(folder / ".pixi/envs/default"), str(folder))
    assert env.kernels[0].display_name == "Python (bio)"
    assert "ipykernel" not in "".join(files(folder).values())
    looked = done(engine, engine.change(env.id, Change(install=["three"], dry_run=True)))["plan"]
    assert [pin["name"] for pin in looked["added"]] == ["three"]
    assert "three" not in (folder / "pixi.toml").read_text()
    done(engine, engine.change(env.id, Change(install=["three"])))
    assert 'three = "*"' in (folder / "pixi.toml").read_text()
    before, tree = files(folder), versions(env.prefix)
    job = run(engine, engine.change(env.id, Change(install=["nowhere"])))
    assert job.error
    assert (job.error.kind, files(folder), versions(env.prefix)) == ("unsolvable", before, tree)
    assert "nowhere" in (job.error.detail or "")
    done(engine, engine.change(env.id, Change(remove=["three"])))
    assert "three" not in (folder / "pixi.toml").read_text()
    assert "ipykernel" in versions(env.prefix)
    with pytest.raises(InvalidRequest, match="path or a URL"):
        engine.change(env.id, Change(install=["https://host.example/a-1.0-py3-none-any.whl"]))


def test_a_project_without_python_is_no_kernel(
    engine: Engine, top: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIXI_HOME", raising=False)
    program = home / ".pixi/bin/pixi"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nmkdir -p .pixi/envs/default/conda-meta\n: > .pixi/envs/default/conda-meta/history\n")
    program.chmod(0o755)
    (top / "tool").mkdir()
    (top / "tool/pixi.toml").write_text('[workspace]\nname = "tool"\n[dependencies]\nhtop = "*"\n')
    job = run(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(top / "tool"))))
    assert job.error
    assert (job.error.reason, job.error.kind) == ("no_python", "conflict"), job.error
    assert "pixi add python" in (job.error.hint or "")
    assert not (top / "tool/.pixi/envs/default").exists(), "nothing is left of it"
