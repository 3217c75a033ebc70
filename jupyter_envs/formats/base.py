"""What every format gives: what a file asks for, and the checks that each line of it has to pass."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from jupyter_envs.model.check import Requirement, check_requirement
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.sources import SETTINGS_ALONE, Sources
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.requires import marker_environment

FIELD = "from.text"
MOST_PACKAGES = 2000
LONGEST_LINE = 2048

Check = Callable[[str, str], Requirement]


@dataclass(frozen=True)
class Given:
    """What is known besides a file's text.

    `files` are those handed in together, by their path in one folder, with ``/``;
    `filename` is the file's own. `folder` is where they lie on this machine, where
    that is known: relative paths then mean something. `python` and `implementation`
    are of the environment to be, for markers. `extras` and `groups` are the optional
    parts that are wanted, and `allowed` the addresses of indexes that the user agreed to.
    """

    filename: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    folder: str | None = None
    python: str | None = None
    implementation: str | None = None
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()

    def markers(self) -> dict[str, str]:
        """The marker variables (PEP 508) of the environment to be, on this machine."""
        return marker_environment(self.python, self.implementation)

    def within(self, path: str, place: str) -> str:
        """`path`, as the file names it, in the folder of `files`.

        Raises:
            InvalidRequest: it leads out of that folder.
        """
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(self.filename), path.replace("\\", "/")))
        if "://" in path or whole.startswith(("/", "~")) or whole.split("/")[0] == ".." or re.match("[A-Za-z]:", whole):
            raise InvalidRequest(
                f"{listed([path])!r} lies outside of the folder that was handed in.",
                hint="Nothing outside of it is read; put what it holds in its place.",
                field=f"{FIELD} {place}",
                reason="outside",
            )
        return whole

    def beside(self, name: str) -> str | None:
        """The text of the file `name` in the same folder as this one, or None."""
        return self.files.get(posixpath.join(posixpath.dirname(self.filename), name))

    def path(self, path: str, place: str) -> str:
        """The whole path on this machine of what the file calls `path`.

        Raises:
            InvalidRequest: it leads out of the folder, or nobody knows where that is.
        """
        inside = self.within(path, place)
        if self.folder is None:
            raise InvalidRequest(
                f"{listed([path])!r} is a path on the machine that the file comes from.",
                hint="Use the command line in that folder, or give a whole path or a URL.",
                field=f"{FIELD} {place}",
            )
        whole = os.path.realpath(os.path.join(self.folder, inside))
        if not Path(whole).is_relative_to(os.path.realpath(self.folder)):
            return self.within("../" * 20, place)
        return whole

    def chosen(self, kind: str, wanted: frozenset[str], known: Iterable[str]) -> list[str]:
        """Those of `known` that are `wanted`, in their order; names compare as PEP 503 has it.

        Raises:
            InvalidRequest: the file has no such part.
        """
        names = {normalise(name): name for name in known}
        for name in sorted(wanted):
            if normalise(name) not in names:
                raise InvalidRequest(
                    f"The file has no {kind} {listed([name])!r}.",
                    hint=f"It has: {listed(names.values()) or 'none'}.",
                    field=f"from.{kind}s",
                )
        return [name for key, name in names.items() if key in {normalise(each) for each in wanted}]


ALONE = Given()


@dataclass(frozen=True)
class Read:
    """What a file asks for.

    `packages` are requirements that passed `check_requirement`, each once, in the
    file's order. `requires_python` is a version specifier (PEP 440) and `python`
    the version that it comes down to where it leaves one only. `guesses` are
    distributions that an import may mean, or a module of the user's own: only
    known ones should be installed. `name` is what the file calls itself.

    `hashes` are those of the files that may be installed, by the line in `packages`;
    `constraints` limit what comes along. `exact` tells of a lock: just its packages are
    installed, at its versions. `indexes` and `find_links` are addresses that the file names, without
    credentials; none is asked unless the user says so.
    `extras` and `groups` are the optional parts that there are, wanted or not;
    `unknown` names parts of the file that nothing comes of here; `unmet` tells that no
    Python of this machine is one that the file is for.

    `conda` are match specs, Python's among them; an explicit lock gives `archives` in
    their place, and in `asked` the specs that count as asked for.
    `variables` are for whoever activates the environment, `prefix` is where the file says that it lay.
    Of a folder, `source` is the format and the path of the file that was read. `package` names the project
    where it is one that can be installed itself; it is not among `packages`. `roots`
    are what a lock says was asked for, a requirement by normalised name, and the rest came along with
    it; None where the file tells nothing of it. `local` are the names of projects that it takes from a
    folder or a file of the machine that it was written on, here or left out.
    """

    packages: list[str]
    python: str | None = None
    requires_python: str | None = None
    channels: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    name: str | None = None
    hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    exact: bool = False
    indexes: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unmet: bool = False
    conda: list[str] = field(default_factory=list)
    archives: list[Exact] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    prefix: str | None = None
    source: tuple[str, str] | None = None
    package: str | None = None
    roots: dict[str, str] | None = None
    local: list[str] = field(default_factory=list)

    def requirements(self, check: Check = check_requirement) -> list[Requirement]:
        """`packages` as an installer takes them, with their hashes."""
        found = (check(line, FIELD) for line in self.packages)
        return [structs.replace(each, hashes=self.hashes.get(str(each), ())) for each in found]

    def limits(self, check: Check = check_requirement) -> list[Requirement]:
        """`constraints` as an installer takes them."""
        return [check(line, FIELD) for line in self.constraints]

    @property
    def locked(self) -> bool:
        """Whether the file says of each package which files it may be."""
        return self.exact or (bool(self.packages) and all(line in self.hashes for line in self.packages))


@dataclass(frozen=True)
class Installed:
    """What is written: an environment's packages, its Python's version, its name and conda channels.

    `lock` is there for formats that ask for it: the tables of a pylock (PEP 751); `unhashed` are those
    in it whose hashes are not known. `unnameable` are packages that are left out, since their names or
    versions are none.
    Of a conda environment there are the match specs that were asked for, by name, the
    `archives` that it was made from, and the `variables` that its user set.
    `sources` are the indexes that it asks beside those of the settings.
    """

    packages: Sequence[Package]
    python: str | None = None
    name: str = "environment"
    channels: Sequence[str] = ()
    lock: Mapping[str, Any] | None = None
    unhashed: Sequence[str] = ()
    unnameable: Sequence[str] = ()
    specs: Mapping[str, str] = field(default_factory=dict)
    archives: Sequence[Exact] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    sources: Sources = SETTINGS_ALONE

    @property
    def not_hashed(self) -> str:
        """A line of comment that names the `unhashed`; empty where there are none."""
        return f"# Without hashes, since none are known here: {listed(self.unhashed)}\n" if self.unhashed else ""

    @property
    def left_out(self) -> str:
        """A line of comment that names the `unnameable`; empty where there are none."""
        shown = listed(ascii(name) for name in self.unnameable)
        return f"# Left out, since this is no name and version of a package: {shown}\n" if shown else ""

    @property
    def by_conda(self) -> bool:
        """Whether pip alone would not bring it all."""
        return any(package.manager == "conda" for package in self.packages)


@dataclass(frozen=True)
class FileFormat:
    """A format; `read` and `write` are None where it does not work that way.

    `read` opens nothing and raises InvalidRequest alone, its field naming the place.
    A format of several files has `folder` in the place of `write`. Where `locks` is
    set they need the lock of the environment. `fits` tells by the lower-case file name
    and the text whether a file is of this format; `syntax` is what its text has to be.
    """

    name: str
    title: str
    filename: str
    read: Callable[[str, Given], Read] | None = None
    write: Callable[[Installed], str] | None = None
    folder: Callable[[Installed], dict[str, str]] | None = None
    locks: bool = False
    syntax: str = "lines"
    fits: Callable[[str, str], bool] = lambda _filename, _text: False
    media_type: str = "text/plain"

    @property
    def exports(self) -> bool:
        return self.write is not None or self.folder is not None


def cleaned(text: str) -> str:
    """`text` without a byte order mark, lines ending in one newline.

    Raises:
        InvalidRequest: it holds a NUL, so it is no text.
    """
    if "\0" in text:
        raise InvalidRequest(
            "The file is not text: it holds a NUL character.", hint="Send the file as UTF-8 text.", field=FIELD
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def checked(lines: Iterable[tuple[str, str]]) -> list[str]:
    """The requirements of `lines`, pairs of a requirement and the place where it stands, each once.

    Raises:
        InvalidRequest: one is not a requirement, or there are too many.
    """
    found: dict[str, None] = {}
    for line, place in lines:
        where = f"{FIELD} {place}".strip()
        if len(line) > LONGEST_LINE:
            raise InvalidRequest(
                f"A requirement of {len(line)} characters is too long.",
                hint=f"{LONGEST_LINE} are allowed.",
                field=where,
            )
        found[str(check_requirement(line, where))] = None
        if len(found) > MOST_PACKAGES:
            raise InvalidRequest(
                f"The file asks for more than {MOST_PACKAGES} packages.", hint="Take a part of it.", field=FIELD
            )
    return list(found)


def listed(names: Iterable[str], most: int = 8) -> str:
    """`names` for a message, shortened."""
    known = [re.sub(r"[^\w.,:+/ ()\[\]@=<>~!#-]", "?", name)[:60] for name in names]
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")
