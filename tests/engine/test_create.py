"""New environments by the real managers: whole, or not there at all."""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
from pathlib import Path

import pytest

from jupyter_envs.engine import create as module
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unavailable
from jupyter_envs.model.job import Job
from jupyter_envs.model.request import Clone, Create, ImportText, KernelRequest
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, project, snapshot, wheel_file
from tests.engine.world import NO_KERNEL, Engines, bare, done, ended, inside, run, wait_for
from tests.system.index_server import Index


def left(engine: Engine) -> list[str]:
    """What is in the root besides finished environments, locks and empty folders of ours."""
    root = engine.settings.all_roots[0]
    found = []
    for folder in (root, root / ".new", root / ".gone", root / ".spares"):
        found += [str(path.relative_to(root)) for path in folder.glob("*") if not path.name.startswith(".")]
    return sorted(found)


def shell(script: str) -> list[str]:
    return subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("pip", [False, True])
@pytest.mark.parametrize("manager", ["uv", "venv", "virtualenv"])
def test_each_manager(engine: Engine, manager: str, pip: bool) -> None:
    made = bare(engine, manager=manager, pip=pip)
    assert (made.name, made.manager, made.kind, made.state) == ("demo", manager, "venv", "ready")
    assert made.managed
    assert not made.protected
    assert made.kernels == []
    assert made.problems == []
    assert ("pip" in versions(made.prefix)) == pip
    assert inside(made.prefix, "import sys; print(sys.prefix)") == made.prefix
    if pip:
        listed = subprocess.run([f"{made.prefix}/bin/pip", "list", "--format=json"], capture_output=True, text=True)
        assert "pip" in {entry["name"] for entry in json.loads(listed.stdout)}
    for script in ("activate", "activate.fish", "activate.csh"):
        text = Path(made.prefix, "bin", script).read_text()
        assert made.prefix in text
        assert ".new" not in text
    shown = shell(f". {made.prefix}/bin/activate; echo $VIRTUAL_ENV; command -v python")
    assert shown == [made.prefix, f"{made.prefix}/bin/python"]
    assert left(engine) == ["demo"]


def test_the_default_is_a_kernel_on_the_newest_python(engine: Engine) -> None:
    result = done(engine, engine.create(Create(name="demo")))
    made = engine.find("demo")
    best = next(i for i in engine.interpreters() if i.default)
    assert made.python.version == best.version
    assert best.supported
    assert made.manager == engine.settings.default_manager == "uv"
    assert [(k.name, k.display_name) for k in made.kernels] == [("demo", "Python (demo)")]
    assert result["environment"]["id"] == made.id
    assert {"ipykernel", "pip"} <= {pin["name"] for pin in result["plan"]["added"]}
    assert made.revision == 1
    assert made.created
    assert inside(made.prefix, "import ipykernel; print(ipykernel.__file__)").startswith(made.prefix)


def test_by_version_and_by_path(engine: Engine) -> None:
    usable = [i for i in engine.interpreters() if i.supported and i.implementation == "CPython"]
    chosen = usable[-1]
    minor = ".".join(chosen.version.split(".")[:2])
    assert bare(engine, "version", python=minor).python.version == chosen.version
    assert bare(engine, "path", python=chosen.path).python.version == chosen.version
    inner = engine.find("path").python.path
    assert bare(engine, "nested", python=inner).python.base != inner, "on the base, not on another environment"


def test_a_python_that_does_not_do(engine: Engine, tmp_path: Path) -> None:
    for python, reason in (("2.7", "too_old"), ("3.6", "too_old"), ("3.77", "no_interpreter"), ("/bin/sh", "invalid")):
        with pytest.raises((InvalidRequest, Unavailable)) as caught:
            engine.create(Create(name="demo", python=python))
        assert (caught.value.reason, caught.value.field) == (reason, "python")
    with pytest.raises(InvalidRequest, match=r"3\.6.* is too old.*ipykernel need"):
        engine.create(Create(name="demo", python="3.6"))
    old = next((i for i in engine.interpreters() if not i.supported), None)
    if old:
        with pytest.raises(InvalidRequest, match="too old"):
            engine.create(Create(name="demo", python=old.path))
    assert not engine.settings.all_roots[0].exists()


