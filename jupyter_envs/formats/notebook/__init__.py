"""Notebooks: what they declare they need or, failing that, what their cells install and import."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jupyter_envs.formats import carried
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read
from jupyter_envs.formats.notebook import declared
from jupyter_envs.formats.notebook.cells import other_language, sources
from jupyter_envs.formats.notebook.guess import guessed, mentioned
from jupyter_envs.formats.script import blocks
from jupyter_envs.formats.values import document
from jupyter_envs.model.errors import InvalidRequest

_LOCKED = "The notebook holds a lock too; this takes what was asked for."


def read(text: str, given: Given = ALONE) -> Read:
    """What the notebook `text` needs: as its script block or its metadata says, or a guess with a warning.

    The metadata may be ours, or that of nteract or jupyterlab-requirements.

    Raises:
        InvalidRequest: it is not a notebook, or what it declares is wrong.
    """
    notebook = document(text, "notebook")
    code = list(sources(notebook))
    found = [block.content for cell in code for block in blocks(cell)]
    if len(found) > 1:
        raise InvalidRequest(
            "The notebook has more than one script block (PEP 723).", hint="Leave one of them.", field=FIELD
        )
    said = declared.of_block(found[0]) if found else declared.of_ours(notebook)
    if said:
        said = declared.of_carried_conda(said, notebook, given)
        return replace(said, warnings=[*([_LOCKED] if _locked(notebook) else []), *said.warnings])
    if said := declared.of_others(notebook, given):
        return said
    if language := other_language(notebook):
        return Read(packages=[], warnings=[_of_language(language)])
    return guessed(code, given)


def named(text: str) -> tuple[list[str], list[str]]:
    """The files beside the notebook `text` that its cells install from, and the top-level modules that they import.

    Nothing where `text` is no notebook.
    """
    try:
        return mentioned(list(sources(document(text, "notebook"))))
    except InvalidRequest:
        return [], []


def _locked(notebook: dict[str, Any]) -> bool:
    ours, conda = carried.read_metadata(notebook), carried.conda_of(notebook)
    return bool((ours and ours.lock) or (conda and conda.lock))


def _of_language(language: str) -> str:
    more = " Its kernel is conda's r-irkernel." if language == "R" else ""
    return f"This is a notebook of {language}, so no package of Python is taken from its cells.{more}"


FORMAT = FileFormat(
    name="notebook",
    title="Notebook, its script metadata (PEP 723) or imports",
    filename="notebook.ipynb",
    read=read,
    syntax="JSON",
    fits=lambda filename, _text: filename.endswith(".ipynb"),
    media_type="application/x-ipynb+json",
)
