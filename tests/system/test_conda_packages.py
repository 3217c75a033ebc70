"""conda's records and pip's distributions of one prefix, in one list and one tree."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_envs.system import conda_packages, conda_records
from jupyter_envs.system.package_store import file_of

SITE = "lib/python3.12/site-packages"


def conda(prefix: Path, name: str, version: str = "1.0", *, dist: str | None = None, **more: object) -> Path:
    folder = prefix / "conda-meta"
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"{SITE}/{dist}-{version}.dist-info/METADATA"] if dist else []
    if dist:
        installed(prefix, dist, version, "conda")
    path = folder / f"{name}-{version}-h0_0.json"
    path.write_text(json.dumps({"name": name, "version": version, "build": "h0_0", "files": files, **more}))
    return path


def installed(prefix: Path, name: str, version: str, installer: str, needs: tuple[str, ...] = ()) -> Path:
    folder = prefix / SITE / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = [
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: What {name} is",
        *(f"Requires-Dist: {n}" for n in needs),
    ]
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, "", ""]))
    (folder / "INSTALLER").write_text(installer)
    (folder / "RECORD").write_text("")
    return folder


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    conda(tmp_path, "python", "3.12.1", depends=["__glibc >=2.17", "libz"])
    conda(
        tmp_path,
        "jupyter_client",
        "8.0",
        dist="jupyter_client",
        depends=["python >=3.8", "gone"],
        requested_spec="jupyter_client",
        channel="https://host/t/tk-123/conda-forge/linux-64",
        url="https://host/t/tk-123/conda-forge/noarch/x.conda",
        sha256="ab" * 32,
        size=5,
    )
    conda(tmp_path, "libz")
    installed(tmp_path, "mine", "2.0", "uv", needs=("jupyter-client", "six"))
    return tmp_path


def test_one_list(prefix: Path) -> None:
    (prefix / "conda-meta/broken-pkg-1.0-0.json").write_text("{")
    (prefix / "conda-meta/history").write_text("")
    found = {p.name: p for p in conda_packages.packages(str(prefix))}
    assert {name: (p.version, p.manager) for name, p in found.items()} == {
        "broken-pkg": ("1.0", "conda"),
        "jupyter_client": ("8.0", "conda"),
        "libz": ("1.0", "conda"),
        "mine": ("2.0", "pip"),
        "python": ("3.12.1", "conda"),
    }
    client = found["jupyter_client"]
    assert (client.channel, client.build, client.size) == ("conda-forge", "h0_0", 5)
    assert client.summary == "What jupyter_client is"
    assert [name for name, p in found.items() if p.requested] == ["jupyter_client"]
    (prefix / "conda-meta/history").write_text("==> 2026-01-02 03:04:05 <==\n# update specs: ['libz']\n")
    asked = conda_packages.packages(str(prefix))
    assert [p.name for p in asked if p.requested] == ["libz"], "what the history tells counts more"


def test_versions(prefix: Path) -> None:
    assert conda_packages.versions(str(prefix)) == {
        "jupyter_client": "8.0",
        "libz": "1.0",
        "mine": "2.0",
        "python": "3.12.1",
    }
    assert conda_packages.content(str(prefix)).shadows == []


def test_a_distribution_of_pip_in_the_place_of_condas(prefix: Path) -> None:
    """As `pip install --upgrade jupyter-client` leaves it: conda's record stays."""
    for path in (prefix / SITE / "jupyter_client-8.0.dist-info").iterdir():
        path.unlink()
    (prefix / SITE / "jupyter_client-8.0.dist-info").rmdir()
    installed(prefix, "jupyter_client", "9.0", "pip")
    (shadow,) = conda_packages.content(str(prefix)).shadows
    assert (shadow.name, shadow.version, shadow.record.version) == ("jupyter-client", "9.0", "8.0")
    assert conda_packages.versions(str(prefix))["jupyter_client"] == "9.0"
    assert [p.version for p in conda_packages.packages(str(prefix)) if "client" in p.name] == ["8.0", "9.0"]


def test_tree(prefix: Path) -> None:
    nodes = {node.name: node for node in conda_packages.tree(str(prefix))}
    assert nodes["jupyter_client"].requires == ["python"]
    assert nodes["jupyter_client"].missing == ["gone"]
    assert nodes["jupyter_client"].required_by == ["mine"]
    assert nodes["python"].missing == [], "__glibc is no package"
    assert (nodes["mine"].requires, nodes["mine"].missing) == (["jupyter_client"], ["six"])


def test_kept_by_the_time_of_the_file(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    assert len(conda_records.records(str(prefix), store)) == 3
    kept = file_of(store, str(prefix), ".conda.json")
    assert kept.stat().st_mode & 0o777 == 0o600, "an address may hold a token"
    # Another process: nothing is parsed again.
    monkeypatch.setattr(conda_records, "_known", {})
    monkeypatch.setattr(conda_records, "_parsed", lambda path: pytest.fail(f"{path} was read"))
    assert len(conda_records.records(str(prefix), store)) == 3
    monkeypatch.undo()
    path = conda(prefix, "libz", size=77)
    os.utime(path, ns=(1, 1))
    assert next(r for r in conda_records.records(str(prefix), store) if r.name == "libz").size == 77
    kept.write_text("[")
    monkeypatch.setattr(conda_records, "_known", {})
    assert len(conda_records.records(str(prefix), store)) == 3


@pytest.mark.parametrize(
    ("files", "dists"),
    [
        ([], []),
        (
            ["lib/python3.12/site-packages/a-1.dist-info/METADATA", "site-packages/a-1.dist-info/RECORD"],
            ["a-1.dist-info"],
        ),
        (["Lib/site-packages/b.egg-info", "bin/site-packages.py"], ["b.egg-info"]),
        (["site-packages/deep/c-1.dist-info/RECORD", "dist-info/x", "site-packages/d-info"], []),
        (['say "hi"', "back\\slash", "ü", "site-packages/e_ü-1.dist-info/RECORD"], ["e_ü-1.dist-info"]),
        (None, []),
    ],
)
def test_the_distributions_of_a_record(tmp_path: Path, files: list[str] | None, dists: list[str]) -> None:
    for text in (json.dumps(files), json.dumps(files, indent=2), json.dumps(files, ensure_ascii=False)):
        path = conda(tmp_path, "libz")
        path.write_text(f'{{"name": "libz", "version": "1.0", "build": "h0_0", "files": {text}}}', "utf-8")
        conda_records._known.clear()
        (record,) = conda_records.records(str(tmp_path))
        assert record.dists == dists
        assert conda_records.files(str(tmp_path), record) == ["conda-meta/libz-1.0-h0_0.json", *(files or [])]
