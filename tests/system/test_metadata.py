"""Installed packages are read from disk as the tools leave them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.system import metadata
from jupyter_envs.system.paths import python_of

VENV_CFG = "home = /usr/bin\nimplementation = CPython\nversion = 3.12.1\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "env/lib/python3.12/site-packages"
    folder.mkdir(parents=True)
    (tmp_path / "env/lib64").symlink_to("lib")
    (tmp_path / "env/pyvenv.cfg").write_text(VENV_CFG)
    return folder


def prefix_of(site: Path) -> Path:
    return site.parents[2]


def install(site: Path, name: str, version: str = "1.0", fields: str = "", **files: str) -> Path:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{fields}\nText\n")
    for file, text in files.items():
        (folder / file.replace("direct_url", "direct_url.json")).write_text(text)
    return folder


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real environment with a distribution that uv installed as a wheel, and one as editable."""
    top = tmp_path_factory.mktemp("real")
    for name, needs in (("alpha", ["beta>=1"]), ("beta", [])):
        (top / name).mkdir()
        (top / name / f"{name}.py").write_text("x = 1\n")
        (top / name / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1.0"\ndescription = "The {name}"\n'
            f"dependencies = {json.dumps(needs)}\n"
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        # A build backend of a dozen lines: no download.
        (top / name / "backend.py").write_text(BACKEND.replace("NAME", name).replace("NEEDS", "".join(needs)))
    from uv import find_uv_bin

    uv = find_uv_bin()
    env = top / "env"
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, env], check=True)
    python = os.fspath(python_of(env))
    common = [uv, "pip", "install", "-q", "--offline", "--no-index", "-p", python]
    subprocess.run([*common, os.fspath(top / "beta")], check=True)
    subprocess.run([*common, "-e", os.fspath(top / "alpha")], check=True)
    return env


BACKEND = """
import os, zipfile

def wheel(folder, files):
    info = "NAME-1.0.dist-info/"
    needs = "Requires-Dist: NEEDS\\n" if "NEEDS" else ""
    files[info + "METADATA"] = "Metadata-Version: 2.1\\nName: NAME\\nVersion: 1.0\\nSummary: The NAME\\n" + needs
    files[info + "WHEEL"] = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[info + "RECORD"] = "".join(f"{name},,\\n" for name in files) + info + "RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, "NAME-1.0-py3-none-any.whl"), "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return "NAME-1.0-py3-none-any.whl"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return wheel(folder, {"NAME.py": open("NAME.py").read()})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return wheel(folder, {"NAME.pth": os.getcwd() + "\\n"})
"""


def test_a_real_environment(real: Path) -> None:
    alpha, beta = metadata.read_packages(real)
    assert (alpha.name, alpha.version, alpha.summary) == ("alpha", "1.0", "The alpha")
    assert alpha.editable
    assert alpha.url == (real.parent / "alpha").as_uri()
    assert (beta.installer, beta.requested, beta.editable) == ("uv", True, False)
    assert beta.size is not None
    assert beta.size > 5
    assert metadata.versions(real) == {"alpha": "1.0", "beta": "1.0"}
    nodes = {node.name: node for node in metadata.tree(real)}
    assert nodes["alpha"].requires == ["beta"]
    assert nodes["beta"].required_by == ["alpha"]


def test_the_files_of_a_real_distribution_are_those_on_disk(real: Path) -> None:
    found = metadata.record_files(metadata.dist_infos(real)["beta"])
    assert all(path.is_file() for path in found)
    assert {"beta.py", "METADATA", "RECORD"} <= {path.name for path in found}


def test_size_is_the_sum_of_record(site: Path) -> None:
    install(
        site, "a", RECORD='a/x.py,sha256=abc,10\r\n"a/with, comma.py",sha256=x,7\na/__pycache__/x.pyc,,\nRECORD,,\n'
    )
    assert metadata.read_packages(prefix_of(site))[0].size == 17


def test_requested_follows_the_marker(site: Path) -> None:
    install(site, "asked", INSTALLER="pip\n", REQUESTED="")
    install(site, "pulled", INSTALLER="uv\n")
    install(site, "unknown")
    found = {p.name: (p.requested, p.installer) for p in metadata.read_packages(prefix_of(site))}
    assert found == {"asked": (True, "pip"), "pulled": (False, "uv"), "unknown": (None, None)}


