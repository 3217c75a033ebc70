"""What the extension adds to JupyterLab's start in a browser: against a start without it, and by its own clock."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.panel import LAB, NAME, chromium
from tests.bench.stage import TOKEN, Server, folder, server, table

# In the page before any script of it. The loader puts each extension's container into `_JUPYTERLAB`; modules
# come out of it as factories, and ours hold plugins. What is counted is the time of the one thread that draws.
CLOCK = """name => {
  const clock = (window.envsClock = {evaluate: 0, activate: 0});
  const timed = (part, run) => (...given) => {
    const start = performance.now();
    try { return run(...given); } finally { clock[part] += performance.now() - start; }
  };
  const evaluated = factory => () => {
    const found = timed('evaluate', factory)();
    for (const plugin of Array.isArray(found.default) ? found.default : [])
      plugin.activate = timed('activate', plugin.activate);
    return found;
  };
  let container;
  Object.defineProperty((window._JUPYTERLAB ??= {}), name, {
    enumerable: true,
    get: () => container,
    set: given => {
      container = {
        init: timed('evaluate', given.init),
        get: async path => evaluated(await given.get(path))
      };
    }
  });
}"""
RESTORED = """async () => {
  await jupyterapp.restored;
  return {...window.envsClock, restored: performance.now()};
}"""


def measure(rounds: int) -> None:
    """Five starts a round each way, in turn, after one of each that warms the caches."""
    with ExitStack() as stack:
        plain, ours = (stack.enter_context(lab(extension)) for extension in (False, True))
        browser = stack.enter_context(chromium())
        starts = [(start(browser, plain), start(browser, ours)) for _ in range(5 * rounds + 1)][1:]
    without = [one["restored"] for one, _ in starts]
    with_it = [other["restored"] for _, other in starts]
    table(
        f"JupyterLab, from navigation to restored, {len(starts)} starts each way in turn",
        {"without the extension": without, "with it": with_it},
        unit="ms",
    )
    between = statistics.median(other - one for one, other in zip(without, with_it, strict=True))
    print(f"  {'median difference of neighbours (limit 50 ms)':58} {between * 1000:9.3f} ms")
    own = {
        "evaluating its modules": [clock["evaluate"] for _, clock in starts],
        "activating its plugins": [clock["activate"] for _, clock in starts],
        "both (limit 50 ms)": [clock["evaluate"] + clock["activate"] for _, clock in starts],
    }
    table("Its own part of that, on the thread that draws", own, unit="ms")


@contextmanager
def lab(extension: bool) -> Iterator[Server]:
    """A server of JupyterLab with the other prebuilt extensions of this Python, and ours or not."""
    installed = Path(sys.prefix) / "share/jupyter/labextensions"
    with folder() as top:
        for found in installed.iterdir():
            if extension or found.name != NAME:
                shutil.copytree(found, top / found.name)
        with server(*LAB, f"--LabApp.labextensions_path={top}", extension=extension) as running:
            yield running


def start(browser: Any, running: Server) -> dict[str, float]:
    """Seconds from the navigation to the restored application, and of our own part."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(f"({CLOCK})({NAME!r})")
    page.goto(f"{running.base}/lab?token={TOKEN}&reset")
    page.wait_for_function("window.jupyterapp !== undefined")
    clock = page.evaluate(RESTORED)
    page.context.close()
    return {name: value / 1000 for name, value in clock.items()}
