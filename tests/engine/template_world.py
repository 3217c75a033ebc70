"""A prepared environment, made once for a module, of which each test gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.templates import Manifest
from jupyter_envs.system.copies import fingerprint
from jupyter_envs.system.files import link_tree
from jupyter_envs.system.metadata import site_packages, versions
from jupyter_envs.system.relocate import relocate
from tests.engine.world import Engines, inside, settle


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, pythons: Path) -> Path:
    """A state folder with one template, made once; tests get copies."""
    folder = tmp_path_factory.mktemp("ready")
    (folder / "state").mkdir()
    shutil.copy(pythons, folder / "state" / "interpreters.json")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder / "home")
        engine = Engine(Settings(root=str(folder / "envs"), state_dir=str(folder / "state"), spares=0))
        assert engine.prepare_templates()
        engine.close()
    return folder / "state"


def as_it_is(manifest: Manifest) -> Manifest:
    """`manifest` for the template as it lies there now."""
    tree, contents = fingerprint(manifest.prefix, texts=True), fingerprint(manifest.prefix, contents=True)
    return msgspec.structs.replace(manifest, tree=tree, contents=contents)


@pytest.fixture
def state(ready: Path, home: Path) -> Path:
    """A copy of the prepared state folder, its manifest speaking of the copy."""
    link_tree(ready, home / "state")
    for path in (home / "state" / "templates").glob("*/manifest.json"):
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        moved = manifest.prefix.replace(str(ready), str(home / "state"))
        path.unlink()
        relocate(moved, [manifest.prefix], moved, "x", "x")
        path.write_bytes(msgspec.json.encode(as_it_is(msgspec.structs.replace(manifest, prefix=moved))))
    return home / "state"


@pytest.fixture
def engine(engines: Engines, state: Path) -> Engine:
    return engines(templates=True, spares=0)


def one(engine: Engine) -> tuple[str, Manifest]:
    folder = engine.settings.state / "templates"
    (path,) = folder.glob("*/manifest.json")
    return path.parent.name, msgspec.json.decode(path.read_bytes(), type=Manifest)


def check(engine: Engine, name: str) -> None:
    """A new environment is whole, stands at its own place and shares no fate with its template."""
    made = engine.find(name)
    assert (made.state, made.problems) == ("ready", [])
    assert {"ipykernel", "pip"} <= versions(made.prefix).keys()
    assert inside(made.prefix, "import sys, ipykernel; print(sys.prefix, ipykernel.__file__)").split()[0] == made.prefix
    for script in Path(made.prefix, "bin").iterdir():
        if script.is_file() and not script.is_symlink() and script.stat().st_size < 200_000:
            raw = script.read_bytes()
            assert b"/templates/" not in raw, script
            assert b"/.spares/" not in raw, script
            assert b"/.new/" not in raw, script
    assert "/templates/" not in Path(made.prefix, "pyvenv.cfg").read_text()


def from_template(engine: Engine, name: str) -> bool:
    """Whether `name` shares its files with a template, or a spare of one."""
    prefix = engine.find(name).prefix
    (bytecode,) = (site_packages(prefix)[0] / "ipykernel" / "__pycache__").glob("__init__*.pyc")
    return bytecode.stat().st_nlink > 2
