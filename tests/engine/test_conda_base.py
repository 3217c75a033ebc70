"""conda installations that are there: their base is shown and protected, their folders are looked through."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Forbidden
from jupyter_envs.model.request import Change, Clone
from jupyter_envs.system import conda_clients
from jupyter_envs.system.files import link_tree
from tests.engine.conda_engine import create, envs
from tests.engine.world import Engines

__all__ = ["envs"]


def test_base_is_shown_and_protected(engine: Engine, home: Path, envs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = home / "miniforge3"
    create(engine, "demo", "small")
    link_tree(envs / "demo", base)
    (base / "condabin").mkdir()
    (base / "conda-meta" / "conda-26.1.0-py312_0.json").write_text("{}")
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", lambda: [str(base)])
    monkeypatch.setattr("jupyter_envs.system.conda_clients.tops", lambda: [str(base)])
    found = next(e for e in engine.environments() if e.prefix == str(base))
    assert (found.name, found.protected) == ("base", True)
    assert found.installation is not None
    assert (found.installation.name, found.installation.version) == ("Miniforge", "26.1.0")
    for refused in (
        lambda: engine.change(found.id, Change(install=["small"])),
        lambda: engine.remove(found.id, force=True),
        lambda: engine.repair(found.id),
        lambda: engine.clone(found.id, Clone(name="copy")),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_the_base_of_a_micromamba_is_one_too(
    engine: Engine, home: Path, envs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no installer and so none of the folders of one; its base is where its variable says."""
    base = home / "anywhere"
    create(engine, "demo", "small")
    link_tree(envs / "demo", base)
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", lambda: [str(base)])
    monkeypatch.setenv("MAMBA_ROOT_PREFIX", str(base))
    found = next(e for e in engine.environments() if e.prefix == str(base))
    assert (found.name, found.protected) == ("base", True)
    assert found.installation is not None
    assert (found.installation.name, found.installation.version) == ("micromamba", None)
    with pytest.raises(Forbidden):
        engine.remove(found.id, force=True)


def test_what_an_administrator_keeps_for_all_is_found_by_name(
    engines: Engines, envs: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of ``envs_dirs`` that cannot be written and that nobody registered anywhere."""
    shared = home / "shared" / "envs"
    record = shared / "analysis" / "conda-meta" / "small-1.0-0.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    condarc = yaml.safe_load((home / ".condarc").read_text())
    (home / ".condarc").write_text(yaml.safe_dump({**condarc, "envs_dirs": [str(shared), str(envs)]}))
    written = conda_clients.writable
    monkeypatch.setattr(conda_clients, "writable", lambda folder: folder != str(shared) and written(folder))
    engine = engines()
    found = engine.find("analysis")
    assert (found.prefix, found.managed) == (str(shared / "analysis"), False)
    create(engine, "demo", "small")
    assert engine.find("demo").prefix == str(envs / "demo")
