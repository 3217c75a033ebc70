"""What all handlers share: worker threads, errors as JSON, handlers made from the table."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from http.client import responses
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from jupyter_envs.model import wire
from jupyter_envs.model.errors import (
    MOST_MESSAGE,
    Conflict,
    EnvsError,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unavailable,
    Unsolvable,
)
from jupyter_envs.model.job import ErrorBody
from jupyter_envs.server.access_log import loggable
from jupyter_envs.server.operation import Operation
from jupyter_envs.system.redact import redacted

if TYPE_CHECKING:
    from jupyter_envs.server.serving import Serving

T = TypeVar("T")
AUTH_RESOURCE = "jupyter_envs"
STATUS: dict[type[EnvsError], int] = {
    InvalidRequest: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Unsolvable: 422,
    Unavailable: 503,
}
# For what tornado and the server refuse by themselves.
_REASONS = {
    400: ("invalid", None),
    403: ("forbidden", "Log in or send a token, with the _xsrf value of the cookie; else ask the administrator."),
    404: ("not_found", "openapi.json lists the routes."),
    405: ("method_not_allowed", "openapi.json lists the verbs of each route."),
}


class Refused(web.HTTPError):
    """`error` on its way through tornado."""

    def __init__(self, error: EnvsError) -> None:
        # A disk that fails (Failed) is no fault of the request either.
        super().__init__(next((s for kind, s in STATUS.items() if isinstance(error, kind)), 503))
        self.error = error

    def __str__(self) -> str:
        return f"HTTP {self.status_code}: {self.error.message}"


class Base(JupyterHandler):
    """Mixed into plain and socket handlers alike."""

    auth_resource = AUTH_RESOURCE
    verbs: frozenset[str] = frozenset({"GET"})
    serving: Serving

    def initialize(self, serving: Serving) -> None:
        self.serving = serving
        # Here, when tornado has taken it apart: whatever comes of the request, its URL goes into the server's log.
        self.request.uri = loggable(self.request.uri or "")

    async def in_thread(self, function: Callable[..., T], *args: Any) -> T:
        """`function` off the loop.

        Raises:
            Refused: the engine, or the disk, said no.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self.serving.threads, function, *args)
        except EnvsError as error:
            raise Refused(error) from None
        except OSError as error:
            from jupyter_envs.engine.jobs import explain

            raise Refused(explain(error)) from None

    def query(self) -> dict[str, str]:
        """The query's values; of several with one name the last. Names that nobody asks for are left to their owners:
        Jupyter's own (`token`, `_xsrf`), a browser's number against caches."""
        given = self.request.query_arguments
        return {name: self.decode_argument(values[-1], name) for name, values in given.items()}

    def address(self, *parts: str) -> str:
        """The URL path of `parts` below ours, base URL included, fit for a header."""
        # The base URL may come encoded or not; what is encoded already stays.
        return quote(self.base_url, safe="/%:@!$&'()*+,;=~") + "/".join(["jupyter-envs", *map(quote, parts)])

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            field = name or "path"
            raise Refused(InvalidRequest(f"{field}: this is not UTF-8.", field=field)) from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 405:
            self.set_header("Allow", ", ".join(sorted({*self.verbs, "OPTIONS"})))
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        if isinstance(error, Refused):
            body = wire.error_body(error.error)
        else:
            reason, hint = _REASONS.get(status_code, (responses.get(status_code, "error").lower(), None))
            message = responses.get(status_code, "Error")
            if isinstance(error, web.HTTPError):
                message = _said(error) or message
            elif error is not None:
                message, reason = "Something unexpected went wrong in the server.", "internal"
                hint = "The server's log holds the details; please report them."
            kind = reason if status_code in (400, 403, 404) else "error"
            body = ErrorBody(message=redacted(message, MOST_MESSAGE), reason=reason, kind=kind, hint=hint)
        self.set_header("Content-Type", "application/json")
        self.finish(wire.encode(body))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # Tornado would log the whole request, a token in its URL included.
        where = f"{self.request.method} {redacted((self.request.uri or '').partition('?')[0], 1000)}"
        if isinstance(value, web.HTTPError):
            said = value.error.message if isinstance(value, Refused) else _said(value)
            self.log.debug("%s", redacted(f"{value.status_code} {where}: {said}", 4000))
        else:
            self.log.error("%s", redacted(f"{where}\n" + "".join(traceback.format_exception(typ, value, tb)), 50_000))


class EnvsHandler(Base, APIHandler):
    """Answers the operations of one path."""

    async def perform(self, operation: Operation, values: tuple[str, ...]) -> None:
        answer = await self.in_thread(operation.act, self.serving.engine, values, self.query(), self.request.body)
        self.serving.changes.asked(operation)
        self.set_status(operation.status)
        if answer.job:
            self.set_header("Location", self.address("jobs", answer.job))
        if answer.filename:
            self.set_attachment_header(answer.filename)
        # Tornado adds an ETag and turns what the caller has into a 304.
        self.finish(answer.body, set_content_type=answer.media_type)

    def update_api_activity(self) -> None:
        try:
            super().update_api_activity()
        except web.HTTPError:
            pass  # `no_track_activity` is not UTF-8: raised from finish(), it would leave the caller without an answer


class NoRoute(EnvsHandler):
    """Whatever else lies below our prefix."""

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        raise Refused(NotFound("There is no such route.", hint="openapi.json lists them.", field="path"))


def handler_of(operations: list[Operation]) -> type[EnvsHandler]:
    """The handler class for the operations of one path."""
    verbs: dict[str, Any] = {operation.verb.lower(): _method(operation) for operation in operations}
    name = "".join(part.strip("{}").title() for part in operations[0].path.split("/"))
    told = frozenset(operation.verb for operation in operations)
    return type(f"{name}Handler", (EnvsHandler,), {**verbs, "verbs": told})


def _method(operation: Operation) -> Callable[..., Any]:
    # Decorated anew for each verb: `authorized` keeps the first action and resource that it sees.
    @web.authenticated
    @authorized(action=operation.action, resource=AUTH_RESOURCE)  # type: ignore[untyped-decorator]
    async def method(self: EnvsHandler, *values: str) -> None:
        await self.perform(operation, values)

    method.__name__ = operation.verb.lower()
    method.__doc__ = operation.summary
    return method


def _said(error: web.HTTPError) -> str:
    """The message of `error`; tornado keeps a percent sign doubled for its own formatting."""
    if not error.log_message:
        return ""
    try:
        return error.log_message % error.args
    except (TypeError, ValueError):
        return error.log_message
