"""Secrets in forty forms, in all that our programs read and hear: none is in what they write or answer."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.real.secret_forms import ADDRESSES, FILES, INDEX_USER, MARK, VARIABLES
from tests.system.index_server import Index, serving

pytestmark = pytest.mark.slow

TOKEN = "token-of-this-test"


class World:
    """A home whose files hold secrets, and a Jupyter server in it; `said` is all that was answered."""

    def __init__(self, home: Path, index: Index) -> None:
        self.home = home
        self.said: list[tuple[str, str]] = []
        self.argv: set[str] = set()
        place = f"127.0.0.1:{index.port}"
        for name, text in FILES.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{index}", place))
            path.chmod(0o600)
        self.planted = {home / name for name in FILES}
        for name in ("notebooks", "tmp"):
            (home / name).mkdir()
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG")}
        cache = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")
        self.environ = {
            **kept,
            **VARIABLES,
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "UV_CACHE_DIR": cache,
            "UV_HTTP_RETRIES": "0",
            "UV_HTTP_TIMEOUT": "3",
            "NO_PROXY": "127.0.0.1",
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        self.url = ""

    def start(self) -> subprocess.Popen[bytes]:
        with open(self.home / "server.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--port=0", "--debug",
                 f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={self.home / 'notebooks'}",
                 "--Settings.templates=False", "--ServerApp.jpserver_extensions=jupyter_envs=True"],
                env=self.environ, stdout=log, stderr=log, cwd=self.home,
            )  # fmt: skip
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            for path in (self.home / "runtime").glob("jpserver-*.json"):
                with suppress(ValueError, KeyError, OSError):
                    self.url = json.loads(path.read_text())["url"] + "jupyter-envs/"
                    if self.ask("GET", "managers")[0] == 200:
                        return process
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def ask(self, verb: str, path: str, body: object = None, *, answered: bool = True) -> tuple[int, bytes]:
        request = urllib.request.Request(
            self.url + path,
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
                status, raw, headers = answer.status, answer.read(), str(answer.headers)
        except urllib.error.HTTPError as error:
            status, raw, headers = error.code, error.read(), str(error.headers)
        assert status != 500, (verb, path, raw)
        # Else nothing of what is sent is read.
        assert b"is not known" not in raw, raw
        if answered:
            self.said.append((f"{verb} {path[:80]}", headers + raw.decode("utf-8", "replace")))
        return status, raw

    def job(self, verb: str, path: str, body: object = None) -> dict[str, object]:
        """The job that this starts, at its end; an empty one where nothing was started."""
        status, raw = self.ask(verb, path, body)
        found: dict[str, object] = json.loads(raw or b"{}") if status == 202 else {}
        while found and not found["ended"]:
            time.sleep(0.05)
            found = json.loads(self.ask("GET", f"jobs/{found['id']}")[1])
        return found

    def command(self, *words: str, succeed: bool = False) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_envs", *words],
            env=self.environ, cwd=self.home / "notebooks", capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert not succeed or done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        self.said.append((f"$ {words[0]}", done.stdout + done.stderr))

    def look(self, over: threading.Event) -> None:
        """Note the command lines of processes, other than those that this test itself gives a secret."""
        own = os.getpid()
        while not over.wait(0.02):
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                    parent = re.search(r"^PPid:\t(\d+)", (folder / "status").read_text(), re.M)
                    # Between fork and exec a child of our own command shows the command line of its parent.
                    if MARK in line.lower() and "-m\0jupyter_envs\0" not in line and parent and int(parent[1]) != own:
                        self.argv.add(line)

    def written(self) -> Iterator[tuple[str, str]]:
        for here, _, names in os.walk(self.home):
            for name in names:
                path = Path(here, name)
                if path in self.planted or path.is_symlink() or not path.is_file():
                    continue
                yield str(path.relative_to(self.home)), name + path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def index() -> Iterator[Index]:
    with serving() as index:
        index.user = INDEX_USER
        index.add("tool", "1.0", "2.0")
        index.answers["/ch/noarch/repodata.json"] = (200, "application/json", b'{"packages":{},"packages.conda":{}}')
        yield index


def leaks(text: str) -> list[str]:
    """What of `text` holds the mark: raw, decoded from percent, or in base64."""
    forms = [text]
    for _ in range(3):
        forms.append(unquote(forms[-1]))
    found = [form[max(0, at - 60) : at + 40] for form in forms if (at := form.lower().find(MARK)) >= 0]
    for part in re.findall(r"[A-Za-z0-9+/]{12,400}={0,2}", text):
        with suppress(ValueError):
            if MARK in base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1").lower():
                found.append(part)
    return found


def notebook(packages: list[str], indexes: list[str]) -> str:
    block = ["# /// script", "# dependencies = [", *(f"#   {json.dumps(text)}," for text in packages), "# ]"]
    block += [line for url in indexes for line in ("# [[tool.uv.index]]", f"# url = {json.dumps(url)}")]
    cell = {"cell_type": "code", "source": "\n".join([*block, "# ///"]), "metadata": {}, "outputs": [], "id": "a"}
    return json.dumps(
        {"cells": [{**cell, "execution_count": None}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at command lines as Linux shows them")
def test_no_secret_is_written_or_answered(tmp_path: Path, index: Index) -> None:
    world = World(tmp_path, index)
    place = f"127.0.0.1:{index.port}"
    over = threading.Event()
    looking = threading.Thread(target=world.look, args=(over,), daemon=True)
    looking.start()
    process = world.start()
    try:
        act(world, place)
    finally:
        process.terminate()
        process.wait(60)
        over.set()
        looking.join()
    found = {f"answer: {what}": where for what, text in world.said if (where := leaks(text))}
    found.update({f"file: {name}": where for name, text in world.written() if (where := leaks(text))})
    found.update({f"argv: {line[:60]}": [line] for line in world.argv})
    assert not found, "\n".join(f"{name}: {where[:2]}" for name, where in found.items())
    assert any("tool" in text for what, text in world.said if what.startswith("GET environments/demo/packages"))


def act(world: World, place: str) -> None:
    """Real work of every face, with secrets wherever a caller can give one."""
    with_user = f"http://{quote(INDEX_USER.partition(':')[0])}:{quote(INDEX_USER.partition(':')[2], safe='')}@{place}"
    bare = {"kernel": {"register": False}, "pip": False}
    made = world.job("POST", "environments", {"name": "demo", "packages": ["tool<2"], **bare})
    assert made["state"] == "succeeded", made
    wheel = f"tool @ {with_user}/files/tool-2.0-py3-none-any.whl"
    assert world.job("POST", "environments/demo/packages", {"install": [wheel]})["state"] == "succeeded"
    world.job("POST", "environments/demo/packages", {"install": ["tool", "nothing-of-this-name"]})
    world.job("POST", "environments/demo/packages", {"upgrade": ["tool"], "dry_run": True})
    # Each address as what is installed, at an address that nobody answers: the tool's own words come back.
    for address in ADDRESSES:
        world.job("POST", "environments/demo/packages", {"install": [f"gone @ {address}"]})
    lines = [f"--index-url {ADDRESSES[0]}", f"--extra-index-url {with_user}/more", f"-f {ADDRESSES[19]}", wheel]
    text = {"format": "requirements.txt", "text": "\n".join(lines)}
    world.job("POST", "environments/demo/packages", {"from": text})
    for address in ADDRESSES:
        asked = quote(address, safe="")
        for path in (f"search?q=x&channel={asked}", f"search/x?channel={asked}", f"terms?channel={asked}",
                     f"search/{asked}", f"environments/{asked}", f"modules/{asked}"):  # fmt: skip
            assert world.ask("GET", path)[0] >= 400 or "channel" not in path
        world.ask("POST", "environments", {"name": "other", "manager": "conda", "channels": [address], "python": "x y"})
        world.ask("POST", "environments", {"name": address[:200], "python": address, "packages": [address + " -x"]})
        world.job("POST", "rebuild", {"notebook": notebook([f"gone @ {address}"], [address]), "filename": "a.ipynb"})
        document = f"channels:\n  - {json.dumps(address)}\ndependencies:\n  - {json.dumps(address)}::x\n"
        world.ask("POST", "inspect", {"filename": "environment.yml", "text": document + "  - pip: [--pre"})
    conda = {"manager": "conda", "packages": ["lib"], **bare}
    world.job("POST", "environments", {"name": "c1", **conda, "channels": [f"{with_user}/ch"]})
    world.job("POST", "environments", {"name": "c2", **conda, "channels": ["mine"]})
    world.job("POST", "environments", {"name": "c3", **conda})
    world.job("POST", "environments/demo/kernel", {})
    world.job("POST", "environments/demo/clone", {"name": "copy"})
    world.job("POST", "environments/demo/rollback", {"revision": 1})
    formats = [known["name"] for known in json.loads(world.ask("GET", "formats")[1])["formats"] if known["exports"]]
    for path in ("packages", "tree", "history", "history/1", "history/2?against=1", "health", "activation", "notebook",
                 *(f"export?format={name}" for name in formats)):  # fmt: skip
        world.ask("GET", f"environments/demo/{path}")
    for path in ("search?q=tool", "search/tool", "search?q=lib&manager=conda", "search/lib?manager=conda",
                 "terms", "managers", "interpreters", "environments?refresh=1", "projects", "cache", "disk",
                 "jobs"):  # fmt: skip
        world.ask("GET", path)
    Path(world.home, "notebooks", "plain.ipynb").write_text(notebook(["tool"], []))
    world.command("list", "--json", succeed=True)
    world.command("show", "demo", "--packages")
    world.command("install", "demo", wheel)
    world.command("install", "demo", "nothing-of-this-name", f"gone @ {ADDRESSES[6]}")
    world.command("create", "--manager", "conda", "-c", ADDRESSES[9], "z", "lib")
    world.command("search", "--channel", ADDRESSES[0], "lib")
    world.command("record", "demo", "plain.ipynb")
    world.command("history", "demo", "--json")
    world.command("doctor")
