"""Remove, rename, repair: only what is ours, and never more than was asked for."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from jupyter_envs.engine import history
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest, NotFound
from jupyter_envs.model.request import Change, Clone, Create, Register, Update
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.paths import kernels_dir
from tests.engine.wheels import offer, project, snapshot
from tests.engine.world import NO_KERNEL, Engines, bare, done, inside, run, wait_for
from tests.system.index_server import Index


def test_remove(engine: Engine) -> None:
    made = bare(engine)
    result = done(engine, engine.remove("demo"))
    assert result["removed"] == made.id
    assert result["freed"] > 0
    assert not os.path.exists(made.prefix)
    with pytest.raises(NotFound):
        engine.find("demo")
    assert list((engine.settings.all_roots[0] / ".gone").iterdir()) == []
    assert bare(engine).id == made.id


def test_what_lies_outside_is_not_removed(engine: Engine, engines: Engines, tmp_path: Path) -> None:
    venv.create(tmp_path / "project" / ".venv")
    server = engines(notebook_root=str(tmp_path / "project"))
    with pytest.raises(Forbidden) as caught:
        server.remove(str(tmp_path / "project" / ".venv"))
    assert caught.value.reason == "outside_root"
    done(engine, engine.create(Create(prefix=str(tmp_path / "mine"), kernel=NO_KERNEL, pip=False)))
    with pytest.raises(Forbidden):
        engine.remove(str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "pyvenv.cfg").exists()


def test_a_link_in_the_root_leads_nowhere(engine: Engine, tmp_path: Path) -> None:
    bare(engine, "real")
    root = engine.settings.all_roots[0]
    venv.create(tmp_path / "outside")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "alias").symlink_to(root / "real")
    names = [e.name for e in engine.environments() if e.prefix.startswith(str(tmp_path))]
    assert sorted(names) == ["outside", "real"], "each once, by where it really is"
    for key in ("outside", str(root / "link"), str(tmp_path / "outside")):
        with pytest.raises(Forbidden) as caught:
            engine.remove(key)
        assert caught.value.reason == "outside_root"
    assert (tmp_path / "outside" / "pyvenv.cfg").exists()


def test_a_link_put_in_place_while_the_job_waited(engine: Engine, tmp_path: Path) -> None:
    made = bare(engine)
    venv.create(tmp_path / "outside")
    task = engine.remove("demo")
    shutil.rmtree(made.prefix)
    os.symlink(tmp_path / "outside", made.prefix)
    job = run(engine, task)
    assert job.state == "failed"
    assert job.error
    assert job.error.reason == "outside_root"
    assert (tmp_path / "outside" / "pyvenv.cfg").exists()


def test_a_root_that_is_a_link(engines: Engines, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "envs").symlink_to(tmp_path / "disk")
    engine = engines(root=str(tmp_path / "envs"))
    made = bare(engine)
    assert made.prefix == str(tmp_path / "disk" / "demo")
    assert made.managed
    done(engine, engine.remove("demo"))
    assert not (tmp_path / "disk" / "demo").exists()


def test_links_inside_are_not_followed(engine: Engine, tmp_path: Path) -> None:
    made = bare(engine)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "precious.csv").write_text("1,2")
    os.symlink(tmp_path / "data", os.path.join(made.prefix, "data"))
    done(engine, engine.remove("demo"))
    assert (tmp_path / "data" / "precious.csv").read_text() == "1,2"


def test_further_roots(engines: Engines, tmp_path: Path) -> None:
    engine = engines(roots=[str(tmp_path / "team")])
    done(engine, engine.create(Create(prefix=str(tmp_path / "team" / "shared"), kernel=NO_KERNEL, pip=False)))
    found = engine.find("shared")
    assert found.managed
    done(engine, engine.remove("shared"))
    assert not Path(found.prefix).exists()


def test_write_protected_parts(engine: Engine) -> None:
    made = bare(engine)
    folder = Path(made.prefix, "lib", "closed")
    folder.mkdir()
    (folder / "x").write_text("")
    folder.chmod(0o500)
    done(engine, engine.remove("demo"))
    assert not folder.exists()


def test_the_one_that_runs_us_is_protected(engine: Engine) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests do not run in a virtual environment")
    for ask in (
        lambda: engine.remove(sys.prefix, force=True),
        lambda: engine.repair(sys.prefix),
        lambda: engine.update(sys.prefix, Update(name="other")),
        lambda: engine.change(sys.prefix, Change(remove=["pytest"])),
    ):
        with pytest.raises(Forbidden) as caught:
            ask()
        assert caught.value.reason == "protected"


def test_a_running_kernel_is_in_the_way(engines: Engines) -> None:
    """As the face knows it, by the kernelspec's name."""
    alive: list[str] = []
    engine = engines(running=lambda: alive)
    done(engine, engine.create(Create(name="demo", pip=False)))
    alive.append("demo")
    for ask in (lambda: engine.remove("demo"), lambda: engine.update("demo", Update(name="other"))):
        with pytest.raises(Conflict) as caught:
            ask()
        assert caught.value.reason == "kernel_running"
    done(engine, engine.update("demo", Update(display_name="Still fine")))
    done(engine, engine.remove("demo", force=True))


