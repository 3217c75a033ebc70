"""A folder as a stranger's repository may bring it: environments and projects that tell on whoever runs or asks.

Each program, script, hook and build in it leaves a file in `marks`; each address in it is one of `asked`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.index_server import Index, serving

MINOR = ".".join(map(str, sys.version_info[:2]))
VERSION = ".".join(map(str, sys.version_info[:3]))
SITE = f"lib/python{MINOR}/site-packages"
PROGRAMS = ("python", "python3", f"python{MINOR}", "pip", "uv", "conda", "mamba", "micromamba", "git")
PROGRAMS += ("poetry", "pipenv", "pixi", "virtualenv", "jupyter", "sh", "bash")


@dataclass
class Traps:
    """What was laid below `root`: environments by their prefix, links resolved, and folders of projects."""

    root: Path
    marks: Path
    index: Index
    environments: list[str]
    projects: list[str]

    def sprung(self) -> list[str]:
        """What ran, and what was asked for."""
        ran = sorted(path.name for path in self.marks.iterdir())
        return [*ran, *(f"asked for {path}" for path, _ in self.index.asked)]

    # What a trap is made of.

    def interpreter(self, prefix: Path, name: str) -> Path:
        """A real Python, no script, that takes its own library from `prefix` and so leaves a mark at its start."""
        real = os.path.realpath(sys.executable)
        python = prefix / "bin/python3"
        python.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(real, python)
        except OSError:
            shutil.copy2(real, python)
        library = prefix / f"lib/python{MINOR}"
        (library / "encodings").mkdir(parents=True)
        (library / "lib-dynload").mkdir()
        (library / "os.py").write_text("")
        # The first module of the library that is imported, before there is an `open` to use.
        (library / "encodings/__init__.py").write_text(
            f"import posix\nposix.close(posix.open({os.fspath(self.marks / name)!r}, 66))\n"
        )
        return python

    def program(self, path: Path, name: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{self.marks / name}'\n")
        path.chmod(0o755)
        return path

    def code(self, name: str) -> str:
        """Python that leaves a mark, in one line."""
        return f"open({os.fspath(self.marks / name)!r}, 'a').close()\n"

    def source(self, folder: Path, name: str) -> Path:
        """A source distribution whose every way to be built leaves a mark."""
        folder.mkdir(parents=True)
        (folder / "setup.py").write_text(self.code(f"{name}-setup") + "from setuptools import setup\nsetup(name='x')\n")
        (folder / "backend.py").write_text(self.code(f"{name}-backend"))
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "x"\nversion = "1"\n'
        )
        return folder

    def distribution(self, site: Path, name: str, direct: object = None) -> Path:
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text(f"{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n../../../../outside,,\n")
        (info / "INSTALLER").write_text("uv")
        (site / f"{name}.py").write_text(self.code(f"{site.parts[-4]}-{name}"))
        if direct is not None:
            (info / "direct_url.json").write_text(json.dumps(direct))
        return info

    def venv(self, prefix: Path, *, python: str | None = None, home: str | None = None) -> Path:
        """A PEP 405 environment with all that we once followed; `python` is what its interpreter links to."""
        name = prefix.parent.name + prefix.name
        site = prefix / SITE
        site.mkdir(parents=True)
        home = home or os.path.dirname(os.path.realpath(sys.executable))
        (prefix / "pyvenv.cfg").write_text(f"home = {home}\nuv = 0.9.0\nversion_info = {VERSION}\n")
        for program in ("python", "python3", "pip", "activate"):
            if python and program == "python":
                (prefix / "bin").mkdir()
                (prefix / "bin/python").symlink_to(python)
            else:
                self.program(prefix / "bin" / program, f"{name}-{program}")
        (site / "sitecustomize.py").write_text(self.code(f"{name}-sitecustomize"))
        (site / "a.pth").write_text("import sitecustomize; " + self.code(f"{name}-pth"))
        self.distribution(site, "plain")
        self.distribution(site, "ipykernel")
        folder = self.source(prefix / "src", name)
        self.distribution(site, "folder", {"url": folder.as_uri(), "dir_info": {}})
        self.distribution(site, "edited", {"url": folder.as_uri(), "dir_info": {"editable": True}})
        self.distribution(site, "fetched", {"url": f"{self.index.url}/{name}/fetched-1.0.tar.gz", "archive_info": {}})
        commit = {"vcs": "git", "commit_id": "0" * 40}
        self.distribution(site, "cloned", {"url": f"{self.index.url}/{name}.git", "vcs_info": commit})
        self.record(prefix, name)
        return prefix

    def record(self, prefix: Path, name: str) -> None:
        """A record of ours, with a change that others are to have made, hashes to look up, and a change to undo."""
        record = prefix / ".jupyter-envs"
        for folder in ("revisions", "locks"):
            (record / folder).mkdir(parents=True)
        pins = {"plain": "0.9", "folder": "0.9"}
        revision = {"revision": 1, "time": "2026-01-01T00:00:00Z", "by": "rest", "action": "create", "asked": {}}
        plan = {"added": [{"name": "plain", "version": "0.9"}], "changed": [], "removed": []}
        text = json.dumps({"revision": {**revision, "plan": plan}, "pins": pins, "python": VERSION})
        (record / "revisions/1.json").write_text(text)
        lines = [
            'lock-version = "1.0"\ncreated-by = "jupyter_envs"\n',
            '[[packages]]\nname = "plain"\nversion = "1.0"\n',
            f'[[packages]]\nname = "fetched"\nversion = "1.0"\narchive = {{ url = "{self.index.url}/lock.tar.gz" }}\n',
            f'[[packages]]\nname = "folder"\nversion = "1.0"\narchive = {{ url = "file://{prefix}/src.tar.gz" }}\n',
        ]
        (record / "locks/1.incomplete.toml").write_text("\n".join(lines))
        spec = f'manager = "uv"\npackages = ["x @ {self.index.url}/x.tar.gz"]\nchannels = ["{self.index.url}"]\n'
        (record / "spec.toml").write_text(spec)
        owner = self.program(record / "owner", f"{name}-owner")
        (record / "owner.json").write_text(json.dumps({"python": os.fspath(owner), "main": "x", "version": "1"}))
        (record / "magic.py").write_text(self.code(f"{name}-magic"))

    def journal(self, prefix: Path) -> None:
        """A change that has not ended: to undo it would take away all that is not named in it, so everything."""
        folder = prefix / ".jupyter-envs/undo"
        (folder / "files/bin").mkdir(parents=True)
        (folder / "names.json").write_text("[]")

    def conda(self, prefix: Path) -> Path:
        name = prefix.parent.name + prefix.name
        meta = prefix / "conda-meta"
        meta.mkdir(parents=True)
        for program in ("python", "activate", "conda", "sh"):
            self.program(prefix / "bin" / program, f"{name}-{program}")
        for package, version in (("python", "3.12.4"), ("ipykernel", "6.0"), ("zlib", "1.3")):
            about = {
                "name": package,
                "version": version,
                "build": "h0_0",
                "build_number": 0,
                "depends": [],
                "files": [],
            }
            address = f"{self.index.url}/noarch/{package}-{version}-h0_0.conda"
            more = {
                "channel": self.index.url,
                "subdir": "noarch",
                "url": address,
                "fn": f"{package}-{version}-h0_0.conda",
            }
            (meta / f"{package}-{version}-h0_0.json").write_text(json.dumps({**about, **more}))
        history = f"==> 2026-01-01 00:00:00 <==\n# cmd: conda create\n# update specs: ['{self.index.url}::zlib']\n"
        (meta / "history").write_text(history)
        (meta / "state").write_text(json.dumps({"env_vars": {"LD_PRELOAD": "/nowhere.so"}}))
        (prefix / ".condarc").write_text(f"channels: ['{self.index.url}']\nchannel_alias: {self.index.url}\n")
        self.program(prefix / "etc/conda/activate.d/go.sh", f"{name}-activate.d")
        kernel = self.program(prefix / "share/jupyter/kernels/odd/run", f"{name}-kernel")
        spec = {"argv": [os.fspath(kernel), "{connection_file}"], "display_name": "Odd", "language": "odd"}
        (kernel.parent / "kernel.json").write_text(json.dumps(spec))
        self.program(prefix / "condabin/conda", f"{name}-condabin") if prefix.name == "base" else None
        self.record(prefix, name)
        return prefix

    def project(self, folder: Path, files: dict[str, str]) -> Path:
        """A project with its build, and the programs of all tools beside its files."""
        self.source(folder, folder.name)
        for name, text in files.items():
            (folder / name).write_text(text.replace("INDEX", self.index.url))
        for program in PROGRAMS:
            self.program(folder / program, f"{folder.name}-beside-{program}")
        self.projects.append(os.fspath(folder))
        return folder


_BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
_UV = (
    f'{_BUILD}[project]\nname = "u"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["plain"]\n'
    '[tool.uv]\nindex-url = "INDEX"\n[[tool.uv.index]]\nname = "x"\nurl = "INDEX"\ndefault = true\n'
)
_POETRY = (
    f'{_BUILD}[tool.poetry]\nname = "p"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.10"\nplain = "*"\n'
    '[[tool.poetry.source]]\nname = "x"\nurl = "INDEX"\npriority = "primary"\n'
)
_PIXI = (
    '[workspace]\nname = "x"\nchannels = ["INDEX"]\nplatforms = ["linux-64"]\n[activation]\nscripts = ["go.sh"]\n'
    '[dependencies]\npython = "*"\nplain = "*"\n[tasks]\nx = "./python"\n'
)


def lay(root: Path, marks: Path, index: Index) -> Traps:
    """Lay every trap below `root`."""
    traps = Traps(root, marks, index, [], [])
    root.mkdir(parents=True, exist_ok=True)
    marks.mkdir()
    made: list[Path] = []
    made.append(traps.venv(root / "script/.venv"))
    made.append(traps.venv(root / "working/.venv", python=os.path.realpath(sys.executable)))
    planted = traps.program(root / "planted/bin/python", "home-python").parent
    made.append(traps.venv(root / "home/.venv", home=os.fspath(planted)))
    made.append(traps.conda(root / "prefix/.conda"))
    made.append(traps.conda(root / "prefix/base"))
    # One that is half done is looked at by nobody, so that it is for these alone.
    traps.journal(root / "home/.venv")
    traps.journal(root / "prefix/base")
    for program in PROGRAMS:
        traps.program(root / program, f"root-{program}")
    traps.interpreter(root, "root-interpreter")
    ready = traps.conda(root / "ready/.conda")
    made.append(ready)
    (ready / "bin/python").unlink()
    (ready / "bin/python").symlink_to(traps.interpreter(ready, "ready-interpreter").name)
    (root / "uv.toml").write_text(f'index-url = "{index.url}"\n')
    (root / "pip.conf").write_text(f"[global]\nindex-url = {index.url}\n")
    (root / ".condarc").write_text(f"channels: ['{index.url}']\n")

    uv = traps.project(
        root / "of-uv", {"pyproject.toml": _UV, "uv.toml": 'index-url = "INDEX"\n', "uv.lock": "version = 1\n"}
    )
    made.append(traps.venv(uv / ".venv"))
    poetry = traps.project(root / "of-poetry", {"pyproject.toml": _POETRY, "poetry.lock": ""})
    (poetry / "poetry.toml").write_text(f'cache-dir = "{root}/cache"\n[virtualenvs]\nin-project = true\n')
    made.append(traps.venv(poetry / ".venv"))
    away = traps.project(root / "of-away", {"pyproject.toml": _POETRY, "poetry.lock": ""})
    (away / "poetry.toml").write_text('[virtualenvs]\nin-project = false\npath = "{project-dir}/envs"\n')
    pipfile = '[[source]]\nurl = "INDEX"\nname = "x"\nverify_ssl = false\n[packages]\nplain = "*"\n'
    pipenv = traps.project(root / "of-pipenv", {"Pipfile": pipfile, "Pipfile.lock": "{}"})
    made.append(traps.venv(pipenv / ".venv"))
    named = traps.project(root / "of-named", {"Pipfile": pipfile, ".venv": f"{root}/script/.venv"})
    assert named
    pixi = traps.project(root / "of-pixi", {"pixi.toml": _PIXI, "pixi.lock": "version: 6\n"})
    traps.program(pixi / "go.sh", "pixi-activation")
    made.append(traps.conda(pixi / ".pixi/envs/default"))

    (root / "linked").mkdir()
    (root / "linked/.venv").symlink_to(root / "script/.venv")
    # A record that leads out of the environment: what is written there would be somebody else's.
    leading = traps.venv(root / "leading/.venv")
    made.append(leading)
    os.rename(leading / ".jupyter-envs", root / "elsewhere")
    (leading / ".jupyter-envs").symlink_to(root / "elsewhere")
    piped = traps.venv(root / "piped/.venv")
    made.append(piped)
    for path in (".jupyter-envs/spec.toml", ".jupyter-envs/lock", ".jupyter-envs/revisions/2.json"):
        (piped / path).unlink(missing_ok=True)
        os.mkfifo(piped / path)
    for info in ("plain-1.0.dist-info/METADATA", "fetched-1.0.dist-info/direct_url.json"):
        (piped / SITE / info).unlink(missing_ok=True)
        os.mkfifo(piped / SITE / info)
    traps.environments += [os.path.realpath(path) for path in made]
    return traps


@contextmanager
def laid(root: Path, marks: Path) -> Iterator[Traps]:
    """The traps below `root`, and the server whose address they hold, until the block ends."""
    with serving() as index:
        yield lay(root, marks, index)


def snapshot(root: Path) -> dict[str, object]:
    """All below `root`: nothing in it may be written, nor taken away."""
    found: dict[str, object] = {}
    for above, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = os.path.join(above, name)
            info = os.lstat(path)
            found[path] = (info.st_mode, info.st_size, info.st_mtime_ns)
    return found
