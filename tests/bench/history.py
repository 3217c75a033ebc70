"""The past of an environment: rollback of one package, a list of 200 revisions; and a clone against ``cp -al``."""

from __future__ import annotations

import os
import shutil
import statistics
from pathlib import Path
from typing import Any

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import history
from tests.bench.create import clock
from tests.bench.stage import Server, call, server, table

REVISIONS = 200
ROLLBACK = "POST rollback of one package, until the job's end"
CLONE, COPY = "POST clone, until the job's end", "cp -al of the same folder"
LIST = f"GET history of {REVISIONS} revisions"


def measure(rounds: int) -> None:
    # Compiling what was installed, at low priority, would disturb whatever is measured meanwhile.
    with server("--Settings.compile_after=False") as running:
        running.ready()
        one = running.create(name="one", packages=["jupyterlab"])
        running.ready()
        rollbacks = _rollbacks(running, one, rounds)
        clones, copies = _clones(running, one, rounds)
        files = sum(len(names) for _, _, names in os.walk(one["prefix"]))
        lists = _lists(running, one, rounds)
    table("Rollback of one package", rollbacks, "uv by hand: uv pip install six==VERSION")
    print(f"  limit 0.5 s: {_verdict(statistics.median(rollbacks[ROLLBACK]), 0.5)}")
    table(f"Clone of {files} files, against cp -al", {CLONE: clones, COPY: copies}, COPY)
    print(f"  limit 1.5 ×: {_verdict(statistics.median(clones), 1.5 * statistics.median(copies))}")
    table(f"History of {REVISIONS} revisions", {LIST: lists}, unit="ms")
    print(f"  limit 50 ms: {_verdict(statistics.median(lists), 0.05)}")


def _rollbacks(running: Server, one: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    here, python = f"environments/{one['id']}", Path(one["prefix"], "bin", "python")
    versions = {2: "1.17.0", 3: "1.16.0"}
    for version in versions.values():
        running.wait(running.ask("POST", f"{here}/packages", {"install": [f"six=={version}"]}))
    ours = [
        clock(lambda: running.wait(running.ask("POST", f"{here}/rollback", {"revision": number})))  # noqa: B023
        for _ in range(rounds)
        for number in versions
    ]
    by_hand = [
        clock(lambda: call([uv(), "pip", "install", "--python", python, f"six=={version}"], running.environ))  # noqa: B023
        for _ in range(rounds)
        for version in versions.values()
    ]
    return {ROLLBACK: ours, "uv by hand: uv pip install six==VERSION": by_hand}


def _clones(running: Server, one: dict[str, Any], rounds: int) -> tuple[list[float], list[float]]:
    clones, copies = [], []
    for turn in range(rounds):
        body = {"name": f"copy{turn}"}
        clones.append(clock(lambda: running.wait(running.ask("POST", f"environments/{one['id']}/clone", body))))  # noqa: B023
        target = Path(running.home, f"by-hand{turn}")
        copies.append(clock(lambda: call(["cp", "-al", one["prefix"], target], running.environ)))  # noqa: B023
        shutil.rmtree(target)
        running.remove(body["name"])
    return clones, copies


def _lists(running: Server, one: dict[str, Any], rounds: int) -> list[float]:
    """What stands stays; only the number of revisions grows."""
    prefix, here = one["prefix"], f"environments/{one['id']}"
    running.ask("GET", f"{here}/history")
    last = history.last(prefix)
    assert last
    lock = history.lock_of(prefix, last.revision.revision)
    assert lock
    plan = last.revision.plan
    while last.revision.revision < REVISIONS:
        history.add(prefix, time=last.revision.time, by="cli", action="change", asked={}, plan=plan, lock=lock)
        last = history.last(prefix)
        assert last
    assert len(running.ask("GET", f"{here}/history")["revisions"]) == REVISIONS
    return [clock(lambda: running.ask("GET", f"{here}/history")) for _ in range(rounds * 4)]


def _verdict(figure: float, limit: float) -> str:
    return f"{'held' if figure <= limit else 'NOT held'}, {figure / limit:.2f} of it"
