"""Between bytes and the model: one reader that names the field at fault, one writer, one schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from jupyter_envs.model.address import Address, read, shown
from jupyter_envs.model.errors import EnvsError, InvalidRequest
from jupyter_envs.model.job import ErrorBody

T = TypeVar("T")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")


def decode(raw: bytes, kind: type[T]) -> T:
    """The JSON text `raw` as a `kind`.

    Raises:
        InvalidRequest: it is not JSON, or a field is unknown, missing, or of a wrong type; `field` names it.
    """
    try:
        return msgspec.json.decode(raw or b"{}", type=kind, dec_hook=read)
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"The body is not JSON: {error}.",
            hint="Send a JSON object with Content-Type application/json.",
            field="body",
        ) from None


def from_query(values: Mapping[str, str], kind: type[T]) -> T:
    """The texts of a URL's query as a `kind`, numbers and ``true`` or ``1`` read from them; unknown names are left out.

    Raises:
        InvalidRequest: a value is missing or of a wrong type; `field` names it.
    """
    try:
        return msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(error) from None


def encode(value: Any) -> bytes:
    """`value` as JSON text in UTF-8; `from_` becomes `from`, unset fields stay null."""
    return msgspec.json.encode(value, enc_hook=shown)


def plain(value: Any) -> Any:
    """`value` as dicts, lists and scalars, as `encode` would write it."""
    return msgspec.to_builtins(value, enc_hook=shown)


def error_body(error: EnvsError) -> ErrorBody:
    """What REST answers and jobs keep for `error`."""
    return ErrorBody(
        message=error.message,
        reason=error.reason,
        kind=error.default_reason,
        hint=error.hint,
        field=error.field,
        detail=error.detail,
        cause=error.cause or msgspec.UNSET,
        adopt=error.adopt or msgspec.UNSET,
        offer=error.offer or msgspec.UNSET,
    )


def components(kinds: list[Any]) -> dict[str, Any]:
    """JSON Schema (2020-12, as OpenAPI 3.1 wants it) of `kinds` and all that they hold, by name."""
    _, found = msgspec.json.schema_components(
        kinds, schema_hook=_open_schema, ref_template="#/components/schemas/{name}"
    )
    return found


def _open_schema(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"description": "any value"}
    if kind is Address:
        return {"type": "string", "description": "an address; what opens it is left out of answers"}
    raise NotImplementedError


def _explained(error: msgspec.ValidationError) -> InvalidRequest:
    said, at, where = str(error).rpartition(" - at `$")
    if at:
        where = where.removesuffix("`").removeprefix(".")
    else:
        said, where = where, ""
    hint = "openapi.json describes each request."
    if named := _UNKNOWN.match(said) or _MISSING.match(said):
        known = "is not known" if _UNKNOWN.match(said) else "is missing"
        name = f"{where}.{named.group(1)}" if where else named.group(1)
        return InvalidRequest(f"The field {name[:80]!r} {known}.", hint=hint, field=name[:80] or "body")
    return InvalidRequest(f"{where or 'The body'}: {said}.", hint=hint, field=where or "body")
