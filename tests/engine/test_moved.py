"""An environment that somebody moved or copied by hand is noticed, and repaired whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine import kernels
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, Failed
from jupyter_envs.model.request import Create, Register, Repair, Update
from jupyter_envs.system import relocate
from tests.engine.made_up import BASE
from tests.engine.wheels import offer
from tests.engine.world import done, run
from tests.system.index_server import Index

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="launchers there hold their path")


def codes(engine: Engine, name: str) -> list[str]:
    return [problem.code for problem in engine.find(name).problems]


def speaking_of(prefix: str, old: str) -> list[str]:
    """The files in the environment at `prefix`, outside our record, that hold the path `old`."""
    found = subprocess.run(
        ["grep", "-rlaF", "--exclude-dir=.jupyter-envs", "--exclude=*.pyc", old + "/", prefix],
        capture_output=True,
        text=True,
    )
    return found.stdout.splitlines()


def test_a_repair_that_fails(engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says again that it lies where it was, and its kernel is not lost."""
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", pip=False)))
    old = engine.find("demo").prefix
    new = os.path.join(os.path.dirname(old), "other")
    (Path(old) / "bin" / "tool").write_text(f"#!{old}/bin/python\nprint('here')\n")
    os.rename(old, new)
    before = kernels.contents(old)
    with monkeypatch.context() as patch:
        patch.setattr("jupyter_envs.engine.keep.with_kernel", refuse)
        assert run(engine, engine.repair("other", Repair(adopt=True))).state == "failed"
    assert codes(engine, "other") == ["moved"]
    assert Path(new, "bin", "tool").read_text().startswith(f"#!{old}/bin/python\n")
    assert kernels.contents(old) == before != {}
    done(engine, engine.repair("other"))
    assert (codes(engine, "other"), speaking_of(new, old)) == ([], [])
    assert [kernel.name for kernel in engine.find("other").kernels] == ["demo"]


def refuse(*_: object) -> None:
    raise Failed("No.", hint="Try again.")


@pytest.mark.parametrize("manager", ["uv", "venv", "virtualenv"])
def test_moved(engine: Engine, index: Index, manager: str) -> None:
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", manager=manager, pip=manager != "uv")))
    old = engine.find("demo").prefix
    new = os.path.join(os.path.dirname(old), "other name" if manager == "uv" else "other")
    (Path(old) / "bin" / "tool").write_text(f"#!{old}/bin/python -s\nprint('here')\n")
    (Path(old) / "bin" / "tool").chmod(0o755)
    os.rename(old, new)
    moved = engine.find(new)
    assert ("moved", "warning") in [(p.code, p.severity) for p in moved.problems]
    assert old in next(p.message for p in moved.problems if p.code == "moved")
    assert moved.kernels == []
    done(engine, engine.repair(moved.id, Repair(adopt=True)))
    again = engine.find(new)
    assert (again.problems, again.state) == ([], "ready")
    assert speaking_of(new, old) == []
    assert subprocess.run([f"{new}/bin/tool"], capture_output=True, text=True).stdout == "here\n"
    active = subprocess.run(
        ["bash", "-c", f"source '{new}/bin/activate' && echo $VIRTUAL_ENV"], capture_output=True, text=True
    )
    assert active.stdout == new + "\n"
    (spec,) = kernels.specs()
    assert (spec.name, spec.display_name, spec.ours["prefix"]) == ("demo", f"Python ({again.name})", new)
    assert spec.content["argv"][0] == f"{new}/bin/python"
    assert kernels.gone() == []


def test_a_chosen_name_stays(engine: Engine, index: Index) -> None:
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", pip=False)))
    done(engine, engine.update("demo", Update(display_name="Mine")))
    old = engine.find("demo").prefix
    os.rename(old, old + "2")
    done(engine, engine.repair("demo2", Repair(adopt=True)))
    assert [k.display_name for k in engine.find("demo2").kernels] == ["Mine"]


def test_copied(engine: Engine, index: Index) -> None:
    """The copy gets scripts of its own, the kernel stays the first one's."""
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", manager="venv")))
    old = engine.find("demo").prefix
    shutil.copytree(old, old + "2", symlinks=True)
    assert "copied" in engine.find("demo2").problems[0].message
    done(engine, engine.repair("demo2", Repair(adopt=True)))
    assert codes(engine, "demo2") == []
    assert speaking_of(old + "2", old) == []
    assert [k.name for k in engine.find("demo").kernels] == ["demo"]
    assert engine.find("demo2").kernels == []
    done(engine, engine.register("demo2", Register()))
    assert len(engine.find("demo2").kernels) == 1


