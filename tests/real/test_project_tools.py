"""The life of a project with each real tool: made from its lock, a kernel, changed through the tool, put back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.task import Task
from jupyter_envs.model.errors import Conflict, Forbidden
from jupyter_envs.model.plan import Changed, Pin, Plan
from jupyter_envs.model.project import Project, ProjectKernel
from jupyter_envs.model.request import Change, Register
from jupyter_envs.system.metadata import versions
from tests.engine.project_world import files, stock, tools, tools_bin, write
from tests.engine.wheels import snapshot, wheel_file
from tests.engine.world import Engines, done, ended, run, wait_for
from tests.real.test_kernel_starts import start
from tests.system.index_server import Index, serving

__all__ = ["tools", "tools_bin"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the tools' venv is POSIX")]
TOOLS = ("uv", "poetry", "pipenv")
# What the tools themselves say of a lock file that fits: exit code 0.
CHECKS = {"uv": ["uv", "lock", "--check"], "poetry": ["poetry", "check", "--lock"], "pipenv": ["pipenv", "verify"]}


@pytest.fixture
def top(home: Path) -> Path:
    (home / "work").mkdir()
    return home / "work"


@pytest.fixture
def engine(engines: Engines, top: Path) -> Engine:
    return engines(notebook_root=str(top))


def only(engine: Engine) -> Project:
    [project] = engine.projects(refresh=True)
    return project


def fits(tool: str, folder: Path) -> bool:
    env = {**os.environ, "PIPENV_IGNORE_VIRTUALENVS": "1"}
    return subprocess.run(CHECKS[tool], cwd=folder, env=env, capture_output=True).returncode == 0


def plan(added: dict[str, str], changed: dict[str, tuple[str, str]], removed: dict[str, str]) -> Plan:
    return Plan(
        added=[Pin(name=n, version=v) for n, v in added.items()],
        changed=[Changed(name=n, from_=a, to=b) for n, (a, b) in changed.items()],
        removed=[Pin(name=n, version=v) for n, v in removed.items()],
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_the_life_of_a_project(tool: str, engine: Engine, index: Index, tools: Path, top: Path) -> None:
    stock(index)
    folder = write(tool, top / "pro jekt ü", index, "one")
    before = files(folder)
    project = only(engine)
    assert (project.manager, project.locked, project.environment, project.available) == (tool, False, None, True)

    # Made and a kernel; the project's own files know nothing of that.
    result = done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    project = only(engine)
    assert (project.locked, project.current, project.environment) == (True, True, result["environment"]["id"])
    assert fits(tool, folder)
    env = engine.find(project.environment or "")
    assert (env.manager, env.project, len(env.kernels)) == (tool, str(folder), 1)
    assert env.kernels[0].display_name == f"Python ({project.name})"
    assert versions(env.prefix).items() >= {"one": "2.0", "two": "2.0", "ipykernel": "7.0", "wire": "1.0"}.items()
    after = files(folder)
    assert "ipykernel" not in "".join(after.values())
    assert {name: after[name] for name in before} == before

    # What is added is as planned, and stands in the project's files.
    wanted = plan({"tail": "1.0", "three": "1.0"}, {"two": ("2.0", "1.0")}, {})
    looked = done(engine, engine.change(env.id, Change(install=["three"], dry_run=True)))
    assert files(folder) == after, "a plan writes nothing"
    did = done(engine, engine.change(env.id, Change(install=["three"])))
    assert looked["plan"].pop("hash")
    assert {**looked["plan"], "hash": None} == did["plan"] == as_json(wanted)
    assert "three" in files(folder)["Pipfile" if tool == "pipenv" else "pyproject.toml"]
    assert fits(tool, folder)
    assert only(engine).current

    # What cannot be is explained, and everything is as before.
    stands, tree = files(folder), content(env.prefix)
    job = run(engine, engine.change(env.id, Change(install=["four"])))
    assert job.error is not None
    assert (job.error.kind, job.state) == ("unsolvable", "failed"), job.error
    assert "three" in job.error.message
    assert "four" in job.error.message
    assert files(folder) == stands
    assert content(env.prefix) == tree

    # What goes takes along what nothing else needs, never the kernel.
    wanted = plan({}, {}, {"tail": "1.0", "three": "1.0"})
    looked = done(engine, engine.change(env.id, Change(remove=["three"], dry_run=True)))
    assert looked["plan"]["removed"] == as_json(wanted)["removed"]
    gone = done(engine, engine.change(env.id, Change(remove=["three"])))["plan"]["removed"]
    assert gone == as_json(wanted)["removed"]
    assert versions(env.prefix).items() >= {"one": "2.0", "ipykernel": "7.0", "wire": "1.0"}.items()
    assert fits(tool, folder)
    done(engine, engine.change(env.id, Change(upgrade_all=True)))
    assert versions(env.prefix)["two"] == "2.0"
    assert [r.action for r in engine.history(env.id)] == ["change", "change", "change", "kernel"]


def content(prefix: str) -> dict[str, tuple[str, ...]]:
    """The tree of an environment without the files that our locks need."""
    return {path: what for path, what in snapshot(prefix).items() if not path.startswith(".jupyter-envs/lock")}


def as_json(value: Plan) -> dict[str, object]:
    from jupyter_envs.model.wire import plain

    return plain(value)  # type: ignore[no-any-return]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_lock_file_that_is_out_of_date(tool: str, engine: Engine, index: Index, tools: Path, top: Path) -> None:
    stock(index)
    folder = write(tool, top / "demo", index, "one")
    done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    manifest = folder / ("Pipfile" if tool == "pipenv" else "pyproject.toml")
    old = manifest.read_text()
    manifest.write_text(old.replace('"one"', '"one", "four"') if tool != "pipenv" else old + 'four = "*"\n')
    project = only(engine)
    assert project.current is False
    assert not fits(tool, folder)
    with pytest.raises(Conflict) as caught:
        engine.project_kernel(ProjectKernel(adopt=True, path=str(folder)))
    assert caught.value.reason == "lock_outdated"
    assert f"{tool} lock" in (caught.value.hint or "")
    done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder), lock=True)))
    assert fits(tool, folder)
    assert only(engine).current
    assert versions(engine.find(project.environment or "").prefix)["four"] == "1.0"


def environments(home: Path) -> set[str]:
    """The environments in the tools' own folders."""
    return {str(path) for path in home.glob("**/virtualenvs/*") if path.is_dir()}