def test_a_kernel_that_others_started_is_in_the_way(engine: Engine) -> None:
    """By the process table, since any program may have started it."""
    done(engine, engine.create(Create(name="demo", pip=False)))
    prefix = engine.find("demo").prefix
    kernel = subprocess.Popen(
        [f"{prefix}/bin/python", "-m", "ipykernel_launcher", "-f", f"{prefix}/connection.json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: os.path.exists(f"{prefix}/connection.json"))
        with pytest.raises(Conflict) as caught:
            engine.remove("demo")
        assert caught.value.reason == "kernel_running"
    finally:
        kernel.kill()
        kernel.wait()
    done(engine, engine.remove("demo"))


def test_rename(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", scripts={"say": "one:say"}, files={"one.py": "def say(): print('hello')\n"})
    made = bare(engine, packages=["one"])
    task = engine.update("demo", Update(name="moved"))
    result = done(engine, task)
    moved = engine.find("moved")
    assert result["environment"]["id"] == task.environment == moved.id != made.id
    assert not os.path.exists(made.prefix)
    assert versions(moved.prefix) == {"one": "1.0"}
    assert subprocess.run([f"{moved.prefix}/bin/say"], capture_output=True, text=True).stdout == "hello\n"
    assert inside(moved.prefix, "import sys; print(sys.prefix)") == moved.prefix
    assert [(r.revision, r.action) for r in engine.history("moved")] == [(2, "rename"), (1, "create")]
    for folder, _, files in os.walk(moved.prefix):
        for name in files:
            if not name.endswith(".pyc"):
                assert made.prefix.encode() not in Path(folder, name).read_bytes(), name


@pytest.mark.parametrize("way", ["clone", "rename"])
@pytest.mark.parametrize("manager", ["uv", pytest.param("virtualenv", marks=pytest.mark.slow)])
def test_everything_speaks_of_the_new_place(
    engine: Engine, index: Index, tmp_path: Path, way: str, manager: str
) -> None:
    """Console scripts, pip, activation, an editable project, pyvenv.cfg, RECORD, kernelspec, history."""
    offer(index, "one", "1.0", scripts={"say": "one:say"}, files={"one.py": "def say(): print('hello')\n"})
    offer(index, "ipykernel", "1.0", files={"ipykernel/__init__.py": "", "ipykernel_launcher.py": "print('started')\n"})
    offer(index, "pip", "99.0", scripts={"pip": "pip:main"}, files={"pip.py": "def main(): print(__file__)\n"})
    source = project(tmp_path / "src", "mine")
    packages = ["one", f"-e {source}"]
    done(engine, engine.create(Create(name="demo", manager=manager, packages=packages)))
    old = engine.find("demo")
    if way == "clone":
        done(engine, engine.clone("demo", Clone(name="new-place")))
    else:
        done(engine, engine.update("demo", Update(name="new-place")))
    new = engine.find("new-place")
    for script in ("say", "pip"):
        ran = subprocess.run([f"{new.prefix}/bin/{script}", "--version"], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.strip() == "hello" or new.prefix in ran.stdout
    assert inside(new.prefix, "import mine; print(mine.__file__)") == str(source / "mine.py")
    for shell in ("sh", "bash"):
        said = f". {new.prefix}/bin/activate; echo $VIRTUAL_ENV; command -v python"
        told = subprocess.run([shell, "-c", said], capture_output=True, text=True).stdout.split()
        assert told == [new.prefix, f"{new.prefix}/bin/python"]
    assert "new-place" in Path(new.prefix, "pyvenv.cfg").read_text() or manager == "virtualenv"
    assert wrong_hashes(new.prefix) == []
    (kernel,) = new.kernels
    spec = json.loads((kernels_dir() / kernel.name / "kernel.json").read_text())
    assert spec["argv"][0] == f"{new.prefix}/bin/python"
    assert spec["env"]["VIRTUAL_ENV"] == new.prefix
    here, there = (history.lock_of(new.prefix, number) for number in (1, 2))
    assert here
    assert here == there, "the copy is the same, as its lock says"
    assert [(r.revision, r.action) for r in engine.history("new-place")] == [(2, way), (1, "create")]
    if way == "rename":
        assert not os.path.exists(old.prefix)
        assert [kernel.name for kernel in new.kernels] == [kernel.name for kernel in old.kernels]


def wrong_hashes(prefix: str) -> list[str]:
    wrong = []
    for record in Path(prefix).glob("lib/python*/site-packages/*.dist-info/RECORD"):
        for name, digest, _ in csv.reader(record.read_text().splitlines()):
            if digest and not name.endswith(".pyc"):
                raw = (record.parent.parent / name).read_bytes()
                told = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
                if digest != f"sha256={told}":
                    wrong.append(name)
    return wrong


def test_rename_refused(engine: Engine, engines: Engines, tmp_path: Path) -> None:
    bare(engine)
    bare(engine, "other")
    for request, kind in (
        (Update(), InvalidRequest),
        (Update(name="../x"), InvalidRequest),
        (Update(name=""), InvalidRequest),
        (Update(name="other"), Conflict),
        (Update(display_name="x"), Conflict),
    ):
        with pytest.raises(kind):
            engine.update("demo", request)
    venv.create(tmp_path / "project" / ".venv")
    with pytest.raises(Forbidden):
        engine.update(str(tmp_path / "project" / ".venv"), Update(name="x"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An interpreter that can vanish: a link to the real one, as a version manager has it."""
    real = Path(os.path.realpath(sys.executable))
    folder = tmp_path / "pythons" / "bin"
    folder.mkdir(parents=True)
    (folder / real.name).symlink_to(real)
    return folder / real.name


def test_a_base_interpreter_that_is_gone(engine: Engine, index: Index, base: Path) -> None:
    offer(index, "one", "1.0", "2.0")
    offer(index, "two", "1.0")
    prefix = engine.settings.all_roots[0] / "demo"
    prefix.parent.mkdir()
    subprocess.run([base, "-m", "venv", "--without-pip", "--symlinks", prefix], check=True)
    done(engine, engine.change("demo", Change(adopt=True, install=["one<2", "two"])))
    before = engine.find("demo")
    assert before.state == "ready"
    shutil.rmtree(base.parent)
    broken = engine.find("demo")
    assert (broken.state, [p.code for p in broken.problems]) == ("broken", ["no_interpreter"])
    assert broken.problems[0].repair
    assert str(base) in broken.problems[0].message
    for ask in (
        lambda: engine.change("demo", Change(install=["two"])),
        lambda: engine.register("demo", Register()),
    ):
        with pytest.raises(Conflict) as caught:
            ask()
        assert caught.value.reason == "broken"
        assert "Repair" in (caught.value.hint or "")
    assert {p.name for p in engine.packages("demo")} == {"one", "two"}, "still told"

    done(engine, engine.repair("demo"))
    mended = engine.find("demo")
    assert (mended.state, mended.problems) == ("ready", [])
    assert versions(mended.prefix) == versions(before.prefix) == {"one": "1.0", "two": "1.0"}
    assert inside(mended.prefix, "import one; print(one.VERSION)") == "1.0"
    assert engine.history("demo")[0].action == "repair"
    assert [p.name for p in prefix.parent.iterdir() if not p.name.startswith(".")] == ["demo"]
    done(engine, engine.change("demo", Change(upgrade=["one"])))


def test_a_broken_one_can_be_removed(engine: Engine, base: Path) -> None:
    prefix = engine.settings.all_roots[0] / "demo"
    prefix.parent.mkdir()
    subprocess.run([base, "-m", "venv", "--without-pip", "--symlinks", prefix], check=True)
    shutil.rmtree(base.parent)
    assert engine.find("demo").state == "broken"
    done(engine, engine.remove("demo"))
    assert not prefix.exists()


def test_a_repair_that_fails_leaves_what_there_is(engine: Engine, index: Index, base: Path) -> None:
    offer(index, "one", "1.0")
    prefix = engine.settings.all_roots[0] / "demo"
    prefix.parent.mkdir()
    subprocess.run([base, "-m", "venv", "--without-pip", "--symlinks", prefix], check=True)
    done(engine, engine.change("demo", Change(adopt=True, install=["one"])))
    index.answers.clear()
    shutil.rmtree(os.environ["UV_CACHE_DIR"])
    shutil.rmtree(base.parent)
    before = snapshot(prefix)
    job = run(engine, engine.repair("demo"))
    assert job.state == "failed"
    assert job.error
    assert job.error.hint
    assert snapshot(prefix) == before
    assert engine.find("demo").state == "broken"


def test_nothing_to_repair(engine: Engine, index: Index) -> None:
    made = bare(engine)
    result = done(engine, engine.repair("demo"))
    assert result["plan"]["added"] == result["plan"]["changed"] == result["plan"]["removed"] == []
    assert engine.find("demo").prefix == made.prefix
