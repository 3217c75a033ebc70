"""What a server costs while nothing happens: its processor time over a minute, with a panel open."""

from __future__ import annotations

import threading
import time
import urllib.request

import psutil

from tests.bench.stage import TOKEN, Server, server

SECONDS = 60.0
# As the panel asks when nobody tells it anything.
PANEL_ASKS = 300.0


def measure(rounds: int) -> None:
    print(f"\nProcessor time of a server at rest over {SECONDS:.0f} s (limit for ours: 0.1 % of a core, 60 ms)")
    # To compile what was installed is work that ends, at the lowest priority and so at any time.
    with server("--Settings.compile_after=False") as running:
        running.ready()
        for name in ("a", "b", "c"):
            running.create(name=name)
        running.ready()
        over = threading.Event()
        panel = threading.Thread(target=_panel, args=(running, over))
        panel.start()
        ours = _at_rest(running)
        over.set()
        panel.join()
        for key in [one["id"] for one in running.ask("GET", "environments")["environments"] if one["managed"]]:
            running.remove(key)
    with server(extension=False) as running:
        bare = _at_rest(running)
    print(f"  with us and a panel {ours * 1000:6.0f} ms   without us {bare * 1000:6.0f} ms   ours {ours - bare:.3f} s")


def _at_rest(running: Server) -> float:
    """What it takes once what the environments before brought about is over."""
    process = psutil.Process(running.process.pid)
    for _ in range(60):
        if _spent(running, 5.0) < 0.02 and not process.children():
            break
    return _spent(running, SECONDS)


def _spent(running: Server, seconds: float) -> float:
    process = psutil.Process(running.process.pid)
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system) - (before.user + before.system)


def _panel(running: Server, over: threading.Event) -> None:
    while True:
        running.ask("GET", "environments")
        urllib.request.urlopen(f"{running.base}/api?token={TOKEN}", timeout=30).read()
        if over.wait(PANEL_ASKS):
            return
