"""The lock file of a revision: ``pylock.toml`` (PEP 751), with what that has no field for in its ``tool`` tables.

Distributions of conda lie in ``tool.jupyter_envs.conda``, since a pylock knows none.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

from jupyter_envs.model.lock import Lock, Locked, LockedFile
from jupyter_envs.system import toml

_VCS = re.compile(r"(?P<type>[a-z]+)\+(?P<url>.+?)(@(?P<commit>[0-9a-fA-F]{7,64}))?(#(?P<fragment>.*))?\Z", re.S)


def write(lock: Lock) -> str:
    """The text of `lock`."""
    import tomli_w

    ours: dict[str, Any] = {"python": lock.python} if lock.python else {}
    conda = [_conda(package) for package in lock.packages if package.manager == "conda"]
    if conda:
        ours["conda"] = conda
    document = {
        "lock-version": "1.0",
        "created-by": "jupyter_envs",
        **({"requires-python": f"=={_minor(lock.python)}.*"} if lock.python else {}),
        "packages": [entry(package) for package in lock.packages if package.manager == "pip"],
        "tool": {"jupyter_envs": ours},
    }
    return tomli_w.dumps(document)


def read(text: str) -> Lock:
    """The lock that `text` holds.

    Raises:
        ValueError: it is not TOML, or not of the form that `write` gives.
    """
    try:
        document = toml.parse(text)
        ours = document.get("tool", {}).get("jupyter_envs", {})
        packages = [_read_package(entry) for entry in document["packages"]]
        packages += [_read_conda(entry) for entry in ours.get("conda", [])]
        return Lock(python=ours.get("python"), packages=sorted(packages, key=lambda p: p.name))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a lock file: {error!r}") from None


def entry(package: Locked) -> dict[str, Any]:
    """`package` as one of ``packages`` in a pylock."""
    table: dict[str, Any] = {"name": package.name, "version": package.version}
    if package.url is not None:
        table[package.source] = _origin(package, package.url)
    else:
        wheels = [_file(file) for file in package.files if file.name.endswith(".whl")]
        sdists = [_file(file) for file in package.files if not file.name.endswith(".whl")]
        if wheels:
            table["wheels"] = wheels
        if sdists:
            table["sdist"] = sdists[0]
    if package.content is not None:
        table["tool"] = {"jupyter_envs": {"content": package.content}}
    return table


def files_of(entry: dict[str, Any]) -> list[LockedFile]:
    """The files of one of ``packages`` in a pylock, wheels first."""
    listed = [*entry.get("wheels", []), *(entry[key] for key in ("sdist", "archive") if key in entry)]
    return [_read_file(file) for file in listed]


def _origin(package: Locked, url: str) -> dict[str, Any]:
    place, _, fragment = url.partition("#")
    within = re.search(r"(?:^|&)subdirectory=([^&]+)", fragment)
    more = {"subdirectory": within.group(1)} if within else {}
    if package.source == "directory":
        # PEP 751 has a path there, no URL.
        path = url2pathname(place.removeprefix("file://")) if place.startswith("file://") else place
        return {"path": path, "editable": package.editable, **more}
    if package.source == "archive":
        return {"url": place, "hashes": _hashes(package.files), **more}
    found = _VCS.match(url)
    assert found
    commit = {"commit-id": found["commit"]} if found["commit"] else {}
    return {"type": found["type"], "url": found["url"], **commit, **more}


def _file(file: LockedFile) -> dict[str, Any]:
    known = {"name": file.name, "url": file.url, "size": file.size}
    return {**{key: value for key, value in known.items() if value is not None}, "hashes": _hashes([file])}


def _hashes(files: list[LockedFile]) -> dict[str, str]:
    return dict(text.split(":", 1) for file in files for text in file.hashes)


def _conda(package: Locked) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": package.name, "version": package.version}
    known = {"build": package.build, "url": package.url}
    entry.update({key: value for key, value in known.items() if value is not None})
    return {**entry, "hashes": _hashes(package.files)}


def _read_package(entry: dict[str, Any]) -> Locked:
    url, editable = None, False
    if "vcs" in entry:
        url = "{type}+{url}".format(**entry["vcs"])
        url += f"@{entry['vcs']['commit-id']}" if "commit-id" in entry["vcs"] else ""
        url += _fragment(entry["vcs"])
    elif "directory" in entry:
        path = entry["directory"]["path"]
        url = (Path(path).as_uri() if os.path.isabs(path) else path) + _fragment(entry["directory"])
        editable = bool(entry["directory"].get("editable"))
    elif "archive" in entry:
        url = entry["archive"]["url"] + _fragment(entry["archive"])
    ours = entry.get("tool", {}).get("jupyter_envs", {})
    return Locked(
        name=entry["name"],
        version=entry.get("version", "0"),
        url=url,
        editable=editable,
        files=[file for file in files_of(entry) if file.hashes],
        content=ours.get("content"),
    )


def _read_conda(entry: dict[str, Any]) -> Locked:
    url = entry.get("url")
    file = LockedFile(name=(url or entry["name"]).rpartition("/")[2], url=url, hashes=_read_hashes(entry))
    return Locked(
        name=entry["name"],
        version=entry["version"],
        manager="conda",
        build=entry.get("build"),
        url=url,
        files=[file] if file.hashes else [],
    )


def _read_file(entry: dict[str, Any]) -> LockedFile:
    place = entry.get("url") or entry.get("path") or ""
    name = entry.get("name") or place.partition("#")[0].rpartition("/")[2]
    return LockedFile(name=name, url=entry.get("url"), size=entry.get("size"), hashes=_read_hashes(entry))


def _read_hashes(entry: dict[str, Any]) -> list[str]:
    return [f"{kind}:{digest}" for kind, digest in entry.get("hashes", {}).items()]


def _fragment(origin: dict[str, Any]) -> str:
    return f"#subdirectory={origin['subdirectory']}" if "subdirectory" in origin else ""


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
