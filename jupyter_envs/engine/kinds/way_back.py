"""How a PEP 405 environment gets back to what a lock holds: line by line, each with its hashes."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jupyter_envs.engine.kinds.base import Return, Wanted
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.lock import Lock, Locked


def way_back(here: Lock, goal: Lock) -> Return:
    """What leads from `here` to `goal`, as far as it can be had.

    What came from a folder or file that is gone stays as it is. Where the Python is
    another one by now, other files of the same versions are allowed.
    """
    there = {package.name: package for package in here.packages}
    wanted = {package.name: package for package in goal.packages}
    warnings, lines, replaced = [], [], []
    same_python = _minor(here.python) == _minor(goal.python)
    if here.python != goal.python and here.python and goal.python:
        warnings.append(
            f"The Python was {goal.python} then and is {here.python} now"
            + ("." if same_python else ": other files of the same versions are taken.")
        )
    kept = set()
    for name, package in wanted.items():
        if name in there and there[name].same_as(package):
            continue
        if package.source in ("directory", "archive") and (gone := _gone(str(package.url))):
            warnings.append(f"{name} came from {gone}, which is gone: it cannot be brought back.")
            kept.add(name)
            continue
        lines.append(_line(package, hashed=same_python))
        if name in there:
            replaced.append(name)
    pins = goal.pins
    for name in kept:
        pins.pop(name)
        if name in there:
            pins[name] = there[name].version
    unheld = [line.name for line in lines if not line.hashes and wanted[str(line.name)].source == "index"]
    if unheld and same_python:
        warnings.append(f"No hash is known to compare with: {', '.join(map(str, unheld))}.")
    return Return(
        wanted=Wanted(
            install=lines,
            remove=sorted(there.keys() - wanted.keys()),
            exact=True,
            replace=[name for name in replaced if there[name].version == wanted[name].version],
            goal=pins,
        ),
        warnings=warnings,
    )


def not_quite(after: Lock, goal: Lock) -> list[str]:
    """What differs from `goal` although its version has come back: its content is not the one of then."""
    there = {package.name: package for package in after.packages}
    return [
        f"{package.name} {package.version} is back, but not with the same files as then."
        for package in goal.packages
        if (now := there.get(package.name)) and now.version == package.version and not now.same_as(package)
    ]


def _line(package: Locked, *, hashed: bool) -> Requirement:
    hashes = tuple(text for file in package.files for text in file.hashes) if hashed else ()
    if package.url is None:
        return Requirement(line=f"{package.name}=={package.version}", name=package.name, hashes=hashes)
    url = asked_again(package.url)
    if package.source == "directory" and package.editable:
        return Requirement(line=_path(url), name=package.name, editable=True)
    return Requirement(
        line=f"{package.name} @ {url}", name=package.name, hashes=hashes if package.source == "archive" else ()
    )


def asked_again(url: str) -> str:
    """`url` without the marks of what was left out of it; a keyring or an agent may know that."""
    return re.sub(r"^((?:git\+)?ssh://)\*{4}@", r"\1git@", url).replace("://****@", "://")


def _gone(url: str) -> str | None:
    """The path that `url` means where it is one of this machine and not there any more."""
    if not url.startswith("file:"):
        return None
    path = _path(url)
    return None if os.path.exists(path) else path


def _path(url: str) -> str:
    parts = urlsplit(url)
    within = re.search(r"(?:^|&)subdirectory=([^&]+)", parts.fragment)
    path = url2pathname(parts.path)
    return os.path.join(path, within.group(1)) if within else path


def _minor(version: str | None) -> str | None:
    return ".".join(version.split(".")[:2]) if version else None
