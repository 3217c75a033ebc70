"""Text for a terminal: safe, aligned, no wider than the window."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TextIO

from jupyter_envs.engine.kernels import Spec
from jupyter_envs.model.catalog import Export
from jupyter_envs.model.disk import Disk
from jupyter_envs.model.env import Environment, Package, Problem, TreeNode
from jupyter_envs.model.job import Progress
from jupyter_envs.model.lock import RevisionDetail
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Inspected

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
# Direction overrides make a name look like another one.
_HIDDEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DROPPED = ("Cc", "Cs", "Zl", "Zp")
_COLOURS = {"broken": "31", "failed": "31", "error": "31", "busy": "33", "warning": "33", "running": "36"}


def clean(text: object) -> str:
    """`text` on one line without terminal sequences, control characters and direction overrides."""
    plain = _HIDDEN.sub("", _ESCAPES.sub("", str(text))).replace("\t", " ")
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(" " if c == "\n" else c for c in plain if c == "\n" or unicodedata.category(c) not in _DROPPED)


def clean_lines(text: str) -> str:
    """`text` cleaned line by line; the line ends stay."""
    return "\n".join(clean(line) for line in text.split("\n"))


def size(count: int | None) -> str:
    """`count` bytes for a person: ``1.2 MB``; an unknown one is a dash."""
    if count is None:
        return "-"
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def when(time: str | None) -> str:
    """The ISO 8601 `time` on the local clock, to the minute; an unknown one is a dash."""
    if not time:
        return "-"
    from datetime import datetime

    try:
        parsed = datetime.fromisoformat(time.replace("Z", "+00:00"))
    except ValueError:
        return clean(time)
    return parsed.astimezone().strftime("%Y-%m-%d %H:%M")


def count(number: int, noun: str) -> str:
    """``1 package``, ``2 packages``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def window(stream: TextIO | None = None) -> int | None:
    """The columns of the terminal behind `stream` (default: standard output), or None where it is none."""
    stream = stream or sys.stdout
    try:
        if not stream.isatty():
            return None
        columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 80
    return max(40, columns or 80)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], width: int | None = None) -> list[str]:
    """`rows` in aligned columns under `head`; the widest column gives way until a line fits `width` columns."""
    cells = [[clean(c) for c in row] for row in rows]
    widths = [max(map(_columns, column)) for column in zip(head, *cells, strict=True)]
    while width and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return [_line(row, widths, colour=i > 0 and width is not None) for i, row in enumerate([list(head), *cells])]


def _line(row: Sequence[str], widths: Sequence[int], colour: bool) -> str:
    parts = []
    for text, room in zip(row, widths, strict=True):
        fitted = _fit(text, room)
        padding = " " * (room - _columns(fitted))
        parts.append((_coloured(fitted) if colour else fitted) + padding)
    return "  ".join(parts).rstrip()


def _coloured(text: str) -> str:
    code = _COLOURS.get(text)
    if code is None or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or sys.platform == "win32":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fit(text: str, room: int) -> str:
    if _columns(text) <= room:
        return text
    while text and _columns(text) > room - 1:
        text = text[:-1]
    return text + "…"


def environments(found: Sequence[Environment], width: int | None) -> list[str]:
    """One line an environment; what is wrong with one stands under the table."""
    if not found:
        return [
            "No environments yet.",
            "Make one:  jupyter envs create NAME [PACKAGE ...]   (or see it happen:  jupyter envs demo)",
        ]
    rows = [
        (
            env.name,
            env.python.version or "-",
            env.manager,
            env.state,
            ", ".join(k.display_name for k in env.kernels) or "-",
        )
        for env in found
    ]
    lines = table(("NAME", "PYTHON", "MANAGER", "STATE", "KERNEL"), rows, width)
    troubled = [(env, p) for env in found for p in env.problems if p.severity != "info"]
    if troubled:
        lines += [""] + [f"{clean(env.name)}: {problem_line(p)}" for env, p in troubled]
        if any(p.repair for _, p in troubled):
            lines.append("`jupyter envs repair NAME` mends what can be mended.")
    return lines


