"""The extension in its server: options, start, stop, and what it must not slow down."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

import jupyter_envs
from jupyter_envs.engine.settings import Settings, load
from jupyter_envs.engine.task import Context, Task

LOADED = """
import sys
from jupyter_server.serverapp import ServerApp
server = ServerApp(allow_root=True, open_browser=False, port=0, jpserver_extensions={"jupyter_envs": ENABLED})
server.initialize(argv=[])
assert ENABLED == bool(server.extension_manager.extension_apps.get("jupyter_envs"))
print("\\n".join(sys.modules))
sys.stdout.flush()
import os
os._exit(0)
"""


async def test_one_file_sets_the_options_of_the_server_and_the_command_line(
    jp_config_dir: Path, jp_environ: None, jp_configurable_serverapp: Any
) -> None:
    (jp_config_dir / "jupyter_envs_config.json").write_text(json.dumps({"Settings": {"max_jobs": 3, "keep_jobs": 7}}))
    server = jp_configurable_serverapp()
    (app,) = server.extension_manager.extension_apps["jupyter_envs"]
    assert app.engine.settings.max_jobs == 3
    assert app.engine.settings.keep_jobs == 7
    assert load().max_jobs == 3


class TestCommandLine:
    @pytest.fixture
    def jp_argv(self) -> list[str]:
        return ["--Settings.max_jobs=2", "--Settings.root=/elsewhere/envs"]

    async def test_options_come_from_the_servers_own_command_line_too(self, app: Any) -> None:
        assert app.engine.settings.max_jobs == 2
        assert app.engine.settings.root == "/elsewhere/envs"


async def test_the_engine_knows_the_notebook_root(app: Any, call: Any, jp_root_dir: Path) -> None:
    venv.create(jp_root_dir / "project" / ".venv", symlinks=True)
    found = (await call("GET", "environments?refresh=1")).json["environments"]
    assert [e["name"] for e in found if e["project"] and not e["protected"]] == ["project/.venv"]


def test_the_shipped_file_enables_the_extension() -> None:
    file = Path(jupyter_envs.__file__).parent / "server" / "config" / "jupyter_envs.json"
    assert json.loads(file.read_text()) == {"ServerApp": {"jpserver_extensions": {"jupyter_envs": True}}}


async def test_stopping_the_server_ends_its_jobs(app: Any, jp_serverapp: Any) -> None:
    begun = Event()

    def work(context: Context) -> dict[str, Any]:
        begun.set()
        while True:
            context.cancelled.wait(0.01)
            context.check()

    job = app.engine.jobs.submit(Task("test", "Test", work))
    await asyncio.get_running_loop().run_in_executor(None, begun.wait)
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert app.engine.jobs.get(job.id).state == "cancelled"


class TestWrongOption:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config) -> Config:
        jp_server_config.Settings.max_jobs = "many"
        return jp_server_config

    async def test_it_is_named_in_the_log_and_the_server_runs_without_us(
        self, capfd: pytest.CaptureFixture[str], jp_fetch: Any, jp_serverapp: Any
    ) -> None:
        assert "The 'max_jobs' trait" in capfd.readouterr().err
        assert (await jp_fetch("api", "status")).code == 200
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("jupyter-envs", "environments")
        assert caught.value.code == 404
        await jp_serverapp.extension_manager.stop_all_extensions()


async def test_a_running_kernel_holds_its_environment(app: Any, call: Any, done: Any, jp_fetch: Any) -> None:
    made = await done(await call("POST", "environments", {"name": "busy"}))
    assert made["state"] == "succeeded", made["error"]
    environment = made["result"]["environment"]
    (kernel,) = environment["kernels"]
    await jp_fetch("api", "kernels", method="POST", body=json.dumps({"name": kernel["name"]}))
    assert kernel["name"] in set(app.running_kernels())
    reply = await call("DELETE", f"environments/{environment['id']}")
    assert reply.status == 409
    assert "force" in json.dumps(reply.json)
    removed = await done(await call("DELETE", f"environments/{environment['id']}?force=true"))
    assert removed["state"] == "succeeded", removed["error"]


def test_loading_imports_nothing_that_only_jobs_need(tmp_path: Path) -> None:
    # Counted and not timed: these cost 10 to 60 ms each at the server's start.
    slow = {"rich", "findpython", "filelock", "pathspec", "virtualenv", "hypothesis", "jupyterlab", "shtab"}
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("DATA", "CONFIG", "RUNTIME")}
    loaded = {}
    for enabled in (False, True):
        program = LOADED.replace("ENABLED", str(enabled))
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path, env={**os.environ, **folders, "JUPYTER_NO_CONFIG": "1"},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        loaded[enabled] = {name.partition(".")[0] for name in run.stdout.split()}
    assert not slow & (loaded[True] - loaded[False])
    assert "msgspec" in loaded[True]


def test_settings_have_a_help_text() -> None:
    for name, trait in Settings.class_own_traits(config=True).items():
        assert trait.help, name
