"""setup.cfg and setup.py, setuptools' own files: read as text, never run."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_envs.formats import requirements
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, checked, cleaned, listed
from jupyter_envs.formats.python import python_of
from jupyter_envs.model.errors import InvalidRequest

# Far longer than anybody writes one; the parser takes memory for each character.
_LONGEST = 200_000
_DEEPEST = 8
_FILE = re.compile(r"[\w./-]{1,200}\.(?:txt|in|pip)\Z")


def read_cfg(text: str, given: Given = ALONE) -> Read:
    """What ``install_requires`` of the setup.cfg `text` asks for; extras are optional parts.

    Raises:
        InvalidRequest: it cannot be parsed, or has no section of setuptools'.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(cleaned(text))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        raise InvalidRequest(
            "The file is no setup.cfg: it cannot be parsed.",
            hint="Mend that place and send it again.",
            field=f"{FIELD} line {line}" if line else FIELD,
        ) from None
    if not (parser.has_section("options") or parser.has_section("options.extras_require")):
        raise InvalidRequest(
            "The file sets up tools, and names no dependency.",
            hint="setuptools reads them from [options] install_requires.",
            field=FIELD,
            reason="nothing",
        )
    options = dict(parser.items("options")) if parser.has_section("options") else {}
    extras = dict(parser.items("options.extras_require")) if parser.has_section("options.extras_require") else {}
    name = parser.get("metadata", "name", fallback=None)
    return _project(
        given,
        name,
        _of_option(options.get("install_requires", ""), given),
        {extra: _of_option(value, given) for extra, value in extras.items()},
        options.get("python_requires"),
        [],
    )


def read_py(text: str, given: Given = ALONE) -> Read:
    """What the call of ``setup`` in the setup.py `text` says, as far as it stands there; the file is not run.

    Lists, names that they have, and files of requirements that are read in are followed.

    Raises:
        InvalidRequest: it is no Python, or calls no ``setup``.
    """
    plain = cleaned(text)
    try:
        tree = ast.parse(plain) if len(plain) <= _LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    setup = next(_calls(tree), None) if tree is not None else None
    if tree is None or setup is None:
        raise InvalidRequest(
            "The file does not call setup() in a way that can be read.",
            hint="Put the dependencies into pyproject.toml or requirements.txt.",
            field=FIELD,
            reason="nothing",
        )
    script = _Script(tree, given)
    told = {word.arg: word.value for word in setup.keywords if word.arg}
    warnings = []
    own = script.lines(told.get("install_requires"))
    if own is None:
        warnings.append("setup.py computes its dependencies when it is run; they are not read here.")
    extras = script.value(told.get("extras_require"))
    extras = extras if isinstance(extras, dict) else {}
    named = {str(key): [str(line) for line in value] for key, value in extras.items() if isinstance(value, list)}
    name, python = script.value(told.get("name")), script.value(told.get("python_requires"))
    return _project(
        given,
        name if isinstance(name, str) else None,
        own or [],
        named,
        python if isinstance(python, str) else None,
        [*warnings, *script.warnings],
    )


def _project(
    given: Given,
    name: str | None,
    lines: list[str],
    extras: dict[str, list[str]],
    python: str | None,
    warnings: list[str],
) -> Read:
    wanted = given.chosen("extra", given.extras, extras)
    every = [*lines, *(line for extra in wanted for line in extras[extra])]
    packages = checked((line, "install_requires") for line in every)
    version, requires = python_of(python, "python_requires")
    left = [extra for extra in extras if extra not in wanted and not extra.startswith(":")]
    more = [f"Optional dependencies are left out: {listed(left)}."] if left else []
    return Read(
        packages=packages,
        python=version,
        requires_python=requires,
        name=name,
        extras=sorted(extras),
        warnings=[*warnings, *more],
        package=name or "the project",
    )


