"""The words of install commands: the program that is meant, its verb, requirements written with blanks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_envs.formats import poetry
from jupyter_envs.formats.shell import Command, Word
from jupyter_envs.formats.tooloptions import PIP, Options, parts

NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.A)
_KEYWORDS = ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "(", ")", "time", "coproc")
# Programs that run the command behind them, with their options that take a value.
_WRAPPERS = {
    "sudo": "-u -g -h -p -C -r -t -U -D -R -T",
    "doas": "-u -C",
    "env": "-u -C -S",
    "nice": "-n",
    "ionice": "-c -n",
    "timeout": "-s -k",
    "stdbuf": "-i -o -e",
    "nohup": "",
    "exec": "-a",
    "command": "",
    "builtin": "",
    "time": "-f -o",
    "xargs": "-n -P -I -L -d",
    "caffeinate": "-t",
    "arch": "",
    "winpty": "",
    "xvfb-run": "-n -s",
    "call": "",
}
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)(?:\[[^\[\]]*\])?\Z", re.I)
_SIGNS = re.compile(r"(?:===?|~=|!=|[<>]=?)\Z")
SYSTEM = {
    "apt-get": ("install",),
    "apt": ("install",),
    "aptitude": ("install",),
    "yum": ("install",),
    "dnf": ("install",),
    "zypper": ("install",),
    "brew": ("install",),
    "apk": ("add",),
    "pacman": ("-S", "-Sy", "-Syu"),
    "choco": ("install",),
    "port": ("install",),
}
INDEXES = (
    *("-i", "--index-url", "--pypi-url", "--extra-index-url", "--index", "--default-index"),
    *("--pypi-mirror", "--mirrors", "--source"),
)
FILES = ("-r", "--requirement", "--requirements", "--requirementstxt", "--file")
LIMITS = ("-c", "--constraint", "--constraints")
# Options that change what is installed, and that are not taken over.
LEFT = (
    "--pre",
    "--prerelease",
    "--no-deps",
    "--no-dependencies",
    "--no-binary",
    "--only-binary",
    "--group",
    "--marker",
)


def bare(words: Sequence[Word]) -> list[Word]:
    """`words` from the program on that is really meant: behind variables, keywords, and programs such as sudo."""
    left = list(words)
    while left:
        text = left[0].text
        name = program(left[0])
        if re.match(r"[A-Za-z_]\w*=", text) or text in _KEYWORDS:
            left = left[1:]
        elif name in _WRAPPERS:
            values = _WRAPPERS[name].split()
            left = left[1:]
            while left and (left[0].text.startswith("-") or (name == "timeout" and left[0].text[:1].isdigit())):
                left = left[2 if left[0].text in values else 1 :]
        else:
            break
    return left


def program(word: Word) -> str:
    """The name of the program that a command starts."""
    text = re.split(r"[/\\]", word.text)[-1]
    text = re.sub(r"\.(?:exe|bat|cmd)\Z", "", text, flags=re.I)
    return "python" if "sys.executable" in word.text else text


def module_of(rest: Sequence[Word]) -> tuple[str, Sequence[Word]] | None:
    """The module behind ``-m`` among the arguments of an interpreter, and what follows it."""
    at = 0
    while at < len(rest) and rest[at].text.startswith("-"):
        text = rest[at].text
        if text == "-m" and at + 1 < len(rest):
            return rest[at + 1].text, rest[at + 2 :]
        if text.startswith("-m") and len(text) > 2:
            return text[2:], rest[at + 1 :]
        if text == "-c":
            return None
        at += 2 if text in ("-W", "-X") else 1
    return None


def verb_of(rest: Sequence[Word], options: Options) -> tuple[str, list[Word]]:
    """The first word that is no option, and all the others with the options in front of it."""
    for part in parts(rest, options, {}):
        if not part.option:
            at = next(place for place, word in enumerate(rest) if word is part.value)
            return part.value.text, [*rest[:at], *rest[at + 1 :]]
    return "", []


def behind(option: str, words: Sequence[Word]) -> str | None:
    """The word behind the one that is `option`."""
    texts = [word.text for word in words]
    at = texts.index(option) + 1 if option in texts else len(texts)
    return texts[at] if at < len(texts) else None


def joined(words: Sequence[Word], *, conda: bool = False) -> list[Word]:
    """`words`, a requirement that was written with blanks made one: ``numpy == 2.1``, ``name @ address``."""
    found: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        alone = _SIGNS.match(word.text) or (word.text == "=" and conda) or word.text == "@"
        if found and alone and at + 1 < len(words):
            after = words[at + 1]
            blank = " " if word.text == "@" else ""
            text = f"{found[-1].text}{blank}{word.text}{blank}{after.text}"
            found[-1] = Word(text, found[-1].whole and after.whole)
            at += 2
        elif found and _SIGNS.match(word.text[:2]) and re.match(r"[<>=!~]=", word.text):
            found[-1] = Word(found[-1].text + word.text, found[-1].whole and word.whole)
            at += 1
        elif word.text in (",", ";"):
            at += 1
        else:
            found.append(word)
            at += 1
    return found


def is_path(text: str) -> bool:
    if "://" in text:
        return text.startswith("file:")
    if " @ " in text:
        return False
    return bool(
        text.startswith((".", "/", "~", "file:"))
        or re.match(r"[A-Za-z]:[\\/]", text)
        or _ARCHIVE.search(text)
        or ("/" in text and "@" not in text)
    )


def of_poetry(text: str) -> str:
    """What `poetry add` takes, as a requirement (PEP 508): ``pandas@^2.0``, ``pandas@latest``."""
    name, sign, constraint = text.partition("@")
    if not sign or "://" in text or not NAME.match(name):
        return text
    if constraint.strip() in ("latest", "*"):
        return name
    return name + poetry.specifier(constraint, "The version")


def named_files(command: Command) -> list[str]:
    """The files that `command` names behind ``-r`` or ``-c``, where it installs something."""
    words = [word.text for word in command.words]
    if not any(word in ("install", "add", "sync") for word in words):
        return []
    found = [value.text for option, value in parts(command.words, PIP, {}) if option in (*FILES, *LIMITS)]
    return [name for name in found if name]
