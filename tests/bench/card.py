"""From the end of a job to its kernel's card in the launcher: a job of this tab, and one of the command line."""

from __future__ import annotations

import random
import sys
import time
from datetime import datetime
from typing import Any

from tests.bench.panel import LAB, chromium, opened
from tests.bench.stage import Server, call, server, table

# When each card came, by the clock of this machine.
WATCH = """() => {
  window.came = {};
  const look = () => document.querySelectorAll('.jp-LauncherCard').forEach(card => {
    window.came[card.title] ??= Date.now() / 1000;
  });
  look();
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


def measure(rounds: int) -> None:
    with server(*LAB) as running, chromium() as browser:
        running.ready()
        page, _, _ = opened(browser, running)
        page.evaluate(WATCH)
        rows: dict[str, list[float]] = {"a job of the server": [], "a job of the command line": []}
        for n in range(2 * rounds):
            # At any moment between two looks of the server.
            time.sleep(0.5 + random.random())
            running.create(name=f"here{n}")
            rows["a job of the server"].append(card(page, running, f"here{n}"))
            time.sleep(0.5 + random.random())
            call([sys.executable, "-m", "jupyter_envs", "create", f"there{n}"], running.environ)
            rows["a job of the command line"].append(card(page, running, f"there{n}"))
    table("Launcher: from the end of a job to its card, the panel closed (limit 300 ms)", rows, unit="ms")


def card(page: Any, running: Server, name: str) -> float:
    """Seconds from the end of the job that made `name` to its card."""
    title = f"({name})"
    page.wait_for_function("title => Object.keys(window.came).some(each => each.includes(title))", arg=title)
    came = page.evaluate("title => Object.entries(window.came).find(([each]) => each.includes(title))[1]", title)
    made = next(job for job in running.ask("GET", "jobs")["jobs"] if job["title"] == f"Create {name}")
    return float(came) - datetime.fromisoformat(made["ended"].replace("Z", "+00:00")).timestamp()
