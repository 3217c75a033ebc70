"""pyproject.toml: what a project depends on, by PEP 621, PEP 735 and Poetry's own table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_envs.formats import pixi, poetry
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Installed, Read, checked, listed
from jupyter_envs.formats.python import pinned, python_of
from jupyter_envs.formats.requirements import line_of
from jupyter_envs.formats.setuptools_files import of_file
from jupyter_envs.formats.values import mapping, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

_TABLE = re.compile(r"^[ \t]*\[[ \t]*(project|build-system|dependency-groups|tool[ \t]*\.)", re.M)
_DEEPEST = 20

Lines = list[tuple[str, str]]


def read(text: str, given: Given = ALONE) -> Read:
    """The dependencies of the project that `text` describes; the project itself is not installed.

    Raises:
        InvalidRequest: it is not TOML, a value is wrong, or it names no dependency in a way that is known.
    """
    document = tables(text)
    own = mapping(mapping(document.get("tool"), "tool").get("pixi"), "tool.pixi")
    features = given.groups & mapping(own.get("feature"), "tool.pixi.feature").keys()
    project = _Project(document, replace(given, groups=given.groups - features))
    found = project.lines()
    packages = checked(found)
    python, requires = project.python()
    if own:
        of_pixi = pixi.of_tables(own, replace(given, groups=frozenset(features)), "tool.pixi.")
        return _with_pixi(of_pixi, packages, requires, project)
    return Read(
        packages=packages,
        constraints=checked(project.limits()),
        python=python,
        requires_python=requires,
        warnings=project.warnings(packages),
        name=project.name(),
        extras=sorted(project.optional),
        groups=sorted(project.groups),
        indexes=project.indexes,
        unknown=sorted(project.unknown),
        package=project.package(),
    )


def _with_pixi(found: Read, packages: list[str], requires: str | None, project: _Project) -> Read:
    """What pixi's tables ask for, and what the project itself does, which pixi takes from the index."""
    named = any(re.match(r"python(?![\w.-])", spec) for spec in found.conda)
    python = [] if named or not (found.conda or requires) else [f"python {requires}" if requires else "python"]
    return replace(
        found,
        packages=list(dict.fromkeys([*found.packages, *packages])),
        conda=[*python, *found.conda],
        warnings=[*found.warnings, *project.warnings(packages or found.conda)],
        name=project.name() or found.name,
        extras=sorted(project.optional),
        groups=sorted({*found.groups, *project.groups}),
        constraints=checked(project.limits()),
        package=project.package(),
    )


def declares(text: str) -> bool:
    """Whether `text` has a table that may name dependencies."""
    return bool(
        re.search(
            r"^[ \t]*\[[ \t]*(?:project|dependency-groups|tool[ \t]*\.[ \t]*(?:poetry|pdm|pixi|hatch))", text, re.M
        )
    )


def included(text: str) -> Iterator[str]:
    """The files that a backend takes the dependencies of the project `text` from; none where it cannot be read."""
    try:
        tool = mapping(tables(text).get("tool"), "tool")
        for names in _dynamic(tool).values():
            yield from names
    except InvalidRequest:
        return


def _dynamic(tool: dict[str, Any]) -> dict[str, list[str]]:
    """The files that setuptools or a plug-in of hatch reads the dependencies from; by extra, "" without one."""
    found: dict[str, list[str]] = {}
    place = "tool.setuptools.dynamic"
    dynamic = mapping(mapping(tool.get("setuptools"), "tool.setuptools").get("dynamic"), place)
    extras = mapping(dynamic.get("optional-dependencies"), f"{place}.optional-dependencies")
    for extra, value in [("", dynamic.get("dependencies")), *extras.items()]:
        names = value.get("file") if isinstance(value, dict) else None
        if names is not None:
            found[extra] = [names] if isinstance(names, str) else strings(names, place)
    hooks: Any = tool
    for key in ("hatch", "metadata", "hooks", "requirements_txt"):
        hooks = mapping(hooks.get(key), f"tool.hatch.{key}")
    if "files" in hooks:
        found[""] = strings(hooks["files"], "tool.hatch.metadata.hooks.requirements_txt.files")
    return found


