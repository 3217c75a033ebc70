"""Why a package is in a compiled list of requirements: the comments of pip-compile, of uv, and our own.

pip-compile and ``uv pip compile`` write ``# via flask`` behind or below a line, or ``# via`` and
one ``#   flask`` below it for each; a file that asked for the package stands there as ``-r FILE``,
a project as ``NAME (pyproject.toml)``, in ``uv export`` by its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jupyter_envs.system.dist_info import normalise

_NAME = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\]\s*)?(?:===?|@|;|$|\\)")
_COMMENT = re.compile(r"(?:^|[ \t])#[ \t]?")
_OURS = "Asked for:"
_SAYS = re.compile(rf"#[ \t]*(?:via\b|{_OURS})")
_WIDTH = 100


def asked_for(text: str) -> set[str] | None:
    """The normalised names of what the requirements file `text` says was asked for; None where it says nothing.

    What has no comment in a file that comments the others was asked for.
    """
    if not _SAYS.search(text):
        return None
    names: dict[str, list[str]] = {}
    ours: set[str] = set()
    name, within = None, False
    for line in text.split("\n"):
        code, _, said = _COMMENT.sub("\0", line, count=1).partition("\0")
        if code.strip() and not code.lstrip().startswith("--hash"):
            found = _NAME.match(code.strip())
            name, within = normalise(found[1]) if found else None, False
            if name is not None:
                names.setdefault(name, [])
        if said.startswith(_OURS):
            ours.update(map(normalise, _parts(said.removeprefix(_OURS))))
        elif said.split()[:1] == ["via"]:
            within = True
            if name is not None:
                names[name] += _parts(said.strip()[3:])
        elif within and name is not None and said[:1] == " ":
            names[name] += _parts(said)
        else:
            within = False
    return ours or {name for name, reasons in names.items() if not reasons or any(_outside(r, names) for r in reasons)}


def head(names: Iterable[str]) -> Iterator[str]:
    """The comments that say that `names` were asked for, as `asked_for` reads them."""
    line = ""
    for name in sorted(names, key=str.lower):
        if line and len(line) + len(name) > _WIDTH:
            yield line
            line = ""
        line = f"{line}, {name}" if line else f"# {_OURS} {name}"
    if line:
        yield line


def _parts(text: str) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())]


def _outside(reason: str, names: Iterable[str]) -> bool:
    """Whether it is nothing in the file that needs the package; a constraint asks for nothing."""
    if reason.startswith("-"):
        return reason.startswith(("-r ", "--requirement"))
    return "(" in reason or normalise(reason.partition(":")[0]) not in names
