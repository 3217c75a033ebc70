"""Jobs: what runs, what has ended, and how to stop one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.model.job import Job
from jupyter_envs.server.bodies import JobList

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine


def index(engine: Engine) -> JobList:
    return JobList(engine.jobs.list())


def show(engine: Engine, key: str) -> Job:
    return engine.jobs.get(key)


def cancel(engine: Engine, key: str) -> Job:
    return engine.jobs.cancel(key)