def test_packages_of_each_kind(engine: Engine, index: Index, tmp_path: Path) -> None:
    offer(index, "tool", "1.0", "2.0", extras={"more": ["helper>=1"]})
    offer(index, "helper", "1.5", requires=["base"])
    offer(index, "base", "0.1")
    local = wheel_file(tmp_path / "my wheels", "local", "3.0")
    editable = project(tmp_path / "a project", "mine")
    text = "# wanted\nbase==0.1  # a comment\n"
    made = bare(
        engine,
        packages=["tool[more]<2", local.as_uri().replace(" ", "%20"), f"-e {editable}"],
        from_=ImportText(text=text),
    )
    assert versions(made.prefix) == {"tool": "1.0", "helper": "1.5", "base": "0.1", "local": "3.0", "mine": "1.0"}
    (editable / "mine.py").write_text("VERSION = 'edited'\n")
    assert inside(made.prefix, "import mine, local, helper; print(mine.VERSION)") == "edited"
    packages = {p.name: p for p in engine.packages("demo")}
    assert packages["mine"].editable
    assert packages["local"].url
    assert packages["tool"].requested
    assert not packages["helper"].requested


def test_by_prefix(engine: Engine, tmp_path: Path) -> None:
    prefix = tmp_path / "thesis" / ".venv"
    task = engine.create(Create(prefix=str(prefix), kernel=NO_KERNEL, pip=False))
    done(engine, task)
    made = engine.find(str(prefix))
    assert made.id == task.environment == engine.jobs.list()[0].environment
    assert made.name == "thesis/.venv"
    assert not made.managed
    assert made.id in {e.id for e in engine.environments()}, "remembered, though it lies in no root"
    assert os.listdir(prefix.parent) == [".venv"], "nothing beside it"
    with pytest.raises(InvalidRequest, match="inside another environment"):
        engine.create(Create(prefix=str(prefix / "lib" / "inner")))
    with pytest.raises(Conflict):
        engine.create(Create(prefix=str(prefix)))


def test_what_exists_is_refused(engine: Engine, tmp_path: Path) -> None:
    bare(engine)
    root = engine.settings.all_roots[0]
    (root / "folder").mkdir()
    (root / "link").symlink_to(tmp_path / "nowhere")
    before = snapshot(root / "demo")
    for name in ("demo", "folder", "link"):
        with pytest.raises(Conflict) as caught:
            engine.create(Create(name=name))
        assert (caught.value.reason, caught.value.field) == ("name_taken", "name")
    assert snapshot(root / "demo") == before
    assert len(engine.jobs.list()) == 1, "no job was begun"


