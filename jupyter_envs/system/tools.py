"""Find the programs of other managers and their versions, without starting them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from glob import escape, glob

from jupyter_envs.system.paths import EXE, search_path
from jupyter_envs.system.reading import read_head


def find(name: str, *places: str) -> str | None:
    """The program `name`: on PATH, beside our own Python, or in one of the folders `places` and the usual ones."""
    if found := shutil.which(name, path=search_path()):
        return found
    usual = [os.path.dirname(sys.executable), *places, "~/.local/bin", "/opt/homebrew/bin", "/usr/local/bin"]
    for folder in usual:
        path = os.path.join(os.path.expanduser(folder), name + EXE)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def version(program: str, distribution: str) -> str | None:
    """The version of the `distribution` that installed the script `program`, or None where that cannot be seen."""
    for prefix in _prefixes(program):
        name = escape(os.path.join(prefix, "")) + ("Lib/site-packages/" if EXE else "lib/python*/site-packages/")
        for path in sorted(glob(f"{name}{distribution}-*.dist-info"), reverse=True):
            return os.path.basename(path)[len(distribution) + 1 : -len(".dist-info")]
    return None


def _prefixes(program: str) -> list[str]:
    """The environments that `program` may belong to: the one that it lies in, the one whose Python it names."""
    found = [os.path.dirname(os.path.dirname(os.path.realpath(program)))]
    try:
        head = read_head(program, 1000).decode("utf-8", "replace")
    except OSError:
        return found
    # pip writes `#!/path/python`, or where that is long or holds blanks `#!/bin/sh` and a line with exec.
    if head.startswith("#!") and (named := re.search(r"(?:^#!|exec' \"?)(/[^\n\"]*?/bin/python[\w.]*)", head)):
        found.append(os.path.dirname(os.path.dirname(named[1])))
    return found
