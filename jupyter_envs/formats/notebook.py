"""Notebooks: the script metadata in a cell (PEP 723) or, failing that, what the cells install and import."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_envs.formats.base import FIELD, MOST_PACKAGES, FileFormat, Read, checked, cleaned, listed, strings
from jupyter_envs.formats.modules import distribution_of
from jupyter_envs.formats.pyproject import parsed, python_of
from jupyter_envs.formats.script import blocks
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import check_requirement

_IMPORT = re.compile(r"[ \t]*import[ \t]+([^#\n]{1,2000})", re.A)
_FROM = re.compile(r"[ \t]*from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b", re.A)
_MODULE = re.compile(r"[A-Za-z_]\w*", re.A)
_INSTALL = re.compile(r"[ \t]*(?:%|!|%%)[ \t]*(?:(?:uv[ \t]+)?pip3?[ \t]+install|envinstall)[ \t]+(.{1,2000})")


def read(text: str) -> Read:
    """What the notebook `text` needs: as its PEP 723 block says, or a guess with a warning.

    Raises:
        InvalidRequest: it is not a notebook, or its block is wrong.
    """
    cells = list(_code_cells(text))
    found = [block.content for cell in cells for block in blocks(cell)]
    if len(found) > 1:
        raise InvalidRequest(
            "The notebook has more than one script block (PEP 723).", hint="Leave one of them.", field=FIELD
        )
    return _declared(found[0]) if found else _guessed(cells)


def _declared(block: str) -> Read:
    tables = parsed(block)
    lines = strings(tables.get("dependencies", []), "dependencies")
    python, requires = python_of(tables.get("requires-python"), "requires-python")
    packages = checked((line, f"dependencies[{at}]") for at, line in enumerate(lines))
    return Read(packages=packages, python=python, requires_python=requires)


def _guessed(cells: list[str]) -> Read:
    installed: dict[str, None] = {}
    modules: dict[str, None] = {}
    for cell in cells:
        for line in cell.split("\n"):
            if command := _INSTALL.match(line):
                installed.update(dict.fromkeys(_installed(command[1])))
            else:
                modules.update(dict.fromkeys(_imported(line)))
    # What a cell installs names the distribution, and so says more than its import.
    named = {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in installed}
    guesses = {distribution_of(name): None for name in modules if name not in sys.stdlib_module_names}
    packages = list(installed)[:MOST_PACKAGES]
    guessed = [name for name in guesses if name not in named][: MOST_PACKAGES - len(packages)]
    if not packages and not guessed:
        return Read(packages=[], warnings=["The notebook names no package that is not part of Python."])
    return Read(
        packages=packages,
        guesses=guessed,
        warnings=[
            "The notebook does not declare what it needs (PEP 723); this is a guess from what its cells"
            f" install and import: {listed([*packages, *guessed])}."
        ],
    )


def _code_cells(text: str) -> Iterator[str]:
    try:
        notebook: Any = json.loads(cleaned(text))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"The notebook is not JSON: {str(error)[:200]}.", hint="Save it again in Jupyter.", field=FIELD
        ) from None
    if not isinstance(notebook, dict):
        raise _no_notebook()
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise _no_notebook()
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            lines = source if isinstance(source, list) else [source]
            yield "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n").replace("\r", "\n")


def _no_notebook() -> InvalidRequest:
    return InvalidRequest("The file is JSON but not a notebook.", hint="Send an .ipynb file.", field=FIELD)


def _installed(arguments: str) -> Iterator[str]:
    """The plain requirements among the arguments of an install command in a cell."""
    try:
        words = shlex.split(arguments, comments=True)
    except ValueError:
        return
    takes_value = False
    for word in words:
        if takes_value or word.startswith("-"):
            # Options that stand alone are few and known; of all others the next word is the value.
            alone = "=" in word or word in ("-U", "-q", "-qq", "--upgrade", "--quiet", "--user", "--pre", "--no-deps")
            takes_value = not takes_value and not alone
            continue
        try:
            yield str(check_requirement(word, FIELD))
        except InvalidRequest:
            continue


def _imported(line: str) -> Iterator[str]:
    """The top-level modules that `line` imports absolutely."""
    if source := _FROM.match(line):
        yield source[1].partition(".")[0]
        return
    if not (statement := _IMPORT.match(line)):
        return
    for part in statement[1].partition(";")[0].split(","):
        words = part.split()
        if len(words) in (1, 3) and (top := words[0].partition(".")[0]) and _MODULE.fullmatch(top):
            yield top


FORMAT = FileFormat(
    name="notebook",
    title="Notebook, its script metadata (PEP 723) or imports",
    filename="notebook.ipynb",
    read=read,
    fits=lambda filename, _text: filename.endswith(".ipynb"),
    media_type="application/x-ipynb+json",
)