def gone_kernels(specs: Sequence[Spec]) -> list[str]:
    """A line for each kernelspec whose environment is not there."""
    return [
        f"warning: the kernel {clean(spec.display_name)!r} cannot start: "
        f"its environment {clean(str(spec.ours['prefix']))} is not there."
        for spec in specs
    ]


def problem_line(problem: Problem) -> str:
    """``error: the interpreter is gone``."""
    return f"{problem.severity}: {clean(problem.message)}"


def environment(env: Environment, problems: Sequence[Problem]) -> list[str]:
    """All that is known of `env`, a fact a line."""
    python = " ".join(filter(None, [env.python.version, env.python.implementation])) or "not known"
    facts = [
        ("name", env.name),
        ("id", env.id),
        ("state", env.state + (", protected" if env.protected else "")),
        ("manager", f"{env.manager} ({'managed' if env.managed else 'found here, not managed'})"),
        ("adopted", None if env.adopted else "no: others made it, and nothing in it is run"),
        ("product", f"{env.installation.name} {env.installation.version or ''}" if env.installation else None),
        ("python", python),
        ("base", env.python.base),
        ("prefix", env.prefix),
        ("made by", env.tool),
        ("project", env.project),
        ("packages", env.package_count),
        ("size", size(env.size) if env.size is not None else None),
        ("created", when(env.created) if env.created else None),
        ("revision", env.revision),
    ]
    kernels = [("kernel", f"{k.display_name} ({k.name}, {k.language})") for k in env.kernels]
    if not kernels:
        kernels = [("kernel", f"none; `jupyter envs kernel register {env.name}` makes one")]
    return [f"{label:<9} {clean(value)}" for label, value in facts + kernels if value is not None] + [
        f"{'problem':<9} {problem_line(p)}" + (f" (repair: {clean(p.repair)})" if p.repair else "") for p in problems
    ]


def packages(found: Sequence[Package], width: int | None) -> list[str]:
    """One line a package; ``*`` marks those that were asked for."""
    if not found:
        return ["No packages."]
    rows = [
        (
            p.name + ("*" if p.requested else ""),
            p.version,
            size(p.size),
            p.installer or "-",
            "editable" if p.editable else p.url or p.channel or p.summary or "",
        )
        for p in found
    ]
    return table(("NAME", "VERSION", "SIZE", "INSTALLER", "ABOUT"), rows, width)


def tree(nodes: Sequence[TreeNode]) -> list[str]:
    """The dependency graph from what was asked for, or from what nothing needs; a repeated branch is cut with ``…``."""
    by_name = {n.name: n for n in nodes}
    tops = [n for n in nodes if n.requested] or [n for n in nodes if not n.required_by]
    reached = _reach(tops, by_name)
    tops += [n for n in nodes if n.name not in reached and not n.required_by]
    lines: list[str] = []
    seen: set[str] = set()
    # A stack, not recursion: a graph as deep as it is long must not end in an error.
    stack = [(n.name, 0) for n in reversed(tops)]
    while stack:
        name, depth = stack.pop()
        node = by_name.get(name)
        if node is None:
            lines.append(f"{'    ' * depth}{clean(name)}  missing")
            continue
        again = name in seen and bool(node.requires or node.missing)
        lines.append(f"{'    ' * depth}{clean(name)} {clean(node.version)}{'  …' if again else ''}")
        if not again:
            seen.add(name)
            stack += [(r, depth + 1) for r in reversed(dict.fromkeys([*node.requires, *node.missing]))]
    return lines or ["No packages."]


def _reach(tops: Sequence[TreeNode], by_name: dict[str, TreeNode]) -> set[str]:
    found: set[str] = set()
    waiting = [n.name for n in tops]
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting += by_name[name].requires
    return found


