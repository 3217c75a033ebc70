"""Read one installed distribution: its ``.dist-info`` or ``.egg-info`` folder, or ``.egg-link`` file."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import msgspec

from jupyter_envs.model.env import Package
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import CONFIG, LISTING, parse_json, read_bytes_if_any, read_head
from jupyter_envs.system.redact import redacted

_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(rb"^Name:(.*)$", re.M)
_VERSION = re.compile(rb"^Version:(.*)$", re.M)
_SUMMARY = re.compile(rb"^Summary:(.*)$", re.M)
_SIZE = re.compile(rb",([0-9]{1,15})\r?(?:\n|\Z)")
# Bytes of a field: more than a name, a version or a summary needs.
_LONGEST = 2_000
_numbers = msgspec.json.Decoder(list[int])
_DASHED = re.compile(r"-py\d(\.\d+)?(-[a-z0-9_-]+)?$")


def normalise(name: str) -> str:
    """`name` as PEP 503 has it.

    >>> normalise("Zope.Interface_x")
    'zope-interface-x'
    """
    return _SEPARATORS.sub("-", name).lower()


def split_name(entry: str) -> tuple[str, str]:
    """The name and version in ``name-version.dist-info``; the version is empty where it is not told."""
    stem, _ = os.path.splitext(entry)
    if entry.endswith(".egg-info"):
        stem = _DASHED.sub("", stem)
    name, dash, version = stem.partition("-")
    return name, version if dash and version[:1].isdigit() else ""


def read_package(path: str) -> Package:
    """The distribution at `path`; what cannot be read is told as far as the name of the folder goes."""
    told_name, told_version = split_name(os.path.basename(path))
    header = _header(_metadata_path(path), enough=_SUMMARY)
    name, version, summary = _first(_NAME, header), _first(_VERSION, header), _first(_SUMMARY, header)
    linked = path.endswith(".egg-link")
    within = path + os.sep
    record = read_bytes_if_any(within + "RECORD", LISTING)
    installer = (_text(within + "INSTALLER") or "").strip()[:_LONGEST] or None
    requested = os.path.exists(within + "REQUESTED")
    url, editable = _direct_url(within + "direct_url.json")
    return Package(
        name=name or told_name,
        version=version or told_version or "0",
        # setuptools alone writes no REQUESTED: then nobody knows.
        requested=requested if requested or installer else None,
        installer=installer,
        size=_total(record) if record is not None else None,
        summary=summary if summary != "UNKNOWN" else None,
        editable=editable or linked,
        url=Path(_linked_folder(path)).as_uri() if linked and os.path.isabs(_linked_folder(path)) else url,
    )


def requirement_lines(dist_info: Path) -> list[str]:
    """The ``Requires-Dist`` values of a distribution; of an ``.egg-info`` those of its ``requires.txt``."""
    header = _header(_metadata_path(dist_info))
    lines = [
        line.partition(b":")[2].strip().decode("utf-8", "replace")
        for line in header.splitlines()
        if line.startswith(b"Requires-Dist:")
    ]
    if lines or dist_info.name.endswith(".dist-info"):
        return lines
    return _egg_requirements(_text(os.path.join(os.path.dirname(_metadata_path(dist_info)), "requires.txt")) or "")


def record_files(dist_info: Path) -> list[Path]:
    """The absolute paths that RECORD (PEP 376) names, or ``installed-files.txt``; only those inside the prefix.

    Links in the way are resolved, so that no path leads out.
    """
    prefix = _prefix_of(dist_info)
    listing = _text(os.path.join(dist_info, "RECORD"), LISTING)
    if listing is not None:
        start = os.fspath(dist_info.parent)
        try:
            names = [row[0] for row in csv.reader(listing.splitlines()) if row]
        except csv.Error:
            return []
    else:
        start = os.fspath(dist_info)
        names = (_text(os.path.join(dist_info, "installed-files.txt"), LISTING) or "").splitlines()
    top = os.path.realpath(prefix) + os.sep
    inside: dict[str, bool] = {}
    found = []
    for name in names:
        path = os.path.normpath(os.path.join(start, name))
        folder = os.path.dirname(path)
        if folder not in inside:
            inside[folder] = (os.path.realpath(folder) + os.sep).startswith(top)
        if name and inside[folder]:
            found.append(Path(path))
    return found


def _total(record: bytes) -> int:
    """The sum of the sizes in a RECORD; read as one JSON list, which takes a third of the time of `int` on each."""
    sizes = _SIZE.findall(record)
    try:
        return sum(_numbers.decode(b"[" + b",".join(sizes) + b"]"))
    except msgspec.MsgspecError:
        return sum(map(int, sizes))


def _metadata_path(entry: str | Path) -> str:
    path = os.fspath(entry)
    if path.endswith(".dist-info"):
        return path + os.sep + "METADATA"
    if path.endswith(".egg-link"):
        name = os.path.basename(path)[: -len(".egg-link")]
        return os.path.join(_linked_folder(path), name.replace("-", "_") + ".egg-info", "PKG-INFO")
    # Distributions of distutils are one file.
    return path if os.path.isfile(path) else os.path.join(path, "PKG-INFO")


def _linked_folder(path: str) -> str:
    lines = (_text(path) or "").splitlines()
    return lines[0].strip() if lines else ""


def _header(path: str, enough: re.Pattern[bytes] | None = None) -> bytes:
    """The fields at the top of a METADATA; the description below can be a hundred times as long.

    Where `enough` is found among the first of them, the others may be left out.
    """
    raw = b""
    for limit in (4096, CONFIG):
        try:
            raw = read_head(path, limit)
        except OSError:
            return b""
        end = _end_of_header(raw)
        if end >= 0:
            return raw[:end]
        # A value that the limit may have cut does not count.
        if len(raw) < limit or (enough and (found := enough.search(raw)) and found.end() < len(raw)):
            return raw
    return raw


def _end_of_header(raw: bytes) -> int:
    end = raw.find(b"\n\n")
    return end if end >= 0 else raw.find(b"\n\r\n")


def _first(pattern: re.Pattern[bytes], header: bytes) -> str | None:
    found = pattern.search(header)
    return found.group(1).strip()[:_LONGEST].decode("utf-8", "replace") or None if found else None


def _direct_url(path: str) -> tuple[str | None, bool]:
    """The URL of a ``direct_url.json`` (PEP 610) as a requirement writes it, credentials left out; whether editable."""
    raw = read_bytes_if_any(path)
    if raw is None:
        return None, False
    try:
        told = parse_json(raw)
        url = str(told["url"])
        if vcs := told.get("vcs_info"):
            url = f"{vcs['vcs']}+{url}"
            url += f"@{vcs['commit_id']}" if vcs.get("commit_id") else ""
        if told.get("subdirectory"):
            url += f"#subdirectory={told['subdirectory']}"
        return redacted(url, _LONGEST), bool((told.get("dir_info") or {}).get("editable"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, False


def _egg_requirements(text: str) -> list[str]:
    """The lines of a ``requires.txt`` as PEP 508 has them: a ``[extra:marker]`` heading becomes a marker."""
    lines, suffix = [], ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            extra, _, marker = line.strip("[]").partition(":")
            parts = [f"({marker})"] if marker else []
            parts += [f'extra == "{extra}"'] if extra else []
            suffix = f" ; {' and '.join(parts)}" if parts else ""
        elif line and not line.startswith("#"):
            lines.append(line + suffix)
    return lines


def _prefix_of(dist_info: Path) -> Path:
    for parent in dist_info.parents:
        if (parent / "pyvenv.cfg").is_file() or (parent / "conda-meta").is_dir():
            return parent
    return dist_info.parents[2 if WINDOWS else 3]


def _text(path: str, limit: int = CONFIG) -> str | None:
    raw = read_bytes_if_any(path, limit)
    return None if raw is None else raw.decode("utf-8", "replace")
