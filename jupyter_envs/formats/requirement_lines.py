"""The grammar of a requirements file: logical lines, each with the requirement and the options that stand on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_OPTIONS = re.compile(r"(?:^|[ \t])(?=-)")
# Quoted parts, plain ones, and a quotation mark that nothing closes.
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"']+|["'])+""")
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
# Each option that pip understands in such a file, and those that it once did; whether a value follows.
_TAKES_VALUE = {
    "--requirement": True,
    "--constraint": True,
    "--editable": True,
    "--index-url": True,
    "--pypi-url": True,
    "--extra-index-url": True,
    "--find-links": True,
    "--no-index": False,
    "--trusted-host": True,
    "--pre": False,
    "--prefer-binary": False,
    "--no-binary": True,
    "--only-binary": True,
    "--use-feature": True,
    "--require-hashes": False,
    "--hash": True,
    "--global-option": True,
    "--install-option": True,
    "--build-option": True,
    "--config-settings": True,
    "--config-setting": True,
    "--always-unzip": False,
    "--process-dependency-links": False,
    "--no-use-wheel": False,
    "--use-wheel": False,
    "--allow-external": True,
    "--allow-unverified": True,
    "--allow-all-external": False,
    "--no-deps": False,
    "--no-build-isolation": False,
    "--use-pep517": False,
    "--no-use-pep517": False,
    "--upgrade": False,
    "--user": False,
    "--quiet": False,
}
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
    "-Z": "--always-unzip",
    "-U": "--upgrade",
    "-q": "--quiet",
}


class Option(NamedTuple):
    """An option by its long name; `value` is empty where none was given."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.value}".strip()


class Line(NamedTuple):
    """A logical line and the number of its first line; `requirement` is empty where options alone stand on it."""

    number: int
    requirement: str
    options: tuple[Option, ...]

    def values(self, name: str) -> list[str]:
        """The values of the option `name`, in their order."""
        return [option.value for option in self.options if option.name == name]


def lines(text: str) -> Iterator[Line]:
    """The lines of `text` that say something; lines end in one newline."""
    for number, line in _logical(text):
        start = _OPTIONS.search(line)
        if start is None:
            yield Line(number, line, ())
        else:
            yield Line(number, line[: start.start()].strip(), tuple(_options(line[start.end() :])))


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines without their comments, continued ones joined."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if not parts:
            first = number
        # A comment ends at its line; a backslash at its end continues nothing.
        bare = _COMMENT.sub("", line, count=1)
        if bare == line and line.endswith("\\"):
            parts.append(line[:-1])
            continue
        joined = "".join([*parts, bare]).strip()
        parts = []
        if joined:
            yield first, joined


def _options(text: str) -> Iterator[Option]:
    waiting = [_QUOTED.sub(lambda found: found[1] or found[2] or "", word) for word in _WORD.findall(text)][::-1]
    while waiting:
        word = waiting.pop()
        name, given, value = _named(word)
        takes = _TAKES_VALUE.get(name)
        if not given and takes and waiting and not waiting[-1].startswith("-"):
            value = waiting.pop()
        # Blanks in a path, a marker behind an address, what an unknown option takes: all belong to the option.
        while waiting and not waiting[-1].startswith("-") and (takes is None or name == "--editable"):
            value = f"{value} {waiting.pop()}".strip()
        while waiting and not waiting[-1].startswith("-"):
            waiting.pop()
        yield Option(name, value)


def _named(word: str) -> tuple[str, bool, str]:
    """The long name of the option that `word` is or begins with, whether it holds a value, and that value."""
    if not word.startswith("--"):
        short = _SHORT.get(word[:2])
        if short is None:
            return word, False, ""
        return short, len(word) > 2, word[2:].removeprefix("=").strip()
    name, given, value = word.partition("=")
    if name not in _TAKES_VALUE:
        # An option may be cut short as long as only one begins so.
        fitting = [known for known in _TAKES_VALUE if known.startswith(name)]
        name = fitting[0] if len(fitting) == 1 and len(name) > 3 else name
    return name, bool(given), value.strip()
