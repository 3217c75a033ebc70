"""Prepared environments: what is taken is right, whatever state the templates are in."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine import templates as module
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.kinds.base import Kind, Recipe
from jupyter_envs.engine.templates import Templates
from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.request import Create
from jupyter_envs.system.files import link_tree, lock
from jupyter_envs.system.metadata import site_packages, versions
from tests.engine.template_world import check, engine, from_template, one, ready, state
from tests.engine.wheels import snapshot
from tests.engine.world import Engines, done, ended, inside, run

__all__ = ["engine", "ready", "state"]


@pytest.fixture
def shm(home: Path) -> Iterator[Path]:
    """A folder on another file system."""
    top = Path("/dev/shm")
    if not os.access(top, os.W_OK) or top.stat().st_dev == home.stat().st_dev:
        pytest.skip("no second file system at hand")
    folder = top / f"jupyter-envs-test-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_what_is_prepared_has_been_through_a_kernel_start(engine: Engine) -> None:
    _, manifest = one(engine)
    (root,) = site_packages(manifest.prefix)
    for package in ("ipykernel", "IPython", "jupyter_client"):
        assert list((root / package / "__pycache__").glob("*.pyc")), package
    assert manifest.packages == versions(manifest.prefix)
    assert manifest.size > 1_000_000


def test_made_from_a_template(engine: Engine) -> None:
    _, manifest = one(engine)
    before = snapshot(manifest.prefix)
    job = run(engine, engine.create(Create(name="demo")))
    assert job.state == "succeeded"
    said = [line.text for line in engine.jobs.log(job.id)]
    assert not any("Resolved" in line for line in said), "no installer was needed"
    check(engine, "demo")
    assert from_template(engine, "demo")
    (root,) = site_packages(engine.find("demo").prefix)
    assert list((root / "ipykernel" / "__pycache__").glob("*.pyc"))
    assert snapshot(manifest.prefix) == before
    done(engine, engine.remove("demo"))
    assert snapshot(manifest.prefix) == before


def test_bytecode_that_came_along_is_valid(engine: Engine) -> None:
    done(engine, engine.create(Create(name="demo")))
    code = "import sys; sys.dont_write_bytecode = True; import ipykernel.kernelapp as m; print(m.__cached__)"
    prefix = engine.find("demo").prefix
    before = {p: p.stat().st_mtime_ns for p in Path(prefix).rglob("*.pyc")}
    cached = Path(inside(prefix, code))
    assert cached in before
    told = inside(prefix, "import sys, ipykernel.kernelapp; print('ok')")
    assert told == "ok"
    assert cached.stat().st_mtime_ns == before[cached], "it was not compiled anew"


def test_without_a_template(engines: Engines) -> None:
    engine = engines(templates=True)
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")
    assert not from_template(engine, "demo") or versions(engine.find("demo").prefix)


def test_one_that_is_half_made_counts_for_nothing(engine: Engine) -> None:
    key, manifest = one(engine)
    (engine.settings.state / "templates" / key / "manifest.json").unlink()
    assert engine._parts.templates.manifest(key) is None
    assert engine.prepare_templates()
    _, fresh = one(engine)
    assert fresh.prefix != manifest.prefix
    assert not os.path.exists(manifest.prefix), "what was left is swept"
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 0}'])
def test_a_damaged_manifest(engine: Engine, content: bytes) -> None:
    key, _ = one(engine)
    (engine.settings.state / "templates" / key / "manifest.json").write_bytes(content)
    assert engine._parts.templates.manifest(key) is None


def test_one_whose_folder_is_gone(engine: Engine) -> None:
    key, manifest = one(engine)
    shutil.rmtree(manifest.prefix)
    assert engine._parts.templates.manifest(key) is None
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")


def test_cleaned_away_while_it_is_copied(engine: Engine) -> None:
    """The copy notices and the environment is made from nothing."""
    _, manifest = one(engine)
    task = engine.create(Create(name="demo"))
    calls: list[int] = []
    real = module.copy_tree

    def slowly(source: str, target: str, check: object = None, **more: bool) -> bool:
        def also() -> None:
            calls.append(1)
            if len(calls) == 20:
                shutil.rmtree(manifest.prefix)

        return real(source, target, also, **more)

    module.copy_tree = slowly  # type: ignore[assignment]
    try:
        assert run(engine, task).state == "succeeded"
    finally:
        module.copy_tree = real
    assert len(calls) >= 20
    check(engine, "demo")


def test_cancelled_while_it_is_copied(engine: Engine) -> None:
    _, manifest = one(engine)
    before = snapshot(manifest.prefix)
    task = engine.create(Create(name="demo"))
    began, go_on = threading.Event(), threading.Event()
    real = module.copy_tree

    def slowly(source: str, target: str, check: object = None, **more: bool) -> bool:
        calls: list[int] = []

        def also() -> None:
            calls.append(1)
            if len(calls) == 20:
                began.set()
                go_on.wait(60)
            check()  # type: ignore[operator]

        return real(source, target, also, **more)

    module.copy_tree = slowly  # type: ignore[assignment]
    try:
        job = engine.jobs.submit(task)
        assert began.wait(60)
        engine.jobs.cancel(job.id)
        go_on.set()
        assert ended(engine, job).state == "cancelled"
    finally:
        module.copy_tree = real
    root = engine.settings.all_roots[0]
    assert list((root / ".new").iterdir()) == []
    assert not (root / "demo").exists()
    assert snapshot(manifest.prefix) == before
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")


def fake_python(folder: Path) -> Interpreter:
    folder.mkdir()
    (folder / "python3.12").write_text("one")
    return Interpreter(
        version="3.12.1",
        implementation="CPython",
        architecture="x86_64",
        path=str(folder / "python3.12"),
        source="path",
    )


def default(engine: Engine) -> tuple[Kind, Recipe]:
    kind = engine._parts.kinds["venv"]
    return kind, kind.recipe(engine._parts.backends["uv"], Create())


def test_another_key_once_anything_changes(
    engine: Engine, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates, kind = engine._parts.templates, engine._parts.kinds["venv"]
    python = fake_python(tmp_path / "real")
    recipe = Recipe(manager="uv", python=python.path, pip=True)
    first = templates.key(kind, recipe)
    assert templates.key(kind, recipe) == first
    others = {
        templates.key(kind, msgspec.structs.replace(recipe, manager="venv")),
        templates.key(kind, msgspec.structs.replace(recipe, pip=False)),
    }
    with monkeypatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", "https://index.example/simple")
        others.add(templates.key(kind, recipe))
    link = tmp_path / "python3.12"
    link.symlink_to(python.path)
    linked = msgspec.structs.replace(recipe, python=str(link))
    others.add(templates.key(kind, linked))
    Path(python.path).write_text("upgraded")
    others.add(templates.key(kind, linked))
    others.add(templates.key(kind, recipe))
    assert first not in others
    assert len(others) == 6


def test_old_packages_are_replaced_in_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new ipykernel has come out since: seen at the next look, some days later."""
    key, manifest = one(engine)
    path = engine.settings.state / "templates" / key / "manifest.json"
    old = {**manifest.packages, "ipykernel": "6.0.0"}
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, packages=old)))
    assert not engine.prepare_templates(), "looked at a moment ago"
    stale = msgspec.structs.replace(manifest, packages=old, checked=manifest.checked - module.REFRESH_AFTER - 1)
    path.write_bytes(msgspec.json.encode(stale))
    assert engine.prepare_templates()
    _, fresh = one(engine)
    assert fresh.packages["ipykernel"] == manifest.packages["ipykernel"]
    assert fresh.prefix != manifest.prefix
    assert not os.path.exists(manifest.prefix)


