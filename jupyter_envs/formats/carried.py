"""A notebook that carries its environment: what was asked for, and the lock.

What was asked for stands as inline script metadata (PEP 723) in a code cell, where
uv and juv read it too, or in the notebook's metadata. The lock, a pylock.toml
(PEP 751) as text, stands in the metadata in both cases::

    {"metadata": {"jupyter_envs": {"version": 1, "lock": "…", "dependencies": […], "requires-python": "…"}}}

A notebook of a conda environment says so in the metadata: what was asked of conda, in
match specs, for which PEP 723 has no place, and conda's explicit lock for one platform.
All the rest is then what pip brings::

    {"conda": {"platform": "linux-64", "channels": […], "dependencies": […], "lock": "@EXPLICIT…"}}
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from jupyter_envs.formats.base import FIELD, cleaned
from jupyter_envs.formats.script import CLOSE, OPEN, blocks
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import toml

KEY = "jupyter_envs"
# Where juv keeps the lock that uv makes of a notebook's script block.
JUV_KEY = "uv.lock"
VERSION = 1
Place = Literal["cell", "metadata"]


@dataclass(frozen=True)
class CarriedConda:
    """conda's part: match specs, the channels that they are from, and an explicit lock's text, for one platform."""

    platform: str
    channels: list[str]
    dependencies: list[str]
    lock: str | None = None


@dataclass(frozen=True)
class Carried:
    """What a notebook carries: requirements (PEP 508), the Python that they are for (PEP 440), a lock's text.

    With `conda` these are what pip brings beside it.
    """

    dependencies: list[str]
    requires_python: str | None = None
    lock: str | None = None
    conda: CarriedConda | None = None


def read_metadata(notebook: dict[str, Any]) -> Carried | None:
    """What `write` put into the metadata of `notebook`; None where nothing is that can be read.

    `dependencies` is empty where they stand in a cell.
    """
    metadata = notebook.get("metadata")
    ours = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(ours, dict) or ours.get("version") != VERSION:
        return None
    lines, python, lock = ours.get("dependencies", []), ours.get("requires-python"), ours.get("lock")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        return None
    return Carried(
        lines,
        python if isinstance(python, str) else None,
        lock if isinstance(lock, str) else None,
        _conda(ours.get("conda")),
    )


def _conda(said: object) -> CarriedConda | None:
    if not isinstance(said, dict):
        return None
    platform, channels, lines, lock = (said.get(key) for key in ("platform", "channels", "dependencies", "lock"))
    if not isinstance(platform, str) or not isinstance(channels, list) or not isinstance(lines, list):
        return None
    if not all(isinstance(text, str) for text in (*channels, *lines)) or not isinstance(lock, str | None):
        return None
    return CarriedConda(platform, channels, lines, lock)


def conda_of(notebook: dict[str, Any]) -> CarriedConda | None:
    """What `notebook` carries of conda; None where nothing.

    Raises:
        InvalidRequest: there is something, of another form than `write` gives it.
    """
    ours = read_metadata(notebook)
    if ours is None:
        return None
    if ours.conda is None and notebook["metadata"][KEY].get("conda") is not None:
        raise InvalidRequest(
            "What the notebook says of conda has another form than is understood here.",
            hint="Record the environment in the notebook again.",
            field=f"{FIELD} metadata.{KEY}.conda",
        )
    return ours.conda


def locks_of(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    """The format and the text of each lock that `notebook` carries, ours before juv's."""
    ours = read_metadata(notebook)
    found = [("pylock.toml", ours.lock)] if ours and ours.lock is not None else []
    metadata = notebook.get("metadata")
    theirs = metadata.get(JUV_KEY) if isinstance(metadata, dict) else None
    return [*found, *([("uv.lock", theirs)] if isinstance(theirs, str) else [])]


