"""What was asked for, where nothing tells it: the packages that no other one needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def roots(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The fewest of the names in `needs` (what each of them needs) that bring all others along, sorted.

    Those that need each other in a ring, and nobody else needs, are there with one of them.
    """
    edges = {name: [other for other in others if other in needs] for name, others in needs.items()}
    found, reached = [], set[str]()
    # Who is left last by the walk is needed by nobody, or only in a ring: whatever needs it is left later.
    for name in reversed(_left(edges)):
        if name not in reached:
            found.append(name)
            waiting = [name]
            while waiting:
                if (here := waiting.pop()) not in reached:
                    reached.add(here)
                    waiting += edges[here]
    return sorted(found)


def _left(edges: Mapping[str, list[str]]) -> list[str]:
    """The names in the order in which a walk into the depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    # Of a ring the first in the alphabet is entered first, and so left last.
    for start in sorted(edges):
        waiting = [(start, False)]
        while waiting:
            name, leaving = waiting.pop()
            if leaving:
                order.append(name)
            elif name not in seen:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(other, False) for other in edges[name] if other not in seen]
    return order
