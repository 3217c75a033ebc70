"""The time of every pattern grows with the text and no faster, whatever the text is."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
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


def uses() -> Iterator[Use]:
    for path in sorted(TOP.rglob("*.py")):
        if "labextension" in path.parts:
            continue
        where = path.relative_to(TOP).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        compiled: dict[str, re.Pattern[Any]] = {}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if _called(node.value) == "compile" and (pattern := _pattern(node.value)):
                    compiled[ast.unparse(target)] = pattern
        used: set[str] = set()
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            method = node.func.attr
            if method in _METHODS:
                name = ast.unparse(node.func.value)
                if name == "re" and (pattern := _pattern(node)):
                    yield Use(f"{where}:{node.lineno}", pattern, method)
                elif name in compiled:
                    used.add(name)
                    yield Use(f"{where}:{node.lineno}", compiled[name], method)
        for name in sorted(compiled.keys() - used):
            yield Use(f"{where}: {name}", compiled[name], "search")


def _called(node: ast.Call) -> str:
    at = node.func
    return at.attr if isinstance(at, ast.Attribute) and ast.unparse(at.value) == "re" else ""


def _pattern(node: ast.Call) -> re.Pattern[Any] | None:
    """The pattern that is the first argument; what a program puts together counts with a name in each gap."""
    if not node.args:
        return None
    first = node.args[0]
    source: Any
    if isinstance(first, ast.Constant):
        source = first.value
    elif isinstance(first, ast.JoinedStr):
        source = "".join(part.value if isinstance(part, ast.Constant) else "name" for part in first.values)
    else:
        return None
    flags = 0
    for extra in [*node.args[1:], *(word.value for word in node.keywords if word.arg == "flags")]:
        for name in re.findall(r"\bre\.([A-Z]+)\b", ast.unparse(extra)):
            flags |= getattr(re, name)
    return re.compile(source, flags)


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


def test_there_are_patterns() -> None:
    assert len(USES) > 150


@pytest.mark.parametrize(
    ("source", "method"), [(r"\s+$", "search"), (r"[a-z]+://", "search"), (r"(a|ab)*c*c*d", "match")]
)
def test_a_pattern_that_takes_the_square_is_found(source: str, method: str) -> None:
    use = Use("here", re.compile(source), method)
    assert max(seconds(use, text) for text in texts(use.pattern, SIZES[1])) > SECONDS
