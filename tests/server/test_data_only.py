"""A stranger's folder below the notebook root is data: no route, no verb and no idle minute runs or asks anything."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_envs.engine import outside
from jupyter_envs.server import app as app_module
from jupyter_envs.server.app import EnvsApp
from jupyter_envs.server.operation import Operation
from jupyter_envs.server.routes import OPERATIONS
from tests.engine.traps import Traps, laid, snapshot
from tests.server.conftest import UV_CACHE
from tests.system.index_server import serving

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the traps are scripts for a POSIX shell"),
    pytest.mark.timeout(900),
]

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
# What is sent where a route wants a body; a route that is not here fails the test, so that nobody forgets it.
BODIES: dict[str, list[dict[str, Any]]] = {
    "POST environments": [{"name": "fine", "kernel": {"register": False}, "pip": False}],
    "PATCH environments/{id}": [{"name": "other"}, {"display_name": "Other"}],
    "POST environments/{id}/packages": [
        {"install": ["plain"]},
        {"install": ["plain"], "dry_run": True},
        {"upgrade_all": True, "dry_run": True},
        {"remove": ["plain"]},
    ],
    "POST environments/{id}/clone": [{"name": "copy"}],
    "POST environments/{id}/kernel": [{}],
    "POST environments/{id}/rollback": [{}, {"revision": 1, "dry_run": True}],
    "POST environments/{id}/repair": [{}],
    "POST rebuild": [{"notebook": NOTEBOOK, "dry_run": True}],
    "POST interpreters": [{"version": "3.99"}],
    "POST projects/kernel": [{"path": "{project}"}, {"path": "{project}", "lock": True}],
    "POST inspect": [{"filename": "requirements.txt", "text": "-e .\n./src\n", "folder": "{project}"}],
    "POST terms": [{"channel": "nowhere"}],
}
QUERIES: dict[str, list[str]] = {
    "GET environments/{id}/history/{revision}": ["", "against=1"],
    "GET interpreters": ["refresh=1", "downloads=1"],
    "GET environments": ["refresh=1"],
    "GET projects": ["refresh=1"],
    "GET search": ["q=plain", "q=plain&environment={env}"],
    "GET search/{name}": ["", "environment={env}"],
    "DELETE cache": ["name=nothing"],
    "GET environments/{id}/notebook": ["place=cell", "place=metadata"],
    "POST disk": ["refresh=1"],
}
VALUES = {"revision": "1", "name": "plain", "module": "plain"}
REAL = os.path.realpath(sys.executable)
# These make or delete what is not a trap, or end nothing: asked once, not for each trap.
MAY_START = {"POST environments", "POST rebuild", "POST disk", "DELETE cache"}


@pytest.fixture
def jp_server_config(environ: None, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Everything that is done aside is done at once; programs of the folder come first on a careless PATH."""
    monkeypatch.setattr(app_module, "BACKGROUND_AFTER", 0)
    monkeypatch.setattr(outside, "SETTLED", 0.0)
    monkeypatch.setattr(outside, "APART", 0.05)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", "bin", os.environ["PATH"]]))
    monkeypatch.setenv("UV_CACHE_DIR", UV_CACHE)
    monkeypatch.chdir(jp_root_dir)
    options = {"templates": False, "spares": 0, "prepare_delay": 0, "copy_at_once": True}
    server = {"jpserver_extensions": {"jupyter_envs": True, "jupyter_server_terminals": False}}
    return Config({"ServerApp": {**server, "allow_unauthenticated_access": False}, "Settings": options})


