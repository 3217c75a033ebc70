"""The life of a real environment through REST; each answer is held against openapi.json by `call`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.task import Task


async def test_the_life_of_an_environment(call: Any, done: Any, app: Any, jp_base_url: str) -> None:
    asked = {"name": "thesis", "packages": ["six==1.16.0"], "kernel": {"display_name": "My thesis"}}
    reply = await call("POST", "environments", asked)
    assert reply.status == 202
    assert reply.headers["Location"] == f"{jp_base_url}jupyter-envs/jobs/{reply.json['id']}"
    job = await done(reply)
    assert job["state"] == "succeeded", job["error"]
    assert job["action"] == "create"
    made = job["result"]["environment"]
    assert {p["name"] for p in job["result"]["plan"]["added"]} >= {"six"}
    here = f"environments/{made['id']}"

    (listed,) = [e for e in (await call("GET", "environments")).json["environments"] if e["managed"]]
    assert listed["id"] == made["id"] == job["environment"]
    assert (await call("GET", here)).json["name"] == "thesis"
    assert (await call("GET", "environments/thesis")).json["id"] == made["id"]
    assert [k["display_name"] for k in listed["kernels"]] == ["My thesis"]

    packages = {p["name"]: p for p in (await call("GET", f"{here}/packages")).json["packages"]}
    assert packages["six"]["version"] == "1.16.0"
    assert packages["six"]["requested"] is True
    nodes = {n["name"]: n for n in (await call("GET", f"{here}/tree")).json["tree"]}
    assert "six" in nodes
    assert (await call("GET", f"{here}/health")).json["problems"] == []

    exports = [f["name"] for f in (await call("GET", "formats")).json["formats"] if f["exports"]]
    for name in exports:
        file = await call("GET", f"{here}/export?format={name}")
        assert file.status == 200
        assert file.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''thesis")
        assert b"six" in file.body
    assert b"six==1.16.0" in (await call("GET", f"{here}/export?format=requirements.txt")).body

    typed = (await call("GET", f"{here}/activation")).json
    assert {"shell": "sh", "command": f". {made['prefix']}/bin/activate"} in typed["lines"]
    assert typed["shell"] in {line["shell"] for line in typed["lines"]}
    (provider,) = (await call("GET", "modules/six")).json["distributions"]
    assert (provider["name"], provider["source"]) == ("six", "installed")
    assert made["id"] in provider["environments"]
    assert (await call("GET", "modules/sklearn.svm")).json["distributions"][0]["name"] == "scikit-learn"
    assert (await call("GET", "modules/a%20b")).status == 400

    plan = await done(await call("POST", f"{here}/packages", {"upgrade": ["six"], "dry_run": True}))
    assert [c["name"] for c in plan["result"]["plan"]["changed"]] == ["six"]
    changed = await done(await call("POST", f"{here}/packages", {"upgrade": ["six"]}))
    assert changed["state"] == "succeeded", changed["error"]
    packages = {p["name"]: p for p in (await call("GET", f"{here}/packages")).json["packages"]}
    assert packages["six"]["version"] != "1.16.0"

    revisions = (await call("GET", f"{here}/history")).json["revisions"]
    first = min(r["revision"] for r in revisions)
    assert {r["by"] for r in revisions} == {"rest"}
    one = (await call("GET", f"{here}/history/{first}?against={first + 1}")).json
    assert one["revision"]["revision"] == first
    assert "lock-version" in one["lock"]
    assert [c["name"] for c in one["difference"]["changed"]] == ["six"]
    assert {"six"} <= {p["name"] for p in one["packages"]}
    way = await done(await call("POST", f"{here}/rollback", {"revision": first, "dry_run": True}))
    assert way["action"] == "plan"
    assert [c["to"] for c in way["result"]["plan"]["changed"]] == ["1.16.0"]
    back = await done(await call("POST", f"{here}/rollback", {"revision": first}))
    assert back["state"] == "succeeded", back["error"]
    packages = {p["name"]: p for p in (await call("GET", f"{here}/packages")).json["packages"]}
    assert packages["six"]["version"] == "1.16.0"
    never = await call("POST", f"{here}/rollback", {"revision": 99})
    assert never.status in (400, 404)
    assert never.json["field"] == "revision"

    reply = await call("DELETE", f"{here}/kernel")
    assert reply.status == 200
    assert reply.json["kernels"] == []
    assert (await call("DELETE", f"{here}/kernel")).status == 409
    again = await done(await call("POST", f"{here}/kernel", {"display_name": "Back"}))
    assert again["state"] == "succeeded", again["error"]
    renamed = await done(await call("PATCH", here, {"display_name": "Other"}))
    assert renamed["state"] == "succeeded", renamed["error"]
    assert [k["display_name"] for k in (await call("GET", here)).json["kernels"]] == ["Other"]

    copied = await done(await call("POST", f"{here}/clone", {"name": "copy"}))
    assert copied["state"] == "succeeded", copied["error"]
    taken = await call("POST", f"{here}/clone", {"name": "copy"})
    assert taken.status == 409
    assert (await call("POST", "environments", {"name": "thesis"})).status == 409
    mended = await done(await call("POST", f"{here}/repair"))
    assert mended["state"] == "succeeded", mended["error"]

    removed = await done(await call("DELETE", here))
    assert removed["state"] == "succeeded", removed["error"]
    assert "thesis" not in os.listdir(app.engine.settings.root)
    assert [e["name"] for e in (await call("GET", "environments")).json["environments"] if e["managed"]] == ["copy"]
    assert (await call("GET", here)).status == 404
    assert (await call("GET", f"jobs/{job['id']}")).json == job


async def test_what_there_is_to_choose_from(call: Any) -> None:
    managers = {m["name"]: m for m in (await call("GET", "managers")).json["managers"]}
    assert {"venv", "virtualenv", "uv"} <= managers.keys()
    assert [m["name"] for m in managers.values() if m["default"]] == ["uv"]
    pythons = (await call("GET", "interpreters")).json["interpreters"]
    assert any(p["supported"] for p in pythons)
    assert (await call("GET", "interpreters?refresh=1")).json["interpreters"] == pythons
    known = (await call("GET", "interpreters?downloads=1")).json
    assert known["interpreters"] == pythons
    assert known["no_downloads"] is None
    assert "3.13" in {d["version"].rpartition(".")[0] for d in known["downloads"]}
    assert (await call("GET", "search?q=six")).json.keys() == {"results"}
    assert (await call("GET", "cache")).json.keys() == {"caches"}
    meant = (await call("POST", "inspect", {"filename": "requirements.txt", "text": "six>=1\n"})).json
    assert meant["create"]["packages"] == ["six>=1"]


async def test_a_python_that_is_not_here_is_offered(call: Any, done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("INSTALL_MIRROR", "http://127.0.0.1:9"), ("DOWNLOADS", "manual")):
        monkeypatch.setenv(f"UV_PYTHON_{name}", value)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    known = (await call("GET", "interpreters?downloads=1")).json
    here = {p["version"].rpartition(".")[0] for p in known["interpreters"]}
    gone = next(d["version"] for d in known["downloads"] if d["version"].rpartition(".")[0] not in here)
    refused = await call("POST", "environments", {"name": "demo", "python": gone.rpartition(".")[0]})
    assert (refused.status, refused.json["field"], refused.json["offer"]) == (400, "python", {"python": gone})
    started = await call("POST", "interpreters", {"version": gone})
    assert started.status == 202
    job = await done(started)
    assert (job["state"], job["action"], job["error"]["reason"]) == ("failed", "install_python", "offline")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    assert (await call("POST", "interpreters", {"version": gone})).status == 403
    none = (await call("GET", "interpreters?downloads=1")).json
    assert none["downloads"] == []
    assert "never" in none["no_downloads"]
    monkeypatch.delenv("UV_PYTHON_DOWNLOADS")
    monkeypatch.setattr("jupyter_envs.backends.uv.find_uv", lambda: None)
    assert (await call("POST", "interpreters", {"version": gone})).status == 503


async def test_an_unchanged_list_is_not_sent_again(call: Any) -> None:
    first = await call("GET", "environments")
    assert first.status == 200
    # It may change in between, by a size that became known.
    while (again := await call("GET", "environments", headers={"If-None-Match": first.headers["ETag"]})).status == 200:
        assert again.json != first.json
        first = again
    assert again.status == 304
    assert again.body == b""
    fresh = await call("GET", "environments?refresh=1", headers={"If-None-Match": '"another"'})
    assert fresh.status == 200


async def test_a_query_may_hold_what_others_add(call: Any) -> None:
    # JupyterLab adds the time to keep caches away.
    assert (await call("GET", "environments?1700000000000")).status == 200
    assert (await call("GET", "environments?no_track_activity=1&refresh=true")).status == 200


async def test_a_running_job_is_cancelled(app: Any, call: Any, done: Any) -> None:
    def work(context: Any) -> dict[str, Any]:
        while not context.cancelled.wait(0.01):
            pass
        context.check()
        return {}

    job = app.engine.jobs.submit(Task("test", "Test", work))
    reply = await call("DELETE", f"jobs/{job.id}")
    assert reply.status == 200
    while (ended := (await call("GET", f"jobs/{job.id}")).json)["ended"] is None:
        pass
    assert ended["state"] == "cancelled"
    assert (await call("DELETE", f"jobs/{job.id}")).json == ended
    assert ended in (await call("GET", "jobs")).json["jobs"]


async def test_cache_is_cleaned(call: Any, done: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    assert (await call("DELETE", "cache?name=nothing-such")).status in (400, 404)
    cleaned = await done(await call("DELETE", "cache"))
    assert cleaned["state"] == "succeeded", cleaned["error"]
    assert cleaned["result"]["freed"] >= 0


async def test_the_disk_is_measured(call: Any, done: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    before = (await call("GET", "disk")).json
    assert (before["counted"], before["stale"], before["total"]) == (None, True, 0)
    counted = (await done(await call("POST", "disk")))["result"]["disk"]
    after = (await call("GET", "disk")).json
    assert {k: v for k, v in after.items() if k != "free"} == {k: v for k, v in counted.items() if k != "free"}
    assert after["stale"] is False
    assert (await call("POST", "disk?refresh=perhaps")).status == 400


@pytest.mark.parametrize("jp_base_url", ["/", "/user/a@b/", "/user/a%40b/", "/user/j%C3%BCrgen/proxy/8888/"])
async def test_any_base_url(
    app: Any, call: Any, done: Any, http_server_client: Any, jp_auth_header: dict[str, str], jp_base_url: str
) -> None:
    reply = await call("POST", "environments", {"name": "a", "kernel": {"register": False}})
    assert reply.headers["Location"].startswith(f"{jp_base_url}jupyter-envs/jobs/")
    job = await http_server_client.fetch(reply.headers["Location"], headers=jp_auth_header)
    assert json.loads(job.body)["id"] == reply.json["id"]
    assert (await done(reply))["state"] == "succeeded"
    assert (await call("GET", "openapi.json")).status == 200
