"""environment.yml, conda's description of an environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats import requirements
from jupyter_envs.formats.base import ALONE, MOST_PACKAGES, FileFormat, Given, Installed, Read, listed
from jupyter_envs.formats.yaml_text import Node, mapping, parse, scalar, sequence, wrong
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.conda_history import name_of

_KNOWN = ("name", "prefix", "channels", "dependencies", "variables")
_TEMPLATE = re.compile(r"\{%|\{\{(?!\{)")
# Keys at the top that other tools' files have, and conda's never.
_OTHERS = (
    "apiVersion",
    "kind",
    "services",
    "jobs",
    "galaxy_info",
    "appVersion",
    "dependency_overrides",
    "dev_dependencies",
)
_DEPENDENCIES = re.compile(r"^(?:dependencies|channels)[ \t]*:", re.M)
# What an export of a whole environment holds of its system; only there does a channel have it.
_ELSEWHERE = {
    "win": re.compile(
        r"(?:vc|vc14_runtime|vs20\d\d_runtime|vs20\d\d_win-64|ucrt|icc_rt|wincertstore|win_inet_pton|win_unicode_console"
        r"|winpty|pywinpty|pywin32|pywin32-ctypes|pyreadline|console_shortcut|powershell_shortcut|msys2-conda-epoch"
        r"|(?:m2|m2w64|msys2)-[\w.-]+)(?![\w.-])"
    ),
    "linux": re.compile(
        r"(?:_libgcc_mutex|_openmp_mutex|ld_impl_linux-\w+|libgcc-ng|libstdcxx-ng|libgomp|libgfortran-ng)(?![\w.-])"
    ),
    "osx": re.compile(r"(?:appnope|cctools_osx-\w+|ld64_osx-\w+|clang_osx-\w+|python\.app)(?![\w.-])"),
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PYTHON = re.compile(r"python\s*={1,2}\s*([0-9]+(?:\.[0-9]+){0,2})(?:\.\*)?(?:=.*)?\Z")


def read(text: str, given: Given = ALONE) -> Read:
    """What `text` asks for: match specs, requirements of its ``pip:`` part, channels, variables.

    Raises:
        InvalidRequest: it is not YAML, or a value is not what it should be; the field tells the line.
    """
    tables = _tables(text)
    warnings: list[str] = []
    unknown = [key for key in tables if key not in _KNOWN]
    conda, pip = _dependencies(tables, unknown)
    specs = _here(list(dict.fromkeys(_spec(node) for node in conda)), warnings)
    if len(specs) > MOST_PACKAGES:
        raise wrong(f"The file asks for more than {MOST_PACKAGES} packages.", hint="Take a part of it.")
    wanted = requirements.read(_at_their_lines(pip), given) if pip else None
    variables = _variables(tables, warnings)
    if not specs and not pip:
        warnings.append("The file asks for no package.")
    name = scalar(tables["name"], "name") if "name" in tables else ""
    prefix = scalar(tables["prefix"], "prefix") if "prefix" in tables else ""
    python = [found[1] for spec in specs if (found := _PYTHON.match(spec))]
    return Read(
        packages=wanted.packages if wanted else [],
        hashes=wanted.hashes if wanted else {},
        constraints=wanted.constraints if wanted else [],
        indexes=wanted.indexes if wanted else [],
        find_links=wanted.find_links if wanted else [],
        warnings=[*warnings, *(wanted.warnings if wanted else [])],
        unknown=unknown,
        conda=specs,
        channels=_channels(tables),
        variables=variables,
        # conda writes the whole path where the environment has no name.
        name=re.split(r"[/\\]", name)[-1] or None,
        prefix=prefix or None,
        python=python[0] if python else None,
    )


def included(text: str) -> Iterator[str]:
    """The files that the pip part of `text` names with ``-r`` or ``-c``; none where it cannot be read."""
    try:
        _, pip = _dependencies(_tables(text), [])
        yield from requirements.included(_at_their_lines(pip))
    except InvalidRequest:
        return


def _tables(text: str) -> dict[str, Node]:
    """The top of the file, where it is an environment's.

    Raises:
        InvalidRequest: it is something else; the message says what.
    """
    if _TEMPLATE.search(text):
        raise wrong(
            "The file is a template (Jinja, {{ … }}), which has to be filled in first.",
            hint="Have its own tool render it, and hand in what comes out.",
        )
    tables = mapping(parse(text), "The file")
    if "package" in tables and {"requirements", "build", "source"} & tables.keys():
        raise wrong("The file is a recipe to build a package of conda's.", hint="Hand in an environment.yml.")
    others = [key for key in _OTHERS if key in tables]
    entries = tables["dependencies"].value if "dependencies" in tables else []
    if others or not isinstance(entries, (list, str)) or any(_is_foreign(entry) for entry in entries or ()):
        named = f" (it has {listed(others)})" if others else ""
        raise wrong(
            f"The file is another tool's: its dependencies are not packages of conda's{named}.",
            hint="Hand in an environment.yml, whose dependencies are lines such as numpy=1.26.",
        )
    return tables


def _is_foreign(entry: Node | str) -> bool:
    """Whether an entry of the dependencies is none that conda knows: a text, or a mapping such as ``pip: […]``."""
    if not isinstance(entry, Node) or not isinstance(entry.value, dict):
        return False
    return not all(isinstance(part.value, list) or part.value == "" for part in entry.value.values())


def write_all(installed: Installed) -> str:
    """Every package at its version and build, those of pip in their own part."""
    return _written(installed, _builds(installed), _by_pip(installed))


def write_elsewhere(installed: Installed, *more: str) -> str:
    """What a Linux machine makes the same of, with the packages `more`, whichever version fits.

    Builds of another system would not be found there: then it is what was asked for. What
    pip installed from this machine's disk is left out and named.
    """
    kept, note = requirements.elsewhere(installed)
    conda = _asked(kept) if any(_foreign(line.url) for line in installed.archives) else _builds(kept)
    named = {name_of(spec) for spec in conda}
    return note + _written(kept, [*conda, *(name for name in more if name not in named)], _by_pip(kept))


def write_requested(installed: Installed) -> str:
    """What was asked for, as it was asked for: the same on another system, in other versions."""
    pip = [p for p in installed.packages if p.manager == "pip" and p.requested is not False]
    return _written(installed, _asked(installed), pip)


def _builds(installed: Installed) -> list[str]:
    return [
        "=".join(part for part in (package.name, package.version, package.build) if part)
        for package in _sorted(installed.packages)
        if package.manager == "conda"
    ]


def _asked(installed: Installed) -> list[str]:
    return sorted(installed.specs.values())


def _by_pip(installed: Installed) -> list[Package]:
    return [package for package in installed.packages if package.manager == "pip"]


def _foreign(url: str) -> bool:
    """Whether the archive at `url` is for another system than Linux."""
    subdir = url.rpartition("/")[0].rpartition("/")[2]
    return subdir != "noarch" and not subdir.startswith("linux-")


def _dependencies(tables: Mapping[str, Node], unknown: list[str]) -> tuple[list[Node], list[Node]]:
    """The entries for conda, and those for pip."""
    conda: list[Node] = []
    pip: list[Node] = []
    for entry in sequence(tables["dependencies"], "dependencies") if "dependencies" in tables else []:
        if not isinstance(entry.value, dict):
            conda.append(entry)
            continue
        for key, part in entry.value.items():
            if key == "pip":
                pip += sequence(part, "pip")
            else:
                unknown.append(f"dependencies/{key}")
    return conda, pip


def _here(specs: list[str], warnings: list[str]) -> list[str]:
    """`specs` without what channels have for another system alone, such as what Windows needs; that is told."""
    from jupyter_envs.formats.explicit import platform

    system = platform().partition("-")[0]
    left = [spec for spec in specs if any(_ELSEWHERE[name].match(spec) for name in _ELSEWHERE if name != system)]
    if left:
        warnings.append(f"Left out, since they are there for another system alone: {listed(left)}.")
    return [spec for spec in specs if spec not in left]


def _spec(node: Node) -> str:
    return check_spec(scalar(node, "A dependency"), f"from.text line {node.line}").text


def _at_their_lines(nodes: Sequence[Node]) -> str:
    """The entries of a ``pip:`` part as a requirements file in which each has the line that it has here."""
    lines: list[str] = []
    for node in nodes:
        lines += [""] * (node.line - 1 - len(lines))
        lines.append(scalar(node, "An entry of pip"))
    return "\n".join(lines)


def _channels(tables: Mapping[str, Node]) -> list[str]:
    if "channels" not in tables:
        return []
    node = tables["channels"]
    entries = [node] if isinstance(node.value, str) and node.value else sequence(node, "channels")
    names = []
    for entry in entries:
        name = scalar(entry, "A channel")
        names.append(name)
        if not name or name.startswith("-") or not name.isprintable():
            raise wrong("This is not a channel.", entry.line, hint="Give a name such as conda-forge, or a URL.")
    # `nodefaults` says that no others are meant, which holds here anyway.
    return [name for name in dict.fromkeys(names) if name != "nodefaults"]


def _variables(tables: Mapping[str, Node], warnings: list[str]) -> dict[str, str]:
    found = {}
    for name, node in mapping(tables["variables"], "variables").items() if "variables" in tables else ():
        if not _VARIABLE.match(name) or "\0" in (value := scalar(node, "A variable")):
            raise wrong(f"{listed([name])!r} is not a variable.", node.line, hint="Letters, digits and _ make a name.")
        if name == "PATH":
            warnings.append("PATH cannot be set by an environment, and is left out.")
            continue
        found[name] = value
    return found


def _written(installed: Installed, conda: Sequence[str], pip: Sequence[Package]) -> str:
    dependencies: list[Any] = list(conda)
    if pip:
        dependencies.append({"pip": [requirements.line_of(package) for package in _sorted(pip)]})
    content: dict[str, Any] = {"name": installed.name, "channels": list(installed.channels)}
    content["dependencies"] = dependencies
    if installed.variables:
        content["variables"] = dict(installed.variables)
    return _dumped(content)


def _sorted(packages: Sequence[Package]) -> list[Package]:
    return sorted(packages, key=lambda package: package.name.lower())


def _dumped(content: Mapping[str, Any]) -> str:
    import yaml

    class Indented(yaml.SafeDumper):  # type: ignore[misc]
        """Lists are indented below their key, as conda writes them."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

    return str(yaml.dump(dict(content), Dumper=Indented, sort_keys=False, allow_unicode=True, width=10_000))


def _fits(filename: str, text: str) -> bool:
    """By its name alone, or as any YAML that names channels or dependencies at its top."""
    if filename in ("environment.yml", "environment.yaml"):
        return True
    if filename.endswith(".json"):
        # `conda env export --json`; JSON is YAML too.
        return '"dependencies"' in text and ('"channels"' in text or '"prefix"' in text)
    return filename.endswith((".yml", ".yaml")) and bool(_DEPENDENCIES.search(text))


ALL = FileFormat(
    name="environment.yml",
    title="environment.yml, everything that conda and pip installed",
    filename="environment.yml",
    read=read,
    write=write_all,
    syntax="YAML",
    fits=_fits,
    media_type="application/yaml",
)
REQUESTED = FileFormat(
    name="environment-requested.yml",
    title="environment.yml, only what was asked for (--from-history)",
    filename="environment.yml",
    write=write_requested,
    media_type="application/yaml",
)