@pytest.fixture
def traps(jp_root_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: None) -> Iterator[Traps]:
    with laid(jp_root_dir, tmp_path / "marks") as found, serving() as index:
        # conda's clients note there whatever prefix they were shown once.
        noted = Path.home() / ".conda/environments.txt"
        noted.parent.mkdir(parents=True, exist_ok=True)
        noted.write_text("".join(f"{prefix}\n" for prefix in found.environments))
        for name in ("UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)
        index.add("plain", "1.0", "2.0")
        index.add("ipykernel", "1.0")
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        yield found


def requests(
    operation: Operation, ids: list[str], projects: list[str], formats: list[str]
) -> Iterator[tuple[str, Any]]:
    """Each path with a body that the route can be asked with for these environments and projects."""
    route = f"{operation.verb} {operation.path}"
    queries = QUERIES.get(route, [""])
    if operation.path.endswith("/export"):
        queries = [f"format={name}" for name in formats]
    if operation.body is not None and route not in BODIES:
        pytest.fail(f"say in BODIES what {route} is to be sent")
    bodies: list[Any] = BODIES.get(route, [None])
    of_job = operation.path.startswith("jobs/")
    for identity in ids if not of_job and "{id}" in operation.path else ids[:1]:
        path = operation.path.replace("{id}", "none" if of_job else identity)
        for name, value in VALUES.items():
            path = path.replace(f"{{{name}}}", value)
        for query in queries:
            for env in ids if "{env}" in query else ids[:1]:
                for body in bodies:
                    for project in projects if "{project}" in str(body) else projects[:1]:
                        sent = (
                            {k: v.replace("{project}", project) if isinstance(v, str) else v for k, v in body.items()}
                            if body
                            else body
                        )
                        yield f"{path}?{query.replace('{env}', env)}".rstrip("?"), sent


async def idle(app: EnvsApp, traps: Traps) -> None:
    """What is done when nobody asks, done now, and with all that it could be asked to do."""
    await asyncio.get_running_loop().run_in_executor(None, app.engine._outside.settle, 30)
    app.engine._ledger.incomplete.update(traps.environments)
    app.engine.background._to_compile.update({prefix: {"plain"} for prefix in traps.environments})
    app.engine.background._woken.set()
    for _ in range(600):
        await asyncio.sleep(0.05)
        if not app.engine._ledger.incomplete and not app.engine.background._to_compile:
            break
    assert not app.engine._ledger.incomplete, "the background has looked"
    assert not app.engine.background._to_compile
    assert not traps.sprung()


@pytest.mark.parametrize("walk", ["one of each kind", pytest.param("all", marks=pytest.mark.slow)])
async def test_nothing_runs_and_nothing_is_asked(traps: Traps, call: Any, done: Any, app: EnvsApp, walk: str) -> None:
    before = snapshot(traps.root)
    listed = (await call("GET", "environments?refresh=1")).json["environments"]
    found = {e["prefix"]: e for e in listed}
    assert set(traps.environments) <= set(found), "the walk sees each of them"
    few = [str(traps.root / name) for name in ("working/.venv", "prefix/.conda", "of-uv/.venv")]
    mine = [found[prefix] for prefix in (traps.environments if walk == "all" else few)]
    assert not [e["prefix"] for e in mine if e["adopted"] or e["revision"] is not None]
    seen = {p["path"] for p in (await call("GET", "projects?refresh=1")).json["projects"]}
    assert set(traps.projects) <= seen
    await idle(app, traps)
    formats = [f["name"] for f in (await call("GET", "formats")).json["formats"] if f["exports"]]
    asked = 0
    # What only reads comes first: a change that went through would spoil the other traps.
    for operation in sorted(OPERATIONS, key=lambda operation: operation.verb != "GET"):
        route = f"{operation.verb} {operation.path}"
        for path, body in requests(operation, [e["id"] for e in mine], traps.projects, formats):
            reply = await call(operation.verb, path, body, check_answer=False)
            asked += 1
            assert reply.status < 500 or reply.status == 503, (route, path, body, reply.body)
            if reply.status == 202:
                assert route in MAY_START, (route, path, body, reply.body)
                await done(reply)
            elif "{id}" in operation.path and operation.status == 202 and reply.status == 409:
                known = ("adoption_needed", "name_taken", "no_kernel", "broken", "kernel_running", "nothing_to_undo")
                assert reply.json["reason"] in known, (route, reply.json)
            assert not traps.sprung(), (route, path, body)
    assert asked > 20 * len(mine)
    await idle(app, traps)
    after = snapshot(traps.root)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()


async def test_what_would_run_is_told_first(traps: Traps, call: Any) -> None:
    listed = (await call("GET", "environments?refresh=1")).json["environments"]
    ids = {e["prefix"]: e["id"] for e in listed}
    conda = str(traps.root / "prefix/.conda")
    refused = await call("POST", f"environments/{ids[conda]}/kernel", {})
    assert (refused.status, refused.json["reason"], refused.json["field"]) == (409, "adoption_needed", "adopt")
    detail = refused.json["detail"]
    assert f"{conda}/bin/python" in detail
    assert "etc/conda/activate.d/go.sh" in detail
    assert f"{conda}/share/jupyter/kernels/odd/run" in detail
    venv = str(traps.root / "working/.venv")
    detail = (await call("POST", f"environments/{ids[venv]}/packages", {"remove": ["plain"]})).json["detail"]
    assert f"{venv}/bin/python, which is {REAL}" in detail
    assert "sitecustomize.py" in detail
    assert "a.pth" in detail
    detail = (await call("POST", "projects/kernel", {"path": str(traps.root / "of-uv"), "lock": True})).json["detail"]
    assert "uv sync --inexact" in detail
    assert "backend" in detail
    assert not traps.sprung()


async def test_a_yes_is_for_what_was_told(traps: Traps, call: Any) -> None:
    listed = (await call("GET", "environments?refresh=1")).json["environments"]
    conda = str(traps.root / "prefix/.conda")
    kernel = f"environments/{next(e['id'] for e in listed if e['prefix'] == conda)}/kernel"
    told = (await call("POST", kernel, {})).json
    _write(Path(conda, "etc/conda/activate.d/go.sh"))
    again = await call("POST", kernel, {"adopt": told["adopt"]})
    assert (again.status, again.json["reason"]) == (409, "adoption_needed")
    assert again.json["adopt"] != told["adopt"]
    assert (await call("POST", kernel, {"adopt": 1})).status == 400
    assert not (await call("GET", kernel.removesuffix("/kernel"))).json["adopted"]
    assert not traps.sprung()


def _write(path: Path) -> None:
    path.write_text("exit 1\n")
