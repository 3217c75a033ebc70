"""The page of an environment in a browser: 500 packages, a key in their filter, 200 revisions."""

from __future__ import annotations

import json
from typing import Any

from jupyter_envs.engine.record import write_spec
from tests.bench.listing import synthetic
from tests.bench.panel import DRAWN, LAB, TAB, chromium, key, opened
from tests.bench.stage import server, table

PACKAGES, REVISIONS = 500, 200
PAGE = ".jp-EnvironmentPage"
OPEN = """async id => {
  const start = performance.now();
  jupyterapp.commands.execute('jupyter-envs:open-page', {id});
  await drawn(() => document.querySelectorAll('.jp-EnvironmentPage-row').length > 5);
  return (performance.now() - start) / 1000;
}"""
# Before any script: what is measured is the page, and no detour of an answer made up in here.
ANSWER = """revisions => {
  const original = window.fetch;
  window.fetch = (input, init) => /\\/history\\b/.test(input.url ?? input)
    ? Promise.resolve(new Response(JSON.stringify({revisions})))
    : original(input, init);
}"""
HISTORY = """async () => {
  const tab = [...document.querySelectorAll('.jp-EnvironmentPage [role=tab]')].find(each => /history/.test(each.id));
  const start = performance.now();
  tab.click();
  await drawn(() => document.querySelectorAll('.jp-EnvironmentHistory-row').length > 5);
  return (performance.now() - start) / 1000;
}"""


def measure(rounds: int) -> None:
    with server(*LAB) as running, chromium() as browser:
        prefix = running.home / "data" / "envs" / "large"
        synthetic(prefix, PACKAGES)
        write_spec(str(prefix), {"manager": "uv", "packages": ["package0"]})
        (large,) = (e for e in running.ask("GET", "environments")["environments"] if e["name"] == "large")
        figures: dict[str, list[float]] = {
            f"click on a name to {PACKAGES} packages drawn, the first time": [],
            "the same again (limits 100 ms)": [],
            "a key in the filter of the packages (limit 16 ms)": [],
            f"click on History, to {REVISIONS} revisions drawn (limit 50 ms)": [],
        }
        first, again, keys, history = figures.values()
        for _ in range(rounds):
            page, _, _ = opened(browser, running, f"({ANSWER})({json.dumps(revisions())})")
            page.locator(TAB).click()
            page.locator(".jp-Environments-item", has_text="large").wait_for()
            page.wait_for_timeout(500)
            first.append(page.evaluate(f"id => {{ {DRAWN} return ({OPEN})(id); }}", large["id"]))
            page.evaluate("jupyterapp.shell.currentWidget.close()")
            again.append(page.evaluate(f"id => {{ {DRAWN} return ({OPEN})(id); }}", large["id"]))
            keys += key(page, PAGE, ".jp-EnvironmentPage-rows", "pack 4")
            history.append(page.evaluate(f"() => {{ {DRAWN} return ({HISTORY})(); }}"))
            page.context.close()
        table(f"Page of an environment, {PACKAGES} packages, {REVISIONS} revisions", figures, unit="ms")


def revisions() -> list[dict[str, Any]]:
    """A history as the server sends it, newest first."""
    return [
        {
            "revision": n, "time": "2026-01-01T00:00:00Z", "by": "cli", "action": "change", "user": "me",
            "asked": {"install": [f"package{n}"]},
            "plan": {
                "added": [{"name": f"package{n}-{m}", "version": "1.0", "size": None} for m in range(5)],
                "changed": [], "removed": [], "download_size": None, "disk_size": None,
            },
        }
        for n in range(REVISIONS, 0, -1)
    ]  # fmt: skip
