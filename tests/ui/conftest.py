"""A real JupyterLab with the extension, and a real browser before it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jupyter_envs.system.paths import MAIN

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
STATE = ".local/share/jupyter/jupyter-envs"
PANEL_TAB = 'li.lm-TabBar-tab[data-id="jupyter-envs-panel"]'


@dataclass
class Lab:
    """A running server: its address, its token, its notebooks' folder, its log, what its user has set."""

    base: str
    token: str
    root: Path
    log: Path
    environment: dict[str, str]
    argv: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, or begin again, and wait for the first answer."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.argv, env=self.environment, cwd=self.root, stdout=out, stderr=subprocess.STDOUT
            )
        _wait_for(f"{self.base}/api?token={self.token}", self.process, self.log)

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(120)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.ui)
            # One worker for all of them: two browsers at once would slow each other's clicks.
            item.add_marker(pytest.mark.xdist_group("ui"))


class Application(NamedTuple):
    """What shows the panel: its module, the traits' class of its server, and the path of its first page."""

    module: str
    traits: str
    path: str


@pytest.fixture(scope="module")
def application() -> Application:
    return Application("jupyterlab", "LabApp", "lab")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a template and what the Pythons said; each server would take ten seconds to come to it."""
    home = tmp_path_factory.mktemp("prepared")
    argv = [sys.executable, MAIN, "prepare", "--settings", json.dumps({"spares": 0})]
    subprocess.run(argv, env=_environment(home), check=True, capture_output=True)
    return home / STATE


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, application: Application, prepared: Path | None) -> Iterator[Lab]:
    """A server in a home of its own, so that it has no environments yet."""
    home = tmp_path_factory.mktemp("home")
    if prepared:
        shutil.copytree(prepared, home / STATE, ignore=shutil.ignore_patterns("env-*", "index.json"))
    root = home / "thesis"
    root.mkdir()
    news = home / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    # The question whether to fetch news would lie over what is tested.
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port, token, log = _free_port(), "a-token-for-tests", home / "lab.log"
    argv = [
        sys.executable, "-m", application.module, "--no-browser", "--allow-root",
        "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        f"--{application.traits}.expose_app_in_browser=True",
        # It would take a tenth of the processor, and what nobody waits for is tested elsewhere.
        "--Settings.compile_after=False",
    ]  # fmt: skip
    running = Lab(f"http://127.0.0.1:{port}", token, root, log, _environment(home), argv)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        if CHROMIUM is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium on this machine; CHROMIUM may name one")
        # Chromium's sandbox does not start for root, as in most containers.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a test that failed has what the page showed."""
    report = yield
    used = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and {"page", "lab"} <= used.keys():
        report.sections.append(("The page", _shown(used["page"], used["lab"])))
    return report


def _shown(page: Any, lab: Lab) -> str:
    try:
        focus = page.evaluate("document.activeElement?.outerHTML.slice(0, 300)")
        current = page.evaluate("jupyterapp.shell.currentWidget?.title.label")
        text = page.inner_text("body", timeout=10_000)
    except sync_api.Error as error:
        focus, current, text = "", "", f"It did not answer: {error}"
    log = lab.log.read_text("utf-8", "replace")[-2000:]
    return f"focus: {focus}\ncurrent widget: {current}\n{text[:3000]}\nlog of the server:\n{log}"


@pytest.fixture
def page(browser: Any, lab: Lab, application: Application) -> Iterator[Any]:
    """A tab with the application restored; at its end no error may have reached the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(90_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{lab.base}/{application.path}?token={lab.token}&reset")
    wait_until_restored(page, launcher=application.path == "lab")
    yield page
    context.close()
    ours = [text for text in errors if "envs" in text.lower()]
    assert not ours, ours


def wait_until_restored(page: Any, *, launcher: bool) -> None:
    """Wait for the application; with `launcher`, which a reset one opens, until that has taken the focus."""
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("jupyterapp.restored")
    if launcher:
        # It opens after all that, and would take the focus from what the test has begun.
        page.wait_for_function("document.activeElement?.closest('.jp-Launcher')")


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: SCREENSHOTS, or a folder of this run."""
    folder = Path(os.environ["SCREENSHOTS"]) if "SCREENSHOTS" in os.environ else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# pytest-jupyter gives every test an event loop; Playwright has one of its own, and a thread bears one only.
@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    return None


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    return None


def _environment(home: Path) -> dict[str, str]:
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG_", "PYTHON"))}
    return kept | {"HOME": str(home), "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(caches / "uv"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
