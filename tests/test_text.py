"""The repository speaks of itself alone: no registry's host, no path of a workplace."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
# Put together here, so that this file does not hold them either.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("anaconda", "com"),
        ("prefix", "dev"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
    )
]
PLACES = [r"(?<![\w.\-/])/" + r"work/", r"/" + r"tmp/x\b", r"/" + r"root/", r"\." + r"pyenv/versions/\d"]
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *PLACES]))


def test_no_hosts_and_no_places() -> None:
    if not (TOP / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a clone")
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=TOP, capture_output=True, check=True, text=True).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        path = TOP / name
        raw = path.read_bytes() if path.is_file() else b""
        # A NUL near the start is how git itself tells a binary file.
        if b"\0" in raw[:8000]:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if match := FORBIDDEN.search(line):
                found.append(f"{name}:{number}: {match[0]}")
    assert not found, "\n".join(found)
