"""requirements.txt, pip's list of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jupyter_envs.formats.base import FIELD, FileFormat, Read, checked, cleaned, listed
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import check_hash

_COMMENT = re.compile(r"(^|[ \t])#.*")
_HASH = re.compile(r"[ \t]--hash(?:=|[ \t]+)(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:[ \t]+|=[ \t]*|(?=[^\s=-]))")
_OTHER_FILES = ("-r", "--requirement", "-c", "--constraint")
_INDEX = (
    *("-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host"),
    *("--pre", "--prefer-binary", "--no-binary", "--only-binary", "--require-hashes"),
)


def read(text: str) -> Read:
    """What the lines of `text` ask for; other files that it names are not read.

    Raises:
        InvalidRequest: a line is an option, other than ``-e``, or not a requirement; the field tells the line.
    """
    hashes: dict[str, tuple[str, ...]] = {}

    def lines() -> Iterator[tuple[str, str]]:
        for number, line in _logical(cleaned(text)):
            place = f"line {number}"
            bare = _requirement(_HASH.sub("", line).strip(), number)
            if given := tuple(check_hash(digest, f"{FIELD} {place}") for digest in _HASH.findall(line)):
                hashes[bare] = given
            yield bare, place

    packages = checked(lines())
    warnings = [] if packages else ["The file asks for no package."]
    return Read(packages=packages, warnings=warnings, hashes=hashes)


def write_all(packages: Sequence[Package], python: str | None) -> str:
    """Every installed distribution at its version."""
    return _written(packages, python, [])


def write_requested(packages: Sequence[Package], python: str | None) -> str:
    """The distributions that somebody asked for, at their versions; an installer adds what they need."""
    unknown = [p for p in packages if p.requested is None]
    notes = [f"# Taken as asked for, since nothing is noted: {listed(p.name for p in unknown)}"] if unknown else []
    return _written([p for p in packages if p.requested is not False], python, notes)


def line_of(package: Package) -> str:
    """`package` as a line of a requirements file; credentials of its URL are left out."""
    url = re.sub(r"(://)[^/@\s]*:[^/@\s]*@", r"\1", package.url or "")
    if url and package.editable:
        return f"-e {url}"
    if url:
        return f"{package.name} @ {url}"
    # What PEP 440 cannot order is compared letter by letter.
    sign = "==" if _pep440(package.version) else "==="
    return f"{package.name}{sign}{package.version}"


def _written(packages: Sequence[Package], python: str | None, notes: list[str]) -> str:
    pip = sorted((p for p in packages if p.manager == "pip"), key=lambda p: p.name.lower())
    conda = [p.name for p in packages if p.manager != "pip"]
    lines = [f"# Python {python}"] if python else []
    lines += notes
    if conda:
        lines.append(f"# Not here, since pip does not install them: {listed(sorted(conda))}")
    return "\n".join([*lines, *(line_of(package) for package in pip)]) + "\n"


def _pep440(version: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with the number of their first line; continued ones joined."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if not parts:
            first = number
        # A comment ends at its line; a backslash at its end continues nothing.
        bare = _COMMENT.sub("", line)
        if bare == line and line.endswith("\\"):
            parts.append(line[:-1])
            continue
        joined = "".join([*parts, bare]).strip()
        parts = []
        if joined:
            yield first, joined


def _requirement(line: str, number: int) -> str:
    if not line.startswith("-"):
        return line
    if editable := _EDITABLE.match(line):
        return f"-e {line[editable.end() :]}"
    option = re.split(r"[=\s]", line, maxsplit=1)[0]
    short = option[:2]
    if option in _OTHER_FILES or (short in _OTHER_FILES and not line.startswith("--")):
        what, hint = "names another file, and only this one is read", "Put that file's lines in its place."
    elif option in _INDEX or (short in _INDEX and not line.startswith("--")):
        what = "is a setting of the index or of the choice of files"
        hint = "Set it in pip's or uv's configuration, and take the line out."
    else:
        what, hint = "is not a requirement", "Take the line out."
    raise InvalidRequest(
        f"Line {number}, {listed([option])}, {what}.", hint=hint, field=f"{FIELD} line {number}", reason="option"
    )


def _fits(filename: str, _text: str) -> bool:
    return filename.endswith((".txt", ".in")) or filename == "requirements"


ALL = FileFormat(
    name="requirements.txt",
    title="requirements.txt, every package pinned",
    filename="requirements.txt",
    read=read,
    write=write_all,
    fits=_fits,
)
REQUESTED = FileFormat(
    name="requirements-requested.txt",
    title="requirements.txt, only what was asked for",
    filename="requirements.txt",
    write=write_requested,
)
