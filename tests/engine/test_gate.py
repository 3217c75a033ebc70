"""A file of unknown origin: wheels of one's own indexes come, all else is asked about first, by every way in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.carry import Rebuild
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.request import Change, Create, ImportText, Inspect
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, offer_source, project
from tests.engine.world import NO_KERNEL, bare, done, run
from tests.system.index_server import Index

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def create(engine: Engine, source: ImportText | None, **more: Any) -> Any:
    return engine.create(Create(name="new", kernel=NO_KERNEL, pip=False, from_=source, **more))


@pytest.fixture
def shop(index: Index, tmp_path: Path) -> Index:
    offer(index, "a", "1.0", hashed=True)
    offer(index, "c", "1.0", hashed=True, requires=["src"])
    offer_source(index, "src", "1.0", tmp_path / "ran")
    return index


def test_wheels_come_without_a_question(engine: Engine, shop: Index) -> None:
    made = done(engine, create(engine, ImportText(text="a\n")))
    assert versions(made["environment"]["prefix"]) == {"a": "1.0"}


@pytest.mark.parametrize("line", ["src", "c"])
def test_source_is_asked_about(engine: Engine, shop: Index, tmp_path: Path, line: str) -> None:
    job = run(engine, create(engine, ImportText(text=f"{line}\n")))
    assert job.error is not None
    assert (job.error.kind, job.error.reason, job.error.field) == ("conflict", "approval_needed", "build")
    assert job.error.detail == "src is built"
    assert not (tmp_path / "ran").exists()
    assert not any(each.managed for each in engine.environments())
    made = done(engine, create(engine, ImportText(text=f"{line}\n"), build=True))
    assert "src" in versions(made["environment"]["prefix"])


@pytest.mark.parametrize("form", ["requirements.txt", "pylock.toml"])
def test_an_address_is_asked_about(engine: Engine, shop: Index, tmp_path: Path, form: str) -> None:
    url = offer_source(shop, "evil", "1.0", tmp_path / "evil")
    text = f"evil @ {url}\n"
    if form == "pylock.toml":
        text = (
            'lock-version = "1.0"\n[[packages]]\nname = "evil"\n'
            f'archive = {{ url = "{url}", hashes = {{ sha256 = "{"0" * 64}" }} }}\n'
        )
    with pytest.raises(Conflict) as caught:
        create(engine, ImportText(format=form, text=text))
    assert (caught.value.reason, caught.value.field) == ("approval_needed", "build")
    assert url in str(caught.value.detail)
    assert shop.asked == []


def test_a_folder_is_asked_about_also_an_editable_one(engine: Engine, shop: Index, tmp_path: Path) -> None:
    """An installer builds what is editable even where it is told to build nothing."""
    project(tmp_path / "mine", "mine")
    for line in ("-e ./mine", "./mine"):
        with pytest.raises(Conflict):
            create(engine, ImportText(text=f"{line}\n", folder=str(tmp_path)))
    source = ImportText(text="-e ./mine\n", folder=str(tmp_path))
    assert "mine" in versions(done(engine, create(engine, source, build=True))["environment"]["prefix"])


def test_what_is_typed_needs_no_yes(engine: Engine, shop: Index) -> None:
    assert "src" in versions(done(engine, create(engine, None, packages=["src"]))["environment"]["prefix"])


def test_what_a_form_read_of_a_file_is_held_as_the_file(engine: Engine, shop: Index, tmp_path: Path) -> None:
    found = engine.inspect(Inspect(filename="requirements.txt", text="src\n")).create
    assert (found.packages, found.from_, found.build) == (["src"], None, False)
    job = run(engine, create(engine, None, packages=found.packages, build=found.build))
    assert job.error is not None
    assert job.error.reason == "approval_needed"
    assert not (tmp_path / "ran").exists()
    with pytest.raises(Conflict):
        create(engine, None, packages=[f"x @ {shop.url}/x-1.0-py3-none-any.whl"], build=False)


def test_a_change_by_a_file(engine: Engine, shop: Index, tmp_path: Path) -> None:
    made = bare(engine)
    job = run(engine, engine.change("demo", Change(from_=ImportText(text="c\n"))))
    assert job.error is not None
    assert (job.error.reason, job.error.detail) == ("approval_needed", "src is built")
    assert versions(made.prefix) == {}
    assert not (tmp_path / "ran").exists()
    done(engine, engine.change("demo", Change(from_=ImportText(text="c\n"), build=True)))
    assert versions(made.prefix) == {"c": "1.0", "src": "1.0"}


def test_a_notebook_is_listed_first_by_every_way_in(engine: Engine, shop: Index) -> None:
    text = write(EMPTY, Carried(["a"]))
    source = ImportText(format="", text=text, filename="report.ipynb")
    job = run(engine, create(engine, source))
    assert job.error is not None
    assert (job.error.reason, job.error.field) == ("approval_needed", "approve")
    assert "a 1.0 from" in str(job.error.detail)
    made = done(engine, create(engine, source, approve=["a"]))
    assert versions(made["environment"]["prefix"]) == {"a": "1.0"}
    assert engine.inspect(Inspect(filename="report.ipynb", text=text)).create.from_ is not None
    bare(engine)
    job = run(engine, engine.change("demo", Change(from_=source)))
    assert job.error is not None
    assert (job.error.reason, job.error.field) == ("approval_needed", "plan")
    plan = done(engine, engine.change("demo", Change(from_=source, dry_run=True)))["plan"]
    done(engine, engine.change("demo", Change(from_=source, plan=plan["hash"])))


def test_a_script_is_listed_as_a_notebook_is(engine: Engine, shop: Index) -> None:
    text = '# /// script\n# dependencies = ["a"]\n# ///\nimport a\n'
    source = ImportText(format="", text=text, filename="work.py")
    job = run(engine, create(engine, source))
    assert job.error is not None
    assert (job.error.reason, job.error.field) == ("approval_needed", "approve")
    request = Rebuild(notebook=text, filename="work.py", kernel=NO_KERNEL, pip=False, dry_run=True)
    told = done(engine, engine.notebooks.rebuild(request))["rebuild"]
    assert ([package["name"] for package in told["packages"]], told["declared"]) == (["a"], True)
    made = done(engine, create(engine, source, approve=["a"], plan=told["plan"]))
    assert versions(made["environment"]["prefix"]) == {"a": "1.0"}
