"""The log of a job, live, over a WebSocket."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_envs.engine.joblog import Tail
from jupyter_envs.model import wire
from jupyter_envs.model.errors import InvalidRequest, NotFound
from jupyter_envs.model.job import Job, LogLine
from jupyter_envs.server.base import AUTH_RESOURCE, Base, Refused
from jupyter_envs.server.bodies import LogMessage, Since
from jupyter_envs.server.operation import KEY

# Between two looks at a log: at first, and at most when nothing has come for a while.
LOOK, LONGEST = 0.1, 0.5


class JobLog(WebSocketMixin, Base, WebSocketHandler):
    """Sends the lines after `since` in order, those to come too, then the job at its end, and closes.

    The log is read from disk, so that jobs of other processes can be watched as well as our own.
    """

    _pump: asyncio.Task[None] | None = None

    @ws_authenticated
    @authorized(action="read", resource=AUTH_RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        job_id = str(args[0])
        try:
            self._since = wire.from_query(self.query(), Since).since
        except InvalidRequest as error:
            raise Refused(error) from None
        await self.in_thread(self._exists, job_id)
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(
                InvalidRequest("This is a WebSocket.", hint="GET jobs/{id} tells the state.", field="Upgrade")
            )
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        super().open(*args, **kwargs)
        # A task of its own: until open() returns, tornado reads nothing, no pong and no close.
        self._pump = asyncio.create_task(self._send(str(args[0])))

    def on_message(self, message: str | bytes) -> None:
        """Nothing that a watcher says is of interest."""

    def on_close(self) -> None:
        if self._pump:
            self._pump.cancel()
        if self.ping_callback:
            self.ping_callback.stop()  # type: ignore[unreachable]
        super().on_close()

    async def _send(self, job_id: str) -> None:
        tail = Tail(self.serving.engine.jobs.store, job_id, self._since)
        loop = asyncio.get_running_loop()
        pause = LOOK
        try:
            while True:
                job, lines = await loop.run_in_executor(self.serving.watchers, self._look, job_id, tail)
                for line in lines:
                    await self.write_message(wire.encode(LogMessage(line=line)).decode())
                if job.over and not lines:
                    await self.write_message(wire.encode(LogMessage(end=job)).decode())
                    self.close(1000)
                    return
                pause = LOOK if lines else min(pause * 1.1, LONGEST)
                if not lines:
                    await asyncio.sleep(pause)
        except WebSocketClosedError:
            pass
        except (Refused, NotFound):
            self.close(1001, "the job was pruned")
        except Exception:
            self.log.exception("The log of job %s cannot be read", job_id)
            self.close(1011, "the log cannot be read")

    def _exists(self, job_id: str) -> None:
        missing = NotFound("There is no such job.", hint="GET jobs gives the ids.", field="id")
        if not KEY.match(job_id):
            raise missing
        try:
            self.serving.engine.jobs.get(job_id)
        except NotFound:
            raise missing from None

    def _look(self, job_id: str, tail: Tail) -> tuple[Job, list[LogLine]]:
        # The state first: all lines of an ended job are in its log.
        job = self.serving.engine.jobs.get(job_id)
        return job, tail.read()
