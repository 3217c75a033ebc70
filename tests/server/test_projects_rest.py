"""Projects through REST; each answer is held against openapi.json by `call`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.project_world import stock, write
from tests.system.index_server import serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="compares POSIX paths")


async def test_a_project_becomes_a_kernel(
    call: Any, done: Any, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving() as index:
        stock(index)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        for name in ("UV_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)
        folder = write("uv", jp_root_dir / "mine", index, "one")
        [project] = (await call("GET", "projects?refresh=1")).json["projects"]
        assert (project["path"], project["environment"], project["locked"]) == (str(folder), None, False)

        asked = {"path": str(folder), "display_name": "Mine"}
        refused = await call("POST", "projects/kernel", asked)
        assert (refused.status, refused.json["reason"]) == (409, "adoption_needed")
        assert not (folder / ".venv").exists()
        job = await done(await call("POST", "projects/kernel", {**asked, "adopt": True}))
        assert job["state"] == "succeeded", job["error"]
        env = job["result"]["environment"]
        assert job["environment"] == env["id"]
        assert [k["display_name"] for k in env["kernels"]] == ["Mine"]
        [project] = (await call("GET", "projects")).json["projects"]
        assert (project["environment"], project["current"], project["manager"]) == (env["id"], True, "uv")

        job = await done(await call("POST", f"environments/{env['id']}/packages", {"install": ["three"]}))
        assert job["state"] == "succeeded", job["error"]
        assert '"three>=1.0"' in (folder / "pyproject.toml").read_text()
        (folder / "pyproject.toml").write_text((folder / "pyproject.toml").read_text().replace("three>=1.0", "four"))
        refused = await call("POST", "projects/kernel", {"path": str(folder)})
        assert (refused.status, refused.json["reason"]) == (409, "lock_outdated")


async def test_a_project_whose_tool_is_not_there(call: Any, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.system.tools.find", lambda name, *places: None)
    (jp_root_dir / "old").mkdir()
    (jp_root_dir / "old/Pipfile").write_text("[packages]\n")
    [project] = (await call("GET", "projects?refresh=1")).json["projects"]
    assert (project["manager"], project["available"]) == ("pipenv", False)
    refused = await call("POST", "projects/kernel", {"path": project["path"]})
    assert (refused.status, refused.json["reason"]) == (503, "tool_missing")
    assert "pipx install pipenv" in refused.json["hint"]