@pytest.mark.parametrize(
    ("told", "url", "editable"),
    [
        ({"url": "https://me:secret@host/a.whl", "archive_info": {}}, "https://****@host/a.whl", False),
        (
            {"url": "https://tok@host/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "p"},
            "git+https://****@host/a.git@abc#subdirectory=p",
            False,
        ),
        ({"url": "file:///src/a", "dir_info": {"editable": True}}, "file:///src/a", True),
        ({"dir_info": {}}, None, False),
        ([], None, False),
    ],
)
def test_direct_url(site: Path, told: object, url: str | None, editable: bool) -> None:
    install(site, "a", direct_url=json.dumps(told))
    package = metadata.read_packages(prefix_of(site))[0]
    assert (package.url, package.editable) == (url, editable)


def test_damaged_metadata_is_told_by_the_folder(site: Path) -> None:
    (site / "lost_one-2.5.dist-info").mkdir()
    broken = site / "odd-1.1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_bytes(b"\xff\xfe\x00 nothing")
    (broken / "direct_url.json").write_text("{")
    (broken / "METADATA.d").mkdir()
    found = {p.name: p.version for p in metadata.read_packages(prefix_of(site))}
    assert found == {"lost_one": "2.5", "odd": "1.1"}


def test_leftovers_and_duplicates(site: Path) -> None:
    install(site, "~ip", "24.0")
    old, new = install(site, "numpy", "1.0"), install(site, "numpy", "2.0")
    os.utime(old, (1, 1))
    assert metadata.dist_infos(prefix_of(site)) == {"numpy": new}


def test_summary_behind_a_long_header(site: Path) -> None:
    classifiers = "".join(f"Classifier: {'x' * 80} {n}\n" for n in range(300))
    install(site, "late", fields=f"{classifiers}Summary: At the end\n")
    assert metadata.read_packages(prefix_of(site))[0].summary == "At the end"


def test_the_description_is_no_header(site: Path) -> None:
    folder = install(site, "a")
    (folder / "METADATA").write_bytes(b"Name: a\r\nVersion: 3\r\n\r\nSummary: no\r\nRequires-Dist: nothing\r\n")
    assert metadata.read_packages(prefix_of(site))[0].summary is None
    assert metadata.requirement_lines(folder) == []


def test_egg_info_folder_and_file(site: Path) -> None:
    folder = site / "Old.Name-1.2-py3.12.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: Old.Name\nVersion: 1.2\nSummary: UNKNOWN\n")
    (folder / "requires.txt").write_text('plain>=1\n[:python_version < "3"]\nancient\n[extra]\nmore\n')
    (site / "flat-0.1.egg-info").write_text("Name: flat\nVersion: 0.1\n")
    install(site, "plain", "2")
    found = {p.name: (p.version, p.summary) for p in metadata.read_packages(prefix_of(site))}
    assert found == {"Old.Name": ("1.2", None), "flat": ("0.1", None), "plain": ("2", None)}
    nodes = {node.name: node for node in metadata.tree(prefix_of(site))}
    assert nodes["old-name"].requires == ["plain"]
    assert nodes["old-name"].missing == []


def test_egg_link_is_editable(site: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "my_tool.egg-info").mkdir(parents=True)
    (source / "my_tool.egg-info/PKG-INFO").write_text("Name: my-tool\nVersion: 0.3\n")
    (site / "my-tool.egg-link").write_text(f"{source}\n.")
    package = metadata.read_packages(prefix_of(site))[0]
    assert (package.name, package.version, package.editable, package.url) == ("my-tool", "0.3", True, source.as_uri())


def test_old_setuptools_editable_without_direct_url(site: Path) -> None:
    install(site, "my_lib")
    (site / "__editable__.my_lib-1.0.pth").write_text("/src")
    assert metadata.read_packages(prefix_of(site))[0].editable


def test_a_change_is_seen(site: Path) -> None:
    install(site, "a", "1.0")
    assert metadata.read_packages(prefix_of(site))[0].version == "1.0"
    (site / "a-1.0.dist-info").rename(site / "a-2.0.dist-info")
    (site / "a-2.0.dist-info/METADATA").write_text("Name: a\nVersion: 2.0\n")
    assert metadata.read_packages(prefix_of(site))[0].version == "2.0"


def test_a_new_process_reads_what_was_kept(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "a")
    install(site, "b", INSTALLER="uv")
    store = tmp_path / "store"
    first = metadata.read_packages(prefix_of(site), store)
    monkeypatch.setattr(metadata, "_packages", {})
    reads: list[str] = []
    real = metadata.read_package
    monkeypatch.setattr(metadata, "read_package", lambda path: (reads.append(path), real(path))[1])
    assert metadata.read_packages(prefix_of(site), store) == first
    assert reads == []
    install(site, "c")
    assert [p.name for p in metadata.read_packages(prefix_of(site), store)] == ["a", "b", "c"]
    assert len(reads) == 1
    monkeypatch.setattr(metadata, "_packages", {})
    for file in store.iterdir():
        file.write_bytes(b"[[")
    assert len(metadata.read_packages(prefix_of(site), store)) == 3
    assert len(reads) == 4


def test_a_store_that_cannot_be_written_is_no_error(site: Path, tmp_path: Path) -> None:
    install(site, "a")
    (tmp_path / "file").write_text("")
    assert len(metadata.read_packages(prefix_of(site), tmp_path / "file/store")) == 1


