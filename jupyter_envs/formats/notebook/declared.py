"""What a notebook declares: a script block (PEP 723), our metadata, that of nteract and of jupyterlab-requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats import carried, pipfile
from jupyter_envs.formats.base import FIELD, MOST_PACKAGES, Given, Read, checked, listed
from jupyter_envs.formats.python import python_of
from jupyter_envs.formats.values import document, mapping, strings, tables
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

_UNDERSTOOD_UV = ("sources", "index", "index-url", "extra-index-url", "find-links", "constraint-dependencies")


def of_block(block: str) -> Read:
    """What the script block with the content `block` declares, in its own keys, ``[tool.uv]`` and ``[tool.pixi]``.

    Raises:
        InvalidRequest: it is not TOML, or a value is wrong.
    """
    head = tables(block)
    tool = mapping(head.get("tool"), "tool")
    uv, pixi = mapping(tool.get("uv"), "tool.uv"), mapping(tool.get("pixi"), "tool.pixi")
    unknown = [
        *sorted(head.keys() - {"dependencies", "requires-python", "tool"}),
        *(f"tool.{name}" for name in tool if name not in ("uv", "pixi", "marimo", "jupytext", "juv")),
        *(f"tool.uv.{name}" for name in uv if name not in _UNDERSTOOD_UV),
    ]
    sources = mapping(uv.get("sources"), "tool.uv.sources")
    lines, notes = _with_sources(strings(head.get("dependencies", []), "dependencies"), sources)
    found = _needed(lines, head.get("requires-python"))
    limits = strings(uv.get("constraint-dependencies", []), "tool.uv.constraint-dependencies")
    indexes = [redact(str(row.get("url"))) for row in uv.get("index", []) if isinstance(row, dict)]
    indexes += [redact(uv["index-url"])] if isinstance(uv.get("index-url"), str) else []
    for key in ("extra-index-url", "find-links"):
        indexes += map(redact, strings(uv.get(key, []), f"tool.uv.{key}"))
    if indexes:
        notes.append(f"The script block names an index that is not asked here: {listed(indexes)}.")
    found = replace(
        found,
        unknown=unknown,
        indexes=indexes,
        warnings=notes,
        constraints=checked((line, f"tool.uv.constraint-dependencies[{at}]") for at, line in enumerate(limits)),
    )
    return _with_pixi(found, pixi) if pixi else found


def of_ours(notebook: dict[str, Any]) -> Read | None:
    """What our own metadata says; None where nothing stands there."""
    ours = carried.read_metadata(notebook)
    conda = carried.conda_of(notebook)
    if ours is None or not (ours.dependencies or conda):
        return None
    return _needed(ours.dependencies, ours.requires_python)


def of_others(notebook: dict[str, Any], given: Given) -> Read | None:
    """What other tools noted in the metadata of `notebook`: nteract, jupyterlab-requirements; None where they did not.

    Raises:
        InvalidRequest: a value is not what it should be.
    """
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return None
    runt = metadata.get("runt")
    for table, place in ((runt, "metadata.runt."), (metadata, "metadata.")):
        if isinstance(table, dict) and (found := _of_nteract(table, place)):
            return found
    noted = metadata.get("requirements")
    if isinstance(noted, str) and noted.lstrip().startswith("{"):
        table = document(noted, "Pipfile in the notebook's metadata")
        return pipfile.of_tables({**table, "source": table.pop("sources", [])}, given)
    if isinstance(noted, list) and noted:
        return _needed(noted, None)
    return None


def _of_nteract(table: dict[str, Any], place: str) -> Read | None:
    """nteract's tables: ``uv`` or ``conda`` (or ``pixi``), in the metadata or below ``runt``."""
    for name in ("uv", "conda", "pixi"):
        part = table.get(name)
        if not isinstance(part, dict) or not part.get("dependencies"):
            continue
        lines = strings(part["dependencies"], f"{place}{name}.dependencies")
        python = part.get("requires-python", part.get("requires_python"))
        if name == "uv":
            return _needed(lines, python or None)
        specs = [check_spec(line, f"{FIELD} {place}{name}.dependencies[{at}]").text for at, line in enumerate(lines)]
        version = part.get("python")
        if isinstance(version, str) and version and not any(re.match(r"python\b", spec) for spec in specs):
            specs.insert(
                0, check_spec(f"python {version}" if version[0] in "<>=!~" else f"python={version}", FIELD).text
            )
        pip = part.get("pypi-dependencies", part.get("pypi_dependencies", []))
        found = _needed(strings(pip, f"{place}{name}.pypi-dependencies"), None)
        channels = strings(part.get("channels", []), f"{place}{name}.channels")
        return replace(found, conda=specs[:MOST_PACKAGES], channels=_channels(channels))
    return None


def _needed(lines: object, python: object) -> Read:
    version, requires = python_of(python, "requires-python")
    packages = checked((line, f"dependencies[{at}]") for at, line in enumerate(strings(lines, "dependencies")))
    return Read(packages=packages, python=version, requires_python=requires)


