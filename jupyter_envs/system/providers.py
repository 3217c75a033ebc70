"""Which installed distributions bring a module, read from the lists of their files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jupyter_envs.system.metadata import dist_infos, entries, site_packages
from jupyter_envs.system.reading import LISTING, read_head, read_text

# More owners than this share a namespace, such as `google`: none of them is meant.
_MOST_OWNERS = 3
_HEAD = 32_768


def providers(prefix: str | os.PathLike[str], module: str) -> list[str]:
    """The normalised names of the distributions at `prefix` that bring `module`, dotted or not, or its nearest parent.

    Those that were not installed from an index are left out: an index may hold a
    stranger's project of the same name. Empty for a namespace that many share.
    """
    parts = module.split(".")
    for folder in site_packages(prefix):
        if not _has(folder, parts[0]):
            continue
        listings = [(name, path, _files(path)) for name, path in entries(folder).items()]
        declared = {name: _import_names(path) for name, path, _ in listings}
        for count in range(len(parts), 0, -1):
            pattern = re.compile(
                rf"(?m)^(?:\./)?{re.escape('/'.join(parts[:count]))}(?:/|\.(?:py|so|pyd)|\.[\w-]+\.(?:so|pyd))"
            )
            start = ".".join(parts[:count])
            # What a distribution says of itself counts before the list of its files.
            owners = {name: path for name, path, _ in listings if start in declared[name]}
            owners = owners or {name: path for name, path, files in listings if pattern.search(files)}
            if owners:
                names = sorted(name for name, path in owners.items() if not _local(path))
                return names if len(owners) <= _MOST_OWNERS else []
    return []


def is_local(prefix: str | os.PathLike[str], name: str) -> bool:
    """Whether the distribution `name` (normalised) is there, and came from a folder, a URL or a checkout (PEP 610)."""
    path = dist_infos(prefix).get(name)
    return path is not None and _local(path)


def _has(folder: Path, top: str) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(name.partition(".")[0] == top for name in names)


def _import_names(path: Path) -> set[str]:
    """The modules that the metadata of a distribution names as its own (PEP 794)."""
    try:
        head = read_head(path / "METADATA", _HEAD).decode("utf-8", "replace").partition("\n\n")[0]
    except OSError:
        return set()
    return {name.partition(";")[0].strip() for name in re.findall(r"(?mi)^Import-Name:(.*)$", head)}


def _files(path: Path) -> str:
    """The files of a distribution, a line each, with slashes; the top-level modules where no list is there."""
    for name in ("RECORD", "installed-files.txt", "top_level.txt"):
        try:
            text = read_text(path / name, LISTING, errors="replace")
        except OSError:
            continue
        if name == "top_level.txt":
            return "".join(f"{line.strip()}/\n" for line in text.splitlines())
        # `installed-files.txt` counts from inside the egg-info folder.
        return text.replace("\\", "/").replace("../", "") if name == "installed-files.txt" else text
    return ""


def _local(path: Path) -> bool:
    return path.is_file() or (path / "direct_url.json").exists()