def test_a_summary_cut_by_the_first_read_is_whole(site: Path) -> None:
    for length in range(4096 - 120, 4096, 7):
        (install(site, f"a{length}") / "METADATA").write_text(
            f"Name: a{length}\nVersion: 1.0\nKeywords: {'k' * (length - 40)}\nSummary: {'word ' * 30}end\n"
            + "Classifier: x\n" * 400
        )
    found = metadata.read_packages(prefix_of(site))
    assert {p.summary for p in found} == {"word " * 30 + "end"}


def test_lib64_counts_once_and_the_right_python_is_read(site: Path) -> None:
    assert metadata.site_packages(prefix_of(site)) == [site]
    other = prefix_of(site) / "lib/python3.11/site-packages"
    other.mkdir(parents=True)
    assert metadata.site_packages(prefix_of(site)) == [site]
    assert metadata.site_packages(prefix_of(site) / "nowhere") == []


def test_record_files_never_lead_out(site: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (site / "link").symlink_to(outside)
    record = "a/x.py,,\n../../../bin/tool,,\n../../../../stolen,,\n/etc/passwd,,\nlink/y,,\n"
    folder = install(site, "a", RECORD=record)
    assert metadata.record_files(folder) == [site / "a/x.py", prefix_of(site) / "bin/tool"]


def test_tree_follows_markers_and_asked_extras(site: Path) -> None:
    install(
        site,
        "app",
        fields="Requires-Dist: lib[fast] (>=1)\nRequires-Dist: old ; python_version < '3.9'\n"
        "Requires-Dist: win ; sys_platform == 'none'\nRequires-Dist: testing ; extra == 'test'\n"
        "Requires-Dist: not a requirement !!\n",
    )
    install(
        site, "lib", fields="Provides-Extra: fast\nRequires-Dist: Speed_Up ; extra == 'fast'\nRequires-Dist: gone\n"
    )
    install(site, "speed.up")
    nodes = {node.name: node for node in metadata.tree(prefix_of(site))}
    assert nodes["app"].requires == ["lib"]
    assert nodes["lib"].requires == ["speed-up"]
    assert nodes["lib"].missing == ["gone"]
    assert nodes["speed-up"].required_by == ["lib"]


def test_lines_for_an_extra(site: Path) -> None:
    """Such a line counts where the extra is asked for, whatever else its marker says, or where it may hold without."""
    lines = [
        "asked ; extra == 'wanted'",
        "both ; python_version >= '3' and extra=='wanted'",
        "never ; extra == 'wanted' and sys_platform == 'none'",
        "other ; extra == 'unwanted'",
        "either ; extra == 'unwanted' or python_version >= '3'",
        "unless ; extra != 'unwanted'",
        "nested ; (extra == 'unwanted' or extra == 'wanted') and python_version >= '3'",
        "turned ; 'wanted' == extra",
    ]
    names = [line.split()[0] for line in lines]
    install(site, "app", fields="Requires-Dist: lib[wanted]\n")
    install(site, "lib", fields="".join(f"Requires-Dist: {line}\n" for line in lines))
    install(site, "alone", fields="".join(f"Requires-Dist: {line}\n" for line in lines))
    for name in names:
        install(site, name)
    nodes = {node.name: node for node in metadata.tree(prefix_of(site))}
    assert nodes["lib"].requires == ["asked", "both", "either", "nested", "turned", "unless"]
    assert nodes["alone"].requires == ["either", "unless"]
    needed = metadata.needs_among(prefix_of(site), nodes)
    assert {name: sorted(others) for name, others in needed.items()} == {n: nodes[n].requires for n in nodes}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [";", "; extra ==", "extra == ", "; extra == 'x' or "])
def test_a_line_that_is_made_to_take_long(site: Path, text: str) -> None:
    install(site, "app", fields=f"Requires-Dist: lib {text * 50_000}\nRequires-Dist: lib\n")
    install(site, "lib")
    assert {node.name: node.requires for node in metadata.tree(prefix_of(site))} == {"app": ["lib"], "lib": []}


def test_unmet_needs(site: Path) -> None:
    install(site, "app", fields="Requires-Dist: lib>=2\nRequires-Dist: gone\nRequires-Dist: fine<9\n")
    install(site, "lib", "1.5")
    install(site, "fine", "8.0rc1")
    assert [(n.by, n.name, v) for n, v in metadata.unmet(prefix_of(site))] == [
        ("app", "lib", "1.5"),
        ("app", "gone", None),
    ]


def test_the_base_python_lends_packages(site: Path, tmp_path: Path) -> None:
    base = tmp_path / "base/lib/python3.12/site-packages"
    base.mkdir(parents=True)
    install(base, "lent")
    install(site, "app", fields="Requires-Dist: lent\n")
    assert metadata.tree(prefix_of(site))[0].missing == ["lent"]
    (prefix_of(site) / "pyvenv.cfg").write_text(
        f"home = {tmp_path}/base/bin\nversion = 3.12.1\ninclude-system-site-packages = true\n"
    )
    assert metadata.tree(prefix_of(site))[0].missing == []
    assert metadata.available(prefix_of(site), "lent")
