"""Prepared environments that somebody changed, and what an edit in one environment does to the others: nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jupyter_envs.engine import templates as module
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Clone, Create
from jupyter_envs.system.metadata import site_packages
from tests.engine.template_world import check, engine, one, ready, state
from tests.engine.wheels import snapshot
from tests.engine.world import Engines, done

__all__ = ["engine", "ready", "state"]

EDITED = ("__init__.py", "kernelapp.py", "__pycache__/__init__.cpython-*.pyc")


@pytest.mark.parametrize("file", EDITED)
def test_a_template_that_was_changed_is_not_handed_out(engine: Engine, file: str) -> None:
    key, manifest = one(engine)
    (edited,) = (site_packages(manifest.prefix)[0] / "ipykernel").glob(file)
    raw, about = edited.read_bytes(), edited.stat()
    edited.write_bytes(raw + b"\n# edited\n")
    if edited.suffix == ".py":
        # Its time put back as well.
        edited.write_bytes(raw[:-1] + b"#")
        os.utime(edited, ns=(about.st_atime_ns, about.st_mtime_ns))
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")
    (made,) = (site_packages(engine.find("demo").prefix)[0] / "ipykernel").glob(file) or [None]
    assert made.read_bytes() != edited.read_bytes()
    assert engine._parts.templates.manifest(key) is None, "it is made anew when it is quiet"


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_spare_that_was_changed_is_not_handed_out(engines: Engines, state: Path, change: str) -> None:
    engine = engines(templates=True, spares=1)
    assert engine.prepare_templates()
    key, manifest = one(engine)
    (spare,) = (engine.settings.all_roots[0] / ".spares" / key).iterdir()
    folder = site_packages(spare)[0]
    if change == "edited":
        with (folder / "ipykernel" / "kernelapp.py").open("a") as file:
            file.write("\nraise SystemExit\n")
    elif change == "added":
        (folder / "planted.pth").write_text("import os\n")
    else:
        (folder / "ipykernel" / "kernelapp.py").unlink()
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")
    assert not spare.exists()
    assert snapshot(engine.find("demo").prefix).keys() >= snapshot(manifest.prefix).keys() - {
        ".jupyter-envs/locks/base.toml"
    }
    assert not (site_packages(engine.find("demo").prefix)[0] / "planted.pth").exists()


def test_contents_are_compared_before_spares_are_made(engines: Engines, state: Path) -> None:
    """What shares its file with others may be changed with its time kept, which no time tells."""
    engine = engines(templates=True, spares=1)
    _, manifest = one(engine)
    (bytecode,) = (site_packages(manifest.prefix)[0] / "ipykernel" / "__pycache__").glob("__init__*.pyc")
    about = bytecode.stat()
    with bytecode.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    os.utime(bytecode, ns=(about.st_atime_ns, about.st_mtime_ns))
    engine.prepare_templates()
    assert not list((engine.settings.all_roots[0] / ".spares").glob("*/*"))
    assert engine.prepare_templates(), "made anew"
    assert one(engine)[1].prefix != manifest.prefix


def test_a_template_that_cannot_be_read_is_made_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = one(engine)

    def unreadable(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "no", "template")

    monkeypatch.setattr(module, "copy_tree", unreadable)
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")
    assert engine._parts.templates.manifest(key) is None


@pytest.mark.parametrize("spares", [0, 1])
def test_a_file_that_is_edited_changes_no_other_environment(engines: Engines, state: Path, spares: int) -> None:
    engine = engines(templates=True, spares=spares)
    engine.prepare_templates()
    for name in ("one", "two"):
        done(engine, engine.create(Create(name=name)))
    done(engine, engine.clone("one", Clone(name="three")))
    engine.separate_files()
    before = {name: snapshot(engine.find(name).prefix) for name in ("two", "three")}
    template = snapshot(one(engine)[1].prefix)
    edited = 0
    for above, _, names in os.walk(engine.find("one").prefix):
        for name in names:
            path = Path(above, name)
            # The stubs of jedi, and what is no text, are shared.
            if path.is_symlink() or (path.suffix == ".pyi" and "jedi/third_party" in above):
                continue
            if b"\0" not in path.read_bytes()[:1024]:
                with path.open("ab") as file:
                    file.write(b"\n")
                edited += 1
    assert edited > 1000
    assert {name: snapshot(engine.find(name).prefix) for name in before} == before
    assert snapshot(one(engine)[1].prefix) == template
