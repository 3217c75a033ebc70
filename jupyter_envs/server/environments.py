"""Environments: their life, kernels, history and health."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_envs.model.carry import NotebookRecord, Rebuild
from jupyter_envs.model.catalog import Export
from jupyter_envs.model.env import Activation, Environment
from jupyter_envs.model.errors import NotFound
from jupyter_envs.model.lock import RevisionDetail
from jupyter_envs.model.request import Clone, Create, Register, Repair, Rollback, Update
from jupyter_envs.server.bodies import (
    Against,
    Environments,
    ExportAs,
    Force,
    Problems,
    RecordIn,
    Refresh,
    Revisions,
)

_NUMBER = re.compile(r"[0-9]{1,9}\Z")

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.task import Task


def index(engine: Engine, query: Refresh) -> Environments:
    return Environments(engine.environments(refresh=query.refresh))


def create(engine: Engine, body: Create) -> Task:
    return engine.create(body)


def show(engine: Engine, key: str) -> Environment:
    return engine.find(key)


def update(engine: Engine, key: str, body: Update) -> Task:
    return engine.update(key, body)


def remove(engine: Engine, key: str, query: Force) -> Task:
    return engine.remove(key, force=query.force)


def clone(engine: Engine, key: str, body: Clone) -> Task:
    return engine.clone(key, body)


def export(engine: Engine, key: str, query: ExportAs) -> Export:
    return engine.export(key, query.format)


def activation(engine: Engine, key: str) -> Activation:
    return engine.activation(key)


def register(engine: Engine, key: str, body: Register) -> Task:
    return engine.register(key, body)


def unregister(engine: Engine, key: str) -> Environment:
    return engine.unregister(key)


def history(engine: Engine, key: str) -> Revisions:
    return Revisions(engine.history(key))


def revision(engine: Engine, key: str, number: str, query: Against) -> RevisionDetail:
    if not _NUMBER.match(number):
        raise NotFound("There is no such revision.", hint="`history` gives their numbers.", field="revision")
    return engine.revision(key, int(number), query.against)


def notebook(engine: Engine, key: str, query: RecordIn) -> NotebookRecord:
    return engine.notebooks.record(key, query.place)


def rebuild(engine: Engine, body: Rebuild) -> Task:
    return engine.notebooks.rebuild(body)


def rollback(engine: Engine, key: str, body: Rollback) -> Task:
    return engine.rollback(key, body)


def health(engine: Engine, key: str) -> Problems:
    return Problems(engine.health(key))


def repair(engine: Engine, key: str, body: Repair) -> Task:
    return engine.repair(key, body)
