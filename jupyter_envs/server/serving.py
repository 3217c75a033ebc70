"""What the handlers work with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from jupyter_envs.engine.engine import Engine
from jupyter_envs.server.environment_events import EnvironmentEvents


@dataclass(frozen=True)
class Serving:
    """The engine, threads for what blocks, and others for logs: slow answers must not hold one up;
    and who tells what changed since a caller asked."""

    engine: Engine
    threads: ThreadPoolExecutor
    watchers: ThreadPoolExecutor
    changes: EnvironmentEvents
