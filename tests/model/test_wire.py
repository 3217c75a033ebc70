"""Reading requests: either a request or an InvalidRequest that names the field, whatever comes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.model import wire
from jupyter_envs.model.errors import Conflict, InvalidRequest
from jupyter_envs.model.job import Job
from jupyter_envs.model.plan import Changed
from jupyter_envs.model.request import Change, Clone, Create, Inspect, Register, Rollback, Update

KINDS = [Create, Change, Update, Clone, Rollback, Register, Inspect]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted({field.encode_name for kind in KINDS for field in msgspec.structs.fields(kind)})


def read(raw: bytes, kind: Any) -> Any:
    """The request, or None where it is refused in the one way that is allowed."""
    try:
        return wire.decode(raw, kind)
    except InvalidRequest as error:
        refused = error
    assert refused.field
    assert len(refused.message) < 500
    assert json.loads(wire.encode(wire.error_body(refused)))["message"] == refused.message
    return None


@pytest.mark.parametrize("kind", KINDS)
@given(raw=st.binary(max_size=200))
def test_any_bytes(kind: Any, raw: bytes) -> None:
    read(raw, kind)


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=20), JSON, max_size=6))
def test_any_json(kind: Any, value: Any) -> None:
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    request = read(raw, kind)
    if request is not None:
        assert wire.decode(wire.encode(request), kind) == request


@given(
    raw=st.binary(max_size=20), depth=st.integers(1, 20_000), opening=st.sampled_from([b"[", b'{"kernel":', b'{"a":'])
)
def test_any_depth(raw: bytes, depth: int, opening: bytes) -> None:
    read(opening * depth + raw, Create)


@given(values=st.dictionaries(st.sampled_from(["q", "n", "flag", "other"]), st.text(), max_size=4))
def test_any_query(values: dict[str, str]) -> None:
    class Query(msgspec.Struct):
        q: str | None = None
        n: int = 0
        flag: bool = False

    try:
        query = wire.from_query(values, Query)
    except InvalidRequest as error:
        refused = error
    else:
        assert query.q == values.get("q")
        return
    assert refused.field in ("q", "n", "flag")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"nmae": "x"}', "nmae"),
        (b'{"kernel": {"regsiter": true}}', "kernel.regsiter"),
        (b'{"packages": ["six", 1]}', "packages[1]"),
        (b'{"from": {"format": "pylock"}}', "from.text"),
        (b'{"name": 1}', "name"),
        (b"[]", "body"),
        (b"{", "body"),
    ],
)
def test_the_field_at_fault_is_named(raw: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        wire.decode(raw, Create)
    assert caught.value.field == field


def test_no_body_is_an_empty_object() -> None:
    assert wire.decode(b"", Create) == Create()


def test_names_that_python_reserves_are_written_as_they_are_read() -> None:
    assert wire.plain(Changed(name="six", from_="1", to="2")) == {"name": "six", "from": "1", "to": "2"}
    assert b'"from":null' in wire.encode(Create())


def test_an_error_is_told_whole() -> None:
    error = Conflict("Taken.", hint="Another.", reason="name_taken", field="name", detail="x")
    assert wire.plain(wire.error_body(error)) == {
        "message": "Taken.",
        "reason": "name_taken",
        "kind": "conflict",
        "hint": "Another.",
        "field": "name",
        "detail": "x",
    }


def test_schemas_refer_to_each_other_by_name() -> None:
    found = wire.components([Job, Create])
    assert {"Job", "Progress", "ErrorBody", "Create", "ImportText", "KernelRequest"} == found.keys()
    assert found["Job"]["properties"]["progress"]["$ref"] == "#/components/schemas/Progress"
    assert "from" in found["Create"]["properties"]
