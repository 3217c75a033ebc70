"""The OpenAPI 3.1 document, made from the table of operations and the types that read the requests."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from jupyter_envs._version import __version__
from jupyter_envs.model import wire
from jupyter_envs.model.job import ErrorBody
from jupyter_envs.server.bodies import Document, LogMessage, Since
from jupyter_envs.server.operation import KEY, Operation

_ERRORS = {
    400: "What was sent is wrong; `field` says where",
    403: "Not allowed: not logged in, no right, no XSRF token, or a rule such as a protected environment",
    404: "There is no such thing",
    409: "Name taken or held by several, environment busy elsewhere, or a kernel of it running",
    422: "The requirements cannot be met together; `detail` is the solver's explanation",
    503: "A manager, an interpreter, an index or the disk is not usable now",
}
_PARAMETERS = {
    "id": "The id that the lists give; for an environment its name too, where only one has it",
    "name": "A package's name",
    "module": "A module as Python imports it, dotted or not",
    "revision": "The number of a revision, as the history gives it",
}
_EXAMPLES = {"id": "thesis", "name": "numpy", "module": "numpy", "revision": "1"}
_SCHEMAS = {"id": {"type": "string", "pattern": KEY.pattern.replace("\\Z", "$")}}
_LINKS = {
    "job": {"operationId": "get_jobs_id", "parameters": {"id": "$response.body#/id"}},
    "log": {"operationId": "get_jobs_id_log", "parameters": {"id": "$response.body#/id"}},
    "cancel": {"operationId": "delete_jobs_id", "parameters": {"id": "$response.body#/id"}},
    "environment": {"operationId": "get_environments_id", "parameters": {"id": "$response.body#/environment"}},
}


def describe(operations: list[Operation], log_path: str) -> Document:
    """The document for `operations` and the log socket at `log_path`."""
    kinds = [o.body for o in operations if o.body] + [o.reply for o in operations if _is_object(o)]
    schemas = wire.components([*kinds, ErrorBody, LogMessage])
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(f"/{operation.path}", {})[operation.verb.lower()] = _operation(operation)
    paths[f"/{log_path}"] = {"get": _socket()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jupyter environments",
            "version": __version__,
            "summary": "Isolated environments as kernels: create, find, change, reproduce, repair.",
            "description": (
                "Long actions answer 202 with a job, its URL in Location; GET the job, or open its log's WebSocket. "
                "Times are ISO 8601 UTC, sizes bytes, what is not known is null. Fields may be added, never renamed."
            ),
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        # The folder of this document itself, so that any base URL and proxy is right.
        "servers": [{"url": "."}],
        "security": [{"token": []}, {"query_token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token` and the server's token",
                },
                "query_token": {"type": "apiKey", "in": "query", "name": "token"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "_xsrf",
                    "description": "The login's cookies; verbs other than GET repeat `_xsrf` in X-XSRFToken",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _name(operation),
        "tags": [operation.path.split("/")[0]],
        "x-jupyter-action": operation.action,
        "parameters": [*map(_path_parameter, operation.parameters), *_query_parameters(operation.query)],
        "responses": _responses(operation),
    }
    if operation.body:
        found["requestBody"] = {"required": _needs_body(operation.body), "content": _json(_ref(operation.body))}
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "The job" if operation.status == 202 else operation.summary}
    if operation.reply is str:
        good["content"] = {"text/*": {"schema": {"type": "string"}}, "application/zip": {}}
        good["headers"] = {"Content-Disposition": _header("The file name to offer")}
    elif _is_object(operation):
        good["content"] = _json(_ref(operation.reply))
    else:
        good["content"] = _json({"type": "object"})
    if operation.status == 202:
        good["headers"] = {"Location": _header("The job's URL, base URL included")}
        good["links"] = _LINKS
    elif operation.verb == "GET":
        good["headers"] = {**good.get("headers", {}), "ETag": _header("For If-None-Match")}
    answers = {str(operation.status): good}
    if operation.verb == "GET":
        answers["304"] = {"description": "As the caller has it"}
    return answers | _errors(sorted(operation.wrong))


def _socket() -> dict[str, Any]:
    return {
        "summary": "A WebSocket: the job's log lines after `since` and those to come, then its end",
        "operationId": "get_jobs_id_log",
        "tags": ["jobs"],
        "x-jupyter-action": "read",
        "parameters": [_path_parameter("id"), *_query_parameters(Since)],
        "responses": {
            "101": {
                "description": "Each message is a LogMessage; the one with `end` is the last",
                "x-message": _ref(LogMessage),
            }
        }
        | _errors([400, 403, 404]),
    }


def _errors(statuses: list[int]) -> dict[str, Any]:
    return {str(s): {"description": _ERRORS[s], "content": _json(_ref(ErrorBody))} for s in statuses}


def _path_parameter(name: str) -> dict[str, Any]:
    described = {"name": name, "in": "path", "required": True, "schema": _SCHEMAS.get(name, {"type": "string"})}
    return {**described, "description": _PARAMETERS[name], "example": _EXAMPLES[name]}


def _query_parameters(kind: Any) -> list[dict[str, Any]]:
    if kind is None:
        return []
    schema = wire.components([kind])[kind.__name__]
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": part}
        for name, part in schema["properties"].items()
    ]


def _name(operation: Operation) -> str:
    parts = operation.path.replace("{", "").replace("}", "").replace(".", "_").split("/")
    return "_".join([operation.verb.lower(), *parts])


def _needs_body(kind: Any) -> bool:
    """Whether an empty object is refused; an absent body counts as one."""
    return bool(wire.components([kind])[kind.__name__].get("required"))


def _is_object(operation: Operation) -> bool:
    return hasattr(operation.reply, "__struct_fields__")


def _ref(kind: Any) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}
