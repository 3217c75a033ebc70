"""Shorten the solver's explanation of a conflict to what conflicts with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_TREE = re.compile(r"^[\s│├└─]*")
_WOULD = re.compile(r"(?P<who>.+?) would (?P<verb>require|constrain)$")
_OPENINGS = (
    ", which can be installed with any of the following options:",
    ", which cannot be installed because there are no viable options:",
    " can be installed with any of the following options:",
    " cannot be installed because there are no viable options:",
    ", which conflicts with any installable versions previously reported",
    ", for which no candidates were found",
    " cannot be fulfilled",
)
_HIDDEN = re.compile(r"(?P<what>.+?) is excluded because due to strict channel priority")
_EXCLUDED = "__excluded__"
_MOST = 3


class _Need(NamedTuple):
    """`who` needs (or, with `limits`, allows of it only) `spec`."""

    who: str | None
    spec: str
    limits: bool

    @property
    def name(self) -> str:
        return re.split(r"[\s\[=<>!~]", self.spec, maxsplit=1)[0]


def shorten(text: str, reasons: Mapping[str, tuple[str, str]]) -> str:
    """One sentence or a few: who needs what, against whom.

    `reasons` says by name why a spec of the top is there ("is asked for", "is pinned"), and
    the spec.

    >>> shorten("Cannot solve the request because of: No candidates were found for lib ==9.", {})
    'No channel has lib ==9.'
    """
    body = text.removeprefix("Cannot solve the request because of:").strip()
    if alone := re.match(r"No candidates were found for (.+?)\.?$", body):
        return f"No channel has {_plain(alone[1])}."
    needs, missing, hidden, fought = _read(body)
    for need in missing:
        if need.who is None:
            return f"No channel has {_plain(need.spec)}."
        if need.name.startswith("__"):
            return f"{need.who} needs {_plain(need.spec)}, which this machine does not have."
        why, against = reasons.get(need.name, ("", ""))
        if against not in ("", need.name, need.spec):
            return f"{need.who} needs {_plain(need.spec)}, but {_plain(against)} {why}."
        return f"{need.who} needs {_plain(need.spec)}, which no channel has beside what is asked for."
    if hidden:
        name = hidden.split()[0]
        return f"{hidden} is left out by strict channel priority: a channel that comes first has another {name}."
    sides = [need for need in needs if need.name in fought] or needs
    # The solver tells them in any order; what was asked for comes last, where the eye looks for the remedy.
    ordered = sorted(set(sides), key=lambda need: (need.who is None, need.who or "", need.spec))
    parts = [_side(need, reasons) for need in ordered]
    if not parts:
        return body.splitlines()[0] if body else "The request cannot be met."
    more = f" (and {len(parts) - _MOST} more)" if len(parts) > _MOST else ""
    return ", but ".join([parts[0], ", ".join(parts[1:_MOST])] if len(parts) > 1 else parts) + more + "."


def _side(need: _Need, reasons: Mapping[str, tuple[str, str]]) -> str:
    if _EXCLUDED in need.spec:
        return f"{need.name} is to stay out"
    if need.who is None:
        return f"{_plain(need.spec)} {reasons.get(need.name, ('is asked for', ''))[0]}"
    return f"{need.who} {'allows only' if need.limits else 'needs'} {_plain(need.spec)}"


def _plain(spec: str) -> str:
    """`spec` as a person writes it: no star for any version, a channel before the name."""
    spec = re.sub(r"(?<!\s)\s+\*$", "", spec.strip())
    channel = re.search(r'\[channel="([^"]+)"\]', spec)
    return f"{channel[1]}::{spec.replace(channel[0], '').strip()}" if channel else spec


def _read(body: str) -> tuple[list[_Need], list[_Need], str | None, set[str]]:
    """What is needed, what of it nobody has, a build that strict priority hides, and the names that are fought over."""
    needs: list[_Need] = []
    missing: list[_Need] = []
    hidden: str | None = None
    fought: set[str] = set()
    # Who stands above, by depth: the package whose needs the next lines tell.
    above: list[tuple[int, str, bool]] = []
    for raw in body.splitlines():
        tree = _TREE.match(raw)
        depth = len(tree[0]) if tree else 0
        line = raw[depth:].rstrip().rstrip(".")
        if not line or line.startswith("The following packages"):
            continue
        above = [entry for entry in above if entry[0] < depth]
        who, limits = (above[-1][1], above[-1][2]) if above else (None, False)
        if would := _WOULD.match(line):
            above.append((depth, would["who"], would["verb"] == "constrain"))
        elif excluded := _HIDDEN.match(line):
            hidden = hidden or excluded["what"]
        elif line.startswith("the constraint "):
            spec = line.removeprefix("the constraint ").removesuffix(" cannot be fulfilled")
            need = _Need(None, spec, True)
            needs.append(need)
            fought.add(need.name)
        elif ending := next((e for e in _OPENINGS if line.endswith(e)), None):
            need = _Need(who, line[: -len(ending)], limits)
            needs.append(need)
            if "no candidates" in ending:
                missing.append(need)
            elif "previously reported" in ending:
                fought.add(need.name)
        elif ", which conflicts with the versions reported above" in line:
            fought.add(line.split()[0])
    return needs, missing, hidden, fought
