"""Killed at a few moments of each action: the next start finds all as before or as after, and nothing left over.

``python -m tests.bench kill`` tries twenty moments of every action, in every kind.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from jupyter_envs.engine import recover
from tests.bench import kill
from tests.bench.kill import campaign, world
from tests.engine import killing
from tests.engine.killing import Action, World

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="forks, and buries what it left")]

KINDS = {
    "uv": ("create elsewhere", "create --clear", "rename", "remove", "rollback", "repair a moved one", "record"),
    "conda": ("rename", "upgrade"),
    "uv-projects": ("project kernel", "project add"),
}
# Of each action, chosen by a seed.
MANY = int(os.environ.get("JUPYTER_ENVS_TEST_MOMENTS", "2"))
SEED = int(os.environ.get("JUPYTER_ENVS_TEST_SEED", "7"))


@pytest.fixture(scope="module", params=sorted(KINDS))
def prepared(request: pytest.FixtureRequest) -> Iterator[tuple[str, World, list[Action]]]:
    with world(request.param) as (place, actions):
        yield request.param, place, actions


def test_killed(prepared: tuple[str, World, list[Action]]) -> None:
    kind, place, actions = prepared
    known = {action.name: action for action in actions}
    for name in KINDS[kind]:
        found, _ = campaign(place, known[name], MANY, SEED)
        assert not found, f"{name}, seed {SEED}"


def test_what_nobody_settles_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign can fail."""
    monkeypatch.setattr(killing, "settled", lambda _: None)
    monkeypatch.setattr(recover.Recovery, "look", lambda *_: None)
    monkeypatch.setattr(kill, "SETTLING", Action("nothing", lambda _: None))
    with world("uv") as (place, actions):
        found, tried = campaign(place, next(a for a in actions if a.name == "rename"), 3, SEED)
    assert len(found) == tried
