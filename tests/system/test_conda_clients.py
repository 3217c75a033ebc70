"""Installed clients, told by files: which, whose, with which folders."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_envs.system import conda_clients
from jupyter_envs.system.conda_clients import clients, envs_dirs, flavour, pkgs_dirs, release, root_of, writable
from jupyter_envs.system.conda_rc import Condarc

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the layout of Unix")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(conda_clients, "tops", list)


def installation(top: Path, programs: tuple[str, ...] = ("conda",), channel: str = "conda-forge", **also: str) -> Path:
    (top / "conda-meta").mkdir(parents=True)
    (top / "bin").mkdir()
    for name, version in {"conda": "24.5.0", "python": "3.12.1", **also}.items():
        record = {"name": name, "version": version, "build": "0", "channel": f"https://host/{channel}/linux-64"}
        (top / "conda-meta" / f"{name}-{version}-0.json").write_text(json.dumps(record))
    for program in programs:
        path = top / "bin" / program
        path.write_text("#!/bin/sh\nexit 99\n")
        path.chmod(0o755)
    return top


def test_none() -> None:
    assert clients({"PATH": "/nowhere"}) == []
    assert root_of([]) is None


def test_on_the_path_and_by_variable(tmp_path: Path) -> None:
    forge = installation(tmp_path / "miniforge3", ("conda", "mamba"), mamba="1.5.8")
    mini = installation(tmp_path / "miniconda3", channel="main")
    found = clients({"PATH": f"{forge}/bin", "CONDA_EXE": f"{mini}/bin/conda"})
    assert [(c.name, c.version, c.flavour, c.root) for c in found] == [
        ("conda", "24.5.0", "Miniconda", str(mini)),
        ("conda", "24.5.0", "Miniforge", str(forge)),
        ("mamba", "1.5.8", "Miniforge", str(forge)),
    ]
    assert root_of(found) == str(mini)


def test_in_the_usual_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = installation(tmp_path / "anaconda3", anaconda="2024.02", channel="main")
    monkeypatch.setattr(conda_clients, "tops", lambda: [str(tmp_path / "nothing"), str(top)])
    (found,) = clients({"PATH": ""})
    assert (found.path, found.flavour) == (f"{top}/bin/conda", "Anaconda")


def test_a_link_to_it_is_the_same(tmp_path: Path) -> None:
    top = installation(tmp_path / "miniforge3")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "conda").symlink_to(top / "bin" / "conda")
    environ = {"PATH": f"{tmp_path}/links", "CONDA_EXE": f"{top}/bin/conda"}
    assert [c.path for c in clients(environ)] == [f"{top}/bin/conda"]


def test_what_cannot_be_run_is_none(tmp_path: Path) -> None:
    top = installation(tmp_path / "miniforge3")
    (top / "bin" / "conda").chmod(0o644)
    assert clients({"CONDA_EXE": f"{top}/bin/conda", "PATH": ""}) == []
    assert clients({"CONDA_EXE": "bin/conda", "PATH": ""}) == []


def micromamba(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "micromamba").write_text("")
    (folder / "micromamba").chmod(0o755)
    return folder


def test_micromamba(tmp_path: Path) -> None:
    """A program alone: its version is in no file."""
    micromamba(tmp_path / "home" / ".local" / "bin")
    root = str(tmp_path / "mamba")
    (found,) = clients({"PATH": "", "MAMBA_ROOT_PREFIX": root})
    assert (found.name, found.version, found.flavour, found.root) == ("micromamba", None, "micromamba", root)


def test_where_micromamba_keeps_its_environments(tmp_path: Path) -> None:
    """In the order in which micromamba 2.8.1 looks."""
    home = tmp_path / "home"
    environ = {"PATH": str(micromamba(tmp_path / "tool" / "bin"))}

    def root(**more: str) -> str | None:
        (found,) = clients({**environ, **more})
        return found.root

    # Nothing is there yet: it will make this one.
    assert root() == str(home / ".local" / "share" / "mamba")
    assert root(XDG_DATA_HOME=str(tmp_path / "data")) == str(tmp_path / "data" / "mamba")
    (home / "micromamba").mkdir(parents=True)
    assert root() == str(home / ".local" / "share" / "mamba")
    (home / "micromamba" / "envs").mkdir()
    assert root() == str(home / "micromamba")
    (tmp_path / "tool" / "pkgs").mkdir()
    assert root() == str(tmp_path / "tool")
    assert root(MAMBA_ROOT_PREFIX=str(tmp_path / "said")) == str(tmp_path / "said")


@pytest.mark.parametrize(
    ("name", "channel", "also", "told"),
    [
        # As the installer Anaconda3-2024.10-1 leaves it, and as it is once a package of it was changed.
        ("opt-conda", "main", {"anaconda": "2024.10", "_anaconda_depends": "2024.10"}, "Anaconda 2024.10"),
        ("opt-conda", "main", {"anaconda": "custom", "_anaconda_depends": "2024.10"}, "Anaconda 2024.10"),
        ("opt-conda", "main", {"anaconda-navigator": "2.6.3"}, "Anaconda 24.5.0"),
        # A folder is called as its user likes.
        ("anaconda3", "main", {}, "Miniconda 24.5.0"),
        ("miniconda3", "conda-forge", {}, "Miniforge 24.5.0"),
        ("anaconda3", "company", {}, "Anaconda 24.5.0"),
        ("opt-conda", "main", {"_anaconda_depends": "2024.02"}, "Anaconda 2024.02"),
        ("opt-conda", "main", {}, "Miniconda 24.5.0"),
        ("opt-conda", "conda-forge", {}, "Miniforge 24.5.0"),
        ("mambaforge", "conda-forge", {}, "Mambaforge 24.5.0"),
        ("opt-conda", "company", {}, "conda 24.5.0"),
    ],
)
def test_flavours(tmp_path: Path, name: str, channel: str, also: dict[str, str], told: str) -> None:
    root = str(installation(tmp_path / name, channel=channel, **also))
    assert f"{flavour(root)} {release(root)}" == told


def test_folders(tmp_path: Path) -> None:
    user = str(tmp_path / "home" / ".conda")
    assert pkgs_dirs(Condarc(), None) == [f"{user}/pkgs"]
    assert envs_dirs(Condarc(), None) == [f"{user}/envs"]
    root = str(installation(tmp_path / "miniforge3"))
    assert pkgs_dirs(Condarc(), root) == [f"{root}/pkgs", f"{user}/pkgs"]
    assert envs_dirs(Condarc(), root) == [f"{root}/envs", f"{user}/envs"]
    rc = Condarc(pkgs_dirs=["~/cache", "/shared"], envs_dirs=["/envs"])
    assert pkgs_dirs(rc, root) == [str(tmp_path / "home" / "cache"), "/shared"]
    assert envs_dirs(rc, root) == ["/envs", f"{root}/envs", f"{user}/envs"]


def test_writable(tmp_path: Path) -> None:
    assert writable(str(tmp_path / "a" / "b"))
    (tmp_path / "file").write_text("")
    assert not writable(str(tmp_path / "file"))
