"""Texts that are notebooks or scripts: percent scripts and MyST of jupytext, Quarto, marimo, and pasted commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, cleaned
from jupyter_envs.formats.installwords import bare, program
from jupyter_envs.formats.notebook import declared
from jupyter_envs.formats.notebook.guess import guessed, mentioned
from jupyter_envs.formats.script import blocks
from jupyter_envs.formats.shell import Command, commands
from jupyter_envs.model.errors import InvalidRequest

_CELL = re.compile(r"^# ?%%[^\n]*$", re.M)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*(\{[^}\n]{0,200}\}|\w*)[^\n]*$", re.M)
_LANGUAGE = re.compile(r"\{(?:code-cell[ \t]*)?\.?([\w+]*)|(\w+)")
_MARKDOWN = (".md", ".markdown", ".myst", ".qmd", ".rmd")
# A command that jupytext or an author put into a comment, so that the file stays Python.
_COMMENTED = re.compile(r"^# ?(?=[%!][ \t]*[A-Za-z{])", re.M)
_PROMPT = re.compile(
    r"^[ \t]*(?:\$|>|PS[^>\n]{0,200}>|\(\w[\w.-]*\)[ \t]*\$|[%!]{1,2})[ \t]+(?=\S)|^[ \t]*[%!]{1,2}(?=[A-Za-z])", re.M
)
IMPORT = re.compile(r"[ \t]*(?:import|from)[ \t]")
_TOOL = re.compile(
    r"uvx?|pipx?|pip[\d.]+|easy_install|py|python[\d.]*|poetry|pipenv|pdm|rye|hatch|conda|mamba|micromamba|pixi|cd"
    r"|apt|apt-get|bash|sh|yes"
)
_VERBS = frozenset(
    ("install", "add", "create", "update", "upgrade", "sync", "remove", "uninstall", "run", "pip", "tool", "env", "-c")
)
_OBVIOUS = re.compile(r"does not declare|^Without quotes the shell")
_OURS = re.compile(r"(?<![ \t])[ \t]*envinstall[ \t]")


def read(text: str, given: Given = ALONE) -> Read:
    """What the script or text notebook `text` needs: as its script block says, or a guess with a warning.

    Raises:
        InvalidRequest: what it declares is wrong.
    """
    text = cleaned(text)
    found = [
        block.content
        for source in (_code(text) if _is_markdown(given.filename) else [text])
        for block in blocks(source)
    ]
    if len(found) > 1:
        raise InvalidRequest("There is more than one script block (PEP 723).", hint="Leave one of them.", field=FIELD)
    if found:
        return declared.of_block(found[0])
    code = cells(given.filename, text)
    what = "notebook" if _is_markdown(given.filename) or _CELL.search(text) else "script"
    if not code and (language := _other_language(text)):
        return Read(packages=[], warnings=[f"The code in it is {language}, so no package of Python is taken from it."])
    return guessed(code, given, what=what, plain="marimo.App(" in text)


def cells(filename: str, text: str) -> list[str]:
    """The cells of Python in the text of the file `filename`."""
    text = cleaned(text)
    if _is_markdown(filename):
        return list(_code(text))
    parts = _CELL.split(text) if _CELL.search(text) else [text]
    return [_COMMENTED.sub("", part) for part in parts]


def named(filename: str, text: str) -> tuple[list[str], list[str]]:
    """As `notebook.named`, of a text."""
    return mentioned(cells(filename, text))


def read_commands(text: str, given: Given = ALONE) -> Read:
    """What lines ask for that somebody copied from a terminal, a web page or a cell: commands, imports, requirements.

    Raises:
        InvalidRequest: nothing of it asks for a package.
    """
    shell, code = [], []
    for raw in re.sub(r"\\[ \t]*\n", " ", cleaned(text)).split("\n"):
        line = unprompted(raw)
        if IMPORT.match(line):
            code.append(line.strip())
        elif line.strip() and not line.lstrip().startswith("#"):
            shell.append(line if is_command(line) else f"pip install {line}")
    found = guessed(["%%bash\n" + "\n".join(shell), "\n".join(code)], given, what="text")
    # It is what the user typed: neither that it declares nothing need be said, nor what a shell would make of it.
    return replace(found, warnings=[said for said in found.warnings if not _OBVIOUS.search(said)])


def unprompted(line: str) -> str:
    """`line` without a terminal's prompt or a cell's sign in front of it, and without our own magic's name."""
    return _OURS.sub("", _PROMPT.sub("", line))


def is_command(line: str) -> bool:
    """Whether `line` starts a program, and does not name packages: ``pip install six``, but not ``pip setuptools``."""
    words = bare(next(commands(line), Command()).words)
    if not words or not _TOOL.fullmatch(name := program(words[0])):
        return False
    behind = [word.text for word in words[1:]]
    return name in ("cd", "yes") or not _VERBS.isdisjoint(behind) or any(word.startswith("-m") for word in behind)


def _is_markdown(filename: str) -> bool:
    return filename.lower().endswith(_MARKDOWN)


def _code(text: str) -> Iterator[str]:
    """The fenced blocks of Python in a Markdown text that its tool runs."""
    for language, source in _fenced(text):
        if language in ("python", "python3", "ipython", "ipython3", "py"):
            lines = source.split("\n")
            if lines[0].strip() == "---" and "---" in (stripped := [line.strip() for line in lines[1:]]):
                lines = lines[stripped.index("---") + 2 :]
            while lines and re.match(r":[\w-]+:", lines[0]):
                del lines[0]
            yield "\n".join(lines)


def _fenced(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    front = re.search(r"^[ \t]*language:[ \t]*(\w+)|^jupyter:[ \t]*(\w+)", text[:5000], re.M)
    usual = (front[1] or front[2]).lower() if front else "python"
    while opened := _FENCE.search(text, at):
        mark = opened[1]
        closed = re.compile(rf"^[ \t]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.M).search(text, opened.end())
        end = closed.start() if closed else len(text)
        found = _LANGUAGE.match(opened[2] or "")
        language = ((found[1] or found[2]) if found else "") or ""
        if "code-cell" in opened[2] and language in ("", "code"):
            language = opened[0].rpartition("}")[2].strip() or usual
        yield language.lower(), text[opened.end() + 1 : end]
        at = closed.end() if closed else len(text)


def _other_language(text: str) -> str | None:
    names = {"r": "R", "julia": "Julia", "ojs": "JavaScript", "sql": "SQL", "bash": "bash"}
    return next((names[language] for language, _ in _fenced(text) if language in names), None)


def _fits(filename: str, text: str) -> bool:
    if filename.endswith(".py"):
        return filename not in ("setup.py", "noxfile.py", "conftest.py")
    if filename.endswith((".qmd", ".rmd")):
        return True
    return filename.endswith(_MARKDOWN) and bool(
        re.search(r"^[ \t]*`{3,}\{(?:code-cell|python)|^(?:jupytext|jupyter|kernelspec):", text, re.M)
    )


FORMAT = FileFormat(
    name="script",
    title="Script or text notebook (percent, MyST, Quarto, marimo), its script metadata (PEP 723) or imports",
    filename="script.py",
    read=read,
    fits=_fits,
)
COMMANDS = FileFormat(
    name="commands",
    title="Commands and imports as they were copied",
    filename="commands",
    read=read_commands,
    fits=lambda filename, _text: filename == "commands",
)