def test_wrong_fields_start_nothing(engine: Engine) -> None:
    for request, field in (
        (Create(), "name"),
        (Create(name="a", prefix="/a"), "name"),
        (Create(name="../x"), "name"),
        (Create(name=""), "name"),
        (Create(prefix=""), "prefix"),
        (Create(name="a", manager="nix"), "manager"),
        (Create(name="a", manager=""), "manager"),
        (Create(name="a", channels=["x"]), "channels"),
        (Create(name="a", packages=["ok", "--index-url=x"]), "packages[1]"),
        (Create(name="a", from_=ImportText(format="none", text="")), "from.format"),
        (Create(name="a", kernel=KernelRequest(display_name=" ")), "kernel.display_name"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            engine.create(request)
        assert caught.value.field == field
    assert engine.jobs.list() == []


@pytest.mark.parametrize("manager", ["uv", "venv"])
def test_nothing_is_left_of_a_failure(engine: Engine, index: Index, manager: str) -> None:
    offer(index, "one", "1.0", requires=["two==1.0"])
    offer(index, "two", "2.0")
    for packages, word in ((["one"], "two==1.0"), (["no-such-thing"], "no-such-thing")):
        request = Create(name="demo", manager=manager, packages=packages, kernel=NO_KERNEL, pip=False)
        job = run(engine, engine.create(request))
        assert job.state == "failed"
        assert job.error
        assert job.error.reason == "unsolvable"
        assert word in (job.error.detail or "")
        assert left(engine) == []
        assert engine.environments() == [] or "demo" not in {e.name for e in engine.environments()}
    assert bare(engine, manager=manager, packages=["two"]).name == "demo"


def test_a_failure_at_the_very_end(engine: Engine, home: Path) -> None:
    """The kernelspec cannot be written: the environment goes as well."""
    (home / "data").mkdir()
    (home / "data" / "kernels").write_text("in the way")
    job = run(engine, engine.create(Create(name="demo", packages=[])))
    assert job.state == "failed"
    assert left(engine) == []
    with pytest.raises(NotFound):
        engine.find("demo")


def test_cancel_at_any_moment(engine: Engine, index: Index, home: Path) -> None:
    """Whatever runs then: nothing is left and the name is free again."""
    for number in range(30):
        offer(index, f"part{number}", "1.0", files={f"part{number}/m{n}.py": f"X = {n}\n" * 50 for n in range(40)})
    names = [f"part{number}" for number in range(30)]
    chance = random.Random(4)
    states = []
    for _ in range(8):
        phases = []
        task = engine.create(Create(name="demo", packages=names, kernel=NO_KERNEL, pip=False))
        job = engine.jobs.submit(task)
        threading.Event().wait(chance.uniform(0, 0.35))
        engine.jobs.cancel(job.id)
        phases.append(engine.jobs.get(job.id).progress.phase)
        job = ended(engine, job)
        states.append(job.state)
        if job.state == "succeeded":
            done(engine, engine.remove("demo"))
        assert job.state in ("cancelled", "succeeded")
        assert left(engine) == []
        assert list((home / "data").glob("kernels/*")) == []
        assert "demo" not in {e.name for e in engine.environments()}
    assert "cancelled" in states
    assert bare(engine, packages=["part0"]).package_count == 1


def test_cancel_while_the_index_does_not_answer(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0")
    index.hold = threading.Event()
    job = engine.jobs.submit(engine.create(Create(name="demo", packages=["one"], kernel=NO_KERNEL, pip=False)))
    wait_for(lambda: index.asked)
    with pytest.raises(Conflict):
        engine.create(Create(name="demo"))
    assert engine.jobs.get(job.id).environment
    assert "demo" not in {e.name for e in engine.environments()}, "what is not finished is not shown"
    engine.jobs.cancel(job.id)
    assert ended(engine, job).state == "cancelled"
    assert left(engine) == []


def test_two_at_once_of_one_name(engines: Engines) -> None:
    """From two processes' engines: one wins, the other hears that the name is taken."""
    servers = [engines(), engines()]
    for number in range(5):
        jobs: list[tuple[Engine, Job]] = []
        refused: list[Conflict] = []
        tasks = [(server, server.create(Create(name=f"n{number}", kernel=NO_KERNEL, pip=False))) for server in servers]
        jobs = [(server, server.jobs.submit(task)) for server, task in tasks]
        over = [ended(server, job) for server, job in jobs]
        assert sorted(job.state for job in over) == ["failed", "succeeded"]
        (failed,) = [job for job in over if job.state == "failed"]
        assert failed.error
        assert failed.error.reason == "name_taken"
        assert refused == []
        # What another process's job has come to is known once that is written.
        wait_for(lambda name=f"n{number}": servers[0].find(name).state == "ready")
    assert left(servers[0]) == [f"n{number}" for number in range(5)]


def test_a_clone_stands_on_its_own(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", scripts={"say": "one:say"}, files={"one.py": "def say(): print('hello')\n"})
    source = bare(engine, packages=["one"])
    before = snapshot(source.prefix)
    done(engine, engine.clone("demo", Clone(name="copy")))
    copied = engine.find("copy")
    assert copied.id != source.id
    assert versions(copied.prefix) == versions(source.prefix)
    script = Path(copied.prefix, "bin", "say")
    assert script.read_text().startswith(f"#!{copied.prefix}/bin/python")
    assert subprocess.run([script], capture_output=True, text=True).stdout == "hello\n"
    assert shell(f". {copied.prefix}/bin/activate; echo $VIRTUAL_ENV_PROMPT") == ["copy"]
    assert [r.action for r in engine.history("copy")] == ["clone", "create"]
    done(engine, engine.remove("copy"))
    assert snapshot(source.prefix) == before
    with pytest.raises(Conflict):
        engine.clone("demo", Clone(name="demo"))
    with pytest.raises(InvalidRequest):
        engine.clone("demo", Clone(name="../x"))


def test_a_folder_that_cannot_be_written(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # The super user may write everywhere, so that the question itself is answered here.
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    with pytest.raises(Forbidden) as caught:
        engine.create(Create(name="demo"))
    assert caught.value.reason == "not_writable"


def test_a_folder_that_is_called_like_a_tree_in_the_making_is_not_ours_to_sweep(engine: Engine, tmp_path: Path) -> None:
    theirs = tmp_path / "mine.new-4711"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").write_text("home = /x\n")
    done(engine, engine.create(Create(prefix=str(tmp_path / "mine"), kernel=NO_KERNEL, pip=False)))
    assert (theirs / "pyvenv.cfg").exists()


def test_the_users_own_index_settings_hold(engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(index, "ours", "1.0")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.delenv("PIP_INDEX_URL")
    folder = Path(os.environ["HOME"], ".config", "pip")
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(f"[global]\nindex-url = {index.url}\n")
    assert versions(bare(engine, packages=["ours"]).prefix) == {"ours": "1.0"}
    assert any(path == "/simple/ours/" for path, _ in index.asked)


def test_a_folder_of_wheels_as_the_index(
    engine: Engine, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_file(tmp_path / "wheels", "offline", "1.0")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.delenv("PIP_INDEX_URL")
    folder = Path(os.environ["HOME"], ".pip")
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {tmp_path / 'wheels'}\n")
    assert versions(bare(engine, packages=["offline"]).prefix) == {"offline": "1.0"}
