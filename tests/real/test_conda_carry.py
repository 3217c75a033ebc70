"""A notebook of a conda environment on the command line: recorded, its environment removed, rebuilt and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from tests.channel.fixture import Channel

pytestmark = pytest.mark.slow


def test_recorded_removed_and_run(tmp_path: Path, channel: Channel) -> None:
    home = tmp_path / "home"
    home.mkdir()
    said = {"channels": [channel.url], "pkgs_dirs": [str(channel.pkgs)], "envs_dirs": [str(home / "conda-envs")]}
    (home / ".condarc").write_text(yaml.safe_dump(said))
    dropped = ("JUPYTER", "XDG_", "PYTHONPATH", "CONDA", "MAMBA", "RATTLER")
    env = {k: v for k, v in os.environ.items() if not k.startswith(dropped)} | {"HOME": str(home)}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "jupyter_envs", *words]
        return subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)

    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell("import sys, os, small; print(sys.prefix, os.environ['CONDA_PREFIX'])")]
    book, ran = tmp_path / "report.ipynb", tmp_path / "done.ipynb"
    nbformat.write(made, book)
    assert call("create", "demo", "--manager", "conda", "small=1.0").returncode == 0
    assert call("record", "demo", str(book)).returncode == 0
    assert "@EXPLICIT" in json.loads(book.read_text())["metadata"]["jupyter_envs"]["conda"]["lock"]
    assert call("remove", "demo", "--yes").returncode == 0
    seen = call("rebuild", "--dry-run", "--json", str(book))
    settled = json.loads(seen.stdout)["rebuild"]
    assert (settled["manager"], settled["exact"], settled["complete"]) == ("conda", True, True)
    refused = call("run", str(book))
    assert refused.returncode != 0
    assert not list((home / "conda-envs").glob("[!.]*")), "without a yes nothing is made"
    done = call("run", str(book), "--yes", "-o", str(ran))
    assert done.returncode == 0, done.stderr
    (output,) = nbformat.read(ran, as_version=4).cells[-1].outputs
    prefix, active = output.text.split()
    assert prefix == active
    assert Path(prefix).parent == home / "conda-envs"
