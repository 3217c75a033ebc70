"""The Binder folder: what repo2docker makes of it, and that it works in a fresh environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions, requires
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.formats import binder
from jupyter_envs.formats.base import Installed
from jupyter_envs.model.env import Package

TOP = Path(__file__).resolve().parents[2]
PANEL = Path("jupyter_envs", "labextension")
NOTEBOOKS = sorted((TOP / "binder").glob("*.ipynb"))

# One worker for all: building the package takes a minute.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("binder"),
    pytest.mark.skipif(sys.platform == "win32", reason="Binder runs Linux"),
]


def test_repo2docker_takes_the_folder_as_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    repo2docker = pytest.importorskip("repo2docker.app")
    monkeypatch.chdir(TOP)
    app = repo2docker.Repo2Docker()
    packs = [kind(app.base_image) for kind in app.buildpacks]
    chosen = next(pack for pack in packs if pack.detect())
    assert type(chosen).__name__ == "CondaBuildPack"
    assert Path(chosen.binder_path("environment.yml")) == Path("binder/environment.yml")
    assert chosen.get_post_build_scripts() == ["binder/postBuild"]
    assert chosen.python_version.startswith("3.12")
    assert os.access(TOP / "binder" / "postBuild", os.X_OK)


def test_repo2docker_installs_what_an_exported_folder_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo2docker = pytest.importorskip("repo2docker.app")
    packages = [Package(name="six", version="1.16.0", requested=True)]
    for path, text in binder.folder(Installed(packages=packages, python="3.11.7")).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    app = repo2docker.Repo2Docker()
    chosen = next(pack for kind in app.buildpacks if (pack := kind(app.base_image)).detect())
    assert (type(chosen).__name__, chosen.python_version) == ("PythonBuildPack", "3.11")
    chosen.platform = "linux/amd64"
    dockerfile = chosen.render({"NB_UID": "1000", "NB_USER": "jovyan"})
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """postBuild, run in a copy of the repository with a fresh Python and an empty HOME.

    The panel is there as it was built for all tests, and so are the packages that ours depends on: pip would need
    two minutes for both. Where uv cannot install them from its cache, pip does it after all.
    """
    home = tmp_path_factory.mktemp("binder")
    clone = home / "repo"
    subprocess.run(["git", "clone", "--quiet", TOP, clone], check=True)
    # What is tested is what lies here, committed or not.
    changed = subprocess.run(["git", "diff", "--binary", "HEAD"], cwd=TOP, check=True, capture_output=True).stdout
    if changed:
        subprocess.run(["git", "apply"], cwd=clone, input=changed, check=True)
    if (TOP / PANEL).is_dir():
        shutil.copytree(TOP / PANEL, clone / PANEL)
    subprocess.run([sys.executable, "-m", "venv", home / "python"], check=True)
    dropped = ("PYTHONDONTWRITEBYTECODE", "JUPYTER_DATA_DIR", "VIRTUAL_ENV", "PYTHONPATH")
    environ = {
        **{k: v for k, v in os.environ.items() if k not in dropped},
        # Whatever runs is compiled then.
        "PIP_NO_COMPILE": "1",
        "HOME": str(home),
        "PATH": f"{home / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv"),
        "YARN_GLOBAL_FOLDER": os.environ.get("YARN_GLOBAL_FOLDER") or os.path.expanduser("~/.yarn/berry"),
    }
    here = home / "here.txt"
    others = [each for each in distributions() if each.name != "jupyter_envs"]
    here.write_text("\n".join(f"{each.name}=={each.version}" for each in others))
    needed = [each for each in requires("jupyter_envs") or [] if "extra ==" not in each]
    python = home / "python" / "bin" / "python"
    argv = [uv(), "pip", "install", "--quiet", "--offline", "--python", python, "-c", here, *needed]
    subprocess.run(argv, env=environ)
    done = subprocess.run([clone / "binder" / "postBuild"], cwd=clone, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {**environ, "CLONE": str(clone)}


def test_the_panel_comes_first(built: dict[str, str]) -> None:
    listed = subprocess.run(["jupyter", "labextension", "list"], env=built, capture_output=True, text=True, check=True)
    assert "jupyter-envs" in listed.stdout + listed.stderr
    spaces = subprocess.run(
        ["jupyter", "lab", "workspaces", "list", "--json"], env=built, capture_output=True, text=True, check=True
    )
    assert json.loads(spaces.stdout)[0]["metadata"]["id"] == "default"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(built: dict[str, str], notebook: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("jupyter", "nbconvert", "--to", "notebook", "--execute", f"--output-dir={tmp_path}"),
            str(Path(built["CLONE"], "binder", notebook.name)),
        ],
        env=built,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads((tmp_path / notebook.name).read_text("utf-8"))["cells"]
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert outputs
    assert all(out["output_type"] != "error" for out in outputs)
