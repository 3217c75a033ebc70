"""Lists: 500 environments of which 20 have changed, the packages of one with 300."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jupyter_envs.backends.uv import uv
from tests.bench.create import clock
from tests.bench.stage import server, table, timed

ENVIRONMENTS, CHANGED, PACKAGES = 500, 20, 300


def measure(rounds: int) -> None:
    with server("--Settings.templates=False") as running:
        root = running.home / "data" / "envs"
        for n in range(ENVIRONMENTS):
            synthetic(root / f"env{n:03}", 5)
        first = clock(lambda: running.ask("GET", "environments"))
        warm = timed(lambda: running.ask("GET", "environments"), rounds * 4)
        changed = []
        for turn in range(rounds * 2):
            for n in range(CHANGED):
                distribution(root / f"env{n:03}", f"late{turn}")
            changed.append(clock(lambda: running.ask("GET", "environments")))
        rows = {
            "GET environments, the first time": [first],
            "GET environments, nothing changed": warm,
            f"GET environments, {CHANGED} changed since": changed,
        }
        table(f"{ENVIRONMENTS} environments (limit 50 ms)", rows, unit="ms")

        big = running.home / "big"
        subprocess.run([uv(), "venv", "-q", "--python", sys.executable, big], check=True)
        for n in range(PACKAGES):
            distribution(big, f"package{n:03}")
        read = f"from jupyter_envs.system.metadata import read_packages; read_packages({str(big)!r})"
        from jupyter_envs.system import metadata

        def fresh() -> None:
            metadata._packages.clear()
            assert len(metadata.read_packages(str(big))) == PACKAGES

        listed = [uv(), "pip", "list", "--python", str(big / "bin" / "python")]
        packages = {
            "read in this process, nothing kept": timed(fresh, rounds),
            "read in this process, unchanged": timed(lambda: metadata.read_packages(str(big)), rounds),
            "read by a new Python process": timed(
                lambda: subprocess.run([sys.executable, "-c", read], check=True), rounds
            ),
            "uv pip list": timed(lambda: subprocess.run(listed, check=True, capture_output=True), rounds),
        }
        table(f"Packages of an environment with {PACKAGES}", packages, "uv pip list", unit="ms")


def synthetic(prefix: Path, packages: int) -> None:
    """What a list reads of an environment: its configuration, an interpreter, distributions."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
    home = os.path.dirname(os.path.realpath(sys.executable))
    (prefix / "pyvenv.cfg").write_text(f"home = {home}\nversion_info = {version}.0\n")
    (prefix / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    for n in range(packages):
        distribution(prefix, f"p{n}")


def distribution(prefix: Path, name: str) -> None:
    site = next((prefix / "lib").iterdir()) / "site-packages"
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: A package named {name}.\n"
    (info / "METADATA").write_text(head + "Requires-Dist: p0\n" * 5 + "\n" + "Long description.\n" * 200)
    record = "".join(f"{name}/module{n}.py,sha256=AAAA,{n * 100}\n" for n in range(60))
    (info / "RECORD").write_text(record + f"{name}-1.0.dist-info/RECORD,,\n")
    (info / "INSTALLER").write_text("uv")
