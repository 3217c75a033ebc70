"""pixi's files: ``pixi.toml`` or its table in a ``pyproject.toml``, and ``pixi.lock``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats import explicit, poetry
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, checked, listed
from jupyter_envs.formats.pins import Pins
from jupyter_envs.formats.values import mapping, strings, tables, word
from jupyter_envs.formats.yaml_text import Node, parse, scalar, sequence, wrong
from jupyter_envs.formats.yaml_text import mapping as keys
from jupyter_envs.model.errors import InvalidRequest

_RELEASE = re.compile(r"[0-9][\w.]*\Z")
_LOCKS = ("5", "6")


def read(text: str, given: Given = ALONE) -> Read:
    """What pixi's default environment in the pixi.toml `text` needs on this machine; features are optional groups.

    Raises:
        InvalidRequest: it is not TOML, or a value is not what it should be; the field tells the place.
    """
    return of_tables(tables(text), given)


def of_tables(content: dict[str, Any], given: Given, place: str = "") -> Read:
    """As `read`, of the tables that were parsed; `place` is the name of the table that they stand in, with a dot.

    Raises:
        InvalidRequest: a value is not what it should be.
    """
    about = mapping(content.get("workspace", content.get("project")), f"{place}workspace")
    features = mapping(content.get("feature"), f"{place}feature")
    wanted = [*_of_default(content, place), *given.chosen("group", given.groups, features)]
    parts = [(place, content)]
    for name in dict.fromkeys(wanted):
        if name in features:
            where = f"{place}feature.{name}"
            parts.append((f"{where}.", mapping(features[name], where)))
    conda: dict[str, None] = {}
    pip: list[tuple[str, str]] = []
    channels = _channels(about.get("channels"), f"{place}workspace.channels")
    for where, part in parts:
        channels += _channels(part.get("channels"), f"{where}channels") if part is not content else []
        for name, value, at in _entries(part, "dependencies", where):
            conda[_spec(name, value, at)] = None
        for name, value, at in _entries(part, "pypi-dependencies", where):
            pip += [(line, at) for line in poetry.requirements(name, _as_poetry(value), given, at)]
    left = [name for name in features if name not in wanted]
    platforms = strings(about.get("platforms", []), f"{place}workspace.platforms")
    warnings = ["This is a project of pixi's: what it asks for is taken, not its environment."]
    if left:
        warnings.append(f"Features of pixi are left out: {listed(left)}.")
    if platforms and explicit.platform() not in platforms:
        warnings.append(f"The project is for {listed(platforms)}, and this machine is {explicit.platform()}.")
    own = about.get("name")
    specs = list(conda)
    return Read(
        packages=checked(pip),
        conda=specs,
        channels=list(dict.fromkeys(channels)),
        python=next((_python(spec) for spec in specs if spec.startswith("python=")), None),
        groups=sorted(name for name in features if name not in _of_default(content, place)),
        warnings=warnings,
        name=own if isinstance(own, str) else None,
    )


def read_lock(text: str, given: Given = ALONE) -> Read:
    """The archives and files of pixi's default environment in the pixi.lock `text`, for this kind of machine.

    Raises:
        InvalidRequest: it is no lock of a version that is known, or not for this machine.
    """
    lock = keys(parse(text), "The file")
    version = scalar(lock["version"], "version") if "version" in lock else ""
    if version not in _LOCKS:
        raise wrong(
            f"The file's version is {listed([version]) or 'missing'}; what is understood is {' and '.join(_LOCKS)}.",
            hint="Have `pixi lock` write it again, or hand in pixi.toml.",
        )
    default = _below(lock, "environments", "default")
    here = explicit.platform()
    platforms = _below(default, "packages")
    if here not in platforms:
        raise InvalidRequest(
            f"The lock is for {listed(platforms)}, and this machine is {here}.",
            hint=f"Add {here} to the platforms of the project and lock it again.",
            field=f"{FIELD} environments.default.packages",
            reason="other_platform",
        )
    hashes: dict[str, dict[str, Node]] = {}
    for node in sequence(lock.get("packages", Node("", 1)), "packages"):
        row = keys(node, "A package")
        hashes[_text(row, "conda") or _text(row, "pypi") or _text(row, "url")] = row
    lines, pins = [], Pins(given)
    for node in sequence(platforms[here], "packages"):
        row = keys(node, "A package")
        if url := _text(row, "conda"):
            lines.append(f"{url}#{digest}" if (digest := _text(hashes.get(url, {}), "sha256")) else url)
        elif url := _text(row, "pypi"):
            _add(pins, url, hashes.get(url, {}), f"line {node.line}")
    found = explicit.read("\n".join(["@EXPLICIT", *lines]), replace(given, files={}))
    pip = pins.read()
    channels = [_text(keys(node, "A channel"), "url") for node in sequence(default.get("channels", Node("", 1)), "x")]
    others = [name for name in _below(lock, "environments") if name != "default"]
    more = [f"Other environments of the lock are left out: {listed(others)}."] if others else []
    return replace(
        found,
        packages=pip.packages,
        hashes=pip.hashes,
        channels=channels,
        warnings=[*(found.warnings if lines else []), *pins.warnings, *more],
    )


def _of_default(content: dict[str, Any], place: str) -> list[str]:
    """The features of pixi's default environment."""
    said = mapping(content.get("environments"), f"{place}environments").get("default", [])
    found = said.get("features", []) if isinstance(said, dict) else said
    return strings(found, f"{place}environments.default")


