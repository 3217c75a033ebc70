"""What is written is read again: the same environment comes of it, and a changed file is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import history
from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.registry import FORMATS
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change, Create, ImportText, Inspect
from jupyter_envs.system import toml, yaml
from jupyter_envs.system.metadata import versions
from jupyter_envs.system.paths import python_of, record_of
from tests.engine.wheels import offer, project
from tests.engine.world import NO_KERNEL, bare, done, run
from tests.system.index_server import Index


@pytest.fixture
def made(engine: Engine, index: Index) -> Engine:
    """An environment `demo` with `one`, asked for, and `two`, which it needs."""
    return filled(engine, index)


@pytest.fixture
def noted(engine: Engine, index: Index) -> Engine:
    """The same, from an index that tells hashes, so that the history has them."""
    return filled(engine, index, hashed=True)


def filled(engine: Engine, index: Index, *, hashed: bool = False) -> Engine:
    offer(index, "one", "1.0", requires=["two"], hashed=hashed)
    offer(index, "two", "1.0", "1.5", hashed=hashed)
    bare(engine)
    done(engine, engine.change("demo", Change(install=["one", "two<1.2"])))
    offer(index, "one", "9.0", hashed=hashed)
    offer(index, "two", "9.0", hashed=hashed)
    return engine


def again(engine: Engine, source: ImportText, name: str = "again", **more: bool) -> dict[str, str]:
    done(engine, engine.create(Create(name=name, from_=source, kernel=NO_KERNEL, pip=False, **more)))
    return versions(engine.find(name).prefix)


@pytest.mark.parametrize(
    "name",
    ["requirements.txt", "requirements-requested.txt", "requirements-hashes.txt", "pylock.toml", "pyproject.toml"],
)
def test_the_same_comes_of_it(made: Engine, name: str) -> None:
    written = made.export("demo", name)
    read = next(known.name for known in FORMATS if known.read and known.filename == written.filename[len("demo-") :])
    assert again(made, ImportText(format=read, text=written.text)) == {"one": "1.0", "two": "1.0"}


def test_a_folder_for_binder(made: Engine) -> None:
    written = made.export("demo", "binder")
    assert sorted(written.files) == ["binder/requirements.txt", "binder/runtime.txt"]
    inspected = made.inspect(Inspect(files=written.files))
    assert inspected.format == "binder"
    python = made.find("demo").python.version
    assert python
    assert inspected.python == ".".join(python.split(".")[:2])
    source = ImportText(format="binder", text="", files=written.files)
    assert again(made, source) == {"one": "1.0", "two": "1.0"}


def test_what_other_machines_build_from(made: Engine) -> None:
    python = ".".join((made.find("demo").python.version or "").split(".")[:2])
    docker = made.export("demo", "dockerfile").files
    assert docker["Dockerfile"].startswith(f"FROM python:{python}-slim\n")
    assert "one==1.0" in docker["requirements.txt"]
    container = made.export("demo", "devcontainer").files
    assert json.loads(container[".devcontainer/devcontainer.json"])["image"].endswith(f":{python}")
    assert "two==1.0" in container[".devcontainer/requirements.txt"]
    job = made.export("demo", "github-actions").files
    steps = yaml.parse(job[".github/workflows/notebooks.yml"])["jobs"]["notebooks"]["steps"]
    assert steps[1]["with"]["python-version"] == python


@pytest.mark.parametrize("name", ["pylock.toml", "requirements-hashes.txt"])
def test_a_wrong_hash_is_refused(made: Engine, name: str, home: Path) -> None:
    written = made.export("demo", name)
    changed = re.sub(r"\b[0-9a-f]{64}\b", "0" * 64, written.text, count=1)
    read = "pylock.toml" if name == "pylock.toml" else "requirements.txt"
    source = ImportText(format=read, text=changed)
    job = run(made, made.create(Create(name="again", from_=source, kernel=NO_KERNEL, pip=False)))
    assert job.error
    assert job.error.reason == "hash_mismatch"
    assert not (home / "envs" / "again").exists()


def test_a_version_that_vanished(made: Engine, index: Index, home: Path) -> None:
    source = ImportText(format="pylock.toml", text=made.export("demo", "pylock.toml").text)
    source = replace(source, text=re.sub(r'(?m)^version = "1.0"', 'version = "3.0"', source.text))
    job = run(made, made.create(Create(name="again", from_=source, kernel=NO_KERNEL, pip=False)))
    assert job.error
    assert job.error.reason == "unsolvable"
    assert "3.0" in job.error.message
    assert not (home / "envs" / "again").exists()


def test_a_lock_stands_alone(made: Engine) -> None:
    source = ImportText(format="pylock.toml", text=made.export("demo", "pylock.toml").text)
    with pytest.raises(InvalidRequest, match="lock file holds all"):
        made.change("demo", Change(from_=source, install=["six"]))
    done(made, made.change("demo", Change(upgrade=["two"])))
    assert versions(made.find("demo").prefix)["two"] == "9.0"
    done(made, made.change("demo", Change(from_=source)))
    assert versions(made.find("demo").prefix) == {"one": "1.0", "two": "1.0"}


def test_what_the_form_shows_of_a_lock_is_not_asked_twice(made: Engine) -> None:
    text = made.export("demo", "pylock.toml").text
    inspected = made.inspect(Inspect(filename="pylock.toml", text=text))
    assert inspected.exact
    assert (inspected.summary.packages, inspected.summary.hashed) == (2, 2)
    assert inspected.create.packages == ["one==1.0", "two==1.0"]
    assert inspected.create.from_ is not None
    create = inspected.create
    request = Create(name="again", from_=create.from_, packages=create.packages, kernel=NO_KERNEL, pip=False)
    done(made, made.create(request))
    assert versions(made.find("again").prefix) == {"one": "1.0", "two": "1.0"}


def test_constraints_hold(made: Engine) -> None:
    source = ImportText(text="one\n-c limits.txt\n", files={"limits.txt": "two<1.2\none<2\n"})
    assert again(made, source) == {"one": "1.0", "two": "1.0"}


def test_a_lock_for_a_python_that_is_not_here(engine: Engine) -> None:
    text = 'lock-version = "1.0"\ncreated-by = "x"\nrequires-python = ">=3.90"\npackages = []\n'
    with pytest.raises(InvalidRequest, match=r"3\.90"):
        engine.create(Create(name="demo", from_=ImportText(format="pylock.toml", text=text)))


def test_the_python_of_a_file_is_taken(engine: Engine, home: Path) -> None:
    here = [known.version for known in engine.interpreters() if known.supported]
    other = here[-1]
    files = {"runtime.txt": f"python-{other}\n", "requirements.txt": ""}
    source = ImportText(format="binder", text="", files=files)
    done(engine, engine.create(Create(name="demo", from_=source, kernel=NO_KERNEL, pip=False)))
    assert engine.find("demo").python.version == other


@pytest.mark.parametrize("name", ["requirements-hashes.txt", "pylock.toml"])
def test_hashes_come_from_the_history(noted: Engine, index: Index, name: str) -> None:
    index.asked.clear()
    # Nor has anybody to answer.
    index.closed = True
    written = noted.export("demo", name).text
    assert index.asked == []
    for file in ("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl"):
        assert hashlib.sha256(index.answers[f"/files/{file}"][2]).hexdigest() in written
    index.closed = False
    read = "pylock.toml" if name == "pylock.toml" else "requirements.txt"
    source = ImportText(format=read, text=written)
    assert again(noted, source) == {"one": "1.0", "two": "1.0"}


def test_the_index_is_asked_for_what_no_revision_knows(noted: Engine, index: Index) -> None:
    prefix = noted.find("demo").prefix
    offer(index, "three", "1.0", hashed=True)
    by_hand(prefix, "three==1.0")
    index.asked.clear()
    written = noted.export("demo", "requirements-hashes.txt").text
    assert written.count("--hash=") == 3
    assert {path for path, _ in index.asked if path.startswith("/simple/")} == {"/simple/three/"}


def test_an_older_revision_tells_too(noted: Engine, index: Index) -> None:
    prefix = noted.find("demo").prefix
    done(noted, noted.change("demo", Change(remove=["one"])))
    # The newest lock is lost.
    (record_of(prefix) / "locks" / f"pylock.{history.numbers(prefix)[-1]}.toml").unlink()
    index.closed = True
    written = noted.export("demo", "requirements-hashes.txt").text
    assert hashlib.sha256(index.answers["/files/two-1.0-py3-none-any.whl"][2]).hexdigest() in written


def test_another_file_of_the_same_version_is_not_taken_for_it(noted: Engine, index: Index) -> None:
    prefix = noted.find("demo").prefix
    old = hashlib.sha256(index.answers["/files/two-1.0-py3-none-any.whl"][2]).hexdigest()
    # Whoever offers the version again with another content.
    index.answers.pop("/simple/two/")
    offer(index, "two", "1.0", hashed=True, files={"two.py": "VERSION = 'other'\n"})
    by_hand(prefix, "--reinstall", "--no-cache", "two==1.0")
    written = noted.export("demo", "requirements-hashes.txt").text
    assert old not in written
    assert hashlib.sha256(index.answers["/files/two-1.0-py3-none-any.whl"][2]).hexdigest() in written


def test_a_project_of_this_machine_goes_through_a_lock(engine: Engine, index: Index, tmp_path: Path) -> None:
    here, there = project(tmp_path / "my project", "mine"), project(tmp_path / "other", "other")
    bare(engine)
    done(engine, engine.change("demo", Change(install=[f"-e {here}", str(there)])))
    index.closed = True
    written = engine.export("demo", "pylock.toml")
    tables = {entry["name"]: entry["directory"] for entry in toml.parse(written.text)["packages"]}
    assert tables["mine"] == {"path": str(here), "editable": True}
    assert tables["other"] == {"path": str(there), "editable": False}
    source = ImportText(format="pylock.toml", text=written.text)
    assert again(engine, source, build=True) == {"mine": "1.0", "other": "1.0"}
    found = {package.name: package.editable for package in engine.packages("again")}
    assert found == {"mine": True, "other": False}
    shutil.rmtree(there)
    inspected = engine.inspect(Inspect(filename="pylock.toml", text=written.text))
    assert any("other is left out" in text for text in inspected.warnings)


def by_hand(prefix: str, *arguments: str) -> None:
    """uv, called by the user."""
    subprocess.run([uv(), "pip", "install", "--python", python_of(prefix), *arguments], check=True, capture_output=True)