def _with_sources(lines: list[str], sources: dict[str, Any]) -> tuple[list[str], list[str]]:
    """`lines` with the addresses that ``[tool.uv.sources]`` gives for them, and notes on those that are not taken."""
    known = {normalise(name): value for name, value in sources.items()}
    found, left = [], []
    for line in lines:
        name = re.match(r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?", line)
        source = known.get(normalise(name[1])) if name else None
        several = source if isinstance(source, list) else [source]
        address = _address(several[0]) if len(several) == 1 and isinstance(several[0], dict) else None
        if source is not None and address is None:
            left.append(name[1] if name else line)
        marker = line.partition(";")[2].strip()
        behind = f" ; {marker}" if marker else ""
        found.append(f"{name[1]}{name[2] or ''} @ {address}{behind}" if name and address else line)
    notes = (
        [f"These are taken from the index, not from their source in [tool.uv.sources]: {listed(left)}."] if left else []
    )
    return found, notes


def _address(source: dict[str, Any]) -> str | None:
    if source.get("marker") or source.get("extra") or source.get("group"):
        return None
    url, git = source.get("url"), source.get("git")
    if isinstance(url, str):
        return url
    if not isinstance(git, str):
        return None
    commit = next((source[key] for key in ("rev", "tag", "branch") if isinstance(source.get(key), str)), None)
    folder = source.get("subdirectory")
    git = git if git.startswith("git+") else f"git+{git}"
    return git + (f"@{commit}" if commit else "") + (f"#subdirectory={folder}" if isinstance(folder, str) else "")


def _with_pixi(found: Read, pixi: dict[str, Any]) -> Read:
    """`found` with what ``[tool.pixi]`` asks of conda and of pip."""
    workspace = mapping(pixi.get("workspace", pixi.get("project")), "tool.pixi.workspace")
    specs: list[str] = []
    left: list[str] = []
    for name, value in mapping(pixi.get("dependencies"), "tool.pixi.dependencies").items():
        specs.append(_match_spec(name, value))
    lines = list(found.packages)
    for name, value in mapping(pixi.get("pypi-dependencies"), "tool.pixi.pypi-dependencies").items():
        lines += _of_pypi(name, value, left)
    known = ("workspace", "project", "dependencies", "pypi-dependencies")
    notes = [f"These parts of [tool.pixi] are not taken: {listed(left)}."] if left else []
    return replace(
        found,
        packages=checked((line, f"tool.pixi.pypi-dependencies[{at}]") for at, line in enumerate(lines)),
        conda=specs[:MOST_PACKAGES],
        channels=_channels(strings(workspace.get("channels", []), "tool.pixi.workspace.channels")),
        unknown=[*found.unknown, *(f"tool.pixi.{name}" for name in pixi if name not in known)],
        warnings=[*found.warnings, *notes],
        # Its Python is one of conda's packages.
        python=None if specs else found.python,
        requires_python=None if specs else found.requires_python,
    )


def _match_spec(name: str, value: object) -> str:
    place = f"{FIELD} tool.pixi.dependencies.{name}"
    table = value if isinstance(value, dict) else {"version": value}
    version, build, channel = (table.get(key) for key in ("version", "build", "channel"))
    text = name if version in (None, "*") else f"{name} {version}"
    if isinstance(build, str) and version not in (None, "*"):
        text += f" {build}"
    return check_spec(f"{channel}::{text}" if isinstance(channel, str) else text, place).text


def _of_pypi(name: str, value: object, left: list[str]) -> Iterator[str]:
    table = value if isinstance(value, dict) else {"version": value}
    extras = table.get("extras")
    named = f"{name}[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else name
    if address := _address(table):
        yield f"{named} @ {address}"
    elif "path" in table:
        left.append(name)
    else:
        version = table.get("version", "*")
        plain = isinstance(version, str) and version[:1].isdigit()
        yield named if version in ("*", "", None) else f"{named}{'==' if plain else ''}{version}"


def _channels(names: list[str]) -> list[str]:
    for name in names:
        if not name or name.startswith("-") or not name.isprintable():
            raise InvalidRequest(
                "This is not a channel.", hint="Give a name such as conda-forge, or a URL.", field=f"{FIELD} channels"
            )
    return list(dict.fromkeys(names))[:MOST_PACKAGES]


def of_carried_conda(declared: Read, notebook: dict[str, Any], given: Given) -> Read:
    """`declared` with what our metadata carries of conda, whose Python is one of conda's packages.

    What the script block or another tool's table asks of conda beside it holds too, and in place of ours where
    both name a package: that is where people write.
    """
    conda = carried.conda_of(notebook)
    if conda is None:
        return declared
    theirs = of_others(notebook, given)
    others = [each for each in (declared, theirs) if each is not None and each.conda]
    specs = {check_spec(text, FIELD).name: text for each in others for text in each.conda}
    ours = [text for text in conda.dependencies if text in specs.values() or _name(text) not in specs]
    lines = [line for each in others if each is not declared for line in each.packages]
    return replace(
        declared,
        packages=list(dict.fromkeys([*declared.packages, *lines])),
        conda=list(dict.fromkeys([*ours, *specs.values()]))[:MOST_PACKAGES],
        channels=list(dict.fromkeys([*conda.channels, *(name for each in others for name in each.channels)]))[
            :MOST_PACKAGES
        ],
        python=None,
        requires_python=None,
    )


def _name(text: str) -> str | None:
    """The package that the match spec `text` is about; None where it is none, which whoever takes it says."""
    try:
        return check_spec(text, FIELD).name
    except InvalidRequest:
        return None
