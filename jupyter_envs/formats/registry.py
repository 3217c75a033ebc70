"""The formats that there are."""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_envs.formats import (
    binder,
    conda_lock,
    containers,
    environment_yml,
    explicit,
    folder,
    listings,
    notebook,
    pdmlock,
    pipfile,
    pixi,
    poetrylock,
    pylock,
    pyproject,
    requirements,
    setuptools_files,
    uvlock,
)
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, cleaned, listed
from jupyter_envs.formats.notebook import texts
from jupyter_envs.model.errors import InvalidRequest


def _read_folder(_text: str, given: Given = ALONE) -> Read:
    """What the files of a folder ask for together, as `folder.read` has it.

    Raises:
        InvalidRequest: the file that says most is wrong, or none says anything.
    """
    readable = [known for known in FORMATS if known.read and known not in (*_CODE, FOLDER)]
    return folder.read(given, readable, notebook.FORMAT, included)


FOLDER = replace(binder.FORMAT, read=_read_folder)
# Programs: what they need is a stranger's wish, approved package by package.
PROGRAMS = (notebook.FORMAT, texts.FORMAT)
# What is guessed from code says less than any list: of a folder none of it is read by itself.
_CODE = (notebook.FORMAT, texts.FORMAT, texts.COMMANDS)
# What says more comes first: of several files together the first that fits is read.
FORMATS: tuple[FileFormat, ...] = (
    explicit.FORMAT,
    conda_lock.FORMAT,
    pylock.FORMAT,
    uvlock.FORMAT,
    poetrylock.FORMAT,
    pdmlock.FORMAT,
    pipfile.LOCK,
    pipfile.FORMAT,
    pixi.LOCK,
    pixi.FORMAT,
    listings.FORMAT,
    environment_yml.ALL,
    environment_yml.REQUESTED,
    pyproject.FORMAT,
    setuptools_files.CFG,
    setuptools_files.PY,
    requirements.ALL,
    requirements.REQUESTED,
    requirements.HASHED,
    notebook.FORMAT,
    texts.FORMAT,
    texts.COMMANDS,
    FOLDER,
    containers.DOCKERFILE,
    containers.DEVCONTAINER,
    containers.ACTIONS,
)


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
    if what := folder.OUTSIDE.get(base):
        raise InvalidRequest(
            f"{listed([base])} tells {what}, which are outside of an environment.",
            hint="Hand in the folder, or the file that names the packages of Python, such as requirements.txt.",
            field="filename",
        )
    if base == "runtime.txt":
        return FOLDER
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


def beside(filename: str) -> tuple[str, ...]:
    """The files in the same folder that the file `filename` is read with."""
    pairs = {
        poetrylock.FORMAT.filename: "pyproject.toml",
        uvlock.FORMAT.filename: "pyproject.toml",
        pdmlock.FORMAT.filename: "pyproject.toml",
        pipfile.LOCK.filename: pipfile.FORMAT.filename,
    }
    return tuple(other for lock, other in pairs.items() if filename.lower().endswith(lock.lower()))


def included(filename: str, text: str) -> list[str]:
    """The files that `text`, of a file called `filename`, names to be read with it, as it calls them."""
    base = filename.lower()
    if base.endswith((".yml", ".yaml")):
        return list(environment_yml.included(text))
    if base.endswith((".txt", ".in")) or base in ("requirements", "requirements.lock", "requirements-dev.lock"):
        return list(requirements.included(cleaned(text)))
    if base.endswith("pyproject.toml"):
        return list(pyproject.included(text))
    if base in ("setup.cfg", "setup.py"):
        return list(setuptools_files.included(text))
    return []


def may_include(filename: str) -> bool:
    """Whether the files that a file of this name mentions need not be there: it is read as text, and not run."""
    return filename.lower() in ("setup.cfg", "setup.py", "pyproject.toml")


def mentioned(filename: str, text: str) -> tuple[list[str], list[str]]:
    """The files that code in the file `filename` installs from, and the top-level modules that it imports."""
    base = filename.lower()
    if base.endswith(".ipynb"):
        return notebook.named(text)
    return texts.named(base, text) if texts.FORMAT.fits(base, text) else ([], [])


def of_folder(filename: str) -> bool:
    """Whether a file of this name in a folder says what the folder needs; no list of just any name does."""
    base = filename.lower()
    known = {each.filename.lower() for each in FORMATS if each.read and each not in _CODE}
    return base in known or base in {*folder.OUTSIDE, "runtime.txt", "environment.yaml", "requirements.lock"}


def says(path: str, text: str) -> bool:
    """Whether the file `path` of a folder may say what the folder needs; one that only sets up tools does not."""
    base = path.rpartition("/")[2].lower()
    if base in folder.OUTSIDE or base in ("setup.py", "setup.cfg"):
        return base == "setup.py" or "install_requires" in text
    return base != "pyproject.toml" or pyproject.declares(text)


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
