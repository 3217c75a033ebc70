"""The files of a folder together: which of them says what it needs, and what is left out.

Where the folder is one for Binder, repo2docker's order holds; else a lock goes before what it locks.
A file counts by what it says, not by its name: a ``pyproject.toml`` that only sets up tools is passed over.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jupyter_envs.formats.base import FIELD, FileFormat, Given, Read, cleaned, listed
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise

BINDER = ("binder", ".binder")
# What lies outside of an environment, lower-case; nothing comes of it here.
OUTSIDE = {
    "apt.txt": "packages of the system",
    "postbuild": "a script that runs after the build",
    "start": "a script that runs before the server",
    "install.r": "R packages",
    "description": "an R package",
    "project.toml": "Julia packages",
    "require": "Julia packages",
    "default.nix": "a Nix expression",
    "dockerfile": "the whole image; Binder would take it alone",
    "procfile": "the processes of a web application",
    "packages.txt": "packages of the system",
}
# Others than a project's own: they tell that the folder is for Binder.
_BINDERS = {"apt.txt", "postbuild", "install.r", "require", "runtime.txt"}
_RUNTIME = re.compile(r"python-(\d{1,2}(?:\.\d{1,3}){0,2})(?:-\d{4}-\d\d-\d\d)?\Z")
# repo2docker's order of what is read here.
_BINDER_ORDER = (
    "environment.yml",
    "Pipfile.lock",
    "Pipfile",
    "requirements.txt",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
)
# The Python of these is said in themselves; runtime.txt says nothing of it.
_OWN_PYTHON = {"environment.yml", "Pipfile.lock", "Pipfile"}
# What is read with a file and not beside it.
_PAIRS = (
    {"Pipfile.lock", "Pipfile"},
    {"poetry.lock", "pyproject.toml"},
    {"uv.lock", "pyproject.toml"},
    {"pdm.lock", "pyproject.toml"},
    {"pixi.lock", "pixi.toml"},
    {"pyproject.toml", "setup.cfg"},
    {"setup.cfg", "setup.py"},
)
# What may set up tools alone.
_OF_TOOLS = {"pyproject.toml", "setup.cfg", "setup.py"}
_MOST_NOTEBOOKS = 40

Including = Callable[[str, str], list[str]]


def is_binder(files: Mapping[str, str]) -> bool:
    """Whether `files`, by their path, are those of a folder for Binder, and not just any project's."""
    for path in files:
        top, _, rest = path.rpartition("/")
        if top in BINDER or (not top and rest.lower() in _BINDERS):
            return True
    return False


def read(given: Given, formats: Sequence[FileFormat], notebook: FileFormat, including: Including) -> Read:
    """What the folder of `given` needs, by the file that says most; what else there is is told.

    `formats` come in the order of what says more, `including` tells the files that a file names.

    Raises:
        InvalidRequest: the file that says most is wrong, or none says anything.
    """
    top = next((f"{name}/" for name in BINDER if any(path.startswith(f"{name}/") for path in given.files)), "")
    binder = is_binder(given.files)
    inside = [path for path in given.files if path.startswith(top)]
    here = {path[len(top) :].lower(): path for path in inside if "/" not in path[len(top) :]}
    order = [each for name in _BINDER_ORDER for each in formats if each.name == name] if binder else list(formats)
    candidates = _candidates(inside, given, order, len(top))
    chosen, found, silent = _first(candidates, given)
    if chosen is None:
        found = _notebooks(inside, given, notebook)
    if chosen is None and found is None and not (set(here) & {*OUTSIDE, "runtime.txt"}):
        raise _nothing(given, formats, silent)
    warnings: list[str] = []
    if found is None:
        found = Read(packages=[], warnings=["The folder asks for no package."])
    if top and not binder:
        warnings.append(f"Binder's folder {top} stands for the whole.")
    left = _left(chosen, candidates, given, silent, including)
    if left:
        name = chosen[2] if chosen else ""
        warnings.append(f"Taken is {listed([name])}; left out: {listed(left)}.")
    if all(any(path.startswith(f"{name}/") for path in given.files) for name in BINDER):
        warnings.append("There is both binder/ and .binder/, which Binder refuses; binder/ is taken.")
    found = _with_runtime(found, chosen, here, given)
    unknown = [f"{name} ({what})" for name, what in OUTSIDE.items() if name in here]
    return replace(
        found,
        source=("binder", "") if binder else (chosen[1].name, chosen[2]) if chosen else (notebook.name, ""),
        warnings=[*found.warnings, *warnings],
        unknown=[*found.unknown, *unknown],
    )


Candidate = tuple[tuple[int, int, bool], FileFormat, str]


def _candidates(paths: Sequence[str], given: Given, order: Sequence[FileFormat], start: int) -> list[Candidate]:
    """The files that can be read, the least deep and of those the one that says most first."""
    found = []
    for path in paths:
        base = posixpath.basename(path).lower()
        if base in OUTSIDE or base == "runtime.txt":
            continue
        at = next((at for at, known in enumerate(order) if known.fits(base, given.files[path])), None)
        if at is not None:
            named = base != order[at].filename.lower()
            found.append(((path.count("/", start), at, named), order[at], path))
    return sorted(found, key=lambda each: (each[0], each[2]))


