"""What every format gives: what a file asks for, and the checks that each line of it has to pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Requirement, check_requirement

FIELD = "from.text"
MOST_PACKAGES = 2000
LONGEST_LINE = 2048

Check = Callable[[str, str], Requirement]


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
    installed, at its versions. `indexes` are addresses that the file names, never asked.
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
class FileFormat:
    """A format; `read` and `write` are None where it does not work that way.

    `read` takes the text, opens nothing and raises InvalidRequest alone, its field
    naming the place. `write` takes the installed packages and the Python version.
    `fits` tells by the lower-case file name and the text whether a file is of this format.
    """

    name: str
    title: str
    filename: str
    read: Callable[[str], Read] | None = None
    write: Callable[[Sequence[Package], str | None], str] | None = None
    fits: Callable[[str, str], bool] = lambda _filename, _text: False
    media_type: str = "text/plain"


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
        where = f"{FIELD} {place}"
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


def strings(value: object, place: str) -> list[str]:
    """`value`, a list of strings.

    Raises:
        InvalidRequest: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise InvalidRequest(
            f"{place} must be a list of strings.", hint="Mend the file and send it again.", field=f"{FIELD} {place}"
        )
    return value


def listed(names: Iterable[str], most: int = 8) -> str:
    """`names` for a message, shortened."""
    known = [re.sub(r"[^\w.,:+/ -]", "?", name)[:60] for name in names]
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")
