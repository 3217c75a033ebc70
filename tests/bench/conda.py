"""conda: a new environment to its first cell, 200 environments listed, 400 packages read."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.create import clock
from tests.bench.stage import Server, call, first_cell, folder, python_kernel, server, table, timed
from tests.channel.fixture import Channel, made

ENVIRONMENTS, RECORDS, PACKAGES = 200, 30, 400
CLIENT = os.environ.get("CONDA_EXE", "")
_numbers = itertools.count()


def measure(rounds: int) -> None:
    channel = made()
    with folder() as top, settled(channel, top):
        create(rounds, channel)
        reading(rounds, top / "big")
    # Apart from those that were created: their thousands of files are counted meanwhile.
    with folder() as top, settled(channel, top):
        listing(rounds, top / "envs")


@contextmanager
def settled(channel: Channel, top: Path) -> Iterator[None]:
    """conda's settings for this process and what it starts: the tests' channel, folders below `top`."""
    said = {
        "CONDA_CHANNELS": channel.url,
        "CONDA_PKGS_DIRS": str(channel.pkgs),
        "CONDA_ENVS_DIRS": str(top / "envs"),
        "CONDA_REGISTER_ENVS": "false",
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def create(rounds: int, channel: Channel) -> None:
    exists = "kernel start in a conda environment that exists"
    with server("--Settings.default_manager=conda") as running:
        old = running.create(name="old")["kernels"][0]["name"]
        first_cell(old, running.environ)
        running.ready()
        spare, cloned = (f"POST, new conda environment, first cell ({how})" for how in ("a spare is ready", "no spare"))
        rows: dict[str, list[float]] = {exists: [], spare: [], cloned: [], "rattler by hand": []}
        for _ in range(rounds):
            running.ready()
            time.sleep(1.5)
            rows[exists].append(clock(lambda: first_cell(old, running.environ)))
            rows[spare].append(clock(lambda: posted(running)))
            for _ in range(2):
                running.create(name=f"drain{next(_numbers)}")
            rows[cloned].append(clock(lambda: posted(running)))
            rows["rattler by hand"].append(clock(lambda: by_hand(running, channel)))
        if CLIENT:
            rows["conda by hand: conda create python ipykernel"] = [clock(lambda: with_client(running))]
        table("New conda environment to first cell (limit 1.5 ×)", rows, exists)


def posted(running: Server) -> None:
    first_cell(running.create(name=f"n{next(_numbers)}")["kernels"][0]["name"], running.environ)


def by_hand(running: Server, channel: Channel) -> None:
    prefix = running.home / f"hand{next(_numbers)}"
    install = [sys.executable, "-m", "tests.channel.install", str(prefix), str(channel.pkgs), channel.url]
    call([*install, "python", "ipykernel"], running.environ)
    first_cell(python_kernel(prefix), running.environ)


def with_client(running: Server) -> None:
    prefix = running.home / f"client{next(_numbers)}"
    call([CLIENT, "create", "-y", "-p", prefix, "python", "ipykernel"], running.environ)
    first_cell(python_kernel(prefix), running.environ)


def listing(rounds: int, root: Path) -> None:
    for n in range(ENVIRONMENTS):
        synthetic(root / f"env{n:03}", RECORDS)
    rows: dict[str, list[float]] = {}
    for _ in range(rounds):
        # Once it has looked by itself, and before.
        for name, seconds in (("GET environments, the first time", 3.0), ("the same as the server starts", 0.0)):
            with server("--Settings.templates=False") as running:
                time.sleep(seconds)
                rows.setdefault(name, []).append(clock(lambda: running.ask("GET", "environments")))
                if seconds:
                    warm = timed(lambda: running.ask("GET", "environments"), 4)
                    rows.setdefault("GET environments, nothing changed", []).extend(warm)
    table(f"{ENVIRONMENTS} conda environments of {RECORDS} packages (limit 50 ms)", rows, unit="ms")


def reading(rounds: int, prefix: Path) -> None:
    from jupyter_envs.system import conda_packages, conda_records

    synthetic(prefix, PACKAGES)

    def fresh() -> None:
        conda_records._known.clear()
        assert len(conda_packages.packages(str(prefix))) == PACKAGES

    read = f"from jupyter_envs.system.conda_packages import packages; packages({str(prefix)!r})"
    rows = {
        "read in this process, nothing kept": timed(fresh, 7 * rounds),
        "read in this process, unchanged": timed(lambda: conda_packages.packages(str(prefix)), 7 * rounds),
        "read by a new Python process": timed(lambda: subprocess.run([sys.executable, "-c", read], check=True), rounds),
    }
    if CLIENT:
        argv = [CLIENT, "list", "-p", prefix]
        rows["conda list"] = timed(lambda: subprocess.run(argv, check=True, capture_output=True), 2)
    table(f"Packages of a conda environment with {PACKAGES} (limit 30 ms)", rows, unit="ms")


def synthetic(prefix: Path, packages: int) -> None:
    """What is read of a conda environment: its records, as large as those of conda-forge, and an interpreter."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    (meta / "history").write_text("==> 2026-01-02 03:04:05 <==\n# cmd: conda create\n# update specs: ['python']\n")
    for n in range(packages):
        name = f"package{n:03}" if n else "python"
        version = "1.0" if n else "3.12.1"
        files = [f"lib/python3.12/site-packages/{name}/module{m}.py" for m in range(120)]
        paths = [{"_path": f, "path_type": "hardlink", "sha256": "0" * 64, "size_in_bytes": 100} for f in files]
        record = {
            "name": name,
            "version": version,
            "build": "h0_0",
            "build_number": 0,
            "subdir": "noarch",
            "channel": "https://conda.example.org/main/noarch",
            "depends": ["python >=3.10"] if n else [],
            "url": f"https://conda.example.org/main/noarch/{name}-{version}-h0_0.conda",
            "sha256": "0" * 64,
            "size": 1000,
            "files": files,
            "paths_data": {"paths_version": 1, "paths": paths},
            "requested_spec": "",
        }
        (meta / f"{name}-{version}-h0_0.json").write_text(json.dumps(record, indent=2))