def test_a_look_that_finds_nothing_new_keeps_the_old_one(engine: Engine) -> None:
    key, manifest = one(engine)
    path = engine.settings.state / "templates" / key / "manifest.json"
    old = msgspec.structs.replace(manifest, checked=manifest.checked - module.REFRESH_AFTER - 1)
    path.write_bytes(msgspec.json.encode(old))
    assert not engine.prepare_templates()
    _, fresh = one(engine)
    assert (fresh.prefix, fresh.packages) == (manifest.prefix, manifest.packages)
    assert fresh.checked > old.checked


def test_spares_are_taken_once_each(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=3)
    assert engine.prepare_templates()
    assert not engine.prepare_templates()
    key, _ = one(engine)
    folder = engine.settings.all_roots[0] / ".spares" / key
    assert len(list(folder.iterdir())) == 3
    servers = [engine, engines(templates=True)]
    tasks = [(s, s.create(Create(name=f"n{k}{i}"))) for i, s in enumerate(servers) for k in range(3)]
    jobs = [(s, s.jobs.submit(task)) for s, task in tasks]
    assert {ended(s, job).state for s, job in jobs} == {"succeeded"}
    for i in range(2):
        for k in range(3):
            check(engine, f"n{k}{i}")
    assert list(folder.iterdir()) == []
    assert len(engine.environments()) >= 6
    assert not any(".spares" in e.prefix for e in engine.environments())


