"""The server extension: settings, the engine, handlers, events, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

from jupyter_envs.engine.settings import CONFIG_NAME, Settings
from jupyter_envs.system.panel import missing_panel

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.server.environment_events import EnvironmentEvents
    from jupyter_envs.server.events import JobEvents

BACKGROUND_AFTER = 1.0


class EnvsApp(ExtensionApp):
    """Environments as kernels, for this server. Options are those of `Settings`."""

    name = "jupyter_envs"
    description = "Create, find, change, reproduce and repair environments that are kernels."
    classes = [ServerApp, Settings]  # noqa: RUF012

    engine: Engine
    events: JobEvents
    changes: EnvironmentEvents
    threads: ThreadPoolExecutor
    watchers: ThreadPoolExecutor
    stopped = False

    def _config_file_name_default(self) -> str:
        # The command line reads the same file.
        return CONFIG_NAME

    def initialize_settings(self) -> None:
        from jupyter_envs.engine.engine import Engine
        from jupyter_envs.server import environment_events, events

        server = self._server
        self.engine = Engine(
            Settings(parent=self),
            by="rest",
            notebook_root=server.root_dir,
            running=self.running_kernels,
            shell=next(iter(server.terminado_settings.get("shell_command") or []), None),
        )
        self.threads = ThreadPoolExecutor(8, "jupyter-envs-rest")
        # Apart from the others: slow answers must not hold up a log, nor many watchers an answer.
        self.watchers = ThreadPoolExecutor(2, "jupyter-envs-watch")
        logger = cast("EventLogger", server.event_logger)
        self.events = events.JobEvents(logger, self.engine.jobs, self.watchers)
        self.changes = environment_events.EnvironmentEvents(logger, self.engine, self.watchers)
        # Now and not later: who has subscribed already gets no events of a schema that comes after.
        for schema in (events.SCHEMA, environment_events.SCHEMA):
            logger.register_event_schema(schema)

    def initialize_handlers(self) -> None:
        from jupyter_envs.server.routes import handlers
        from jupyter_envs.server.serving import Serving

        self.handlers.extend(handlers(Serving(self.engine, self.threads, self.watchers, self.changes)))
        # When the loop runs, so after the server answers.
        self._server.io_loop.add_callback(self._begin)

    async def stop_extension(self) -> None:
        """End the jobs of this server, wait for them, and close what was opened."""
        if not hasattr(self, "events"):
            return  # a wrong option kept us from loading
        self.stopped = True
        await asyncio.get_running_loop().run_in_executor(None, self.engine.close)
        self.events.stop()
        self.changes.stop()
        for pool in (self.threads, self.watchers):
            pool.shutdown(wait=False, cancel_futures=True)

    def running_kernels(self) -> Iterable[str]:
        """The names of the kernelspecs that this server runs a kernel of."""
        manager = self._server.kernel_manager
        names: set[str] = set()
        for kernel_id in manager.list_kernel_ids():
            # The loop may end a kernel while this runs in a worker thread.
            with suppress(KeyError):
                names.add(manager.get_kernel(kernel_id).kernel_name)
        return names

    @property
    def _server(self) -> ServerApp:
        return cast(ServerApp, self.serverapp)

    async def _begin(self) -> None:
        self.events.start()
        # Its imports would share the processor with the first page that is asked for.
        await asyncio.sleep(BACKGROUND_AFTER)
        if not self.stopped:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self.threads, self.engine.start_background)
            if missing := await loop.run_in_executor(self.threads, missing_panel):
                self.log.warning(
                    "The Environments panel is missing in JupyterLab. %s To add it: %s", missing.why, missing.command
                )
