"""What the panel's TypeScript believes of the REST interface is what the server's own types say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.model.carry import Origin, Rebuilding
from jupyter_envs.server.routes import document

TYPES = Path(__file__).parents[1] / "labextension/src/api/types.ts"
# Those that the panel calls otherwise than the server does.
NAMES = {
    "EnvironmentBody": "Environment",
    "KernelName": "Kernel",
    "CacheUse": "CacheEntry",
    "Abilities": "Capabilities",
}
# Made in the browser, or parts of an address: no answer has them.
OWN = {"Environment", "Export", "Source"}


def schemas() -> dict[str, Any]:
    """The server's types by name, with those that come as a job's result."""
    import msgspec

    results = msgspec.json.schema_components([Origin, Rebuilding])[1]
    found: dict[str, Any] = results | document()["components"]["schemas"]
    return found


def fields(body: str) -> dict[str, tuple[bool, str]]:
    """The fields of an interface: whether each may be missing, and its type."""
    text = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    # A type in braces is one of its own: what is in it is not the interface's.
    while "{" in text:
        text = re.sub(r"\{[^{}]*\}", "object", text)
    return {name: (bool(mark), kind.strip()) for name, mark, kind in re.findall(r"(\w+)(\??):([^;]*);", text)}


def interfaces() -> dict[str, dict[str, tuple[bool, str]]]:
    """The fields of each interface, in the panel's name for it."""
    text = TYPES.read_text()
    return {name: fields(body) for name, body in re.findall(r"(?ms)^export interface I(\w+)[^{]*\{(.*?)^\}", text)}


def plain(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A schema without null, and whether null is among what it admits."""
    options = schema.get("anyOf", [schema])
    rest = [option for option in options if option.get("type") != "null"]
    return (rest[0] if len(rest) == 1 else {"anyOf": rest}), len(rest) < len(options)


INTERFACES = interfaces()


def test_the_types_were_read() -> None:
    assert len(INTERFACES) > 30
    assert INTERFACES["Progress"]["fraction"] == (False, "number | null")
    assert INTERFACES["Create"]["from"] == (True, "object | null")


@pytest.mark.parametrize("name", sorted(INTERFACES.keys() - OWN))
def test_an_interface(name: str) -> None:
    known = schemas()
    assert NAMES.get(name, name) in known, "the server has no such type: name it in NAMES, or in OWN"
    properties = known[NAMES.get(name, name)]["properties"]
    for field, (optional, kind) in INTERFACES[name].items():
        assert field in properties, f"{name}.{field}: the server has no such field"
        schema, nullable = plain(properties[field])
        assert not nullable or optional or "null" in kind, f"{name}.{field} may be null"
        alias = re.search(rf"(?m)^export type {re.escape(kind)} = (.*);", TYPES.read_text())
        told = set(re.findall(r"'([^']+)'", alias[1] if alias else kind))
        if told:
            resolved = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            assert told == set(resolved["enum"]), f"{name}.{field}"
