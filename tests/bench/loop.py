"""How long the server's event loop is held while environments are created, listed and deleted."""

from __future__ import annotations

import threading
import time
import urllib.request

from tests.bench.stage import TOKEN, Server, server

EVERY = 0.02


def measure(rounds: int) -> None:
    print("\nA ping every 20 ms (limit: 99 of 100 within 50 ms)")
    with server() as running:
        running.ready()
        time.sleep(3)
        told("nothing else happens", pings(running, lambda: time.sleep(3)))
        told("6 created at once, listed, deleted", pings(running, lambda: work(running, rounds)))


def work(running: Server, rounds: int) -> None:
    for _ in range(rounds):
        jobs = [running.ask("POST", "environments", {"name": f"l{n}"}) for n in range(6)]
        keys = []
        for job in jobs:
            keys.append(running.wait(job)["result"]["environment"]["id"])
            running.ask("GET", "environments?refresh=1")
        for key in keys:
            running.remove(key)


def pings(running: Server, during: object) -> list[float]:
    found: list[float] = []
    over = threading.Event()

    def ping() -> None:
        while not over.is_set():
            start = time.perf_counter()
            urllib.request.urlopen(f"{running.base}/api?token={TOKEN}", timeout=30).read()
            took = time.perf_counter() - start
            found.append(took)
            over.wait(max(0.0, EVERY - took))

    thread = threading.Thread(target=ping)
    thread.start()
    during()  # type: ignore[operator]
    over.set()
    thread.join()
    return sorted(found)


def told(name: str, found: list[float]) -> None:
    def at(part: float) -> float:
        return found[min(len(found) - 1, int(len(found) * part))] * 1000

    print(
        f"  {name:40} {len(found):5} pings   median {at(0.5):6.1f} ms   p99 {at(0.99):6.1f} ms"
        f"   most {found[-1] * 1000:6.1f} ms",
        flush=True,
    )
