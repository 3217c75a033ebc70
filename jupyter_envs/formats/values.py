"""What TOML and JSON files hold, each value checked before it is used."""

from __future__ import annotations

import json
from typing import Any

from jupyter_envs.formats.base import FIELD, cleaned
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import toml


def tables(text: str) -> dict[str, Any]:
    """The tables of the TOML `text`.

    Raises:
        InvalidRequest: it is not TOML.
    """
    try:
        return toml.parse(cleaned(text))
    except ValueError as error:
        raise InvalidRequest(
            f"The file is not TOML: {str(error)[:200]}.", hint="Mend that place and send it again.", field=FIELD
        ) from None


def document(text: str, what: str) -> dict[str, Any]:
    """The object in the JSON `text`, which should be `what`.

    Raises:
        InvalidRequest: it is not JSON, or something else than an object.
    """
    try:
        value: Any = json.loads(cleaned(text))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"The {what} is not JSON: {str(error)[:200]}.", hint="Have its tool write it again.", field=FIELD
        ) from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"The file is JSON but not a {what}.", hint=f"Send a {what}.", field=FIELD)
    return value


def strings(value: object, place: str) -> list[str]:
    """`value`, a list of strings.

    Raises:
        InvalidRequest: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise _wrong(place, "a list of strings")
    return value


def mapping(value: object, place: str) -> dict[str, Any]:
    """`value`, a table; one that is missing is empty.

    Raises:
        InvalidRequest: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(place, "a table")
    return value


def rows(value: object, place: str) -> list[dict[str, Any]]:
    """`value`, a list of tables; one that is missing is empty.

    Raises:
        InvalidRequest: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise _wrong(place, "a list of tables")
    return value


def word(value: object, place: str) -> str:
    """`value`, a text that is not empty.

    Raises:
        InvalidRequest: it is something else.
    """
    if not isinstance(value, str) or not value:
        raise _wrong(place, "a text")
    return value


def _wrong(place: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"{place} must be {what}.", hint="Mend the file and send it again.", field=f"{FIELD} {place}")