class _Project:
    """The tables of a project, PEP 621 first, Poetry's where that says nothing."""

    def __init__(self, document: dict[str, Any], given: Given) -> None:
        self._given = given
        self._document = document
        self._table = mapping(document.get("project"), "project")
        tool = mapping(document.get("tool"), "tool")
        self._poetry = mapping(tool.get("poetry"), "tool.poetry")
        self._uv = mapping(tool.get("uv"), "tool.uv")
        self._pdm = mapping(tool.get("pdm"), "tool.pdm")
        self._hatch = mapping(tool.get("hatch"), "tool.hatch")
        self._files = _dynamic(tool)
        self.unknown: set[str] = set()
        # What admits more here than Poetry lets it.
        self._wider: list[str] = []
        self.indexes = [redact(url) for url in poetry.sources(self._poetry)]
        self.optional = self._optional()
        self.groups = self._groups()
        if not (self._table or self._poetry or self.groups) and "build-system" not in document:
            raise InvalidRequest(
                "The file has no [project] table.",
                hint="Dependencies are read from [project], [dependency-groups] and [tool.poetry].",
                field=FIELD,
                reason="nothing",
            )

    def lines(self) -> Lines:
        """What the project needs, with the optional parts that are wanted."""
        found = _listed_lines(self._table.get("dependencies", []), "project.dependencies")
        declared = bool(found) or "dependencies" in self._table
        if not declared and "" in self._files:
            found = self._file_lines("")
        elif not declared:
            found = self._poetry_lines(self._poetry.get("dependencies"), "tool.poetry.dependencies", optional=False)
        for extra in self._given.chosen("extra", self._given.extras, self.optional):
            found += self.optional[extra]
        for group in self._given.chosen("group", self._given.groups, self.groups):
            found += self._group(group, ())
        return found

    def package(self) -> str | None:
        """The project's name where a backend can install it, None where it only lists what is needed."""
        if "build-system" not in self._document or self._poetry.get("package-mode") is False:
            return None
        return None if self._uv.get("package") is False else self.name() or "the project"

    def _file_lines(self, extra: str) -> Lines:
        place = "tool.setuptools.dynamic"
        return [(line, place) for name in self._files[extra] for line in of_file(name, self._given, place)]

    def python(self) -> tuple[str | None, str | None]:
        if "requires-python" in self._table:
            return python_of(self._table["requires-python"], "project.requires-python")
        place = "tool.poetry.dependencies.python"
        asked = mapping(self._poetry.get("dependencies"), "tool.poetry.dependencies").get("python")
        if asked is None or asked == "*":
            return None, None
        requires = poetry.specifier(word(asked, place), place)
        return pinned(requires, place), requires

    def limits(self) -> Lines:
        """What [tool.uv] limits the versions of."""
        return _listed_lines(self._uv.get("constraint-dependencies", []), "tool.uv.constraint-dependencies")

    def name(self) -> str | None:
        name = self._table.get("name", self._poetry.get("name"))
        return name if isinstance(name, str) else None

    def warnings(self, packages: list[str]) -> list[str]:
        found = []
        dynamic = self._table.get("dynamic")
        if isinstance(dynamic, list) and "dependencies" in dynamic and not self._poetry and "" not in self._files:
            found.append("The project computes its dependencies when it is built; they are not read here.")
        elif not packages:
            found.append("The file asks for no package.")
        if self._wider:
            found.append(
                f"These admit the versions between their ranges (||) too, which one requirement cannot leave out:"
                f" {listed(self._wider)}. poetry.lock tells which one it is."
            )
        left = [name for name in self.optional if name not in self._given.extras]
        if left:
            found.append(f"Optional dependencies are left out: {listed(left)}.")
        left = [name for name in self.groups if name not in self._given.groups]
        if left:
            found.append(f"Dependency groups are left out: {listed(left)}.")
        for key, what in (("constraint-dependencies", "constraints"), ("override-dependencies", "overrides")):
            if key in self._uv:
                lines = strings(self._uv[key], f"tool.uv.{key}")
                how = "hold here too" if what == "constraints" else "do not hold here; they are uv's alone"
                found.append(f"The project's {what} ({key} of uv) {how}: {listed(lines)}.")
        if isinstance(self._uv.get("sources"), dict):
            found.append(f"Sources in [tool.uv] do not hold here: {listed(self._uv['sources'])}.")
        if self.indexes:
            found.append(f"The file names an index that is not asked here: {listed(self.indexes)}.")
        return found

    def _optional(self) -> dict[str, Lines]:
        place = "project.optional-dependencies"
        found = {
            name: _listed_lines(value, f"{place}.{name}")
            for name, value in mapping(self._table.get("optional-dependencies"), place).items()
        }
        own = mapping(self._poetry.get("dependencies"), "tool.poetry.dependencies")
        for extra in self._files:
            if extra and extra not in found:
                found[extra] = self._file_lines(extra)
        for name, members in mapping(self._poetry.get("extras"), "tool.poetry.extras").items():
            wanted = {normalise(member) for member in strings(members, f"tool.poetry.extras.{name}")}
            some = {key: value for key, value in own.items() if normalise(key) in wanted}
            found[name] = self._poetry_lines(some, "tool.poetry.dependencies", optional=True)
        return found

    def _groups(self) -> dict[str, object]:
        """What each group holds, by its name."""
        found = dict(mapping(self._document.get("dependency-groups"), "dependency-groups"))
        for name, table in mapping(self._poetry.get("group"), "tool.poetry.group").items():
            place = f"tool.poetry.group.{name}"
            found[name] = mapping(mapping(table, place).get("dependencies"), f"{place}.dependencies")
        if "dev-dependencies" in self._poetry:
            found.setdefault("dev", mapping(self._poetry["dev-dependencies"], "tool.poetry.dev-dependencies"))
        if "dev-dependencies" in self._uv:
            found.setdefault("dev", strings(self._uv["dev-dependencies"], "tool.uv.dev-dependencies"))
        for name, lines in mapping(self._pdm.get("dev-dependencies"), "tool.pdm.dev-dependencies").items():
            # An editable there begins with -e.
            listed_lines = strings(lines, f"tool.pdm.dev-dependencies.{name}")
            found.setdefault(name, [line for line in listed_lines if not line.startswith("-")])
        for name, table in mapping(self._hatch.get("envs"), "tool.hatch.envs").items():
            place = f"tool.hatch.envs.{name}"
            own = mapping(table, place)
            lines = [
                line for key in ("dependencies", "extra-dependencies") for line in strings(own.get(key, []), place)
            ]
            if lines:
                found.setdefault(f"hatch-{name}", lines)
        return found

    def _group(self, name: str, above: tuple[str, ...]) -> Lines:
        """The lines of a group, those that it includes (PEP 735) in their place."""
        place = f"dependency-groups.{name}"
        found = next((key for key in self.groups if normalise(key) == normalise(name)), None)
        if found is None or found in above or len(above) > _DEEPEST:
            why = "is not there" if found is None else "includes itself"
            raise InvalidRequest(
                f"The group {listed([name])!r} {why}.", hint="Mend the file.", field=f"{FIELD} {place}"
            )
        value = self.groups[found]
        if isinstance(value, dict):
            return self._poetry_lines(value, f"tool.poetry.group.{name}", optional=False)
        lines: Lines = []
        for at, entry in enumerate(value if isinstance(value, list) else strings(value, place)):
            if isinstance(entry, dict) and set(entry) == {"include-group"}:
                included = word(entry["include-group"], f"{place}[{at}]")
                lines += self._group(included, (*above, found))
            else:
                lines.append((word(entry, f"{place}[{at}]"), f"{place}[{at}]"))
        return lines

    def _poetry_lines(self, table: object, place: str, *, optional: bool) -> Lines:
        lines: Lines = []
        for name, value in mapping(table, place).items():
            if normalise(name) == "python":
                continue
            left_out = isinstance(value, dict) and value.get("optional") is True and not optional
            if not left_out:
                self.unknown |= {f"{place}.{name}.{key}" for key in poetry.unknown(value)}
                where = f"{place}.{name}"
                found = poetry.requirements(name, value, self._given, where, self._wider)
                lines += [(line, where) for line in found]
        return lines


