"""Jupyter events for changes of the environments, whoever makes them, while somebody wants to know."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_envs.engine.watching import Traces
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.server.waiting import FolderWait

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.model.env import Environment
    from jupyter_envs.server.operation import Operation

SCHEMA_ID = "https://schema.jupyter.org/jupyter_envs/environments/v1"
SCHEMA = Path(__file__).with_name("environment_event.yaml")
APART = 1.0
# A panel that is open asks every few minutes; without one, nobody needs to be told.
WANTED_FOR = 900.0
# The part of the time that looks may take: where they are slow, they become rarer.
SHARE = 0.05

_log = logging.getLogger(__name__)


class EnvironmentEvents:
    """Tells that the environments have changed, at most once per APART seconds, for WANTED_FOR seconds after a GET.

    It looks when file events tell that there is something to see.
    """

    def __init__(self, logger: EventLogger, engine: Engine, threads: Executor) -> None:
        self._logger = logger
        self._engine = engine
        self._threads = threads
        self._until = 0.0
        self._counter = 0
        self._seen: list[Environment] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wait = FolderWait(threads)
        self._watched = Traces(engine.settings)

    def asked(self, operation: Operation) -> None:
        """Take note that a client asked for something; call it on the loop."""
        if (operation.verb, operation.path) != ("GET", "environments"):
            return
        loop = asyncio.get_running_loop()
        self._until = loop.time() + WANTED_FOR
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._watch())

    def stop(self) -> None:
        if self._task:
            self._task.cancel()
        self._wait.close()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < self._until:
            began = loop.time()
            try:
                found = await loop.run_in_executor(self._threads, self._engine.environments)
            except (OSError, EnvsError):
                # A disk that fails now may be back at the next look; whoever asks is told what is wrong.
                _log.debug("The environments cannot be read", exc_info=True)
            else:
                # What did not change is the same object, so that comparing costs next to nothing.
                if found != self._seen:
                    self._tell(found)
            missed = await self._wait.watch(self._traces)
            await asyncio.sleep(max(APART, (loop.time() - began) / SHARE))
            if not missed:
                await self._wait.wait(max(0.0, self._until - loop.time()))

    def _traces(self) -> list[str]:
        return self._watched.folders(self._seen or ())

    def _tell(self, found: list[Environment]) -> None:
        # The first look as well: between the answer and it, something may have changed.
        self._seen = found
        self._counter += 1
        self._logger.emit(schema_id=SCHEMA_ID, data={"counter": self._counter})
