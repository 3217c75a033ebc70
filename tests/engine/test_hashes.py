"""What a file says of hashes holds at the install: a file that differs is refused, with nothing changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from jupyter_envs.backends.pip import Pip
from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.install import Installation, Wanted
from jupyter_envs.engine.task import Silent
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import Failed
from jupyter_envs.model.request import Change, Create, ImportText
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, snapshot
from tests.engine.world import NO_KERNEL, bare, done, run
from tests.system.index_server import Index

OTHER = "sha256:" + "0" * 64


def digest(index: Index, file: str) -> str:
    return "sha256:" + hashlib.sha256(index.answers[f"/files/{file}"][2]).hexdigest()


def locked(index: Index, name: str, version: str, *more: str) -> Requirement:
    hashes = (digest(index, f"{name}-{version}-py3-none-any.whl"), *more)
    return Requirement(line=f"{name}=={version}", name=name, hashes=hashes)


@pytest.mark.parametrize("installer", [UvPip(), pytest.param(Pip(), marks=pytest.mark.slow)], ids=["uv", "pip"])
def test_both_installers(engine: Engine, index: Index, installer: UvPip | Pip) -> None:
    offer(index, "one", "1.0", requires=["two"])
    offer(index, "two", "1.0")
    # venv brings a pip of its own.
    own = {"pip": True, "manager": "venv"} if installer.name == "pip" else {}
    made = bare(engine, **own)
    installation = Installation(installer)
    before = snapshot(made.prefix)
    wrong = Requirement(line="one==1.0", name="one", hashes=(OTHER,))
    with pytest.raises(Failed) as caught:
        installation.apply(made.prefix, Wanted(install=[wrong], exact=True), Silent())
    assert caught.value.reason == "hash_mismatch"
    assert snapshot(made.prefix) == before
    installation.apply(made.prefix, Wanted(install=[locked(index, "one", "1.0", OTHER)], exact=True), Silent())
    found = versions(made.prefix)
    assert (found["one"], "two" in found) == ("1.0", False)


def test_nothing_without_a_hash_comes_along(engine: Engine, index: Index) -> None:
    offer(index, "one", "1.0", requires=["two"])
    offer(index, "two", "1.0")
    text = f"one==1.0 --hash={digest(index, 'one-1.0-py3-none-any.whl')}\n"
    made = bare(engine)
    job = run(engine, engine.change("demo", Change(from_=ImportText(text=text))))
    assert job.state == "failed"
    assert versions(made.prefix) == {}
    text += f"two==1.0 --hash={digest(index, 'two-1.0-py3-none-any.whl')}\n"
    done(engine, engine.change("demo", Change(from_=ImportText(text=text))))
    assert versions(made.prefix) == {"one": "1.0", "two": "1.0"}


def test_a_new_environment_from_hashes(engine: Engine, index: Index, home: Path) -> None:
    offer(index, "one", "1.0", "2.0")
    offer(index, "three", "1.0")

    def request(name: str, given: str) -> Create:
        source = ImportText(text=f"one==1.0 --hash={given}\n")
        return Create(name=name, from_=source, packages=["three"], kernel=NO_KERNEL, pip=False)

    job = run(engine, engine.create(request("wrong", OTHER)))
    assert job.error
    assert job.error.reason == "hash_mismatch"
    assert not (home / "envs" / "wrong").exists()
    done(engine, engine.create(request("right", digest(index, "one-1.0-py3-none-any.whl"))))
    assert versions(engine.find("right").prefix) == {"one": "1.0", "three": "1.0"}
