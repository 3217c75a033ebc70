"""Every action killed at twenty aimed moments: what is neither as before nor as after, once the next start is over.

At every second moment whoever settles it is killed as well, and the one after that finds what both left.
``python -m tests.bench.kill KIND [ACTION…]`` tries a part.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.channel.fixture import made
from tests.engine.killed_actions import conda_world, pip_world, python_world, template_world
from tests.engine.killed_projects import elsewhere, pixi_world, project_world
from tests.engine.killing import SETTLING, Action, Moment, World, counted, killed, moments, settled, wrong
from tests.engine.project_world import installed_tools
from tests.engine.world import settle
from tests.system.index_server import Index, serving

MANY = 20
KINDS = ("uv", "venv", "conda", "conda-python", "templates", "uv-projects", "poetry", "pipenv", "pixi")


def measure(rounds: int) -> None:
    """`rounds` is the seed of the moments."""
    total = faults = 0
    for kind in KINDS:
        with world(kind) as (place, actions):
            for action in actions:
                found, many = tried(kind, place, action, MANY, rounds)
                total, faults = total + many, faults + found
    print(f"{faults} of {total} moments left something", flush=True)


def tried(kind: str, place: World, action: Action, many: int, seed: int) -> tuple[int, int]:
    """Print what is wrong; return at how many moments, and how many there were."""
    began = time.monotonic()
    found, chosen = campaign(place, action, many, seed)
    spent = time.monotonic() - began
    print(f"{kind:12} {action.name:22} {len(found):3} of {chosen}  {spent:6.1f} s", flush=True)
    for line in found:
        print(f"    {line}", flush=True)
    return len(found), chosen


def campaign(place: World, action: Action, many: int, seed: int) -> tuple[list[str], int]:
    """What is wrong after each of `many` moments of `action`, and how many were tried."""
    place.put_back(action)
    before = stands(place)
    place.put_back(action)
    count, programs = counted(place, action)
    after, agreed = stands(place), []
    if action.agree:
        place.put_back(action)
        counted(place, action._replace(act=action.agree))
        agreed = [stands(place)]
    found = []
    chosen, chance = moments(count, programs, many, seed), random.Random(seed)
    for number, moment in enumerate(chosen):
        place.put_back(action)
        killed(place, action, moment)
        again = Moment(chance.randint(1, 30)) if number % 2 else None
        if again:
            # Whoever settles it is killed too.
            killed(place, SETTLING, again)
        if said := wrong(place, before, after, *agreed):
            found.append(f"{moment} of {count}, then {again}: " + "; ".join(said))
    return found, len(chosen)


def stands(place: World) -> dict[str, Any]:
    """What the next start finds where nothing was killed."""
    settled(place)
    return place.seen()


@contextmanager
def world(kind: str) -> Iterator[tuple[World, list[Action]]]:
    # From the index that this machine has.
    tools_bin = installed_tools() if kind in ("poetry", "pipenv") else None
    with pytest.MonkeyPatch.context() as patch, serving() as index:
        top = Path(tempfile.mkdtemp(prefix="killed-"))
        settle(patch, top / "home")
        if kind != "templates":
            for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
                patch.setenv(name, index.url)
            patch.setenv("UV_CACHE_DIR", str(top / "uv-cache"))
        patch.setenv("PIP_CACHE_DIR", str(top / "pip-cache"))
        (top / "home" / "temporary").mkdir()
        patch.setenv("TMPDIR", str(top / "home" / "temporary"))
        patch.setattr(tempfile, "tempdir", None)
        try:
            if tools_bin:
                elsewhere(top / "home", patch, tools_bin)
            yield made_world(kind, top / "home", index, patch)
        finally:
            shutil.rmtree(top, ignore_errors=True)


def made_world(kind: str, home: Path, index: Index, patch: pytest.MonkeyPatch) -> tuple[World, list[Action]]:
    makers: dict[str, Callable[[], tuple[World, list[Action]]]] = {
        "uv": lambda: pip_world(home, index, "uv"),
        "venv": lambda: pip_world(home, index, "venv"),
        "conda": lambda: conda_world(home, made(), patch),
        "conda-python": lambda: python_world(home, made(), patch),
        "templates": lambda: template_world(home),
        "uv-projects": lambda: project_world(home, index, "uv"),
        "poetry": lambda: project_world(home, index, "poetry"),
        "pipenv": lambda: project_world(home, index, "pipenv"),
        "pixi": lambda: pixi_world(home, index, made(), patch),
    }
    return makers[kind]()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kill", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("actions", nargs="*", help="which; all by default")
    parser.add_argument("--moments", type=int, default=MANY, help="how many of each (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    given = parser.parse_args()
    with world(given.kind) as (place, actions):
        for action in actions:
            if not given.actions or action.name in given.actions:
                tried(given.kind, place, action, given.moments, given.seed)


if __name__ == "__main__":
    main()
