"""Where conda prefixes lie: what conda notes, the usual places of its installers, the active one."""

from __future__ import annotations

import os
from functools import lru_cache

from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import read_text

_NAMES = ("miniforge3", "miniconda3", "anaconda3", "mambaforge", "micromamba", "miniforge", "miniconda", "anaconda")


def is_prefix(path: str) -> bool:
    """Whether `path` is a conda environment."""
    return os.path.isdir(path + "/conda-meta")


def is_base(prefix: str) -> bool:
    """Whether `prefix` (links resolved) holds the conda installation itself, or is the root prefix of a micromamba."""
    return os.path.isdir(prefix + "/condabin") or is_mamba_root(prefix)


def installations() -> list[str]:
    """The base environments of the conda installations in their usual places, links resolved, each once."""
    found = dict.fromkeys(os.path.realpath(top) for top in tops())
    return [prefix for prefix in found if is_prefix(prefix) and is_base(prefix)]


def is_mamba_root(prefix: str) -> bool:
    """Whether `prefix` (links resolved) is the folder that micromamba, which needs no installation, calls its base."""
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
    return prefix in _mamba_roots(home, os.environ.get("MAMBA_ROOT_PREFIX"))


# Asked of every prefix of a list, which is short of time: links are followed once, and the home is found once.
@lru_cache(maxsize=8)
def _mamba_roots(_home: str | None, named: str | None) -> frozenset[str]:
    roots = [top for top in tops() if os.path.basename(top) in ("micromamba", "mamba")]
    return frozenset(map(os.path.realpath, [*roots, *([os.path.expanduser(named)] if named else [])]))


def homes() -> list[str]:
    """The folders that hold environments by name, whether they exist or not."""
    found = [os.path.join(top, "envs") for top in tops()]
    for variable in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
        found += [os.path.expanduser(p) for p in os.environ.get(variable, "").split(os.pathsep) if p]
    return list(dict.fromkeys([*found, os.path.expanduser("~/.conda/envs")]))


def prefixes() -> list[str]:
    """The conda prefixes, links resolved, each once."""
    found: dict[str, str] = {}
    candidates = list(tops())
    try:
        text = read_text(os.path.expanduser("~/.conda/environments.txt"), errors="replace")
        candidates += [line.strip() for line in text.splitlines() if os.path.isabs(line.strip())]
    except OSError:
        pass
    if active := os.environ.get("CONDA_PREFIX"):
        candidates.append(active)
    resolved = [os.path.realpath(path) for path in candidates]
    for home in homes():
        resolved += _folders(home)
    for real in resolved:
        if is_prefix(real):
            found.setdefault(os.path.normcase(real), real)
    return list(found.values())


def _folders(top: str) -> list[str]:
    """The folders in `top`, links resolved: of `top` once, and of an entry only where it is one."""
    try:
        with os.scandir(os.path.realpath(top)) as entries:
            found = [os.path.realpath(e.path) if e.is_symlink() else e.path for e in entries if e.is_dir()]
            return sorted(found)
    except OSError:
        return []


def tops() -> list[str]:
    """Where a conda installation may be."""
    home = os.path.expanduser("~")
    if WINDOWS:
        parents = [home, *(os.environ[v] for v in ("LOCALAPPDATA", "PROGRAMDATA") if os.environ.get(v))]
        tops = [os.path.join(parent, name) for parent in parents for name in _NAMES]
        tops += [os.path.join(os.environ["APPDATA"], "mamba")] if os.environ.get("APPDATA") else []
    else:
        tops = [os.path.join(parent, name) for parent in (home, "/opt", "/usr/local") for name in _NAMES]
        tops += ["/opt/conda", os.path.join(home, ".conda"), os.path.join(home, ".local/share/mamba")]
        tops += [os.path.join(os.environ["XDG_DATA_HOME"], "mamba")] if os.environ.get("XDG_DATA_HOME") else []
        tops += [f"/opt/homebrew/Caskroom/{name}/base" for name in ("miniforge", "miniconda")]
        tops += ["/opt/homebrew/anaconda3"]
    if root := os.environ.get("MAMBA_ROOT_PREFIX"):
        tops.append(os.path.expanduser(root))
    if client := os.environ.get("CONDA_EXE"):
        tops.append(os.path.dirname(os.path.dirname(client)))
    return tops
