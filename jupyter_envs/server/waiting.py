"""Wait on the loop until something has changed in some folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor

from jupyter_envs.system.watch import FolderEvents, silent

# Between two looks where a file system does not tell what happens on it.
BLIND = 5.0


class FolderWait:
    """Wakes a task by file events; where there are none, every BLIND seconds."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._events: FolderEvents | None = None
        self._blind = False
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def watch(self, folders: Callable[[], Iterable[str]]) -> bool:
        """Watch just what `folders`, called aside, gives; return whether what happened before may have been missed."""
        if self._blind:
            return False
        if self._events is None:
            try:
                self._events = FolderEvents()
            except OSError:
                self._blind = True
                return False
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._events.descriptor, self._read)
        events = self._events

        def change() -> tuple[bool, bool]:
            wanted = list(folders())
            return events.watch(wanted), silent(wanted)

        try:
            added, silence = await self._loop.run_in_executor(self._threads, change)  # type: ignore[union-attr]
        except OSError:
            added, silence = False, True
        if silence:
            self._blind = True
            self.close()
        return added

    async def wait(self, seconds: float | None = None) -> None:
        """Return once something has changed since the last return, or `seconds` have passed."""
        if self._blind:
            seconds = min(BLIND, seconds) if seconds is not None else BLIND
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except (TimeoutError, asyncio.TimeoutError):
            pass
        self._changed.clear()

    def close(self) -> None:
        if self._events and self._loop:
            self._loop.remove_reader(self._events.descriptor)
            self._events.close()
        self._events = None

    def _read(self) -> None:
        if self._events:
            self._events.drain()
        self._changed.set()
