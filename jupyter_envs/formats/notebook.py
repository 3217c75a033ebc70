"""Notebooks: the script metadata in a cell (PEP 723) or, failing that, what the cells install and import."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_envs.formats import carried, pipfile
from jupyter_envs.formats.base import ALONE, FIELD, MOST_PACKAGES, FileFormat, Given, Read, checked, listed
from jupyter_envs.formats.modules import distribution_of
from jupyter_envs.formats.python import python_of
from jupyter_envs.formats.script import blocks
from jupyter_envs.formats.values import document, mapping, strings, tables
from jupyter_envs.model.check import check_requirement
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.redact import redact

_IMPORT = re.compile(r"[ \t]*import[ \t]+([^#\n]{1,2000})", re.A)
_FROM = re.compile(r"[ \t]*from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b", re.A)
_MODULE = re.compile(r"[A-Za-z_]\w*", re.A)
_INSTALL = re.compile(r"[ \t]*(?:%|!|%%)[ \t]*(?:(?:uv[ \t]+)?pip3?[ \t]+install|envinstall)[ \t]+(.{1,2000})")


def read(text: str, given: Given = ALONE) -> Read:
    """What the notebook `text` needs: as its PEP 723 block or its metadata says, or a guess with a warning.

    The metadata may be ours, or that of jupyterlab-requirements: ``requirements``, a Pipfile as JSON text.

    Raises:
        InvalidRequest: it is not a notebook, or what it declares is wrong.
    """
    notebook = document(text, "notebook")
    cells = list(_code_cells(notebook))
    found = [block.content for cell in cells for block in blocks(cell)]
    if len(found) > 1:
        raise InvalidRequest(
            "The notebook has more than one script block (PEP 723).", hint="Leave one of them.", field=FIELD
        )
    ours = carried.read_metadata(notebook)
    warnings = ["The notebook holds a lock too; this takes what was asked for."] if ours and ours.lock else []
    conda = carried.conda_of(notebook)
    if conda and conda.lock and not warnings:
        warnings = ["The notebook holds a lock too; this takes what was asked for."]
    declared = None
    if found:
        declared = replace(_declared(found[0]), warnings=warnings)
    elif ours and (ours.dependencies or conda):
        declared = replace(_needed(ours.dependencies, ours.requires_python), warnings=warnings)
    if declared and conda:
        # Its Python is one of conda's packages.
        specs, channels = conda.dependencies[:MOST_PACKAGES], conda.channels[:MOST_PACKAGES]
        return replace(declared, conda=specs, channels=channels, python=None, requires_python=None)
    if declared:
        return declared
    return _of_metadata(notebook, given) or _guessed(cells)


def _declared(block: str) -> Read:
    head = tables(block)
    tool = mapping(head.get("tool"), "tool")
    uv = mapping(tool.get("uv"), "tool.uv")
    unknown = [*sorted(head.keys() - {"dependencies", "requires-python", "tool"}), *(f"tool.{name}" for name in tool)]
    found = _needed(head.get("dependencies", []), head.get("requires-python"))
    indexes = [redact(str(row.get("url"))) for row in uv.get("index", []) if isinstance(row, dict)]
    return replace(found, unknown=unknown, indexes=indexes)


def _needed(lines: object, python: object) -> Read:
    version, requires = python_of(python, "requires-python")
    packages = checked((line, f"dependencies[{at}]") for at, line in enumerate(strings(lines, "dependencies")))
    return Read(packages=packages, python=version, requires_python=requires)


def _of_metadata(notebook: dict[str, Any], given: Given) -> Read | None:
    """What jupyterlab-requirements noted; None where it did not."""
    metadata = notebook.get("metadata")
    noted = metadata.get("requirements") if isinstance(metadata, dict) else None
    if not isinstance(noted, str) or not noted.lstrip().startswith("{"):
        return None
    found = document(noted, "Pipfile in the notebook's metadata")
    sources = found.pop("sources", [])
    return pipfile.of_tables({**found, "source": sources}, given)


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


def _code_cells(notebook: dict[str, Any]) -> Iterator[str]:
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        lists = [sheet.get("cells") for sheet in sheets]
        cells = [cell for part in lists if isinstance(part, list) for cell in part]
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
    syntax="JSON",
    fits=lambda filename, _text: filename.endswith(".ipynb"),
    media_type="application/x-ipynb+json",
)
