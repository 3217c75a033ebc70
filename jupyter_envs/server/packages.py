"""The packages of an environment: what is installed, what needs what, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.model.request import Change
from jupyter_envs.server.bodies import Packages, Tree

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.task import Task


def index(engine: Engine, key: str) -> Packages:
    return Packages(engine.packages(key))


def change(engine: Engine, key: str, body: Change) -> Task:
    return engine.change(key, body)


def tree(engine: Engine, key: str) -> Tree:
    return Tree(engine.tree(key))
