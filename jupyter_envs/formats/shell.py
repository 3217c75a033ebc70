"""The commands of a shell text: words with their quotes undone, cut where the shell cuts.

Only what a person writes to install something is understood: lists and pipelines, redirections, comments,
continued lines, quotes, variables, here-documents. Nothing is run and nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Marks in a text where IPython would have put in a value that is not known here.
_OPENED, _CLOSED = "\ue000", "\ue001"
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}\n]{1,200})\}|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.A)
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\}|\{[^}\n]*\}|[0-9@*#?$!-])", re.A)
_PLAIN = re.compile(rf"[^\s\\'\"$`#;&|()<>{_OPENED}{_CLOSED}]+")
# What stands where a redirection would, and is the version of a requirement: >=1.2 and <2.
_VERSION = re.compile(r"[<>]=?[ \t]*\d[\w.*+!]*(?=[\s,;'\"<>]|\Z)|[<>]=[ \t]*(?=\$)", re.A)
_NAMED = re.compile(r"[A-Za-z][\w.-]*(?:\[[\w.,-]*\])?(?:[<>=!~]=?=?[\w.*+]+,?)*\Z", re.A)
_REDIRECT = re.compile(r"&>>?|<<<|<<-?|[<>]&[0-9-]*|>>|>\||<>|[<>]")
_SEPARATOR = re.compile(r"&&|\|\||\|&|;;|[;&|()\n]")
_HEREDOC = re.compile(r"[ \t]*(['\"]?)([\w.-]+)\1")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.A | re.S)
LONGEST = 200_000
_LONGEST_NAME = 300


class Word(NamedTuple):
    """A word, its quotes undone; `whole` is False where a part of it is only known when the command runs."""

    text: str
    whole: bool = True


@dataclass
class Command:
    """One simple command, without its redirections.

    `versions` are requirements in it that the shell takes for redirections, since they stand without quotes.
    """

    words: list[Word] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """`text` as IPython hands it to the shell: ``{name}`` and ``$name`` replaced where `values` has them."""

    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name = (found[1] or found[2] or found[3]).strip()
        if name in values:
            return values[name]
        if found[1] is None:
            # The shell's own variable, maybe.
            return found[0]
        return f"{_OPENED}{found[0]}{_CLOSED}"

    return _BRACES.sub(put, re.sub(f"[{_OPENED}{_CLOSED}]", "", text[:LONGEST]))


def commands(text: str, values: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The simple commands of the shell text `text`, in their order; `values` are variables that are set before.

    One pass, whatever the text. A quote that is left open ends with the text.
    """
    yield from _Reader(text[:LONGEST], dict(values or {})).read()