def test_a_half_made_spare_is_not_taken(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=1)
    key, _ = one(engine)
    half = engine.settings.all_roots[0] / ".spares" / key / ".abcdef"
    half.mkdir(parents=True)
    (half / "pyvenv.cfg").write_text("home = /nowhere\n")
    done(engine, engine.create(Create(name="demo")))
    check(engine, "demo")
    assert half.exists()
    assert engine.prepare_templates()
    assert not half.exists()


def test_on_another_file_system(engines: Engines, state: Path, shm: Path) -> None:
    """Links cannot be made there: files are copied, with their times."""
    engine = engines(templates=True, spares=1, root=str(shm / "envs"))
    done(engine, engine.create(Create(name="first")))
    check(engine, "first")
    assert engine.prepare_templates()
    done(engine, engine.create(Create(name="second")))
    check(engine, "second")
    for name in ("first", "second"):
        prefix = engine.find(name).prefix
        cached = inside(
            prefix, "import sys; sys.dont_write_bytecode = True; import ipykernel as m; print(m.__cached__)"
        )
        source = Path(prefix, cached.split("__pycache__")[0], "__init__.py")
        recorded = int.from_bytes(Path(cached).read_bytes()[8:12], "little")
        assert recorded == int(source.stat().st_mtime)


def test_within_the_budget(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=0, template_budget=1)
    key, manifest = one(engine)
    other = engine.settings.state / "templates" / "0123456789abcdef"
    other.mkdir()
    link_tree(manifest.prefix, other / "env-old")
    old = msgspec.structs.replace(manifest, prefix=str(other / "env-old"), checked=manifest.checked - 10)
    (other / "manifest.json").write_bytes(msgspec.json.encode(old))
    engine.prepare_templates()
    assert not other.exists(), "the least used goes"
    assert one(engine)[0] == key, "the one that is wanted stays"


def test_what_was_asked_for_is_remembered(engines: Engines) -> None:
    templates = Templates(engines(templates=True).settings)
    for number in range(5):
        templates.want(Recipe(manager="uv", python=f"/p{number}", pip=True))
    templates.want(Recipe(manager="uv", python="/p2", pip=True))
    assert [recipe.python for recipe in templates.wanted()] == ["/p2", "/p4", "/p3"]
    (templates._folder / "wanted.json").write_text("{")
    assert templates.wanted() == []


def test_one_process_at_a_time_prepares(engine: Engine) -> None:
    key, _ = one(engine)
    with lock(engine.settings.state / "templates" / f"{key}.lock"):
        assert not engine._parts.templates.prepare(*default(engine))


def test_switched_off(engines: Engines, state: Path) -> None:
    engine = engines(templates=False)
    assert not engine.prepare_templates()
    key = engine._parts.templates.key(*default(engine))
    assert engine._parts.templates.take(key, str(state / "x"), lambda: None) is None


def test_cleaned_with_the_caches(engines: Engines, state: Path) -> None:
    engine = engines(templates=True, spares=1)
    engine.prepare_templates()
    entry = next(e for e in engine.cache() if e.name == "templates")
    assert entry.size
    assert entry.size > 1_000_000
    done(engine, engine.create(Create(name="demo")))
    freed = done(engine, engine.clean_cache(["templates"]))["freed"]
    assert freed > 0
    assert not (state / "templates").exists()
    assert not (engine.settings.all_roots[0] / ".spares").exists()
    assert {"templates", "spares"}.isdisjoint(e.name for e in engine.cache())
    check(engine, "demo")