def _listed_lines(value: object, place: str) -> Lines:
    return [(line, f"{place}[{at}]") for at, line in enumerate(strings(value, place))]


def write(installed: Installed) -> str:
    """A project that needs what was asked for, at its version or newer of the same series."""
    import tomli_w

    asked = [p for p in installed.packages if p.requested is not False and p.manager == "pip"]
    left = [p for p in asked if p.editable]
    lines = [line_of(p) for p in asked if not p.editable]
    name = re.sub(r"[^A-Za-z0-9]+", "-", installed.name).strip("-") or "environment"
    project: dict[str, Any] = {"name": name, "version": "0.1.0"}
    if installed.python:
        project["requires-python"] = f"=={'.'.join(installed.python.split('.')[:2])}.*"
    project["dependencies"] = sorted(lines, key=str.lower)
    notes = [f"# Left out, since they are folders of one machine: {listed(p.name for p in left)}\n"] if left else []
    conda = sorted(p.name for p in installed.packages if p.manager != "pip")
    notes += [f"# Left out, since pip does not install them: {listed(conda)}\n"] if conda else []
    # No build system: the file lists what is needed, there is no code of its own to build.
    return "".join(notes) + tomli_w.dumps({"project": project})


FORMAT = FileFormat(
    name="pyproject.toml",
    title="pyproject.toml, the project's dependencies",
    filename="pyproject.toml",
    read=read,
    write=write,
    syntax="TOML",
    fits=lambda filename, text: (
        filename.endswith("pyproject.toml") or (filename.endswith(".toml") and bool(_TABLE.search(text)))
    ),
    media_type="application/toml",
)
