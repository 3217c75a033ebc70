"""The verbs, in the order of the overview."""

from __future__ import annotations

from jupyter_envs.cli import (
    carry,
    catalog,
    completion,
    demo,
    environments,
    jobs,
    kernels,
    line,
    packages,
    pip,
    projects,
    revisions,
)
from jupyter_envs.cli.parser import Verb

VERBS: list[Verb] = [
    *environments.VERBS,
    *packages.VERBS,
    *kernels.VERBS,
    *projects.VERBS,
    *revisions.VERBS,
    *carry.VERBS,
    *catalog.VERBS,
    *jobs.VERBS,
    *demo.VERBS,
    *completion.VERBS,
    *pip.VERBS,
    *line.VERBS,
]