def _entries(part: dict[str, Any], key: str, where: str) -> Iterator[tuple[str, object, str]]:
    """What a part asks for, what it asks on this kind of machine among it."""
    here = explicit.platform()
    system = here.partition("-")[0]
    named = {here, system, {"win": "win", "osx": "osx"}.get(system, "linux"), "" if system == "win" else "unix"}
    targets = mapping(part.get("target"), f"{where}target")
    for prefix, table in [(where, part), *((f"{where}target.{n}.", targets[n]) for n in targets if n in named)]:
        at = f"{prefix}{key}"
        for name, value in mapping(mapping(table, prefix).get(key), at).items():
            yield name, value, f"{at}.{name}"


def _spec(name: str, value: object, place: str) -> str:
    table = {"version": value} if isinstance(value, str) else mapping(value, place)
    version = word(table.get("version", "*"), place)
    build = f" {table['build']}" if isinstance(table.get("build"), str) else ""
    if version == "*":
        text = name if not build else f"{name} *{build}"
    elif version.endswith(".*") and _RELEASE.match(version[:-2]) and not build:
        text = f"{name}={version}"
    else:
        text = f"{name} {'==' if _RELEASE.match(version) else ''}{version}{build}"
    channel = table.get("channel")
    return check_spec(f"{channel}::{text}" if isinstance(channel, str) else text, f"{FIELD} {place}").text


def _python(spec: str) -> str | None:
    found = re.match(r"python=(\d+(?:\.\d+){0,2})(?:\.\*)?\Z", spec)
    return found[1] if found else None


def _as_poetry(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {**{key: part for key, part in value.items() if key != "editable"}, "develop": value.get("editable", False)}


def _channels(value: object, place: str) -> list[str]:
    found = []
    for at, entry in enumerate(value if isinstance(value, list) else []):
        name = entry.get("channel") if isinstance(entry, dict) else entry
        found.append(word(name, f"{place}[{at}]"))
    return found


def _without_version(address: str) -> str:
    """`address` without the query or the revision behind its last part."""
    head, slash, last = address.rpartition("/")
    return head + slash + re.split("[?@]", last, maxsplit=1)[0]


def _add(pins: Pins, url: str, row: dict[str, Node], place: str) -> None:
    name, version, digest = (_text(row, key) for key in ("name", "version", "sha256"))
    if url.startswith("git+"):
        address, _, rest = url.removeprefix("git+").partition("#")
        pins.repository(name, "git", _without_version(address), rest or None, place)
    elif "://" in url:
        pins.url(name, url, [f"sha256:{digest}"] if digest else [], place)
    else:
        pins.folder(name or version, url, place, editable=_text(row, "editable") == "true")


def _below(node: dict[str, Node], *names: str) -> dict[str, Node]:
    for name in names:
        node = keys(node.get(name, Node("", 1)), name)
    return node


def _text(row: dict[str, Node], key: str) -> str:
    return scalar(row[key], key) if key in row else ""


FORMAT = FileFormat(
    name="pixi.toml",
    title="pixi.toml, what a project of pixi's asks for",
    filename="pixi.toml",
    read=read,
    syntax="TOML",
    fits=lambda filename, _text: filename.endswith("pixi.toml"),
)
LOCK = FileFormat(
    name="pixi.lock",
    title="pixi.lock, the lock of a project of pixi's",
    filename="pixi.lock",
    read=read_lock,
    syntax="YAML",
    fits=lambda filename, _text: filename.endswith("pixi.lock"),
)
