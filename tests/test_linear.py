"""The time of every pattern grows with the text and no faster, whatever the text is."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.worst_input import texts

TOP = Path(__file__).resolve().parents[1] / "jupyter_envs"
# The first tells those apart whose time grows by the cube or faster, so that the test ends.
SIZES = (300, 5_000)
# A megabyte in 50 ms is 0.25 ms for the second; one whose time grows by the square takes 20 ms and more.
SECONDS = 0.008
_METHODS = {"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}


class Use(NamedTuple):
    where: str
    pattern: re.Pattern[Any]
    method: str


# Patterns for text that is short already, by their source, with what bounds it.
BOUNDED = {
    r"\A#![ \t]*(?P<python>/.*?)(?P<args>[ \t]+-\S.*)?\r?\n": "the first 4 kB of a script",
}

# What a test cannot read, since it is put together elsewhere: each with what holds it.
UNREADABLE = {
    ("backends/conflicts.py", "re.search(pattern, why)"): "`_NEEDED_BY` with names of at most 100 characters",
    ("backends/causes.py", "re.compile(pattern, re.IGNORECASE)"): "each is in `_RULES`",
    ("backends/build_failures.py", "re.compile(pattern, re.IGNORECASE)"): "each is in a table of the module",
}


def uses() -> Iterator[Use]:
    yield from _by_reading()
    yield from _by_importing()


def modules() -> Iterator[tuple[str, ast.Module, dict[str, Any]]]:
    """Each module with its place, its syntax tree and its names."""
    for path in sorted(TOP.rglob("*.py")):
        if "labextension" in path.parts or path.name.startswith("__"):
            continue
        where = path.relative_to(TOP).as_posix()
        module = importlib.import_module("jupyter_envs." + where.removesuffix(".py").replace("/", "."))
        yield where, ast.parse(path.read_text("utf-8")), vars(module)


def _by_importing() -> Iterator[Use]:
    """The patterns in tables of modules, which reading does not see."""
    for where, _, known in modules():
        for name, value in known.items():
            if isinstance(value, (list, tuple, dict, set, frozenset)):
                for number, pattern in enumerate(_within(value)):
                    yield Use(f"{where}: {name}[{number}]", pattern, "search")


def _within(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _within([*value, *value.values()])
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for each in value if isinstance(value, (list, tuple, set, frozenset)) else ():
            yield from _within(each)


def _by_reading() -> Iterator[Use]:
    for where, tree, known in modules():
        compiled: dict[str, re.Pattern[Any]] = {}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if _called(node.value) == "compile" and (pattern := _pattern(node.value, known)):
                    compiled[ast.unparse(target)] = pattern
        used: set[str] = set()
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            method = node.func.attr
            if method in _METHODS:
                name = ast.unparse(node.func.value)
                if name == "re" and (pattern := _pattern(node, known)):
                    yield Use(f"{where}:{node.lineno}", pattern, method)
                elif name in compiled:
                    used.add(name)
                    yield Use(f"{where}:{node.lineno}", compiled[name], method)
        for name in sorted(compiled.keys() - used):
            yield Use(f"{where}: {name}", compiled[name], "search")


def _called(node: ast.Call) -> str:
    at = node.func
    return at.attr if isinstance(at, ast.Attribute) and ast.unparse(at.value) == "re" else ""


def _pattern(node: ast.Call, known: dict[str, Any]) -> re.Pattern[Any] | None:
    """The pattern that is the first argument; what a program puts together counts with a name in each gap."""
    if not node.args:
        return None
    source = _source(node.args[0], known)
    if source is None:
        return None
    flags = 0
    for extra in [*node.args[1:], *(word.value for word in node.keywords if word.arg == "flags")]:
        for name in re.findall(r"\bre\.([A-Z]+)\b", ast.unparse(extra)):
            flags |= getattr(re, name)
    return re.compile(source, flags)


def _source(node: ast.expr, known: dict[str, Any]) -> str | bytes | None:
    """The text of a pattern, its names looked up among those that are `known`; None where nothing of it can be read."""
    if isinstance(node, ast.Name):
        value = known.get(node.id)
        return value if isinstance(value, (str, bytes)) else None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (str, bytes)) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(_source(part.value if isinstance(part, ast.FormattedValue) else part, known) or "name")
            for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_source(node.left, known), _source(node.right, known)]
        if any(isinstance(part, bytes) for part in parts):
            return b"".join(part if isinstance(part, bytes) else b"name" for part in parts)
        return "".join(str(part or "name") for part in parts) if any(parts) else None
    return None


def unread() -> Iterator[tuple[str, str]]:
    """The calls with a pattern of which nothing is written out where it is used."""
    for where, tree, known in modules():
        for node in ast.walk(tree):
            of_a_pattern = isinstance(node, ast.Call) and _called(node) in {*_METHODS, "compile"}
            if isinstance(node, ast.Call) and of_a_pattern and _source(node.args[0], known) is None:
                yield where, ast.unparse(node)


USES = list({(use.pattern, use.method): use for use in uses()}.values())


def seconds(use: Use, text: Any) -> float:
    function = getattr(use.pattern, use.method)
    begun = time.process_time()
    if use.method in ("sub", "subn"):
        function("" if isinstance(text, str) else b"", text)
    elif use.method == "finditer":
        list(function(text))
    else:
        function(text)
    return time.process_time() - begun


@pytest.mark.parametrize("use", USES, ids=[use.where for use in USES])
def test_a_pattern_takes_no_more_than_it_must(use: Use) -> None:
    source = use.pattern.pattern
    if (source if isinstance(source, str) else source.decode("latin-1")) in BOUNDED:
        return
    for made in (made for size in SIZES for made in texts(use.pattern, size)):
        text: Any = made.encode("latin-1", "replace") if isinstance(use.pattern.pattern, bytes) else made
        most = 25 * SECONDS if use.where.startswith(OUTPUT) else SECONDS
        # Once more where something else had the processor's caches.
        if seconds(use, text) > most and min(seconds(use, text), seconds(use, text)) > most:
            pytest.fail(f"{use.method} of {use.pattern.pattern!r} on {made[:40]!r}…{made[-10:]!r}")


# They read the end of a tool's output, at most 60,000 characters, by patterns with a bound on each repetition.
OUTPUT = ("backends/causes.py", "backends/conflicts.py", "backends/build_failures.py")


def test_every_pattern_is_read() -> None:
    assert set(unread()) == set(UNREADABLE)


def test_there_are_patterns() -> None:
    assert len(USES) > 150


@pytest.mark.parametrize(
    ("source", "method"), [(r"\s+$", "search"), (r"[a-z]+://", "search"), (r"(a|ab)*c*c*d", "match")]
)
def test_a_pattern_that_takes_the_square_is_found(source: str, method: str) -> None:
    use = Use("here", re.compile(source), method)
    assert max(seconds(use, text) for text in texts(use.pattern, SIZES[1])) > SECONDS
