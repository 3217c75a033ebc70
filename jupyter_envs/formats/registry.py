"""The formats that there are."""

from __future__ import annotations

import re

from jupyter_envs.formats import notebook, pyproject, requirements
from jupyter_envs.formats.base import FIELD, FileFormat, listed
from jupyter_envs.model.errors import InvalidRequest

FORMATS: tuple[FileFormat, ...] = (requirements.ALL, requirements.REQUESTED, pyproject.FORMAT, notebook.FORMAT)


def by_name(name: str, field: str = "format") -> FileFormat:
    """The format called `name`.

    Raises:
        InvalidRequest: there is none.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InvalidRequest(
        f"There is no format {listed([name])!r}.",
        hint=f"Known: {', '.join(known.name for known in FORMATS)}.",
        field=field,
    )


def sniff(filename: str, text: str) -> FileFormat:
    """The format of the file `filename` with the content `text`; the name counts more than the content.

    Raises:
        InvalidRequest: it is none that can be read.
    """
    base = re.split(r"[/\\]", filename)[-1].strip().lower()
    for known in FORMATS:
        if known.fits(base, text):
            return known
    start = text[:1000].lstrip("\ufeff \t\r\n")
    if start.startswith("{") and '"cells"' in text and "." not in base:
        return notebook.FORMAT
    hint = f"Files that can be read: {', '.join(known.filename for known in FORMATS if known.read)}."
    if base.endswith(".toml"):
        raise InvalidRequest("The file has no [project] table.", hint=hint, field=FIELD)
    raise InvalidRequest(f"{listed([base])!r} is not a kind of file that can be read.", hint=hint, field="filename")
