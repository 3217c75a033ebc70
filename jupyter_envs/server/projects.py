"""Projects: listed with their environments, made into kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.model.project import ProjectKernel
from jupyter_envs.server.bodies import Projects, Refresh

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.task import Task


def index(engine: Engine, query: Refresh) -> Projects:
    return Projects(engine.projects(refresh=query.refresh))


def kernel(engine: Engine, body: ProjectKernel) -> Task:
    return engine.project_kernel(body)
