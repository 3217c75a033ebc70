"""The document that describes the routes; that answers fit it is held in every test that uses `call`."""

from __future__ import annotations

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator
from tornado.web import RequestHandler

from jupyter_envs.server.base import NoRoute
from jupyter_envs.server.routes import LOG_PATH, OPERATIONS, PREFIX, document, pattern

DESIGNED = """
GET managers
GET interpreters
POST interpreters
GET environments
POST environments
GET environments/{id}
PATCH environments/{id}
DELETE environments/{id}
GET environments/{id}/packages
POST environments/{id}/packages
GET environments/{id}/tree
POST environments/{id}/clone
GET environments/{id}/export
POST environments/{id}/kernel
DELETE environments/{id}/kernel
GET environments/{id}/history
GET environments/{id}/history/{revision}
POST environments/{id}/rollback
GET environments/{id}/health
POST environments/{id}/repair
GET projects
POST projects/kernel
POST inspect
GET formats
GET search
GET search/{name}
GET cache
GET disk
POST disk
DELETE cache
GET jobs
GET jobs/{id}
DELETE jobs/{id}
GET openapi.json
"""


def described() -> set[tuple[str, str]]:
    return {(verb.upper(), path[1:]) for path, verbs in document()["paths"].items() for verb in verbs}


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_it_has_the_routes_that_were_promised() -> None:
    wanted = {(line.split()[0], line.split()[1]) for line in DESIGNED.strip().splitlines()}
    assert described() >= wanted | {("GET", LOG_PATH)}


async def test_tornado_has_the_same_routes_and_verbs(app: Any) -> None:
    by_pattern = {f"{PREFIX}/{pattern(path)}": path for path in {o.path for o in OPERATIONS} | {LOG_PATH}}
    served = set()
    for regex, kind, _ in app.handlers:
        if kind is NoRoute:
            continue
        verbs = [v for v in RequestHandler.SUPPORTED_METHODS if v.lower() in vars(kind)]
        served |= {(verb, by_pattern[regex]) for verb in verbs}
    assert served == described()


async def test_it_is_served(call: Any) -> None:
    reply = await call("GET", "openapi.json")
    assert reply.status == 200
    assert reply.json == document()


def test_every_parameter_and_every_field_has_a_schema() -> None:
    for path, verbs in document()["paths"].items():
        for verb, operation in verbs.items():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path)), (verb, path)
    for name, schema in document()["components"]["schemas"].items():
        assert schema["properties"] or name == "Nothing", name


def test_no_two_operations_share_an_id() -> None:
    ids = [operation["operationId"] for verbs in document()["paths"].values() for operation in verbs.values()]
    assert len(ids) == len(set(ids))
