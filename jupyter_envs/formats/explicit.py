"""conda's explicit lock: the address of each archive, with its hash, under ``@EXPLICIT``.

Comments, which conda passes over, tell what of it was asked for: ``# asked for: numpy >=2``.
A ``pylock.pip.toml`` (PEP 751) beside it is the part that pip brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_envs.formats import pylock
from jupyter_envs.formats.base import (
    ALONE,
    FIELD,
    LONGEST_LINE,
    MOST_PACKAGES,
    FileFormat,
    Given,
    Installed,
    Read,
    cleaned,
)
from jupyter_envs.formats.pins import Pins
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.conda_url import SUBDIR, leads_elsewhere, public
from jupyter_envs.system.redact import redact

PIP_PART = "pylock.pip.toml"
_ASKED = "# asked for: "
_MARK = re.compile(r"^[ \t]*@EXPLICIT[ \t]*$", re.M)
_ARCHIVE = re.compile(
    r"(?:https?|file)://\S+/(?P<subdir>[^/]+)/"
    r"(?P<name>[A-Za-z0-9_.-]+)-(?P<version>[^-/]+)-[^-/]+\.(?:conda|tar\.bz2)\Z"
)
# As conda-lock writes what pip brings, and micromamba reads it.
_PIP_LINE = re.compile(
    r"#[ \t]*pip[ \t]+([A-Za-z0-9][\w.-]*)(?:[ \t]*@[ \t]*([^\s#]+)|==([^\s#]+))"
    r"(?:(?:#|[ \t]+--hash=)(?:sha256[=:])?([0-9a-fA-F]{64}))?"
)
_PYTHON = re.compile(r"[0-9]+(\.[0-9]+){1,2}\Z")
_HASH = re.compile(r"(?:(?:md5:)?(?P<md5>[0-9a-fA-F]{32})|(?:sha256:)?(?P<sha256>[0-9a-fA-F]{64}))\Z")


def read(text: str, given: Given = ALONE) -> Read:
    """The archives that `text` lists, in its order.

    Raises:
        InvalidRequest: a line is no address of a conda package, or one for another
            kind of machine, or its hash is none; the field tells the line.
    """
    plain = cleaned(text)
    if not _MARK.search(plain):
        raise InvalidRequest(
            "The file has no line @EXPLICIT.", hint="Write one with `conda list --explicit --sha256`.", field=FIELD
        )
    archives: dict[str, Exact] = {}
    python = None
    here = platform()
    for number, line in _lines(plain):
        archive, name, version = _archive(line, number, here)
        if name in archives:
            raise _wrong(f"The package {name} is there twice.", number, "Keep one of them.")
        archives[name] = archive
        if name == "python" and _PYTHON.match(version):
            python = version
        if len(archives) > MOST_PACKAGES:
            raise _wrong(f"The file lists more than {MOST_PACKAGES} packages.", number, "Take a part of it.")
    bare = [name for name, archive in archives.items() if not (archive.sha256 or archive.md5)]
    warnings = [] if archives else ["The file lists no package."]
    if bare:
        warnings.append(
            f"{len(bare)} of {len(archives)} archives have no hash; whatever lies at their address is taken."
        )
    beside = given.beside(PIP_PART)
    pip = pylock.read(beside, given) if beside is not None else _pip_lines(plain, given)
    return Read(
        packages=pip.packages,
        hashes=pip.hashes,
        archives=list(archives.values()),
        asked=_asked(plain),
        exact=True,
        python=python,
        warnings=[*warnings, *pip.warnings],
    )


def _pip_lines(text: str, given: Given) -> Read:
    """What the comments of the lock say that pip brings."""
    pins = Pins(given)
    for number, line in enumerate(text.split("\n"), 1):
        if found := _PIP_LINE.match(line.strip()):
            place = f"line {number}"
            hashes = [f"sha256:{found[4]}"] if found[4] else []
            address, _, commit = (found[2] or "").removeprefix("git+").rpartition("@")
            if found[3]:
                pins.release(found[1], found[3], hashes, place)
            elif found[2].startswith("git+"):
                pins.repository(found[1], "git", address, commit, place)
            else:
                pins.url(found[1], found[2], hashes, place)
    return pins.read() if pins.any else Read(packages=[])


def write(installed: Installed) -> str:
    """The archives of the environment, each with its SHA-256 where that is known, else with its MD5."""
    ours = sum(package.manager == "conda" for package in installed.packages)
    left = [package.name for package in installed.packages if package.manager != "conda"]
    lines = [
        "# This file may be used to create an environment using:",
        "# $ conda create --name <env> --file <this file>",
    ]
    subdirs = {_subdir(archive.url) for archive in installed.archives} - {"noarch"}
    lines += [f"# platform: {subdir}" for subdir in sorted(subdirs)]
    lines += [f"{_ASKED}{public_spec(spec)}" for _, spec in sorted(installed.specs.items())]
    if left:
        lines.append(f"# Not here, since pip installed them: {', '.join(sorted(left))}")
    if ours > len(installed.archives):
        lines.append(f"# Not here, since nothing tells where they came from: {ours - len(installed.archives)} packages")
    lines.append("@EXPLICIT")
    lines += [_line(archive) for archive in sorted(installed.archives, key=lambda archive: archive.url)]
    return "\n".join(lines) + "\n"


def _asked(text: str) -> list[str]:
    found = [line[len(_ASKED) :].strip() for line in text.split("\n") if line.startswith(_ASKED)]
    return [spec for spec in found if spec and len(spec) <= LONGEST_LINE][:MOST_PACKAGES]


def public_spec(spec: str) -> str:
    """`spec` without the credentials of a channel that it names."""
    channel, parted, rest = spec.partition("::")
    return redact(f"{public(channel)}::{rest}" if parted else spec)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are neither empty nor a comment, with their numbers; what comes before the mark says nothing."""
    marked = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line == "@EXPLICIT":
            marked = True
        elif line and not line.startswith("#"):
            if not marked:
                raise _wrong("This line stands before @EXPLICIT.", number, "Take it out, or move it below.")
            yield number, line


