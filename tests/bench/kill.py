"""Every action killed at twenty aimed moments: what is neither as before nor as after, once the next start is over."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.channel.fixture import made
from tests.engine.killed_actions import conda_world, pip_world, project_world
from tests.engine.killing import Action, World, counted, killed, moments, wrong
from tests.engine.world import settle
from tests.system.index_server import Index, serving

MANY = 20
KINDS = ("uv", "venv", "conda", "projects")


def measure(rounds: int) -> None:
    """`rounds` is the seed of the moments."""
    total = faults = 0
    for kind in KINDS:
        with world(kind) as (place, actions):
            for action in actions:
                began = time.monotonic()
                found, tried = campaign(place, action, MANY, rounds)
                total, faults = total + tried, faults + len(found)
                print(
                    f"{kind:9} {action.name:20} {len(found):3} of {tried}  {time.monotonic() - began:6.1f} s",
                    flush=True,
                )
                for line in found:
                    print(f"    {line}", flush=True)
    print(f"{faults} of {total} moments left something", flush=True)


def campaign(place: World, action: Action, many: int, seed: int) -> tuple[list[str], int]:
    """What is wrong after each of `many` moments of `action`, and how many were tried."""
    place.put_back()
    before = place.seen()
    count, programs = counted(place, action)
    after = place.seen()
    found = []
    chosen = moments(count, programs, many, seed)
    for moment in chosen:
        place.put_back()
        killed(place, action, moment)
        if said := wrong(place, before, after):
            found.append(f"{moment} of {count}: " + "; ".join(said))
    return found, len(chosen)


@contextmanager
def world(kind: str) -> Iterator[tuple[World, list[Action]]]:
    with pytest.MonkeyPatch.context() as patch, serving() as index:
        top = Path(tempfile.mkdtemp(prefix="killed-"))
        settle(patch, top / "home")
        for name, value in {"UV_DEFAULT_INDEX": index.url, "PIP_INDEX_URL": index.url}.items():
            patch.setenv(name, value)
        patch.setenv("UV_CACHE_DIR", str(top / "uv-cache"))
        patch.setenv("PIP_CACHE_DIR", str(top / "pip-cache"))
        (top / "home" / "temporary").mkdir()
        patch.setenv("TMPDIR", str(top / "home" / "temporary"))
        patch.setattr(tempfile, "tempdir", None)
        try:
            yield made_world(kind, top / "home", index, patch)
        finally:
            shutil.rmtree(top, ignore_errors=True)


def made_world(kind: str, home: Path, index: Index, patch: pytest.MonkeyPatch) -> tuple[World, list[Action]]:
    makers: dict[str, Callable[[], tuple[World, list[Action]]]] = {
        "uv": lambda: pip_world(home, index, "uv"),
        "venv": lambda: pip_world(home, index, "venv"),
        "conda": lambda: conda_world(home, made(), patch),
        "projects": lambda: project_world(home, index),
    }
    return makers[kind]()
