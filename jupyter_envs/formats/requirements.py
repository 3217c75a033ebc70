"""requirements.txt, pip's list of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_envs.formats import reasons
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Installed, Read, checked, cleaned, listed
from jupyter_envs.formats.pins import roots_of
from jupyter_envs.model.check import check_hash
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise

_COMMENT = re.compile(r"(^|[ \t])#.*")
_HASH = re.compile(r"[ \t]--hash(?:=|[ \t]+)(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:[ \t]+|=[ \t]*|(?=[^\s=-]))")
_PATH = re.compile(r"(\.{1,2}(?:[/\\][^\[\]]*)?|[^\s@:\[\]]+\.(?:whl|zip|tar\.gz))(\[[^\[\]/\\]*\])?\Z")
_OPTION = re.compile(r"(--[a-z-]+|-[a-z])(?:[ \t]*=[ \t]*|[ \t]+|(?<=^-[a-z]))(\S.*)?\Z")
_FILES = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_SETTINGS = (
    *("-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host"),
    *("--pre", "--prefer-binary", "--no-binary", "--only-binary", "--use-feature"),
)
_MOST_FILES = 100


def read(text: str, given: Given = ALONE) -> Read:
    """What the lines of `text` ask for, and those of the files that it names, if they were handed in too.

    Raises:
        InvalidRequest: a line is an option that is not understood, or not a requirement,
            or names a file that was not handed in; the field tells the line.
    """
    lines = _Lines(given)
    found = list(lines.read(text, given.filename, "", ()))
    packages = checked(found)
    warnings = [] if packages else ["The file asks for no package."]
    bare = [line for line in packages if line not in lines.hashes]
    if bare and lines.strict:
        raise InvalidRequest(
            f"The file wants a hash of every package (--require-hashes); {listed(bare)} has none.",
            hint="Have its tool write it again, with hashes.",
            field=FIELD,
        )
    if bare and lines.hashes:
        warnings.append(f"There is no hash to compare these to: {listed(bare)}.")
    constraints = checked(lines.constraints)
    return Read(
        packages=packages,
        warnings=warnings,
        hashes=lines.hashes,
        constraints=constraints,
        roots=roots_of(lines.asked) if lines.told else None,
    )


class _Lines:
    """The lines of a file and of those that it includes, each with its place."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self.hashes: dict[str, tuple[str, ...]] = {}
        self.constraints: list[tuple[str, str]] = []
        self.strict = False
        # The lines that count as asked for, and whether any file said so.
        self.asked: list[str] = []
        self.told = False
        self._files_read = 0

    def read(self, text: str, filename: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        given = Given(filename=filename, files=self._given.files, folder=self._given.folder)
        asked = reasons.asked_for(cleaned(text))
        self.told = self.told or asked is not None
        for number, line in _logical(cleaned(text)):
            place = f"{prefix}line {number}"
            bare = _HASH.sub("", line).strip()
            option = _OPTION.match(bare)
            if option and (kind := _FILES.get(option[1])) and option[2]:
                found = list(self._included(given, option[2], place, (*above, filename)))
                if kind == "-r":
                    yield from found
                else:
                    self.constraints += found
                continue
            if bare == "--require-hashes":
                self.strict = True
                continue
            bare = _located(_requirement(bare, place), given, place)
            if digests := tuple(check_hash(digest, f"{FIELD} {place}") for digest in _HASH.findall(line)):
                self.hashes[bare] = digests
            name = re.match(r"[A-Za-z0-9][\w.-]*", bare)
            if asked is None or (name and normalise(name.group()) in asked):
                self.asked.append(bare)
            yield bare, place

    def _included(self, given: Given, name: str, place: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        name = name.strip().strip("\"'")
        path = given.within(name, place)
        text = given.files.get(path)
        if text is None:
            raise InvalidRequest(
                f"{place.capitalize()} names the file {listed([name])!r}, which was not handed in.",
                hint="Hand in that file too, or put that file's lines in its place.",
                field=f"{FIELD} {place}",
                reason="option",
            )
        self._files_read += 1
        if self._files_read > _MOST_FILES:
            raise InvalidRequest(
                f"The files include each other more than {_MOST_FILES} times.",
                hint="Put their lines into one.",
                field=f"{FIELD} {place}",
            )
        if path in above:
            raise InvalidRequest(
                f"{listed([name])!r} includes itself.", hint="Take that line out.", field=f"{FIELD} {place}"
            )
        yield from self.read(text, path, f"{listed([path])} ", above)


def included(text: str) -> Iterator[str]:
    """The files that `text` names with ``-r`` or ``-c``, as it calls them."""
    for _, line in _logical(text):
        option = _OPTION.match(line)
        if option and option[1] in _FILES and option[2]:
            yield option[2].strip().strip("\"'")


def write_all(installed: Installed) -> str:
    """Every installed distribution at its version, and which of them were asked for."""
    asked = [p.name for p in installed.packages if p.requested and p.manager == "pip"]
    return _written(installed.packages, installed.python, list(reasons.head(asked)))


def write_elsewhere(installed: Installed) -> str:
    """As `write_all`, without what lies on this machine alone; that is named."""
    kept, note = elsewhere(installed)
    return note + write_all(kept)


def elsewhere(installed: Installed) -> tuple[Installed, str]:
    """`installed` without what pip installed from this machine's disk, and a line of comment that names it."""
    local = [package for package in installed.packages if _is_local(package)]
    kept = replace(installed, packages=[package for package in installed.packages if package not in local])
    names = listed(package.name for package in local)
    return kept, f"# Left out, since they lie on one machine alone: {names}\n" if local else ""


def write_requested(installed: Installed) -> str:
    """The distributions that somebody asked for, at their versions; an installer adds what they need."""
    unknown = [p for p in installed.packages if p.requested is None]
    notes = [f"# Taken as asked for, since nothing is noted: {listed(p.name for p in unknown)}"] if unknown else []
    return _written([p for p in installed.packages if p.requested is not False], installed.python, notes)


def write_hashed(installed: Installed) -> str:
    """Every installed distribution at its version with the hashes of its files, as ``--require-hashes`` wants them."""
    packages = (installed.lock or {}).get("packages", [])
    hashes = {normalise(entry["name"]): sorted(_digests(entry)) for entry in packages}
    lines = []
    for line in write_all(installed).splitlines():
        name = re.match(r"[A-Za-z0-9][\w.-]*", line)
        digests = hashes.get(normalise(name.group()), []) if name else []
        lines.append(" \\\n    ".join([line, *(f"--hash={digest}" for digest in digests)]))
    return "\n".join(lines) + "\n"


def _digests(entry: Mapping[str, Any]) -> Iterator[str]:
    files = [*entry.get("wheels", []), *(entry[key] for key in ("sdist", "archive") if key in entry)]
    for file in files:
        yield from (f"{kind}:{digest}" for kind, digest in file.get("hashes", {}).items())


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


def _is_local(package: Package) -> bool:
    return package.manager == "pip" and (package.url or "").startswith("file:")


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


def _requirement(line: str, place: str) -> str:
    if not line.startswith("-"):
        return line
    if editable := _EDITABLE.match(line):
        return f"-e {line[editable.end() :]}"
    option = re.split(r"[=\s]", line, maxsplit=1)[0]
    short = option[:2]
    if option in _SETTINGS or (short in _SETTINGS and not line.startswith("--")):
        what = "is a setting of the index or of the choice of files"
        hint = "Set it in pip's or uv's configuration, and take the line out."
    else:
        what, hint = "is not a requirement", "Take the line out."
    raise InvalidRequest(
        f"{place.capitalize()}, {listed([option])}, {what}.", hint=hint, field=f"{FIELD} {place}", reason="option"
    )


def _located(line: str, given: Given, place: str) -> str:
    """`line` with a relative path in it made whole."""
    option, bare = ("-e ", line[3:].strip()) if line.startswith("-e ") else ("", line)
    path = _PATH.match(bare)
    if path is None and option and "://" not in bare and not bare.startswith(("/", "-")):
        path = re.match(r"([^\[\]]*)(\[[^\[\]]*\])?\Z", bare)
    if path is None:
        return line
    return f"{option}{given.path(path[1], place)}{path[2] or ''}"


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
HASHED = FileFormat(
    name="requirements-hashes.txt",
    title="requirements.txt, every package pinned with its hashes",
    filename="requirements.txt",
    write=write_hashed,
    locks=True,
)
REQUESTED = FileFormat(
    name="requirements-requested.txt",
    title="requirements.txt, only what was asked for",
    filename="requirements.txt",
    write=write_requested,
)