def test_what_others_made_is_asked_about(engine: Engine, tmp_path: Path) -> None:
    subprocess.run([BASE, "-m", "venv", "--without-pip", tmp_path / "one"], check=True)
    before = (tmp_path / "one/bin/activate").read_text()
    os.rename(tmp_path / "one", tmp_path / "two")
    found = engine.find(str(tmp_path / "two"))
    assert "moved" in [p.code for p in found.problems]
    with pytest.raises(Conflict) as refused:
        engine.repair(found.prefix, Repair())
    assert refused.value.reason == "adoption_needed"
    assert (tmp_path / "two/bin/activate").read_text() == before
    done(engine, engine.repair(found.prefix, Repair(adopt=True)))
    assert engine.find(found.prefix).problems == []


def test_an_editable_project_stays_where_it_is(engine: Engine, index: Index, tmp_path: Path) -> None:
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", pip=False)))
    old = engine.find("demo").prefix
    site = next(Path(old).glob("lib/python*/site-packages"))
    info = site / "mine-1.0.dist-info"
    info.mkdir()
    url = json.dumps({"url": (tmp_path / "mine").as_uri(), "dir_info": {"editable": True}})
    (info / "direct_url.json").write_text(url)
    (site / "mine.pth").write_text(f"{tmp_path}/mine\n")
    os.rename(old, old + "2")
    done(engine, engine.repair("demo2", Repair(adopt=True)))
    there = next(Path(old + "2").glob("lib/python*/site-packages"))
    assert (there / "mine-1.0.dist-info/direct_url.json").read_text() == url
    assert (there / "mine.pth").read_text() == f"{tmp_path}/mine\n"


def test_a_repair_that_was_cut_off_is_seen(engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever file it did not get to: the next one does the rest."""
    offer(index, "ipykernel", "7.0")
    done(engine, engine.create(Create(name="demo", manager="venv")))
    old = engine.find("demo").prefix
    os.rename(old, old + "2")
    real, left = relocate.atomic_write, [5]

    def breaking(*args: object, **more: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("cut off")
        real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(relocate, "atomic_write", breaking)
    for files in (0, 1, 3):
        left[0] = files
        with pytest.raises(OSError, match="cut off"):
            relocate.relocate(old + "2", [old], old + "2", "demo", "demo2")
        assert relocate.told_place(old + "2") == old
    monkeypatch.undo()
    done(engine, engine.repair("demo2", Repair(adopt=True)))
    assert speaking_of(old + "2", old) == []


@pytest.mark.parametrize(
    "text",
    [
        "VIRTUAL_ENV={here}",
        'VIRTUAL_ENV="{alias}"\n',
        "VIRTUAL_ENV=$(cygpath /elsewhere/env)\n",
        'VIRTUAL_ENV="$(dirname "$0")"\n',
        "VIRTUAL_ENV='/'\n",
        "VIRTUAL_ENV=relative\n",
        "",
    ],
)
def test_what_tells_of_no_move(tmp_path: Path, text: str) -> None:
    here = Path(os.path.realpath(tmp_path)) / "env"
    (here / "bin").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(here)
    (here / "bin/activate").write_text(text.format(here=here, alias=tmp_path / "alias"))
    assert relocate.told_place(str(here)) is None


def test_scripts_tell_where_nothing_activates(tmp_path: Path) -> None:
    here = Path(os.path.realpath(tmp_path)) / "env"
    (here / "bin").mkdir(parents=True)
    for line, told in {
        "#!/old/env/bin/python3.12\n": "/old/env",
        "#!/usr/bin/env python\n": None,
        f"#!{here}/bin/python\n": None,
        "#!/bin/sh\n'''exec' '/old place/env/bin/python' \"$0\" \"$@\"\n' '''\n": "/old place/env",
        "#!/usr/bin/python3\n": None,
    }.items():
        (here / "bin/pip").write_text(line)
        assert relocate.told_place(str(here)) == told, line
