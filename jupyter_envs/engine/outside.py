"""Notice what others did to environments with a history, aside from whoever lists them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from jupyter_envs.engine.discover import Discovery
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import EnvsError

# An installer at work writes again and again; seconds without a change before it is taken to have ended.
SETTLED = 2.0
APART, LONGEST = 1.0, 60.0


class Outside:
    """A thread that brings histories up to date, woken by lists; `notice` does it for one environment."""

    def __init__(self, discovery: Discovery, notice: Callable[[Environment], bool]) -> None:
        self._discovery = discovery
        self._notice = notice
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        # What was looked at in vain, with the time of its change: a broken one, or one that cannot be written.
        self._given_up: dict[str, int] = {}

    def start(self) -> None:
        """Begin; returns at once."""
        thread = threading.Thread(target=self._work, name="jupyter-envs-outside", daemon=True)
        thread.start()
        self._thread = thread

    def stop(self) -> None:
        self._stop.set()
        self._woken.set()
        if self._thread:
            self._thread.join(10)

    def look(self) -> None:
        """Environments were listed: whatever has changed is looked at soon."""
        if self._thread and self._left():
            self._woken.set()

    def settle(self, seconds: float) -> None:
        """Look here and now at what has changed, for at most `seconds`."""
        until = time.monotonic() + seconds
        for prefix in self._discovery.suspects():
            if time.monotonic() > until:
                return
            self._look_at(prefix)

    def _work(self) -> None:
        while self._woken.wait() and not self._stop.is_set():
            self._woken.clear()
            pause = APART
            while suspects := self._left():
                soon = time.time() - SETTLED
                for prefix, changed in suspects.items():
                    if changed / 1e9 < soon and not self._look_at(prefix):
                        self._given_up[prefix] = changed
                if self._stop.wait(pause):
                    return
                # One that is busy, or unfinished, may stay so.
                pause = min(pause * 1.5, LONGEST)

    def _left(self) -> dict[str, int]:
        suspects = self._discovery.suspects()
        return {prefix: changed for prefix, changed in suspects.items() if self._given_up.get(prefix) != changed}

    def _look_at(self, prefix: str) -> bool:
        """Note what was changed there; whether to look again soon."""
        try:
            return self._notice(self._discovery.by_prefix(prefix))
        except (OSError, EnvsError):
            return False  # it is gone by now
