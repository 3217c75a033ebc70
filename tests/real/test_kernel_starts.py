"""Kernels started from their specs alone, by programs that know nothing of us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.errors import Conflict
from jupyter_envs.model.request import Change, Clone, Create, Update
from tests.engine.world import done, settle

pytestmark = pytest.mark.slow

# A bare client: our package cannot be imported there.
CLIENT = """
import sys
sys.modules["jupyter_envs"] = None
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name=sys.argv[1])
def show(message):
    if message["msg_type"] == "stream":
        print(message["content"]["text"], end="")
    elif message["msg_type"] == "error":
        print("\\n".join(message["content"]["traceback"]))
try:
    client.execute_interactive(sys.argv[2], timeout=120, output_hook=show)
    if len(sys.argv) > 3:
        print("up", flush=True)
        sys.stdin.read()
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""

ABOUT = """
import json, os, shutil, sys
print(json.dumps({
    "prefix": sys.prefix,
    "python": shutil.which("python"),
    "pip": shutil.which("pip"),
    "env": os.environ.get("VIRTUAL_ENV"),
    "pythonpath": os.environ.get("PYTHONPATH"),
    "names": sorted(name for name in globals() if "envs" in name.lower()),
    "shell": os.path.realpath(os.popen("python -c 'import sys; print(sys.prefix)'").read().strip()),
    "pip_shell": os.popen("pip --version").read(),
}))
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose home holds one environment with a kernel, `demo`."""
    folder = tmp_path_factory.mktemp("kernels")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder / "home")
        made = Engine(Settings(root=str(folder / "envs"), state_dir=str(folder / "state"), templates=False))
        done(made, made.create(Create(name="demo")))
        yield made
        made.close()


def start(name: str, code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", CLIENT, name, code], capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def about(name: str) -> Any:
    return json.loads(start(name, ABOUT).strip().splitlines()[-1])


def is_activated(engine: Engine, environment: str, kernel: str) -> None:
    prefix = engine.find(environment).prefix
    told = about(kernel)
    assert told["prefix"] == told["env"] == told["shell"] == prefix
    assert told["python"] == f"{prefix}/bin/python"
    assert told["pip"] == f"{prefix}/bin/pip"
    assert prefix in told["pip_shell"]
    assert told["pythonpath"] is None
    assert told["names"] == []


def test_a_bare_client(engine: Engine) -> None:
    is_activated(engine, "demo", "demo")


def test_shell_escapes(engine: Engine) -> None:
    prefix = engine.find("demo").prefix
    said = start("demo", "!python -c 'import sys; print(sys.prefix)'\n!pip --version\n!command -v python")
    first, second, third = said.strip().splitlines()[-3:]
    assert first.strip() == prefix
    assert prefix in second
    assert third.strip() == f"{prefix}/bin/python"


def test_pip_in_a_notebook_installs_into_the_environment(engine: Engine, tmp_path: Path) -> None:
    from tests.engine.wheels import wheel_file

    local = wheel_file(tmp_path, "local", "1.0")
    start("demo", f"!pip install --no-index {local}")
    assert "local" in {package.name for package in engine.packages("demo")}
    done(engine, engine.change("demo", Change(remove=["local"])))
    assert engine.history("demo")[1].by == "outside"


def notebook(path: Path, source: str) -> Path:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_nbconvert(engine: Engine, tmp_path: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", "import sys; print(sys.prefix)")
    argv = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    argv += ["--ExecutePreprocessor.kernel_name=demo", str(path)]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stderr
    (output,) = json.loads(path.read_text())["cells"][0]["outputs"]
    assert "".join(output["text"]).strip() == engine.find("demo").prefix


def test_after_a_rename_and_a_copy(engine: Engine) -> None:
    done(engine, engine.create(Create(name="first")))
    done(engine, engine.clone("first", Clone(name="second")))
    done(engine, engine.update("first", Update(name="third")))
    is_activated(engine, "second", "second")
    is_activated(engine, "third", "first")
    done(engine, engine.remove("third"))
    is_activated(engine, "second", "second")
    done(engine, engine.remove("second"))


def test_a_running_one_is_not_removed_under_its_user(engine: Engine) -> None:
    done(engine, engine.create(Create(name="busy")))
    argv = [sys.executable, "-u", "-c", CLIENT, "busy", "print('hello')", "stay"]
    user = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert user.stdout
    try:
        assert "hello" in user.stdout.readline()
        for ask in (lambda: engine.remove("busy"), lambda: engine.update("busy", Update(name="x"))):
            with pytest.raises(Conflict) as caught:
                ask()
            assert caught.value.reason == "kernel_running"
    finally:
        user.communicate("", timeout=120)
    done(engine, engine.remove("busy"))
    assert not os.path.exists(f"{os.environ['JUPYTER_DATA_DIR']}/kernels/busy")


@pytest.mark.parametrize("which", ["oldest", "newest"])
@pytest.mark.parametrize("manager", ["venv", "virtualenv"])
def test_each_manager_on_the_oldest_and_the_newest_python(engine: Engine, which: str, manager: str) -> None:
    usable = [i for i in engine.interpreters() if i.supported and i.implementation == "CPython"]
    python = usable[-1] if which == "oldest" else usable[0]
    done(engine, engine.create(Create(name=f"{manager}-{which}", manager=manager, python=python.path)))
    is_activated(engine, f"{manager}-{which}", f"{manager}-{which}")


def test_the_kernel_outlives_our_install(engine: Engine) -> None:
    """Whoever made the environment may be gone, with all that it wrote into it."""
    import shutil

    done(engine, engine.create(Create(name="orphan")))
    shutil.rmtree(Path(engine.find("orphan").prefix, ".jupyter-envs"))
    assert "1024" in start("orphan", "print(2**10)")


def test_a_prefix_with_odd_letters(engine: Engine, tmp_path: Path) -> None:
    prefix = tmp_path / "Grüße, ${USER} & 'co'" / "env-1"
    done(engine, engine.create(Create(prefix=str(prefix))))
    found = engine.find(str(prefix))
    told = about(found.kernels[0].name)
    assert told["prefix"] == told["env"] == str(prefix)
    assert told["python"] == f"{prefix}/bin/python"
    assert str(prefix) in told["pip_shell"]