def _archive(line: str, number: int, here: str) -> tuple[Exact, str, str]:
    """The archive, its package's name and version."""
    url, _, digest = line.partition("#")
    found = _ARCHIVE.match(url)
    hashed = _HASH.match(digest) if digest else None
    if len(line) > LONGEST_LINE or not line.isprintable() or not found or leads_elsewhere(url):
        shown = redact(line if len(line) <= 100 else line[:97] + "…")
        raise _wrong(f"{shown!a} is not the address of a conda package.", number, "Write it like URL#SHA256.")
    if digest and hashed is None:
        raise _wrong("What follows # is no hash.", number, "Write 32 (MD5) or 64 (SHA-256) hexadecimal digits.")
    subdir = found["subdir"]
    if SUBDIR.match(subdir) and subdir not in ("noarch", here):
        raise InvalidRequest(
            f"The file is a lock for {subdir}, and this machine is {here}.",
            hint="Make one for this kind of machine, or use an environment.yml.",
            field=f"{FIELD} line {number}",
            reason="other_platform",
        )
    exact = Exact(
        url=url, **{kind: value.lower() for kind, value in (hashed.groupdict() if hashed else {}).items() if value}
    )
    return exact, found["name"].lower(), found["version"]


def platform() -> str:
    from rattler import Subdir

    return str(Subdir.current())


def _line(archive: Exact) -> str:
    digest = f"sha256:{archive.sha256}" if archive.sha256 else archive.md5
    return f"{archive.url}#{digest}" if digest else archive.url


def _subdir(url: str) -> str:
    return url.rpartition("/")[0].rpartition("/")[2]


def _wrong(message: str, number: int, hint: str) -> InvalidRequest:
    return InvalidRequest(message, hint=hint, field=f"{FIELD} line {number}")


FORMAT = FileFormat(
    name="explicit",
    title="Explicit lock of conda, every archive with its hash",
    filename="conda-lock.txt",
    read=read,
    write=write,
    fits=lambda _filename, text: "@EXPLICIT" in text and bool(_MARK.search(text)),
)
