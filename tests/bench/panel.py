"""The panel in a browser with 500 environments: from the click to rows, and from a key in the filter to rows."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.listing import ENVIRONMENTS, synthetic
from tests.bench.stage import TOKEN, Server, server, table

if TYPE_CHECKING:
    from collections.abc import Iterator

TAB = 'li.lm-TabBar-tab[data-id="jupyter-envs-panel"]'
NAME = "jupyter-envs"
STATIC = Path(__file__).parents[2] / "jupyter_envs/labextension/static"
LAB = ("--ServerApp.jpserver_extensions=jupyterlab=True", "--LabApp.expose_app_in_browser=True")

# Each waits for the frame after the one that draws, so that layout and painting count.
DRAWN = """
const drawn = async wanted => {
  const frame = () => new Promise(requestAnimationFrame);
  do { await frame(); } while (!wanted());
  await frame();
};
"""
CLICK = """async tab => {
  const rows = () => document.querySelectorAll('#jupyter-envs-panel .jp-Environments-item').length;
  const node = document.querySelector(tab);
  const {left, top} = node.getBoundingClientRect();
  const start = performance.now();
  for (const type of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click'])
    node.dispatchEvent(new PointerEvent(type, {bubbles: true, button: 0, clientX: left + 5, clientY: top + 5}));
  await drawn(() => rows() > 5);
  return (performance.now() - start) / 1000;
}"""
KEY = """async ([scope, rows, text]) => {
  const field = document.querySelector(`${scope} input[type=search]`);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const start = performance.now();
  set.call(field, text);
  field.dispatchEvent(new Event('input', {bubbles: true}));
  // React has drawn a key's change when the event is over; reading a size makes the browser lay it out.
  document.querySelector(`${scope} ${rows}`)?.offsetHeight;
  return (performance.now() - start) / 1000;
}"""


def measure(rounds: int) -> None:
    with server(*LAB) as running, chromium() as browser:
        for n in range(ENVIRONMENTS):
            synthetic(running.home / "data" / "envs" / f"env{n:03}", 3)
        running.ask("GET", "environments")
        first, again, keys = [], [], []
        for _ in range(rounds):
            page, asked, loaded = opened(browser, running)
            assert not asked, f"asked for before it is shown: {asked}"
            first.append(click(page))
            click(page, hide=True)
            again.append(click(page))
            keys += key(page, "#jupyter-envs-panel", ".jp-Environments-list", "env4 uv")
            page.context.close()
        rows = {
            "click on the tab to rows drawn, the first time": first,
            "click on the tab to rows drawn, again": again,
            "a key in the filter": keys,
        }
        table(f"Panel, {ENVIRONMENTS} environments (limits 100 ms, 100 ms, 16 ms)", rows, unit="ms")
    print("\nScripts as built by build:prod, with the styles in them")
    for title, names in {
        "what a start loads (limit 200 kB)": loaded,
        "all, with what is loaded when it is opened": {file.name for file in STATIC.glob("*.js")},
    }.items():
        size = sum((STATIC / name).stat().st_size for name in names)
        print(f"  {title:58} {size / 1000:9.0f} kB in {len(names)}")


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Any, running: Server, script: str | None = None) -> tuple[Any, list[str], set[str]]:
    """A tab with JupyterLab at rest, what it asked of us, and which of our scripts it loaded; `script` runs first."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    if script:
        page.add_init_script(script)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url.partition("?")[0]))
    page.goto(f"{running.base}/lab?token={TOKEN}&reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("jupyterapp.restored")
    page.wait_for_timeout(2000)
    scripts = f"/lab/extensions/{NAME}/static/"
    asked = [url for url in seen if f"/{NAME}/" in url and "/lab/" not in url]
    return page, asked, {url.rpartition("/")[2] for url in seen if scripts in url}


def click(page: Any, hide: bool = False) -> float:
    if hide:
        page.locator(TAB).click()
        page.locator("#jupyter-envs-panel").wait_for(state="hidden")
        return 0.0
    return float(page.evaluate(f"tab => {{ {DRAWN} return ({CLICK})(tab); }}", TAB))


def key(page: Any, scope: str, rows: str, text: str) -> list[float]:
    """Seconds of each key when `text` is typed into the filter of `scope` and taken back, after one that warms."""
    typed = [text[:1], *(text[:end] for end in [*range(1, len(text) + 1), 3, 2, 1, 0])]
    return [float(page.evaluate(KEY, [scope, rows, each])) for each in typed][1:]
