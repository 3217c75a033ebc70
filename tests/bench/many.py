"""Twenty environments asked for at once, against uv by hand one after the other."""

from __future__ import annotations

from pathlib import Path

from jupyter_envs.backends.uv import uv
from tests.bench.create import clock
from tests.bench.stage import Server, call, server, table

NUMBER = 20


def measure(rounds: int) -> None:
    rows: dict[str, list[float]] = {
        f"{NUMBER} POSTs at once, until the last has ended": [],
        "uv by hand, one after the other": [],
    }
    with server() as running:
        running.ready()
        base = next(i["path"] for i in running.ask("GET", "interpreters")["interpreters"] if i["default"])
        for turn in range(min(rounds, 3)):
            running.ready()
            ours, by_hand = rows.values()
            ours.append(clock(lambda: at_once(running, turn)))  # noqa: B023
            by_hand.append(clock(lambda: in_turn(running, base, turn)))  # noqa: B023
    table(f"{NUMBER} environments", rows, "uv by hand, one after the other")


def at_once(running: Server, turn: int) -> None:
    jobs = [running.ask("POST", "environments", {"name": f"m{turn}-{n}"}) for n in range(NUMBER)]
    for job in jobs:
        running.wait(job)


def in_turn(running: Server, base: str, turn: int) -> None:
    for n in range(NUMBER):
        prefix = Path(running.home, f"hand{turn}-{n}")
        call([uv(), "venv", "--python", base, prefix], running.environ)
        call([uv(), "pip", "install", "--python", prefix / "bin" / "python", "ipykernel", "pip"], running.environ)
