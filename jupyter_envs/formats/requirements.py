"""requirements.txt, pip's list of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_envs.formats import reasons
from jupyter_envs.formats.base import (
    ALONE,
    FIELD,
    LONGEST_LINE,
    FileFormat,
    Given,
    Installed,
    Read,
    checked,
    cleaned,
    listed,
)
from jupyter_envs.formats.pins import roots_of
from jupyter_envs.formats.requirement_addresses import Addresses
from jupyter_envs.formats.requirement_lines import Line, Option
from jupyter_envs.formats.requirement_lines import lines as logical
from jupyter_envs.formats.requirement_slips import Slips, hint_for
from jupyter_envs.model.check import check_hash
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

_PATH = re.compile(r"(\.{1,2}(?:[/\\][^\[\]]*)?|[^\s@:\[\]]+\.(?:whl|zip|tar\.gz))(\[[^\[\]/\\]*\])?\Z")
_INCLUDES = ("--requirement", "--constraint")
# Which index or file an installer takes; each holds for the whole file.
_INDEXES = ("--index-url", "--pypi-url", "--extra-index-url")
# rye writes the locks.
_NAMES = ("requirements", "requirements.lock", "requirements-dev.lock")
_MOST_FILES = 100


def read(text: str, given: Given = ALONE) -> Read:
    """What the lines of `text` ask for, and those of the files that it names, if they were handed in too.

    What pip would set up for itself by an option, such as an index, is told and left out.

    Raises:
        InvalidRequest: a line is not a requirement, or names a file that was not handed in; the field tells the line.
    """
    lines = _Lines(given)
    found = list(lines.read(text, given.filename, "", ()))
    packages = checked(found)
    warnings = [*lines.warnings()] if packages else ["The file asks for no package.", *lines.warnings()]
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
        indexes=list(lines.indexes),
        find_links=list(lines.find_links),
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
        self.indexes: dict[str, None] = {}
        self.find_links: dict[str, None] = {}
        self._settings: dict[str, None] = {}
        self._addresses = Addresses()
        self._slips = Slips()
        self._files_read = 0

    def read(self, text: str, filename: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        given = replace(self._given, filename=filename)
        asked = reasons.asked_for(cleaned(text))
        self.told = self.told or asked is not None
        for line in logical(cleaned(text)):
            place = f"{prefix}line {line.number}"
            for option in line.options:
                yield from self._option(option, given, place, (*above, filename))
            wanted = self._wanted(line, given, place)
            if wanted is None:
                continue
            if digests := tuple(check_hash(digest, f"{FIELD} {place}") for digest in line.values("--hash")):
                self.hashes[wanted] = digests
            name = re.match(r"[A-Za-z0-9][\w.-]*", wanted)
            if asked is None or (name and normalise(name.group()) in asked):
                self.asked.append(wanted)
            yield wanted, place

    def warnings(self) -> list[str]:
        """What is to be known of the lines that were read, and of those that nothing comes of."""
        told = [*self._addresses.warnings(), *self._slips.warnings()]
        indexes = [url for url in self.indexes if url not in self._given.allowed]
        find_links = [url for url in self.find_links if url not in self._given.allowed]
        if indexes:
            told.append(
                f"The file names an index that is not asked without your consent: {listed(indexes)}."
                " Once allowed (--index URL, or a tick) it may bring any package that has a better version there."
            )
        if find_links:
            told.append(
                f"The file names a place to find files (--find-links) that is not looked at without your consent:"
                f" {listed(find_links)}. Allow it with --find-links URL, or tick it."
            )
        if any("****@" in url for url in (*self.indexes, *self.find_links)):
            told.append("An address with a user or a password is not taken from a file; set it up in pip's settings.")
        if self._settings:
            told.append(f"Left out, since these are settings of pip's: {listed(self._settings)}.")
        return told

    def _option(self, option: Option, given: Given, place: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        name, value = option
        if name in _INCLUDES and value:
            found = list(self._included(given, value, place, above))
            if name == "--requirement":
                yield from found
            else:
                self.constraints += found
        elif name == "--require-hashes":
            self.strict = True
        elif name in _INDEXES and value:
            self.indexes[_shown(value)] = None
        elif name == "--find-links" and value:
            self.find_links[_shown(value)] = None
        elif name not in ("--hash", "--editable"):
            self._settings[redact(str(option))] = None

    def _wanted(self, line: Line, given: Given, place: str) -> str | None:
        """What is to be installed for `line`; None where that is nothing."""
        editable = line.values("--editable")
        text, option = (editable[0], "-e ") if editable else (line.requirement, "")
        if not text:
            if editable:
                raise InvalidRequest(
                    f"{place.capitalize()} names no folder behind -e.", hint="Write -e PATH.", field=f"{FIELD} {place}"
                )
            return None
        if len(text) > LONGEST_LINE:
            return text
        address = self._addresses.mended(text, editable=bool(editable))
        if address is None or address != text or address.startswith("git+"):
            return address
        if not editable:
            mended = self._slips.mended(text, meant=bool(line.values("--hash")) or ";" in text)
            if mended is None or mended != text:
                return mended
            if (hint := hint_for(text)) is not None:
                raise InvalidRequest(f"{listed([text])!r} is not a requirement.", hint=hint, field=f"{FIELD} {place}")
        return _located(f"{option}{text}", given, place)

    def _included(self, given: Given, name: str, place: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
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
    for line in logical(text):
        for name in _INCLUDES:
            yield from filter(None, line.values(name))


def _shown(address: str) -> str:
    """`address` as it may be told and stored: a variable of the environment may hold a password too."""
    return redact(re.sub(r"://[^/\s]*\$\{[^/\s]*@", "://****@", address))


def write_all(installed: Installed) -> str:
    """Every installed distribution at its version, and which of them were asked for."""
    asked = [p.name for p in installed.packages if p.requested and p.manager == "pip"]
    return _written(installed.packages, installed, list(reasons.head(asked)))


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
    return _written([p for p in installed.packages if p.requested is not False], installed, notes)


def write_hashed(installed: Installed) -> str:
    """Every installed distribution at its version with the hashes of its files, as ``--require-hashes`` wants them."""
    packages = (installed.lock or {}).get("packages", [])
    hashes = {normalise(entry["name"]): sorted(_digests(entry)) for entry in packages}
    lines = []
    for line in write_all(installed).splitlines():
        name = re.match(r"[A-Za-z0-9][\w.-]*", line)
        digests = hashes.get(normalise(name.group()), []) if name else []
        lines.append(" \\\n    ".join([line, *(f"--hash={digest}" for digest in digests)]))
    return installed.not_hashed + "\n".join(lines) + "\n"


def _digests(entry: Mapping[str, Any]) -> Iterator[str]:
    files = [*entry.get("wheels", []), *(entry[key] for key in ("sdist", "archive") if key in entry)]
    for file in files:
        yield from (f"{kind}:{digest}" for kind, digest in file.get("hashes", {}).items())


def line_of(package: Package) -> str:
    """`package` as a line of a requirements file; credentials of its URL are left out."""
    url = re.sub(r"(://)[^/@\s:]*:[^/@\s]*@", r"\1", package.url or "")
    if url and package.editable:
        return f"-e {url}"
    if url:
        return f"{package.name} @ {url}"
    # What PEP 440 cannot order is compared letter by letter.
    sign = "==" if _pep440(package.version) else "==="
    return f"{package.name}{sign}{package.version}"


def _written(packages: Sequence[Package], installed: Installed, notes: list[str]) -> str:
    pip = sorted((p for p in packages if p.manager == "pip"), key=lambda p: p.name.lower())
    conda = [p.name for p in packages if p.manager != "pip"]
    lines = [f"# Python {installed.python}"] if installed.python else []
    lines += notes
    lines += [f"--extra-index-url {url}" for url in installed.sources.indexes]
    lines += [f"--find-links {url}" for url in installed.sources.find_links]
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


def _located(line: str, given: Given, place: str) -> str:
    """`line` with a relative path in it made whole."""
    option, bare = ("-e ", line[3:].strip()) if line.startswith("-e ") else ("", line)
    if bare.startswith("file:") and not bare.startswith("file:/"):
        # As rye and uv write a folder beside the file.
        bare = bare.removeprefix("file:")
        bare = bare if bare.startswith(".") else f"./{bare}"
    path = _PATH.match(bare)
    if path is None and option and "://" not in bare and not bare.startswith(("/", "-")):
        path = re.match(r"([^\[\]]*)(\[[^\[\]]*\])?\Z", bare)
    if path is None:
        return line
    return f"{option}{given.path(path[1], place)}{path[2] or ''}"


def _fits(filename: str, _text: str) -> bool:
    return filename.endswith((".txt", ".in")) or filename in (
        "requirements",
        "requirements.lock",
        "requirements-dev.lock",
    )


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
