"""Distributions whose name differs from the module that they bring; `modules.tsv` names its sources."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("modules.tsv")
# Each module below these is a distribution of its own, called as the module is.
_NAMESPACES = ("google.cloud", "azure")


def distribution_of(module: str) -> str:
    """The normalised name (PEP 503) of the distribution that most likely brings `module`, dotted or not."""
    return known_distribution(module) or _by_rule(module.partition(".")[0])


def known_distribution(module: str) -> str | None:
    """As `distribution_of`, from the shipped table alone; None when it says nothing."""
    parts = module.split(".")
    table = _table()
    for count in range(len(parts), 0, -1):
        found = table.get(".".join(parts[:count]))
        if found:
            return found
    for namespace in _NAMESPACES:
        depth = namespace.count(".") + 2
        if module.startswith(f"{namespace}.") and len(parts) >= depth:
            return _by_rule("_".join(parts[:depth]))
    return None


def _by_rule(name: str) -> str:
    return re.sub("_+", "-", name.strip("_")).lower() or name


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)
