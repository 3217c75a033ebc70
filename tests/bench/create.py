"""From the request to the first cell answered, in a new environment."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from jupyter_envs.backends.uv import uv
from tests.bench.stage import Server, call, first_cell, python_kernel, server, table

EXTRA = ["numpy", "pandas", "matplotlib"]
_numbers = itertools.count()


def measure(rounds: int) -> None:
    with server("--Settings.default_manager=uv") as running:
        running.ready()
        base = next(i["path"] for i in running.ask("GET", "interpreters")["interpreters"] if i["default"])
        old = running.create(name="old", python=base)
        first_cell("old", running.environ)
        by_hand(running, base, [])
        rows: dict[str, list[float]] = {
            name: []
            for name in (
                "kernel start in an environment that exists",
                "POST, new uv environment, first cell (a spare is ready)",
                "POST, new uv environment, first cell (cloned, no spare)",
                "uv by hand: uv venv, uv pip install ipykernel",
            )
        }
        for _ in range(rounds):
            running.ready()
            time.sleep(1.5)
            rows["kernel start in an environment that exists"].append(
                clock(lambda: first_cell(old["name"], running.environ))
            )
            rows["POST, new uv environment, first cell (a spare is ready)"].append(clock(lambda: posted(running, [])))
            for _ in range(2):
                running.create(name=f"drain{next(_numbers)}")
            rows["POST, new uv environment, first cell (cloned, no spare)"].append(clock(lambda: posted(running, [])))
            rows["uv by hand: uv venv, uv pip install ipykernel"].append(clock(lambda: by_hand(running, base, [])))
        slow = {
            "venv by hand: python -m venv, pip install ipykernel": lambda: with_pip(running, base, "venv"),
            "virtualenv by hand: virtualenv, pip install ipykernel": lambda: with_pip(running, base, "virtualenv"),
        }
        rows.update({name: [clock(work)] for name, work in slow.items()})
        table("New environment to first cell", rows, "kernel start in an environment that exists")
        by_hand(running, base, EXTRA)
        more: dict[str, list[float]] = {"POST until the job's end": [], "uv by hand, until its end": []}
        for _ in range(rounds):
            running.ready()
            time.sleep(1.5)
            more["POST until the job's end"].append(
                clock(lambda: running.create(name=f"e{next(_numbers)}", packages=EXTRA))
            )
            more["uv by hand, until its end"].append(clock(lambda: by_hand(running, base, EXTRA, kernel=False)))
        table(f"New environment with {' '.join(EXTRA)}, warm", more, "uv by hand, until its end")


def clock(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def posted(running: Server, packages: list[str]) -> None:
    name = running.create(name=f"n{next(_numbers)}", packages=packages)["kernels"][0]["name"]
    first_cell(name, running.environ)


def by_hand(running: Server, base: str, packages: list[str], *, kernel: bool = True) -> None:
    prefix = Path(running.home, f"hand{next(_numbers)}")
    call([uv(), "venv", "--python", base, prefix], running.environ)
    call([uv(), "pip", "install", "--python", prefix / "bin" / "python", "ipykernel", *packages], running.environ)
    if kernel:
        first_cell(python_kernel(prefix), running.environ)


def with_pip(running: Server, base: str, tool: str) -> None:
    prefix = Path(running.home, f"{tool}{next(_numbers)}")
    maker = [base, "-m", "venv"] if tool == "venv" else [sys.executable, "-m", "virtualenv", "-p", base]
    call([*maker, prefix], running.environ)
    call([prefix / "bin" / "pip", "install", "ipykernel"], running.environ)
    first_cell(python_kernel(prefix), running.environ)
