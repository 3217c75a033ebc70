"""uv.lock, the universal lock of uv projects."""

from __future__ import annotations

import re
from typing import Any

from jupyter_envs.backends.uv_project import fits
from jupyter_envs.formats.base import ALONE, FIELD, FileFormat, Given, Read, listed
from jupyter_envs.formats.pins import Pins, applies, digest
from jupyter_envs.formats.python import python_of
from jupyter_envs.formats.values import mapping, rows, strings, tables, word
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise

Package = dict[str, Any]
_EXTRA = re.compile(r"\bextra\s*(==|!=)\s*'([^']*)'")


def read(text: str, given: Given = ALONE) -> Read:
    """What the projects of the lock `text` need in the environment to be; the projects themselves are not installed.

    Raises:
        InvalidRequest: it is no lock of a version that is known.
    """
    lock = tables(text)
    if lock.get("version") != 1:
        raise InvalidRequest(
            f"The file's version is {listed([str(lock.get('version'))])}; what is understood is 1.",
            hint="Have `uv lock` write it, or `uv export --format pylock.toml`.",
            field=f"{FIELD} version",
        )
    python, requires = python_of(lock.get("requires-python"), "requires-python")
    packages = rows(lock.get("package"), "package")
    roots = _roots(packages, mapping(lock.get("manifest"), "manifest"))
    extras = sorted({name for root in roots for name in mapping(root.get("optional-dependencies"), "extras")})
    groups = sorted({name for root in roots for name in mapping(root.get("dev-dependencies"), "groups")})
    wanted_extras = given.chosen("extra", given.extras, extras)
    wanted_groups = given.chosen("group", given.groups, groups)
    active = {_conflict(root, "extra", name) for root in roots for name in wanted_extras}
    active |= {_conflict(root, "group", name) for root in roots for name in wanted_groups}
    walk = _Walk(packages, roots, given, frozenset(active))
    for root in roots:
        walk.into(root, frozenset(wanted_extras))
        for group in wanted_groups:
            walk.follow(mapping(root.get("dev-dependencies"), "dev-dependencies").get(group))
    if not roots:
        # The lock of a script (PEP 723) has no project; what it asks for stands at its head.
        walk.follow(mapping(lock.get("manifest"), "manifest").get("requirements"))
    asked = walk.asked()
    names = [str(root.get("name")) for root in roots]
    warnings = [f"The project itself is not installed: {listed(names)}."] if names else []
    left = [f"extra {name}" for name in extras if name not in wanted_extras]
    left += [f"group {name}" for name in groups if name not in wanted_groups]
    if left:
        also = " (`uv sync` takes the group dev)" if "group dev" in left else ""
        warnings.append(f"Optional parts are left out: {listed(left)}{also}.")
    project = given.beside("pyproject.toml")
    own = next((root for root in roots if _is_top(root)), None)
    if project is not None and own is not None and fits(lock, own, project) is False:
        warnings.append("The lock is behind pyproject.toml, which asks for something else; `uv lock` renews it.")
    pins = walk.pins()
    return pins.read(
        python=python,
        requires_python=requires,
        extras=extras,
        groups=groups,
        name=names[0] if len(names) == 1 else None,
        roots=asked,
        warnings=warnings,
    )


