"""A real server that hears what schemathesis makes of its OpenAPI document; all that it does stays in one folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TOKEN = "contract"
ENVIRONMENT = "thesis"
# 503 is documented: it says that something beside the server is not usable. Fields have more rules (names, URLs,
# what is installed) than a schema can say: what fits the schema may be refused.
CHECKS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "403", "404", "409", "422", "503"]
"""


class Outcome(NamedTuple):
    """`cases` were sent, `failures` of them are against the document; `text` is the whole report."""

    cases: int
    failures: int
    text: str


def check(url: str, folder: Path, examples: int, seed: int = 1) -> Outcome:
    """Send what all phases of schemathesis make up, about `examples` cases an operation and phase.

    The environment that the document's examples speak of is there at the beginning.
    """
    config = folder / "schemathesis.toml"
    config.write_text(CHECKS)
    _create(url)
    # What takes the environment away that the examples speak of comes last.
    ends = ["delete_environments_id", "patch_environments_id"]
    phases = "examples,coverage,fuzzing"
    parts = [
        # The links from a job to its state and to its environment are among these.
        ["--phases", f"{phases},stateful", *(word for name in ends for word in ("--exclude-operation-id", name))],
        ["--phases", phases, *(word for name in ends for word in ("--include-operation-id", name))],
    ]
    found = [
        _check(url, folder, config, [*part, "--max-examples", str(examples), "--seed", str(seed)]) for part in parts
    ]
    return Outcome(sum(o.cases for o in found), sum(o.failures for o in found), "\n".join(o.text for o in found))


def _check(url: str, folder: Path, config: Path, options: list[str]) -> Outcome:
    tool = os.path.join(sysconfig.get_path("scripts"), "schemathesis")
    argv = [tool, "--config-file", str(config), "run", f"{url}/openapi.json", "--url", url]
    argv += ["-H", f"Authorization: token {TOKEN}"]
    # A time is no promise of the document. To delete a job is to cancel it, and to delete an environment starts one:
    # both can be read afterwards.
    argv += [
        "--checks",
        "all",
        "--exclude-checks",
        "use_after_free",
        "--continue-on-failure",
        "--max-response-time",
        "120",
    ]
    argv += ["--no-shrink", "--request-timeout", "120", *options]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    told = re.search(r"(\d+) generated(?:, (\d+) found)?", text)
    if told is None:
        raise AssertionError(text)
    failures = int(told[2] or 0)
    return Outcome(int(told[1]), failures if failures or done.returncode == 0 else 1, text)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of our routes at a new server; no index and no channel can be reached."""
    environ = _environ(folder)
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--port=0",
             f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder / 'notebooks'}",
             "--Settings.templates=False", "--ServerApp.jpserver_extensions=jupyter_envs=True"],
            env=environ, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
        try:
            url = f"{_address(process, folder / 'runtime')}jupyter-envs"
            yield url
        finally:
            process.terminate()
            process.wait(60)


def _environ(folder: Path) -> dict[str, str]:
    channel = folder / "channel"
    for place in (folder / "notebooks", channel / "noarch", channel / "linux-64"):
        place.mkdir(parents=True)
    for subdir in ("noarch", "linux-64"):
        (channel / subdir / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    (folder / "condarc").write_text(f"channels: [{channel.as_uri()}]\noffline: true\nenvs_dirs: [{folder}/conda]\n")
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "UV_CACHE_DIR", "TMPDIR")}
    cache = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
    return {
        **kept,
        "HOME": str(folder),
        "UV_CACHE_DIR": cache,
        "UV_OFFLINE": "1",
        "PIP_NO_INDEX": "1",
        "CONDARC": str(folder / "condarc"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def _address(process: subprocess.Popen[bytes], runtime: Path) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            url = str(json.loads(path.read_text() or "{}").get("url", ""))
            if url and _answers(f"{url}jupyter-envs/managers"):
                return url
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def _answers(url: str) -> bool:
    try:
        return _ask("GET", url)[0] == 200
    except OSError:
        return False


def _create(url: str) -> None:
    body = {"name": ENVIRONMENT, "manager": "venv", "pip": False, "kernel": {"register": False}}
    status, job = _ask("POST", f"{url}/environments", body)
    if status == 409:
        return
    assert status == 202, job
    while not job["ended"]:
        time.sleep(0.1)
        job = _ask("GET", f"{url}/jobs/{job['id']}")[1]
    assert job["state"] == "succeeded", job


def _ask(verb: str, url: str, body: object = None) -> tuple[int, dict[str, str]]:
    request = urllib.request.Request(
        url,
        method=verb,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")
