"""Holds every answer of a test against what openapi.json says about it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from jupyter_envs.server.routes import OPERATIONS, document, pattern

ERROR = {"$ref": "#/components/schemas/ErrorBody"}


def check(verb: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail unless the answer has a documented status and fits its schema."""
    route = path.partition("?")[0]
    known = next((o for o in OPERATIONS if o.verb == verb and re.fullmatch(pattern(o.path), route)), None)
    if known is None:
        if status >= 400:
            _fits(json.dumps(ERROR), json.loads(body))
        return
    answers = document()["paths"][f"/{known.path}"][verb.lower()]["responses"]
    assert str(status) in answers, f"{verb} {path} gave {status}, which is not documented: {body!r}"
    content = answers[str(status)].get("content", {})
    if "application/json" in content:
        assert content_type.partition(";")[0] == "application/json"
        _fits(json.dumps(content["application/json"]["schema"]), json.loads(body))
    elif "text/*" in content:
        assert content_type.startswith(("text/", "application/")), content_type


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": document()["components"]})


def _fits(schema: str, value: Any) -> None:
    wrong = [f"{e.json_path}: {e.message}" for e in _validator(schema).iter_errors(value)]
    assert not wrong, wrong
