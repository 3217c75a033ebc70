"""Installed conda clients: found by files, without starting any."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from jupyter_envs.system import conda_meta, conda_records
from jupyter_envs.system.conda_places import is_mamba_root, tops
from jupyter_envs.system.conda_rc import Condarc, expand
from jupyter_envs.system.paths import EXE, WINDOWS

Name = Literal["conda", "mamba", "micromamba"]
_PROGRAMS: tuple[Name, ...] = ("conda", "mamba", "micromamba")
_FOLDERS = ("condabin", "Scripts", os.path.join("Library", "bin")) if WINDOWS else ("condabin", "bin")


class Client(Struct, frozen=True, kw_only=True):
    """A conda client: its program, its `version` where files tell it, and the installation that it belongs to.

    `flavour` is ``Anaconda``, ``Miniconda``, ``Miniforge``, ``Mambaforge``, ``conda`` or
    ``micromamba``; `root` is the base environment, or for micromamba its root prefix, which it may
    still have to make.
    """

    name: Name
    path: str
    version: str | None
    flavour: str
    root: str | None


def clients(environ: Mapping[str, str] | None = None) -> list[Client]:
    """The clients of this machine, the one that the user's shell means first; each program once."""
    environ = os.environ if environ is None else environ
    found: dict[str, Client] = {}
    for path in _programs(environ):
        real = os.path.realpath(path)
        name = _name(path)
        if name and (key := f"{name} {_root_of(real) or real}") not in found and os.access(path, os.X_OK):
            found[key] = _client(name, path, environ)
    return list(found.values())


def root_of(found: Iterable[Client]) -> str | None:
    """The installation whose folders and configuration count: that of the first conda, else of the first client."""
    rooted = [client for client in found if client.root]
    return next((c.root for c in rooted if c.name == "conda"), rooted[0].root if rooted else None)


def pkgs_dirs(rc: Condarc, root: str | None) -> list[str]:
    """The package caches in conda's order: configured ones, else those of the installation `root` and the user's."""
    if rc.pkgs_dirs:
        return list(dict.fromkeys(map(expand, rc.pkgs_dirs)))
    return [os.path.join(top, "pkgs") for top in _own(root)]


def envs_dirs(rc: Condarc, root: str | None) -> list[str]:
    """The folders of named environments in conda's order: configured ones, the installation's, the user's."""
    fixed = [os.path.join(top, "envs") for top in _own(root)]
    if root and not writable(os.path.join(root, "conda-meta")):
        fixed.reverse()
    return list(dict.fromkeys([*map(expand, rc.envs_dirs), *fixed]))


def writable(folder: str) -> bool:
    """Whether `folder`, or the nearest folder above it that exists, can be written."""
    while not os.path.isdir(folder):
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(folder):
            return False
        folder = above
    return os.access(folder, os.W_OK | os.X_OK)


def flavour(root: str) -> str:
    """Which installer made the installation at `root`, by its records, and where they leave it open by its name."""
    names = conda_meta.files(root)
    if any(conda_meta.has(names, told) for told in ("anaconda", "_anaconda_depends", "anaconda-navigator")):
        return "Anaconda"
    here = os.path.basename(os.path.normpath(root)).lower()
    # Any installer may be told to use any folder: what came with it tells more than how that is called.
    channels = {record.package.channel for record in conda_records.records(root) if record.name == "conda"}
    if "conda-forge" in channels:
        return "Mambaforge" if "mambaforge" in here else "Miniforge"
    if channels & {"main", "defaults"}:
        return "Miniconda"
    told = (name.capitalize() for name in ("mambaforge", "miniforge", "miniconda", "anaconda") if name in here)
    return next(told, "micromamba" if is_mamba_root(os.path.realpath(root)) else "conda")


def release(root: str) -> str | None:
    """The version of the installation at `root`: Anaconda's own, else that of its conda, which the others follow."""
    names = conda_meta.files(root)
    for package in ("anaconda", "_anaconda_depends", "conda", "mamba", "micromamba"):
        version = conda_meta.version_of(names, package)
        # So the record is called once anything of the distribution was changed.
        if version and version != "custom":
            return version
    return None


def _own(root: str | None) -> list[str]:
    user = os.path.join(os.path.expanduser("~"), ".conda")
    return [root, user] if root else [user]


def _programs(environ: Mapping[str, str]) -> Iterator[str]:
    """Where the programs may be, the likeliest first; only files that exist."""
    candidates = [environ.get("CONDA_EXE"), environ.get("MAMBA_EXE")]
    # A relative folder on PATH means whatever folder this process happens to be in.
    folders = os.pathsep.join(filter(os.path.isabs, environ.get("PATH", "").split(os.pathsep)))
    candidates += [shutil.which(name, path=folders) for name in _PROGRAMS]
    for top in tops():
        for folder in _FOLDERS:
            candidates += [os.path.join(top, folder, name + end) for name in _PROGRAMS for end in _endings()]
    home = os.path.expanduser("~")
    candidates += [os.path.join(home, folder, "micromamba" + EXE) for folder in (".local/bin", "bin")]
    for path in candidates:
        if path and os.path.isabs(path) and os.path.isfile(path):
            yield path


def _endings() -> tuple[str, ...]:
    return (".exe", ".bat") if WINDOWS else ("",)


def _name(path: str) -> Name | None:
    stem = os.path.basename(path).lower()
    for ending in (".exe", ".bat"):
        stem = stem.removesuffix(ending)
    return next((name for name in _PROGRAMS if stem == name), None)


def _root_of(real: str) -> str | None:
    """The installation that the program at the resolved path `real` lies in."""
    top = os.path.dirname(os.path.dirname(real))
    if os.path.basename(top) == "Library":
        top = os.path.dirname(top)
    return top if os.path.isdir(os.path.join(top, "conda-meta")) else None


def _client(name: Name, path: str, environ: Mapping[str, str]) -> Client:
    top = _root_of(os.path.realpath(path)) or _root_of(path)
    version = conda_meta.version_of(conda_meta.files(top), name) if top else None
    if name == "micromamba":
        return Client(name=name, path=path, version=version, flavour=name, root=micromamba_root(path, environ))
    return Client(name=name, path=path, version=version, flavour=flavour(top) if top else "conda", root=top)


def micromamba_root(path: str, environ: Mapping[str, str]) -> str:
    """The root prefix of the micromamba at `path`, found as that of mamba 2 is, whether it exists or not.

    ``MAMBA_ROOT_PREFIX``; the folders above the program's, where they look like one; micromamba 1's
    ``~/micromamba`` where it does; else ``mamba`` in the user's data folder.
    """
    if named := environ.get("MAMBA_ROOT_PREFIX"):
        return expand(named)
    around = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    above = os.path.dirname(os.path.dirname(around))
    older = os.path.join(os.path.expanduser("~"), "micromamba")
    for folder in (above, around, older):
        if any(os.path.exists(os.path.join(folder, inside)) for inside in ("pkgs", "conda-meta", "envs")):
            return folder
    data = environ.get("XDG_DATA_HOME") or environ.get("APPDATA" if WINDOWS else "", "")
    return os.path.join(data or os.path.join(os.path.expanduser("~"), ".local", "share"), "mamba")