class _Reader:
    def __init__(self, text: str, values: dict[str, str]) -> None:
        self._text = text
        self._at = 0
        self._values = values
        self._command = Command()
        self._parts: list[str] = []
        self._in_word = self._quoted = False
        self._whole = True
        self._heredocs: list[str] = []

    def read(self) -> Iterator[Command]:
        text = self._text
        while self._at < len(text):
            char = text[self._at]
            if plain := _PLAIN.match(text, self._at):
                self._add(plain[0])
                self._at = plain.end()
            elif char == "\\":
                self._escape()
            elif char in "'\"":
                self._quote(char)
            elif char in "$`":
                self._expansion()
            elif char == _OPENED:
                end = text.find(_CLOSED, self._at)
                end = len(text) if end < 0 else end
                self._add(text[self._at + 1 : end], whole=False)
                self._at = end + 1
            elif char == "#" and self._in_word:
                self._add(char)
                self._at += 1
            elif char == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif char in "<>" or text.startswith("&>", self._at):
                self._redirect()
            elif separator := _SEPARATOR.match(text, self._at):
                yield from self._end()
                self._at = separator.end()
                if separator[0] == "\n":
                    self._skip_heredocs()
            else:
                self._end_word()
                self._at += 1
        yield from self._end()

    def _add(self, text: str, *, whole: bool = True, quoted: bool = False) -> None:
        self._parts.append(text)
        self._in_word = True
        self._quoted = self._quoted or quoted
        self._whole = self._whole and whole

    def _end_word(self) -> None:
        if self._in_word:
            self._command.words.append(Word("".join(self._parts), self._whole))
        self._parts, self._in_word, self._quoted, self._whole = [], False, False, True

    def _end(self) -> Iterator[Command]:
        self._end_word()
        command, self._command = self._command, Command()
        sets = [_ASSIGNMENT.match(word.text) if word.whole else None for word in command.words]
        if command.words and command.words[0].text == "export":
            sets = sets[1:]
        if sets and all(sets):
            self._values.update({found[1]: found[2] for found in sets if found})
        if command.words:
            yield command

    def _escape(self) -> None:
        after = self._text[self._at + 1 : self._at + 2]
        # A line that ends in a backslash goes on with the next, whatever blanks somebody left behind it.
        if blank := re.compile(r"\\[ \t]*\n").match(self._text, self._at):
            self._at = blank.end()
            if blank.end() - blank.start() > 2:
                self._end_word()
            return
        self._add(after, quoted=True)
        self._at += 2

    def _quote(self, char: str) -> None:
        text, start = self._text, self._at + 1
        self._add("", quoted=True)
        if char == "'":
            end = text.find("'", start)
            end = len(text) if end < 0 else end
            self._quoted_text(text[start:end])
            self._at = end + 1
            return
        at = start
        while at < len(text) and text[at] != '"':
            if text[at] == "\\" and at + 1 < len(text):
                self._add({"\n": ""}.get(text[at + 1], text[at + 1] if text[at + 1] in '$`"\\' else text[at : at + 2]))
                at += 2
            elif text[at] in "$`":
                self._at = at
                self._expansion()
                at = self._at
            else:
                end = at + 1
                while end < len(text) and text[end] not in '"\\$`':
                    end += 1
                self._quoted_text(text[at:end])
                at = end
        self._at = at + 1

    def _quoted_text(self, text: str) -> None:
        """Add text from between quotes; IPython puts its values in there too."""
        self._add(re.sub(f"[{_OPENED}{_CLOSED}]", "", text), whole=_OPENED not in text, quoted=True)

    def _expansion(self) -> None:
        text, at = self._text, self._at
        if text[at] == "`":
            end = text.find("`", at + 1)
            end = len(text) if end < 0 else end + 1
        elif text.startswith("$(", at):
            end, depth = at + 2, 1
            while end < len(text) and depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
        elif found := _VARIABLE.match(text, at):
            name = found[1] or found[2]
            self._at = found.end()
            if name in self._values:
                self._add(self._values[name])
            else:
                self._add(found[0], whole=False)
            return
        else:
            self._add("$")
            self._at += 1
            return
        self._add(text[at:end], whole=False)
        self._at = end

    def _redirect(self) -> None:
        text = self._text
        if (version := _VERSION.match(text, self._at)) and self._take_version(version[0]):
            self._at = version.end()
            return
        if self._in_word and not self._quoted and "".join(self._parts).isdigit():
            # The number of what is redirected, as in 2>&1.
            self._parts, self._in_word = [], False
        self._end_word()
        if text.startswith(("<(", ">("), self._at):
            self._at += 2
            return
        found = _REDIRECT.match(text, self._at)
        assert found
        self._at = found.end()
        if found[0] in ("<<", "<<-"):
            if word := _HEREDOC.match(text, self._at):
                self._heredocs.append(word[2])
                self._at = word.end()
            return
        if not re.match(r"[<>]&[0-9-]", found[0]):
            self._skip_target()

    def _take_version(self, version: str) -> bool:
        """Whether the redirection `version` is meant as a requirement's, which it is then a part of."""
        if not self._in_word and self._command.words and not self._quoted:
            before = self._command.words[-1]
            if before.whole and len(before.text) <= _LONGEST_NAME and _NAMED.match(before.text):
                self._command.words.pop()
                self._add(before.text)
        if sum(map(len, self._parts[: _LONGEST_NAME + 1])) > _LONGEST_NAME:
            return False
        name = "".join(self._parts)
        if not self._in_word or self._quoted or not _NAMED.match(name):
            return False
        self._add(re.sub(r"[ \t]", "", version))
        self._command.versions.append(f"{name}{version}")
        return True

    def _skip_target(self) -> None:
        """Pass over the file that is redirected to."""
        kept, self._command = self._command, Command()
        text = self._text
        while self._at < len(text) and text[self._at] in " \t":
            self._at += 1
        while self._at < len(text) and text[self._at] not in " \t\n;&|()<>":
            if text[self._at] in "'\"":
                self._quote(text[self._at])
            elif text[self._at] == "\\":
                self._escape()
            else:
                self._at += 1
        self._parts, self._in_word, self._quoted, self._whole = [], False, False, True
        self._command = kept

    def _skip_heredocs(self) -> None:
        text = self._text
        for word in self._heredocs:
            line = None
            while line != word and self._at < len(text):
                start = self._at + 1 if text[self._at] == "\n" else self._at
                end = text.find("\n", start)
                self._at = end if end >= 0 else len(text)
                line = text[start : self._at].lstrip("\t").rstrip(" \t")
        self._heredocs = []