def plan(value: Plan, dry_run: bool = False) -> list[str]:
    """What changed, or would change: a line each for added, changed, removed, and the sizes."""
    warnings = [clean(text) for text in value.warnings]
    if value.empty:
        return ["Nothing to change.", *warnings]
    said = ("Would add", "Would change", "Would remove") if dry_run else ("Added", "Changed", "Removed")
    parts = (
        [f"{p.name} {p.version}" for p in value.added],
        [f"{c.name} {c.from_} → {c.to}" for c in value.changed],
        [f"{p.name} {p.version}" for p in value.removed],
    )
    lines = [f"{verb}: {', '.join(names)}" for verb, names in zip(said, parts, strict=True) if names]
    if dry_run and value.download_size is not None:
        lines.append(f"Download: {size(value.download_size)}")
    if dry_run and value.disk_size is not None:
        lines.append(f"On disk: {size(value.disk_size)}")
    if dry_run and value.hash:
        lines.append(f"To do just this: --plan {value.hash}")
    return [clean(line) for line in lines] + warnings


def difference(found: RevisionDetail) -> list[str]:
    """What differs between two revisions, as `plan`."""
    changes = found.difference or Plan()
    return ["Nothing differs."] if changes.empty else plan(changes)


def disk(value: Disk, width: int | None) -> list[str]:
    """A line for each environment and cache, the largest first; what they share is counted once in the total."""
    rows = [(e.name, "environment", size(e.size), size(e.exclusive), size(e.shared)) for e in value.environments]
    rows += [(c.name, "cache", size(c.size), size(c.exclusive), size(c.size - c.exclusive)) for c in value.caches]
    sizes = [e.size for e in value.environments] + [c.size for c in value.caches]
    ordered = [row for _, row in sorted(zip(sizes, rows, strict=True), key=lambda pair: -pair[0])]
    return [
        *table(("NAME", "WHAT", "SIZE", "ITS OWN", "SHARED"), ordered, width),
        f"{size(value.total)} in all, what is shared counted once; {size(value.free)} of {size(value.capacity)} free.",
        "To remove one frees what is its own.",
    ]


def files(export: Export) -> list[str]:
    """The text of an export, or its texts, each under its name."""
    parts = export.files or {"": export.text}
    lines = []
    for name, text in parts.items():
        lines += [f"--- {clean(name)}"] if name else []
        lines += clean_lines(text).rstrip("\n").split("\n")
    return lines


def inspected(found: Inspected, most: int = 20) -> list[str]:
    """What a file asks for, and what is left out of it."""
    about, create = found.summary, found.create
    facts = [count(about.packages, "package"), *(["exact"] if found.exact else [])]
    facts += [f"{about.hashed} with hashes"] if about.hashed else []
    facts += [count(about.constraints, "constraint")] if about.constraints else []
    lines = [f"{clean(found.filename or found.format)}: {found.format}, {', '.join(facts)}."]
    python = found.python or found.requires_python
    lines += [f"  Python {clean(python)}"] if python else []
    lines += [f"  {clean(line)}" for line in create.packages[:most]]
    lines += [f"  and {len(create.packages) - most} more"] if len(create.packages) > most else []
    for title, names in (("extras", found.extras), ("groups", found.groups), ("channels", create.channels)):
        lines += [f"  {title}: {clean(', '.join(names))}"] if names else []
    return [*lines, *(f"  ! {clean(warning)}" for warning in found.warnings)]


def amount(progress: Progress) -> str:
    """``3 of 12 packages``, ``1.2 MB of 8.0 MB``, or nothing where no number is known."""
    done, total = progress.done, progress.total
    if progress.unit == "bytes":
        parts = [size(n) for n in (done, total) if n is not None]
        return " of ".join(parts)
    parts = [str(n) for n in (done, total) if n is not None]
    return f"{' of '.join(parts)} {clean(progress.unit or '')}".strip() if parts else ""