def cancel(engine: Engine, index: Index, file: str, task: Task) -> None:
    """Cancel `task` while it waits for `file`."""
    index.hold, index.held = threading.Event(), file
    asked = len(index.asked)
    job = engine.jobs.submit(task)
    wait_for(lambda: any(p.startswith(file) and ".metadata" not in p for p, _ in index.asked[asked:]))
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    index.hold.set()
    index.hold = None


@pytest.mark.parametrize("tool", TOOLS)
def test_cancelled_in_the_middle(tool: str, engine: Engine, index: Index, tools: Path, top: Path, home: Path) -> None:
    stock(index)
    folder = write(tool, top / "demo", index, "one")
    fresh, folders = files(folder), environments(home)
    cancel(engine, index, "/files/one", engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    assert (files(folder), environments(home), only(engine).environment) == (fresh, folders, None)

    done(engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder))))
    env = engine.find(only(engine).environment or "")
    stands, tree = files(folder), content(env.prefix)
    cancel(engine, index, "/files/three", engine.change(env.id, Change(install=["three"])))
    assert files(folder) == stands
    assert content(env.prefix) == tree
    done(engine, engine.change(env.id, Change(install=["three"])))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cell_runs(tool: str, engine: Engine, tools: Path, top: Path) -> None:
    """With the real ipykernel, while the project's packages come from its own source."""
    with serving() as own:
        stock(own)
        folder = write(tool, top / "demo", own, "one")
        result = done(
            engine, engine.project_kernel(ProjectKernel(adopt=True, path=str(folder), display_name="My project"))
        )
    [kernel] = result["environment"]["kernels"]
    assert kernel["display_name"] == "My project"
    said = json.loads(start(kernel["name"], "import json, sys, one; print(json.dumps([sys.prefix, one.VERSION]))"))
    assert said == [result["environment"]["prefix"], "2.0"]


def test_tools_are_shown_and_never_changed(engine: Engine, tools: Path, home: Path) -> None:
    made = wheel_file(home, "cow", "1.0", files={"cow.py": "def main(): print('moo')\n"}, scripts={"cow": "cow:main"})
    subprocess.run(["pipx", "install", made], check=True, capture_output=True)
    env = {**os.environ, "UV_TOOL_BIN_DIR": str(home / "uv-bin")}
    subprocess.run([uv(), "tool", "install", made], env=env, check=True, capture_output=True)
    found = {e.manager: e for e in engine.environments() if e.manager in ("pipx", "uv tool")}
    assert found.keys() == {"pipx", "uv tool"}
    assert len({e.name for e in found.values()}) == 2
    hints = {"pipx": "pipx uninstall cow", "uv tool": "uv tool uninstall cow"}
    for manager, env in found.items():
        assert env.protected
        for act in (
            lambda e=env: engine.change(e.id, Change(install=["two"])),
            lambda e=env: engine.register(e.id, Register()),
            lambda e=env: engine.repair(e.id),
            lambda e=env: engine.remove(e.id),
        ):
            with pytest.raises(Forbidden) as caught:
                act()
            assert caught.value.reason == "tool"
        assert hints[manager] in (caught.value.hint or "")