def _first(candidates: Sequence[Candidate], given: Given) -> tuple[Candidate | None, Read | None, set[str]]:
    """The first that says something, what it says, and the paths of those before it that say nothing."""
    silent: set[str] = set()
    only: tuple[Candidate, Read] | None = None
    for candidate in candidates:
        _, known, path = candidate
        assert known.read is not None
        try:
            found = known.read(given.files[path], replace(given, filename=path))
        except InvalidRequest as error:
            if error.reason == "nothing":
                silent.add(path)
                continue
            raise
        if found.packages or found.conda or found.archives or found.guesses:
            return candidate, found, silent
        silent.add(path)
        only = only or (candidate, found)
    if only is not None:
        silent.discard(only[0][2])
        return only[0], only[1], silent
    return None, None, silent


def _left(
    chosen: Candidate | None, candidates: Sequence[Candidate], given: Given, silent: set[str], including: Including
) -> list[str]:
    """The files beside the chosen one that say something else, those that it reads itself left away."""
    if chosen is None:
        return []
    _, known, path = chosen
    read_too, waiting = {path}, [path]
    while waiting:
        here = waiting.pop()
        for name in including(posixpath.basename(here), given.files.get(here, "")):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(here), name))
            if other in given.files and other not in read_too:
                read_too.add(other)
                waiting.append(other)
    names = {posixpath.basename(path), known.name}
    folder = posixpath.dirname(path)
    left = []
    for (depth, _, _), kind, beside in candidates:
        # What lies deeper belongs to a part of the project, or is an example.
        if depth != chosen[0][0]:
            continue
        paired = any(names & pair and kind.name in pair for pair in _PAIRS)
        if beside in read_too or beside in silent or (paired and posixpath.dirname(beside) == folder):
            continue
        if kind.name not in _OF_TOOLS or _says_something(kind, beside, given):
            left.append(beside)
    return left


def _says_something(kind: FileFormat, path: str, given: Given) -> bool:
    assert kind.read is not None
    try:
        return bool(kind.read(given.files[path], replace(given, filename=path)).packages)
    except InvalidRequest as error:
        return error.reason != "nothing"


def _notebooks(paths: Sequence[str], given: Given, notebook: FileFormat) -> Read | None:
    """What the notebooks of the folder need together; None where there is none."""
    there = sorted(path for path in paths if path.lower().endswith(".ipynb"))[:_MOST_NOTEBOOKS]
    merged: Read | None = None
    own = {posixpath.splitext(posixpath.basename(path))[0] for path in given.files if path.endswith(".py")}
    for path in there:
        assert notebook.read is not None
        try:
            found = notebook.read(given.files[path], replace(given, filename=path))
        except InvalidRequest as error:
            found = Read(packages=[], warnings=[f"{path} is left out: {error.message}"])
        merged = found if merged is None else _together(merged, found)
    if merged is None:
        return None
    guesses = [name for name in merged.guesses if name.replace("-", "_") not in own]
    return replace(merged, guesses=guesses, warnings=[f"Read from the notebooks: {listed(there)}.", *merged.warnings])


def _together(one: Read, other: Read) -> Read:
    named = {normalise(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in (*one.packages, *other.packages)}
    guesses = dict.fromkeys(name for name in (*one.guesses, *other.guesses) if normalise(name) not in named)
    return replace(
        one,
        packages=list(dict.fromkeys([*one.packages, *other.packages])),
        conda=list(dict.fromkeys([*one.conda, *other.conda])),
        channels=list(dict.fromkeys([*one.channels, *other.channels])),
        guesses=list(guesses),
        hashes={**one.hashes, **other.hashes},
        python=one.python or other.python,
        requires_python=one.requires_python or other.requires_python,
        indexes=list(dict.fromkeys([*one.indexes, *other.indexes])),
        warnings=list(dict.fromkeys([*one.warnings, *other.warnings])),
    )


def _with_runtime(found: Read, chosen: Candidate | None, here: Mapping[str, str], given: Given) -> Read:
    """`found` with the Python that runtime.txt tells, where what was read has none of its own."""
    if "runtime.txt" not in here:
        return found
    if chosen is not None and chosen[1].name in _OWN_PYTHON:
        told = f"runtime.txt is left out: with {posixpath.basename(chosen[2])} Binder does not look at it."
        return replace(found, warnings=[*found.warnings, told])
    python, warnings = runtime(given.files[here["runtime.txt"]])
    if python is None:
        return replace(found, warnings=[*found.warnings, *warnings])
    return replace(found, python=python, requires_python=None)


def runtime(text: str) -> tuple[str | None, list[str]]:
    """The version of Python that a runtime.txt tells, or what it tells in its place.

    Raises:
        InvalidRequest: it tells neither.
    """
    asked = cleaned(text).strip()
    if found := _RUNTIME.match(asked):
        return found[1], []
    if asked.startswith("r-"):
        return None, [f"The folder is for R ({listed([asked])}), which is not made here."]
    raise InvalidRequest(
        f"runtime.txt says {listed([asked])!r}.", hint="Write it like python-3.12.", field=f"{FIELD} runtime.txt"
    )


def _nothing(given: Given, formats: Sequence[FileFormat], silent: set[str]) -> InvalidRequest:
    said = f" ({listed(sorted(silent))} only set up tools)" if silent else ""
    if not given.files:
        return InvalidRequest("The folder holds no file.", hint="Hand in its files.", field="from.files")
    return InvalidRequest(
        f"None of the files says what the folder needs{said}.",
        hint=f"Files that can be read: {', '.join(known.filename for known in formats)}.",
        field="files",
    )
