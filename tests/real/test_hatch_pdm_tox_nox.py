"""Real hatch, pdm, tox and nox: where they really put environments, those are found and can be kernels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.backends.uv import uv
from jupyter_envs.engine import kernels
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.request import Register
from jupyter_envs.system.files import lock
from tests.engine.project_world import CACHE
from tests.engine.wheels import offer
from tests.engine.world import Engines, done
from tests.system.index_server import Index

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the tools' venv is POSIX")]
PYPROJECT = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.10"\n'
HATCH = PYPROJECT + "[tool.hatch.envs.default]\nskip-install = true\n[tool.hatch.envs.docs]\n"
NOXFILE = 'import nox\n\n@nox.session\ndef lint(session):\n    session.run("python", "-V")\n'
# The project's file, the commands, and the environment that they leave.
CASES = {
    "hatch": ("pyproject.toml", HATCH, [["hatch", "env", "create"], ["hatch", "env", "create", "docs"]], "demo/docs"),
    "pdm": ("pyproject.toml", PYPROJECT, [["pdm", "venv", "create", "--name", "data"]], "work/data"),
    "tox": ("tox.ini", "[tox]\nskipsdist = true\nenvlist = lint\n", [["tox", "run", "--notest"]], "work/lint"),
    "nox": ("noxfile.py", NOXFILE, [["nox", "--session", "lint"]], "work/lint"),
}


@pytest.fixture(scope="session")
def workflow_tools() -> Path:
    folder = CACHE / "workflow-tools-{}.{}".format(*sys.version_info[:2])
    with lock(f"{folder}.lock", lambda: None):
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, folder], check=True)
            argv = [uv(), "pip", "install", "--quiet", "--python", folder / "bin" / "python", *CASES]
            subprocess.run(argv, check=True)
            (folder / "whole").touch()
    return folder / "bin"


@pytest.mark.parametrize("tool", CASES)
def test_found_and_a_kernel(
    workflow_tools: Path, tool: str, home: Path, engines: Engines, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in os.environ if n.startswith(("HATCH_", "PDM_", "TOX_", "NOX_", "XDG_", "VIRTUAL_ENV"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{workflow_tools}{os.pathsep}{os.environ['PATH']}")
    offer(index, "ipykernel", "7.0")
    file, text, commands, name = CASES[tool]
    folder = Path(os.path.realpath(home)) / "work"
    folder.mkdir()
    (folder / file).write_text(text)
    for argv in commands:
        subprocess.run([workflow_tools / argv[0], *argv[1:]], cwd=folder, check=True, capture_output=True)
    engine = engines(notebook_root=str(folder))
    found = engine.find(name)
    assert (found.tool, found.project, found.kind, found.adopted, found.managed) == (
        tool,
        str(folder),
        "venv",
        False,
        False,
    )
    if tool == "hatch":
        assert engine.find("demo/default").project == str(folder)
    with pytest.raises(Conflict) as refused:
        engine.register(found.id, Register())
    assert refused.value.reason == "adoption_needed"
    assert kernels.specs() == []
    done(engine, engine.register(found.id, Register(adopt=True)))
    assert [k.display_name for k in engine.find(name).kernels] == [f"Python ({name})"]
    assert kernels.specs()[0].content["argv"][0] == f"{found.prefix}/bin/python"
