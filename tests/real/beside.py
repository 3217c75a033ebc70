"""The conda clients of this machine, for the tests that work beside them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

NAMES = ("conda", "mamba", "micromamba")
# Before any test takes them out of the environment.
_PROGRAMS = {
    name: next(
        (
            path
            for path in (os.environ.get("CONDA_EXE"), os.environ.get("MAMBA_EXE"), shutil.which(name))
            if path and os.path.basename(path) == name and os.path.isfile(path)
        ),
        None,
    )
    for name in NAMES
}


class Beside:
    """The client `name` of this machine."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def __call__(self, *arguments: str) -> str:
        """What it says; it must succeed."""
        ran = subprocess.run([self.path, *arguments], capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    @property
    def version(self) -> str:
        return self("--version").split()[-1]

    def listed(self, name: str) -> dict[str, str]:
        said = json.loads(self("list", "-n", name, "--json"))
        # mamba has its log beside them.
        packages = said if isinstance(said, list) else said["packages"]
        return {package["name"]: package["version"] for package in packages}

    def exported(self, name: str, *arguments: str) -> list[str]:
        """What ``env export`` says is in it."""
        found: list[str] = yaml.safe_load(self("env", "export", "-n", name, *arguments))["dependencies"]
        return found

    def lock(self, name: str) -> str:
        """An explicit lock of it."""
        if self.name == "conda":
            return self("list", "-n", name, "--explicit", "--sha256")
        # What its `list --explicit` prints lacks the line that says what it is.
        return self("env", "export", "-n", name, "--explicit")

    def environments(self) -> list[str]:
        found: list[str] = json.loads(self("env", "list", "--json"))["envs"]
        return found

    def assert_healthy(self, name: str, prefix: str) -> None:
        """No file is missing or other than recorded, and no need is not met."""
        assert prefix in self.environments()
        if self.name != "conda":
            # It has no such command.
            assert_whole(Path(prefix))
            return
        ran = subprocess.run([self.path, "doctor", "-n", name], capture_output=True, text=True, timeout=300)
        for line in ("no packages with missing files", "no packages with altered files", "environment is consistent"):
            assert line in ran.stdout, ran.stdout
        assert "is listed in the environments.txt file" in ran.stdout


def assert_whole(prefix: Path) -> None:
    """Every file that the records name is there, with the content that they tell."""
    records = sorted((prefix / "conda-meta").glob("*.json"))
    assert records
    for record in records:
        said = json.loads(record.read_text())
        for file in said["files"]:
            assert (prefix / file).exists() or (prefix / file).is_symlink(), f"{record.name}: {file}"
        for entry in said.get("paths_data", {}).get("paths", []):
            if digest := entry.get("sha256_in_prefix"):
                assert hashlib.sha256((prefix / entry["_path"]).read_bytes()).hexdigest() == digest, entry["_path"]


def the_client(name: str) -> Beside:
    """The client `name`; the test is skipped where this machine has none."""
    path = _PROGRAMS[name]
    if path is None:
        pytest.skip(f"no {name}: neither CONDA_EXE nor MAMBA_EXE names one, and it is not on PATH")
    return Beside(name, path)
