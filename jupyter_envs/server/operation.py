"""One verb on one path: what it reads, does and answers, for tornado and the OpenAPI document alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jupyter_envs.model import wire
from jupyter_envs.model.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine

# A package or notebook text of the largest legal size fits, escaped.
MAX_BODY = 16_000_000
# An environment's id or plain name, a job's id. A path is no key here, unlike in the command line.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")

Action = Literal["read", "write", "execute"]


class Answer(NamedTuple):
    """What goes over the wire: `job` names a started job, `filename` makes it a download."""

    body: bytes
    media_type: str = "application/json"
    job: str | None = None
    filename: str | None = None


@dataclass(frozen=True)
class Operation:
    """`run` is called as ``run(engine, *path values, query=…, body=…)`` in a worker thread.

    What it returns is a task with status 202, which is submitted, an Export where
    `reply` is ``str``, and a `reply` otherwise. `action` is what an authorizer is
    asked: ``read`` changes nothing, ``write`` deletes, renames and stops,
    ``execute`` runs code that packages bring (builds, kernels). `also` are statuses that
    `run` gives beside those that follow from the rest.
    """

    verb: str
    path: str
    run: Callable[..., Any]
    summary: str
    reply: Any
    action: Action = "read"
    query: Any = None
    body: Any = None
    status: int = 200
    also: frozenset[int] = frozenset()

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def wrong(self) -> set[int]:
        """The statuses of its errors, of the server in front of it included."""
        found = {400, 403, 503, *self.also}
        if self.parameters:
            found |= {404, 409}
        if self.query and "environment" in self.query.__struct_fields__:
            found |= {404, 409}
        if self.status == 202:
            found |= {409, 422}
        return found

    def act(self, engine: Engine, values: tuple[str, ...], query: Mapping[str, str], raw: bytes) -> Answer:
        """Read the request, do it, write the answer. Blocks.

        Raises:
            EnvsError: it cannot be done; nothing was started.
        """
        given: dict[str, Any] = {}
        for name, value in zip(self.parameters, values, strict=True):
            if name == "id" and not KEY.match(value):
                raise NotFound("There is nothing with this id.", hint="The lists give the ids.", field="id")
        if self.query:
            given["query"] = wire.from_query(query, self.query)
        if self.body:
            if len(raw) > MAX_BODY:
                raise InvalidRequest(f"The body is larger than {MAX_BODY:,} bytes.", reason="too_large", field="body")
            given["body"] = wire.decode(raw, self.body)
        try:
            result = self.run(engine, *values, **given)
        except NotFound as error:
            if self.parameters and error.field is None:
                error.field = self.parameters[-1]
            raise
        if self.status == 202:
            job = engine.jobs.submit(result)
            return Answer(wire.encode(job), job=job.id)
        if self.reply is str:
            if result.files:
                return Answer(_zipped(result.files), "application/zip", filename=f"{result.filename}.zip")
            text = result.text.encode("utf-8", "replace")
            return Answer(text, f"{result.media_type}; charset=UTF-8", filename=result.filename)
        return Answer(wire.encode(result))


def _zipped(files: Mapping[str, str]) -> bytes:
    """`files`, by their path, as one archive; the same files give the same bytes."""
    import io
    import zipfile

    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return raw.getvalue()
