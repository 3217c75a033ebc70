"""TOML text as plain values."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

# The standard library has the same parser from Python 3.11 on.
_parser: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
MOST_DOTS = 1000
_KEY = re.compile(r"[\w\"'. \t-]+")


def parse(text: str) -> dict[str, Any]:
    """The tables of `text`.

    Raises:
        ValueError: it is not TOML; the message tells the line.
    """
    # The parser takes the square of the time for a dotted key.
    if any(found.group().count(".") > MOST_DOTS for found in _KEY.finditer(text)):
        raise ValueError(f"a key has more than {MOST_DOTS} parts")
    try:
        tables: dict[str, Any] = _parser.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return tables
