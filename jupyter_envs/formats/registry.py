"""The formats that there are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jupyter_envs.formats import (
    binder,
    conda_lock,
    containers,
    environment_yml,
    explicit,
    listings,
    notebook,
    pipfile,
    poetrylock,
    pylock,
    pyproject,
    requirements,
    uvlock,
)
from jupyter_envs.formats.base import FIELD, FileFormat, cleaned, listed
from jupyter_envs.model.errors import InvalidRequest

# What says more comes first: of several files together the first that fits is read.
FORMATS: tuple[FileFormat, ...] = (
    explicit.FORMAT,
    conda_lock.FORMAT,
    pylock.FORMAT,
    uvlock.FORMAT,
    poetrylock.FORMAT,
    pipfile.LOCK,
    pipfile.FORMAT,
    listings.FORMAT,
    environment_yml.ALL,
    environment_yml.REQUESTED,
    pyproject.FORMAT,
    requirements.ALL,
    requirements.REQUESTED,
    requirements.HASHED,
    notebook.FORMAT,
    binder.FORMAT,
    containers.DOCKERFILE,
    containers.DEVCONTAINER,
    containers.ACTIONS,
)
FOLDER = binder.FORMAT


def by_name(name: str, field: str = "format") -> FileFormat:
    """The format called `name`.

    Raises:
        InvalidRequest: there is none.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InvalidRequest(
        f"There is no format {listed([name])!r}.",
        hint=f"Known: {', '.join(known.name for known in FORMATS)}.",
        field=field,
    )


def sniff(filename: str, text: str) -> FileFormat:
    """The format of the file `filename` with the content `text`; the name counts more than the content.

    Raises:
        InvalidRequest: it is none that can be read.
    """
    base = re.split(r"[/\\]", filename)[-1].strip().lower()
    for known in FORMATS:
        if known.read and known.fits(base, text):
            return known
    start = text[:1000].lstrip("\ufeff \t\r\n")
    if start.startswith("{") and '"cells"' in text and "." not in base:
        return notebook.FORMAT
    hint = f"Files that can be read: {', '.join(known.filename for known in FORMATS if known.read)}."
    if base.endswith(".toml"):
        raise InvalidRequest("The file has no [project] table.", hint=hint, field=FIELD)
    raise InvalidRequest(f"{listed([base])!r} is not a kind of file that can be read.", hint=hint, field="filename")


def main(files: Mapping[str, str]) -> tuple[FileFormat, str]:
    """How to read `files` of one folder together: as Binder does where it is a folder for that, else one of them.

    That is the least deep, and of those the one whose format comes first; its path comes
    with it, an empty one for the folder.

    Raises:
        InvalidRequest: none can be read.
    """
    if binder.is_folder(files):
        return FOLDER, ""
    readable = [known for known in FORMATS if known.read]
    found: list[tuple[int, int, bool, str]] = []
    for path in files:
        base = path.rpartition("/")[2].lower()
        fitting = (at for at, known in enumerate(readable) if known.fits(base, files[path]))
        if (at := next(fitting, None)) is not None:
            named = base != readable[at].filename.lower()
            found.append((path.count("/"), at, named, path))
    if not found:
        hint = f"Files that can be read: {', '.join(known.filename for known in readable)}."
        raise InvalidRequest("None of the files is of a kind that can be read.", hint=hint, field="files")
    _, at, _, path = min(found)
    return readable[at], path


def beside(filename: str) -> tuple[str, ...]:
    """The files in the same folder that the file `filename` is read with."""
    pairs = {poetrylock.FORMAT.filename: "pyproject.toml", pipfile.LOCK.filename: pipfile.FORMAT.filename}
    return tuple(other for lock, other in pairs.items() if filename.lower().endswith(lock.lower()))


def included(filename: str, text: str) -> list[str]:
    """The files that `text`, of a file called `filename`, names to be read with it, as it calls them."""
    base = filename.lower()
    if base.endswith((".yml", ".yaml")):
        return list(environment_yml.included(text))
    if base.endswith((".txt", ".in")) or base in ("requirements", "requirements.lock", "requirements-dev.lock"):
        return list(requirements.included(cleaned(text)))
    return []


def of_folder(filename: str) -> bool:
    """Whether a file of this name in a folder says what the folder needs; no list of just any name does."""
    base = filename.lower()
    known = {each.filename.lower() for each in FORMATS if each.read and each is not notebook.FORMAT}
    return base in known or base in binder.NAMES


def lie(chosen: FileFormat, text: str) -> str | None:
    """What `text` is by its look, where that is something else than what the format `chosen` needs."""
    start = text[:2000].lstrip("\ufeff \t\r\n")
    looks: str | None = None
    if re.match(r"\{\s*[\"}]", start):
        looks = "JSON"
    elif re.match(r"(?i)<(!doctype|html|\?xml)", start):
        looks = "HTML or XML"
    elif start.startswith(("PK\x03\x04", "\x1f", "%PDF", "\x7fELF", "\ufffd")):
        looks = "no text"
    elif re.match(r"(#[^\n]*\n|\s)*(\[\[?[\w. \"-]+\]\]?[ \t]*(#[^\n]*)?\n|[\w-]+ = [\"\[{\d])", start + "\n"):
        looks = "TOML"
    elif re.match(r"(#[^\n]*\n|\s)*(---|(name|channels|dependencies):)", start):
        looks = "YAML"
    return looks if looks is not None and looks != chosen.syntax else None
