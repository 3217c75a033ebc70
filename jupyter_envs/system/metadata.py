"""Read what is installed in an environment from its files, without a process."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Container
from pathlib import Path

from msgspec.structs import replace

from jupyter_envs.model.env import Package, TreeNode
from jupyter_envs.system import conda_meta, package_store, pyvenv, requires
from jupyter_envs.system.dist_info import normalise, read_package, record_files, requirement_lines, split_name
from jupyter_envs.system.package_store import Entry
from jupyter_envs.system.paths import WINDOWS

__all__ = [
    "available",
    "dist_infos",
    "entries",
    "needs_among",
    "normalise",
    "read_packages",
    "record_files",
    "requirement_lines",
    "site_packages",
    "tree",
    "unfinished",
    "unmet",
    "versions",
]

Prefix = str | os.PathLike[str]

_EDITABLE = re.compile(r"__editable__\.(.+)-[^-]+\.pth$")
_FINISHED = (".dist-info", ".egg-info", ".egg-link")


_lock = threading.Lock()
_packages: dict[str, Entry] = {}
_MOST_KEPT = 20_000
# Seconds after which what an installer left is what it left for good.
_AT_WORK = 60


def site_packages(prefix: Prefix) -> list[Path]:
    """The folders that packages are installed to, pure Python's first; a linked ``lib64`` counts once.

    When folders of several Pythons lie side by side, those of the Python that
    ``pyvenv.cfg`` names are meant.
    """
    if WINDOWS:
        folder = Path(prefix, "Lib", "site-packages")
        return [folder] if folder.is_dir() else []
    top = os.fspath(prefix)
    found: list[str] = []
    for lib in ("lib", "lib64"):
        try:
            names = sorted(n for n in os.listdir(f"{top}/{lib}") if n.startswith(("python", "pypy")))
        except OSError:
            continue
        found += [place for name in names if os.path.isdir(place := f"{top}/{lib}/{name}/site-packages")]
    if len(found) > 1:
        found = list({os.path.realpath(place): place for place in reversed(found)}.values())[::-1]
    folders = [Path(place) for place in found]
    if len(folders) > 1:
        wanted = _minor(prefix)
        matching = [f for f in folders if re.fullmatch(rf"\D*{re.escape(wanted)}t?", f.parent.name)] if wanted else []
        return matching or folders
    return folders


def dist_infos(prefix: Prefix) -> dict[str, Path]:
    """The ``.dist-info`` and ``.egg-info`` folders (or ``.egg-link`` file) of each distribution, by normalised name.

    Of two for one name, left by an interrupted change, the later written counts.
    """
    found: dict[str, Path] = {}
    for folder in site_packages(prefix):
        found = {**entries(folder), **found}
    return found


def entries(folder: Prefix) -> dict[str, Path]:
    """What `dist_infos` finds in one site-packages folder."""
    return {key: Path(path) for key, path in _entries(os.fspath(folder), _names(folder)).items()}


def versions(prefix: Prefix) -> dict[str, str]:
    """The version of each distribution by normalised name; from folder names where they tell it."""
    found = {}
    for name, folder in dist_infos(prefix).items():
        told = split_name(folder.name)[1]
        found[name] = told if told else package_of(folder).version
    return found


def read_packages(prefix: Prefix, store: Path | None = None) -> list[Package]:
    """Every distribution, sorted by name; what cannot be read is told as far as the folder name goes.

    What was read is kept in memory until it changes, and in the folder `store` for other processes.
    """
    found: dict[str, str] = {}
    editables: set[str] = set()
    for folder in site_packages(prefix):
        listed = _names(folder)
        found = {**_entries(os.fspath(folder), listed), **found}
        editables |= {normalise(m.group(1)) for n in listed if n.startswith("__ed") and (m := _EDITABLE.match(n))}
    packages = _all_cached(os.fspath(prefix), list(found.values()), store)
    if editables:
        # Older ones come without `direct_url.json`.
        packages = [replace(p, editable=True) if n in editables else p for n, p in zip(found, packages, strict=True)]
    return sorted(packages, key=lambda p: normalise(p.name))


def unfinished(prefix: Prefix) -> bool:
    """Whether an installer seems to be at work: what pip sets aside, or a distribution without RECORD, just written."""
    soon = (time.time() - _AT_WORK) * 1e9
    for folder in site_packages(prefix):
        for name in _names(folder):
            path = os.path.join(folder, name)
            half = name[0] == "~" or (name.endswith(".dist-info") and not os.path.exists(os.path.join(path, "RECORD")))
            if half and _mtime(path) > soon:
                return True
    return False


def tree(prefix: Prefix) -> list[TreeNode]:
    """What each distribution needs and what needs it, markers evaluated for this environment; sorted by name.

    `missing` holds the names that are needed and not there.
    """
    found = dist_infos(prefix)
    provided = _provided(prefix)
    needed: dict[str, set[str]] = {name: set() for name in found}
    needing: dict[str, set[str]] = {name: set() for name in found}
    missing: dict[str, set[str]] = {name: set() for name in found}
    for need in requires.needs(found, _markers(prefix)):
        if need.name in found:
            needed[need.by].add(need.name)
            needing[need.name].add(need.by)
        elif need.name not in provided:
            missing[need.by].add(need.name)
    return [
        TreeNode(
            name=name,
            version=(package := package_of(found[name])).version,
            requested=package.requested,
            requires=sorted(needed[name]),
            required_by=sorted(needing[name]),
            missing=sorted(missing[name]),
        )
        for name in sorted(found)
    ]


def needs_among(prefix: Prefix, names: Container[str]) -> dict[str, list[str]]:
    """Which others of the distributions `names` (normalised) each of them needs, of those that are there."""
    found = {name: path for name, path in dist_infos(prefix).items() if name in names}
    needed: dict[str, list[str]] = {name: [] for name in found}
    for need in requires.needs(found, _markers(prefix), among=True):
        if need.name in found:
            needed[need.by].append(need.name)
    return needed


def unmet(prefix: Prefix) -> list[tuple[requires.Need, str | None]]:
    """The needs that are not met, each with the version that is there instead, or None."""
    found = dist_infos(prefix)
    provided = _provided(prefix)
    failing: list[tuple[requires.Need, str | None]] = []
    for need in requires.needs(found, _markers(prefix)):
        entry = found.get(need.name) or provided.get(need.name)
        version = package_of(entry).version if entry else None
        if version is None or not requires.satisfied(need.specifier, version):
            failing.append((need, version))
    return failing


def available(prefix: Prefix, name: str) -> bool:
    """Whether the distribution `name` (normalised) can be imported there, lent by the base Python or not."""
    return name in dist_infos(prefix) or name in _provided(prefix)


def _markers(prefix: Prefix) -> dict[str, str]:
    try:
        config = pyvenv.read(prefix)
        version, implementation = pyvenv.version_of(config), config.get("implementation")
    except (OSError, ValueError):
        version, implementation = conda_meta.python_of(conda_meta.files(prefix))
    return requires.marker_environment(version, implementation)


def _provided(prefix: Prefix) -> dict[str, Path]:
    """The distributions that the base Python lends, with ``include-system-site-packages``."""
    found: dict[str, Path] = {}
    try:
        config = pyvenv.read(prefix)
    except (OSError, ValueError):
        return found
    if config.get("include-system-site-packages", "").lower() == "true":
        base = os.path.dirname(config["home"])
        folders = site_packages(base)
        minor = _minor(prefix)
        # Debian keeps its own packages in folders of other names.
        folders += [Path(base, "lib", "python3", "dist-packages")]
        folders += [Path(base, "local", "lib", f"python{minor}", "dist-packages")] if minor else []
        for lent in folders:
            found = {**entries(lent), **found}
    return found


def _minor(prefix: Prefix) -> str | None:
    try:
        version = pyvenv.version_of(pyvenv.read(prefix))
    except (OSError, ValueError):
        return None
    return ".".join(version.split(".")[:2]) if version else None


def _mtime(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _names(folder: Prefix) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _entries(top: str, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        # pip renames what it is about to delete to "~…".
        if not name.endswith(_FINISHED) or name[0] == "~":
            continue
        key = normalise(split_name(name)[0])
        path = top + os.sep + name
        if key not in found or _mtime(found[key]) <= _mtime(path):
            found[key] = path
    return found


def _all_cached(prefix: str, paths: list[str], store: Path | None) -> list[Package]:
    if store is None:
        return [package_of(path) for path in paths]
    if not any(path in _packages for path in paths):
        with _lock:
            _packages.update({entry.path: entry for entry in package_store.load(store, prefix)})
    before = [_packages.get(path) for path in paths]
    packages = [package_of(path) for path in paths]
    after = [_packages[path] for path in paths]
    if any(old is not new for old, new in zip(before, after, strict=True)):
        package_store.save(store, prefix, after)
    return packages


def package_of(entry: str | Path) -> Package:
    """What `read_package` says of the distribution at `entry`, read anew where its folder has changed."""
    path = os.fspath(entry)
    try:
        info = os.stat(path)
        stamp = (info.st_mtime_ns, info.st_size)
    except OSError:
        stamp = (0, 0)
    kept = _packages.get(path)
    if kept and kept.stamp == stamp:
        return kept.package
    package = read_package(path)
    with _lock:
        if len(_packages) >= _MOST_KEPT:
            _packages.clear()
        _packages[path] = Entry(path, stamp, package)
    return package
