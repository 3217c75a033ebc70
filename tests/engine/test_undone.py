"""What a change had made goes when it is undone, whoever undoes it, and however often that is begun."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import kernels, record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Create, KernelRequest, Register
from tests.engine.wheels import offer
from tests.engine.world import done, run
from tests.system.index_server import Index


def refuse(*_: object, **__: object) -> None:
    raise OSError("refused")


def names(prefix: Path) -> list[str]:
    """What lies in `prefix`; the lock of uv stays there."""
    return sorted(set(os.listdir(prefix)) - {".lock"})


def test_no_record_is_left_in_an_environment_of_others(
    engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(index, "ipykernel", "7.0")
    prefix = Path(engine.settings.root, "strange")
    subprocess.run([uv(), "venv", "--quiet", prefix], check=True)
    before = names(prefix)
    monkeypatch.setattr(kernels, "register", refuse)
    assert run(engine, engine.register("strange", Register(adopt=True))).state == "failed"
    assert names(prefix) == before


def test_temporary_files_of_one_that_was_killed_keep_no_folder(
    engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go first, so that the folder in which they lay is empty."""
    offer(index, "ipykernel", "7.0")
    prefix = Path(engine.settings.root, "strange")
    subprocess.run([uv(), "venv", "--quiet", prefix], check=True)
    before = names(prefix)
    # As it names it, an owner that holds no lock: it has ended.
    folder, ended = prefix / ".jupyter-envs", "0123456789abcdef"

    def killed(own: object) -> None:
        (folder / f".magic.py.{ended}-01234567.tmp").touch()
        (engine.settings.state / "tmp" / f"{ended}.lock").write_bytes(os.fsencode(folder) + b"\0")
        raise OSError("refused")

    monkeypatch.setattr(record, "place_magic", killed)
    monkeypatch.setattr(kernels, "place_magic", killed)
    assert run(engine, engine.register("strange", Register(adopt=True))).state == "failed"
    assert names(prefix) == before


def test_a_kernel_gets_its_logos_back_though_the_first_attempt_ended_before(
    engine: Engine, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    logo = {"ipykernel/resources/logo-svg.svg": "<svg/>"}
    offer(index, "ipykernel", "7.0", files={"ipykernel/__init__.py": "", **logo})
    done(engine, engine.create(Create(name="demo", pip=False, kernel=KernelRequest(register=True))))
    drawn = Path(kernels.of_prefix(engine.find("demo").prefix)[0].folder, "logo-svg.svg")
    assert drawn.read_text() == "<svg/>"
    with monkeypatch.context() as patch:
        patch.setattr(engine._parts.ledger, "note", refuse)
        patch.setattr(kernels, "draw", refuse)
        with pytest.raises(OSError, match="refused"):
            engine.unregister("demo")
    assert not drawn.exists()
    engine._recovery.look(60)
    assert drawn.read_text() == "<svg/>"
    assert list((engine.settings.state / "journal").iterdir()) == []
