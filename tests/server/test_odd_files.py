"""Pipes, devices, endless, huge, nested and garbled files in the place of any that is read: one row has a problem."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from jupyter_envs.server.app import EnvsApp
from tests.engine.made_up import make, make_conda
from tests.server.conftest import Call
from tests.system.odd_files import ODD, put

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, sockets and devices")

MINOR = ".".join(map(str, sys.version_info[:2]))
_DIST = f"lib/python{MINOR}/site-packages/ipykernel-1.0.dist-info"
# What is read in an environment of the one kind and of the other.
IN_VENV = [
    "pyvenv.cfg",
    "bin/python",
    f"{_DIST}/METADATA",
    f"{_DIST}/RECORD",
    f"{_DIST}/INSTALLER",
    f"{_DIST}/WHEEL",
    f"{_DIST}/REQUESTED",
    f"{_DIST}/direct_url.json",
    f"{_DIST}/top_level.txt",
    f"lib/python{MINOR}/site-packages/old.egg-link",
    f"lib/python{MINOR}/site-packages/old.egg-info",
    f"lib/python{MINOR}/site-packages/__editable__.mine-1.0.pth",
    ".project",
    ".jupyter-envs/spec.toml",
    ".jupyter-envs/owner.json",
    ".jupyter-envs/revisions/1.json",
    ".jupyter-envs/locks/pylock.1.toml",
    ".jupyter-envs/locks/base.toml",
    ".jupyter-envs/lock",
    "share/jupyter/kernels/own/kernel.json",
]
IN_CONDA = [
    "conda-meta/history",
    "conda-meta/zlib-1.3-h0_0.json",
    "conda-meta/python-3.12.4-hab00c5b_0_cpython.json",
    "conda-meta/state",
    "conda-meta/pinned",
    "conda-meta/frozen",
    "etc/conda/env_vars.d/a.json",
    "share/jupyter/kernels/ir/kernel.json",
    ".jupyter-envs/spec.toml",
    ".jupyter-envs/revisions/1.json",
    "condarc",
    ".condarc",
]
IN_PROJECT = [
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "Pipfile",
    "Pipfile.lock",
    "pixi.toml",
    "pixi.lock",
    ".gitignore",
    ".venv",
    "poetry.toml",
    ".git/info/exclude",
]
IN_HOME = [
    ".condarc",
    ".conda/environments.txt",
    ".netrc",
    ".config/pip/pip.conf",
    ".pip/pip.conf",
    ".config/uv/uv.toml",
    ".config/pypoetry/config.toml",
    ".rattler/credentials.json",
]
IN_STATE = ["index.json", "disk.json", "prefixes.txt", "trust.json", "own/environments.json"]
PAGES = ["", "/packages", "/tree", "/history", "/history/1", "/health", "/activation", "/notebook"]
PAGES += [f"/export?format={name}" for name in ("requirements.txt", "pylock.toml", "environment.yml", "dockerfile")]
WHOLE = ["environments", "environments?refresh=true", "projects?refresh=true", "managers", "interpreters", "formats"]
WHOLE += ["jobs", "cache", "disk", "terms"]
SECONDS = 10.0
# Each comes to some two hundred answers: what differs most is tried always.
_ALWAYS = ("pipe", "nested")
EACH = [pytest.param(odd, marks=() if odd in _ALWAYS else pytest.mark.slow) for odd in ODD]


class Watch:
    """Calls that must be answered, in time, and never by a 500."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.bad: list[str] = []

    async def get(self, path: str) -> object:
        begun = time.monotonic()
        reply = await self._call("GET", path, check_answer=False)
        took = time.monotonic() - begun
        if reply.status == 500 or took > SECONDS:
            self.bad.append(f"{path}: {reply.status}, {took:.1f} s, {reply.body[:200]!r}")
        return reply.json if reply.status == 200 and "export" not in path else None


@pytest.fixture
def places(jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKON_HOME", os.fspath(jp_root_dir / "workon"))
    return jp_root_dir


@pytest.fixture
def home(environ: None) -> Path:
    return Path(os.path.expanduser("~"))


def lay(root: Path, odd: str) -> set[str]:
    """An environment or project for each file, with the thing `odd` in its place; their prefixes."""
    made = set()
    for number, name in enumerate(IN_VENV):
        put(make(root / f"venv{number}") / name, odd)
        made.add(os.fspath(root / f"venv{number}"))
    for number, name in enumerate(IN_CONDA):
        put(make_conda(root / f"conda{number}") / name, odd)
        made.add(os.fspath(root / f"conda{number}"))
    for number, name in enumerate(IN_PROJECT):
        folder = root / f"project{number}"
        folder.mkdir()
        (folder / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n[tool.uv]\n[tool.poetry]\n')
        put(folder / name, odd)
        if name != ".venv":
            make(folder / ".venv")
    return made


@pytest.mark.parametrize("odd", EACH)
async def test_an_odd_file_is_a_problem_of_one_row(odd: str, places: Path, call: Call) -> None:
    laid = lay(places, odd)
    good = make(places / "good")
    watch = Watch(call)
    for path in WHOLE:
        await watch.get(path)
    listed = await watch.get("environments?refresh=true")
    assert isinstance(listed, dict)
    rows = {row["prefix"]: row for row in listed["environments"]}
    assert rows[os.fspath(good)]["state"] == "ready"
    if odd not in ("pipe", "socket", "device", "terminal", "loop", "link to nothing", "unreadable", "folder"):
        assert laid <= rows.keys()
    else:
        # What marks an environment is a file: without it there is none.
        assert len(laid - rows.keys()) <= 1
    for row in rows.values():
        if row["prefix"].startswith(os.fspath(places)):
            for page in PAGES:
                await watch.get(f"environments/{row['id']}{page}")
    assert not watch.bad, json.dumps(watch.bad, indent=1)


@pytest.mark.parametrize("odd", EACH)
async def test_an_odd_setting_or_record_of_ours_stops_nothing(
    odd: str, places: Path, call: Call, app: EnvsApp, home: Path
) -> None:
    state, watch = app.engine.settings.state, Watch(call)
    good = make(places / "good")
    await watch.get("environments?refresh=true")
    for name in IN_HOME:
        put(home / name, odd)
    for name in IN_STATE:
        put(state / name, odd)
    data = Path(os.environ["JUPYTER_DATA_DIR"])
    put(data / "kernels/odd/kernel.json", odd)
    job = "20250101-000000-000000-abcdef"
    put(state / f"jobs/{job}/state.json", odd)
    put(state / f"jobs/{job}/log.jsonl", odd)
    for path in [*WHOLE, f"jobs/{job}", "modules/numpy"]:
        await watch.get(path)
    listed = await watch.get("environments?refresh=true")
    assert isinstance(listed, dict)
    row = next(row for row in listed["environments"] if row["prefix"] == os.fspath(good))
    for page in PAGES:
        await watch.get(f"environments/{row['id']}{page}")
    assert not watch.bad, json.dumps(watch.bad, indent=1)