class _Walk:
    """From the projects to all that they need, by markers and extras."""

    def __init__(
        self, packages: list[Package], roots: list[Package], given: Given, active: frozenset[str] = frozenset()
    ) -> None:
        self._given = given
        self._active = active
        self._tops = [at for at, package in enumerate(packages) if any(package is root for root in roots)]
        self._markers = given.markers()
        self._all = packages
        self._by_name: dict[str, list[int]] = {}
        for at, package in enumerate(packages):
            name = word(package.get("name"), f"package[{at}].name")
            if self._forked(package, at):
                self._by_name.setdefault(normalise(name), []).append(at)
        self._seen: dict[int, set[str]] = {}
        self._asked: list[tuple[int, Package]] = []
        self._waiting: list[tuple[int, frozenset[str]]] = []

    def into(self, package: Package, extras: frozenset[str]) -> None:
        """Take in `package` with `extras`."""
        at = next(at for at, each in enumerate(self._all) if each is package)
        self._waiting.append((at, extras))
        self._run()

    def follow(self, dependencies: object) -> None:
        """Take in the `dependencies` of a group."""
        self._need(dependencies, "dev-dependencies", asked=True)
        self._run()

    def asked(self) -> dict[str, str]:
        """What the projects themselves ask for, of what was taken in, by name; within the limits that they set."""
        limits: dict[str, str] = {}
        for at in self._tops:
            limits.update(self._limits(self._all[at], f"package[{at}].metadata"))
        found = {}
        for at, entry in self._asked:
            if at not in self._tops and not _is_virtual(self._all[at]):
                name = normalise(str(entry["name"]))
                extras = strings(entry.get("extra", entry.get("extras", [])), "extra")
                own = str(entry.get("specifier", limits.get(name, "")))
                found[name] = f"{name}[{','.join(extras)}]{own}" if extras else f"{name}{own}"
        return found

    def _limits(self, project: Package, place: str) -> dict[str, str]:
        metadata = mapping(project.get("metadata"), place)
        groups = mapping(metadata.get("requires-dev"), f"{place}.requires-dev")
        entries = rows(metadata.get("requires-dist"), f"{place}.requires-dist")
        for name in groups:
            entries = [*entries, *rows(groups[name], f"{place}.requires-dev.{name}")]
        found: dict[str, str] = {}
        for entry in entries:
            limit = entry.get("specifier")
            extra = entry.get("marker") if isinstance(entry.get("marker"), str) else ""
            # Of an extra that was not wanted nothing was taken in; its limits harm nobody.
            if isinstance(limit, str) and ("extra" in str(extra) or applies(extra, self._markers, place)):
                found[normalise(word(entry.get("name"), place))] = limit
        return found

    def pins(self) -> Pins:
        """What was taken in."""
        pins = Pins(self._given)
        for at in sorted(self._seen):
            if at not in self._tops and not _is_virtual(self._all[at]):
                _add(pins, self._all[at], f"package[{at}]")
        return pins

    def _run(self) -> None:
        while self._waiting:
            at, extras = self._waiting.pop()
            seen, project = self._seen.get(at), at in self._tops
            place = f"package[{at}]"
            if seen is None:
                seen = self._seen[at] = set()
                self._need(self._all[at].get("dependencies"), f"{place}.dependencies", asked=project)
            optional = mapping(self._all[at].get("optional-dependencies"), f"{place}.optional-dependencies")
            for extra in extras - seen:
                seen.add(extra)
                self._need(optional.get(extra), f"{place}.optional-dependencies.{extra}", asked=project)

    def _need(self, dependencies: object, place: str, *, asked: bool) -> None:
        for number, entry in enumerate(rows(dependencies, place)):
            where = f"{place}[{number}]"
            if self._applies(entry.get("marker"), f"{where}.marker"):
                extras = strings(entry.get("extra", entry.get("extras", [])), f"{where}.extra")
                found = self._find(entry, where)
                self._waiting.append((found, frozenset(extras)))
                if asked:
                    self._asked.append((found, entry))

    def _find(self, entry: dict[str, Any], place: str) -> int:
        name = word(entry.get("name"), f"{place}.name")
        found = self._by_name.get(normalise(name), [])
        for key in ("version", "source"):
            if key in entry:
                found = [at for at in found if self._all[at].get(key) == entry[key]]
        if len(found) != 1:
            how = "is not in the lock" if not found else "is there more than once"
            raise InvalidRequest(
                f"{listed([name])} is needed and {how}.", hint="Have `uv lock` write it.", field=f"{FIELD} {place}"
            )
        return found[0]

    def _forked(self, package: Package, at: int) -> bool:
        """Whether `package` is of the branch of the resolution that holds here."""
        place = f"package[{at}].resolution-markers"
        forks = strings(package.get("resolution-markers", []), place)
        return not forks or any(self._applies(fork, place) for fork in forks)

    def _applies(self, marker: object, place: str) -> bool:
        """Whether `marker` holds; for parts that conflict uv writes which of them is meant into ``extra``."""
        if not isinstance(marker, str) or "extra" not in marker:
            return applies(marker, self._markers, place)
        # Several may be taken at once: a set, which the name is in or not.
        text = _EXTRA.sub(lambda found: f"'{found[2]}' {'in' if found[1] == '==' else 'not in'} extras", marker)
        return applies(text, {**self._markers, "extras": self._active}, place)


def _roots(packages: list[Package], manifest: dict[str, Any]) -> list[Package]:
    """The projects that ``uv sync`` installs: the one at the top; without one each member of the workspace."""
    tops = [package for package in packages if _is_top(package)]
    if tops:
        return tops
    members = {normalise(name) for name in strings(manifest.get("members", []), "manifest.members")}
    return [package for package in packages if normalise(str(package.get("name"))) in members or _is_virtual(package)]


def _is_top(package: Package) -> bool:
    source = package.get("source")
    return isinstance(source, dict) and "." in (source.get("virtual"), source.get("editable"))


def _is_virtual(package: Package) -> bool:
    source = package.get("source")
    return isinstance(source, dict) and "virtual" in source


def _conflict(package: Package, kind: str, name: str) -> str:
    """How uv names an optional part of `package` in the markers of parts that conflict."""
    owner = normalise(str(package.get("name")))
    return f"{kind}-{len(owner)}-{owner}-{normalise(name)}"


def _add(pins: Pins, package: Package, place: str) -> None:
    name = word(package.get("name"), f"{place}.name")
    source = mapping(package.get("source"), f"{place}.source")
    files = rows(package.get("wheels"), f"{place}.wheels")
    files = [*files, *([mapping(package["sdist"], f"{place}.sdist")] if "sdist" in package else [])]
    hashes = [digest(file["hash"], place) for file in files if "hash" in file]
    if "registry" in source:
        pins.index(source["registry"])
        pins.release(name, word(package.get("version"), f"{place}.version"), hashes, place)
    elif "git" in source:
        url, _, commit = word(source["git"], f"{place}.source").partition("#")
        address, _, query = url.partition("?")
        within = next((part[13:] for part in query.split("&") if part.startswith("subdirectory=")), None)
        pins.repository(name, "git", address, commit, place, within)
    elif "url" in source:
        within = source.get("subdirectory")
        url = word(source["url"], f"{place}.source")
        pins.url(name, url, hashes, place, within if isinstance(within, str) else None)
    else:
        kind = next((kind for kind in ("editable", "directory", "path") if kind in source), None)
        path = word(source.get(kind or ""), f"{place}.source")
        pins.folder(name, path, place, editable=kind == "editable")


FORMAT = FileFormat(
    name="uv.lock",
    title="uv.lock, the lock of a uv project",
    filename="uv.lock",
    read=read,
    syntax="TOML",
    fits=lambda filename, _text: filename.endswith("uv.lock"),
)
