"""Projects of each tool against the tests' own index, and the real tools, installed once and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.system.files import lock
from tests.engine.wheels import offer
from tests.system.index_server import Index

# Before any test changes HOME.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "jupyter-envs-tests")
_TOOLS = ("poetry>=2.1,<3", "pipenv>=2025", "pipx>=1.7")


PIXI = """#!{python}
import os, re, subprocess, sys
verb, words = sys.argv[1], sys.argv[2:]
names = [w for w in words if not w.startswith("-") and w != "default"]
manifest = open("pixi.toml").read()
if verb == "add":
    manifest += "".join(f'{{n}} = "*"\\n' for n in names)
    open("pixi.toml", "w").write(manifest)
asked = re.findall(r'^(\\w+) = "([^"\\n]+)"$', manifest.split("[dependencies]")[1], re.M)
specs = [n if v == "*" else f"{{n}} {{v}}" for n, v in asked]
open("pixi.lock", "w").write("version: 6\\nenvironments:\\n")
argv = [{python!r}, "-m", "tests.channel.install", os.path.abspath(".pixi/envs/default"), {pkgs!r}, {channel!r}, *specs]
sys.exit(subprocess.run(argv, cwd={top!r}).returncode)
"""


@pytest.fixture(scope="session")
def tools_bin() -> Path:
    return installed_tools()


def installed_tools() -> Path:
    """The folder with poetry, pipenv and pipx."""
    folder = CACHE / "tools-{}.{}".format(*sys.version_info[:2])
    with lock(f"{folder}.lock", lambda: None):
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, folder], check=True)
            python = folder / "bin" / "python"
            subprocess.run([uv(), "pip", "install", "--quiet", "--python", python, *_TOOLS], check=True)
            (folder / "whole").touch()
    return folder / "bin"


@pytest.fixture
def tools(tools_bin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tools on PATH, the ones of the machine behind them."""
    for name in [n for n in os.environ if n.startswith(("POETRY_", "PIPENV_", "WORKON_HOME", "UV_PROJECT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{tools_bin}{os.pathsep}{os.environ['PATH']}")
    return tools_bin


def stock(index: Index) -> None:
    """`three` needs an old `two`, `four` a new one, `one` any; a made-up ipykernel needs `wire`."""
    offer(index, "one", "1.0", "2.0", requires=["two"])
    offer(index, "two", "1.0", "2.0")
    offer(index, "three", "1.0", requires=["two<2", "tail"])
    offer(index, "four", "1.0", requires=["two>=2"])
    offer(index, "tail", "1.0")
    offer(index, "wire", "1.0")
    offer(index, "ipykernel", "7.0", requires=["wire"])


def write(tool: str, folder: Path, index: Index, *requires: str, name: str = "demo") -> Path:
    """A project of `tool` in the new `folder` that needs `requires`, without a lock file."""
    folder.mkdir(parents=True)
    listed = ", ".join(f'"{line}"' for line in requires)
    head = f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.10"\ndependencies = [{listed}]\n'
    texts = {
        "uv": f'{head}\n[[tool.uv.index]]\nurl = "{index.url}"\ndefault = true\n',
        "poetry": f"{head}\n[tool.poetry]\npackage-mode = false\n\n"
        f'[[tool.poetry.source]]\nname = "local"\nurl = "{index.url}"\n',
        "pipenv": f'[[source]]\nurl = "{index.url}"\nverify_ssl = false\nname = "local"\n\n[packages]\n'
        + "".join(f'{line} = "*"\n' for line in requires),
    }
    (folder / ("Pipfile" if tool == "pipenv" else "pyproject.toml")).write_text(texts[tool])
    return folder


def files(folder: Path) -> dict[str, str]:
    """What the files of the project say, those of its environment left out."""
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.is_file()}