def declares(notebook: dict[str, Any]) -> bool:
    """Whether `notebook` says itself what it needs: in a script block, in our metadata or jupyterlab-requirements'."""
    ours = read_metadata(notebook)
    metadata = notebook.get("metadata")
    theirs = metadata.get("requirements") if isinstance(metadata, dict) else None
    cells = [cell for cell in notebook.get("cells", []) if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    in_cell = any(True for cell in cells for _ in blocks(_source(cell)))
    return in_cell or bool(ours and (ours.dependencies or ours.conda)) or isinstance(theirs, str)


def fingerprint(text: str) -> str:
    """What of the notebook `text` decides which environment it needs: its script blocks and metadata, else its code."""
    notebook = _parsed(text)
    sources = [_source(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    declared = [there.content for source in sources for there in blocks(source)]
    carried = (read_metadata(notebook), *locks_of(notebook))
    return repr((declared, carried) if declared or any(carried) else sources)


def block(carried: Carried, before: str = "") -> str:
    """The script block (PEP 723) that says what `carried` asks for.

    What the content of the block `before` says besides, such as ``[tool.uv]``, is kept as it stands.
    """
    import tomli_w

    table: dict[str, Any] = {"requires-python": carried.requires_python} if carried.requires_python else {}
    table["dependencies"] = sorted(carried.dependencies, key=str.lower)
    lines = tomli_w.dumps(table).rstrip("\n").split("\n")
    if kept := _tables(before):
        lines += ["", *kept.rstrip("\n").split("\n")]
    return "\n".join([OPEN, *(f"# {line}".rstrip() for line in lines), CLOSE])


def _tables(content: str) -> str:
    """The tables of a script block, in the text that they have there; all of it in another text where that fails."""
    try:
        said = toml.parse(content)
    except ValueError:
        return ""
    tables = {name: value for name, value in said.items() if name not in ("dependencies", "requires-python")}
    if not tables:
        return ""
    for found in re.finditer(r"^[ \t]*\[", content, re.M):
        with contextlib.suppress(ValueError):
            if toml.parse(content[found.start() :]) == tables:
                return content[found.start() :]
    import tomli_w

    return tomli_w.dumps(tables)


def metadata_of(carried: Carried, place: Place) -> dict[str, Any]:
    """What stands under KEY in the metadata of a notebook that carries `carried` in `place`; empty for nothing."""
    ours: dict[str, Any] = {"version": VERSION}
    if place == "metadata":
        ours["dependencies"] = sorted(carried.dependencies, key=str.lower)
        if carried.requires_python:
            ours["requires-python"] = carried.requires_python
    if carried.lock is not None:
        ours["lock"] = carried.lock
    if carried.conda:
        ours["conda"] = {key: value for key, value in asdict(carried.conda).items() if value is not None}
    return ours if len(ours) > 1 else {}


def write(text: str, carried: Carried, place: Place = "cell") -> str:
    """The notebook `text`, carrying `carried` in `place`, and everything else in it as it was.

    A block that is there is replaced where it stands; a new one gets a first cell of its own.

    Raises:
        InvalidRequest: `text` is not a notebook, or has more than one block.
    """
    notebook = _parsed(text)
    cells = notebook["cells"]
    found = [(cell, there) for cell in cells if cell.get("cell_type") == "code" for there in blocks(_source(cell))]
    if len(found) > 1:
        raise InvalidRequest(
            "The notebook has more than one script block (PEP 723).", hint="Leave one of them.", field=FIELD
        )
    before = found[0][1].content if found else ""
    new = block(carried, before) if place == "cell" else ""
    for cell, there in found:
        source = _source(cell)
        left = source[: there.start] + new + source[there.end :]
        if left.strip("\n"):
            cell["source"] = (left if new else left.strip("\n")).splitlines(keepends=True)
        else:
            cells.remove(cell)
    if new and not found:
        cells.insert(0, _cell(new, notebook))
    ours = metadata_of(carried, place)
    metadata = notebook.setdefault("metadata", {})
    metadata.pop(KEY, None)
    if ours:
        metadata[KEY] = ours
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _parsed(text: str) -> dict[str, Any]:
    try:
        notebook: Any = json.loads(cleaned(text))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"The notebook is not JSON: {str(error)[:200]}.", hint="Save it again in Jupyter.", field=FIELD
        ) from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise InvalidRequest(
            "The file is JSON but not a notebook of format 4.", hint="Save it again in Jupyter.", field=FIELD
        )
    if not isinstance(notebook.get("metadata", {}), dict):
        raise InvalidRequest("The notebook's metadata is not an object.", hint="Save it again in Jupyter.", field=FIELD)
    return dict(notebook)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else str(source)


def _cell(source: str, notebook: dict[str, Any]) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        # Folded away, as juv does it.
        "metadata": {"jupyter": {"source_hidden": True}},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
    # nbformat 4.5 and later want an id of each cell.
    if (notebook.get("nbformat"), notebook.get("nbformat_minor")) >= (4, 5):
        cell = {**cell, "id": "jupyter-envs-script"}
    return cell