def _of_option(value: str, given: Given) -> list[str]:
    """A list as setup.cfg has it: lines, or one line parted by semicolons, or ``file:`` and the names of files."""
    if value.lstrip().startswith("file:"):
        names = [name.strip() for name in value.strip().removeprefix("file:").split(",")]
        return [line for name in names for line in of_file(name, given, "install_requires")]
    parts = value.split("\n") if "\n" in value.strip() else value.split(";")
    return [part.strip() for part in parts if part.strip() and not part.strip().startswith("#")]


def of_file(name: str, given: Given, place: str) -> list[str]:
    """The requirements in the file `name` beside this one.

    Raises:
        InvalidRequest: it was not handed in, or lies outside of the folder.
    """
    path = given.within(name, place)
    text = given.files.get(path)
    if text is None:
        raise InvalidRequest(
            f"{place} names the file {listed([name])!r}, which was not handed in.",
            hint="Hand in that file too.",
            field=f"{FIELD} {place}",
            reason="option",
        )
    return requirements.read(text, replace(given, filename=path)).packages


def included(text: str) -> Iterator[str]:
    """The files that setup.cfg or setup.py may read requirements from, as it calls them."""
    for found in re.finditer(r"""["':, \t=]([\w./-]{1,100}\.(?:txt|in|pip))(?![\w.])""", text[:_LONGEST]):
        if not found[1].startswith("/"):
            yield found[1]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name == "setup":
                yield node


class _Script:
    """What the names of a setup.py stand for, as far as that can be told without running it."""

    def __init__(self, tree: ast.AST, given: Given) -> None:
        self._given = given
        self.warnings: list[str] = []
        self._assigned: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._assigned[target.id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self._assigned[node.target.id] = node.value
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    if isinstance(item.optional_vars, ast.Name):
                        self._assigned[item.optional_vars.id] = item.context_expr

    def lines(self, node: ast.expr | None) -> list[str] | None:
        """The requirements that `node` stands for; None where only running it would tell."""
        if node is None:
            return []
        value = self.value(node)
        if isinstance(value, str):
            value = value.split("\n")
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            return [line for line in value if line.strip()]
        for name in self._files(node, 0):
            path = posixpath.join(posixpath.dirname(self._given.filename), name)
            if path in self._given.files:
                self.warnings.append(f"setup.py takes its dependencies from {listed([name])}.")
                return of_file(name, self._given, "install_requires")
        return None

    def value(self, node: ast.expr | None, depth: int = 0) -> Any:
        """The value of `node` where it is written out; None where it is not."""
        if node is None or depth > _DEEPEST:
            return None
        if isinstance(node, ast.Name):
            return self.value(self._assigned.get(node.id), depth + 1)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            found = [self.value(each, depth + 1) for each in node.elts]
            return None if any(each is None for each in found) else found
        if isinstance(node, ast.Dict):
            keys = [self.value(key, depth + 1) for key in node.keys]
            values = [self.value(each, depth + 1) for each in node.values]
            return {key: value for key, value in zip(keys, values, strict=True) if isinstance(key, str)}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if isinstance(left, list) and isinstance(right, list):
                return left + right
        return None

    def _files(self, node: ast.AST, depth: int) -> Iterator[str]:
        """The names of lists that `node` mentions, itself or through the names in it."""
        if depth > _DEEPEST:
            return
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and _FILE.match(each.value):
                yield posixpath.normpath(each.value)
            elif isinstance(each, ast.Name) and each.id in self._assigned and self._assigned[each.id] is not node:
                yield from self._files(self._assigned[each.id], depth + 1)


CFG = FileFormat(
    name="setup.cfg",
    title="setup.cfg, the dependencies of a project of setuptools",
    filename="setup.cfg",
    read=read_cfg,
    syntax="INI",
    fits=lambda filename, text: filename == "setup.cfg" and "[" in text,
)
PY = FileFormat(
    name="setup.py",
    title="setup.py, the dependencies of a project of setuptools, read without running it",
    filename="setup.py",
    read=read_py,
    syntax="Python",
    fits=lambda filename, _text: filename == "setup.py",
)
