"""Kernels in conda environments: activated as conda does it, Python's and those of other languages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.request import Change, Create
from tests.channel.fixture import Channel
from tests.engine.world import done, settle
from tests.real.conda_home import settle_conda
from tests.real.test_kernel_starts import start

pytestmark = pytest.mark.slow

ABOUT = """
import json, os, shutil, sys, subprocess
shell = lambda line: subprocess.run(line, shell=True, capture_output=True, text=True).stdout.strip()
print(json.dumps({
    "prefix": sys.prefix,
    "variables": {k: v for k, v in os.environ.items() if k.startswith(("CONDA", "DEMO", "VIRTUAL", "MAMBA"))},
    "which": [shutil.which(name) for name in ("python", "pip", "demo-tool")],
    "shell": shell("python -c 'import sys; print(sys.prefix)'"),
    "path": os.environ["PATH"].split(os.pathsep),
}))
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, channel: Channel) -> Iterator[Engine]:
    """An engine whose home has one conda environment with a kernel, `demo`."""
    folder = tmp_path_factory.mktemp("conda-kernels")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder / "home")
        settle_conda(patch, folder / "home", channel)
        made = Engine(Settings(root=str(folder / "envs"), state_dir=str(folder / "state"), templates=False))
        done(made, made.create(Create(name="demo", manager="conda", packages=["demo-activate <2", "small"])))
        yield made
        made.close()


def about(name: str) -> Any:
    return json.loads(start(name, ABOUT).strip().splitlines()[-1])


def kernel_of(engine: Engine, name: str, language: str = "python") -> str:
    return next(kernel.name for kernel in engine.find(name).kernels if kernel.language == language)


def test_activated(engine: Engine) -> None:
    prefix = engine.find("demo").prefix
    told = about(kernel_of(engine, "demo"))
    assert told["prefix"] == told["shell"] == prefix
    assert told["which"] == [f"{prefix}/bin/python", f"{prefix}/bin/pip", f"{prefix}/share/demo/bin/demo-tool"]
    assert told["path"][:2] == [f"{prefix}/share/demo/bin", f"{prefix}/bin"]
    # Behind the environment's own programs a pip for those that have none.
    assert told["path"][2].endswith("/pip")
    assert told["path"][3:] == os.environ["PATH"].split(os.pathsep)
    assert told["variables"] == {
        "CONDA_PREFIX": prefix,
        "CONDA_DEFAULT_ENV": "demo",
        "CONDA_PROMPT_MODIFIER": "(demo) ",
        "CONDA_SHLVL": "1",
        "DEMO_FROM_JSON": "yes",
        "DEMO_HOME": f"{prefix}/share/demo",
        "DEMO_OLD": "yes",
        "DEMO_PRICE": "5 ${USD} $$",
        "DEMO_VERSION": "1.0",
    }


def test_shell_escapes(engine: Engine) -> None:
    said = start(kernel_of(engine, "demo"), "!small\n!demo-tool\n!python -c 'import sys; print(sys.prefix)'")
    prefix = engine.find("demo").prefix
    assert [line.strip() for line in said.strip().splitlines()[-3:]] == ["2.0", "demo-tool 1.0", prefix]


def test_refreshed_after_a_change(engine: Engine) -> None:
    done(engine, engine.create(Create(name="changing", manager="conda", packages=["demo-activate <2"])))
    name = kernel_of(engine, "changing")
    assert about(name)["variables"]["DEMO_VERSION"] == "1.0"
    done(engine, engine.change("changing", Change(install=["demo-activate >=2"])))
    variables = about(name)["variables"]
    assert variables["DEMO_VERSION"] == "2.0"
    assert "DEMO_OLD" not in variables
    done(engine, engine.change("changing", Change(remove=["demo-activate"])))
    assert not [variable for variable in about(name)["variables"] if variable.startswith("DEMO")]
    done(engine, engine.remove("changing"))


def test_the_older_python(engine: Engine, channel: Channel) -> None:
    oldest = min(channel.pythons, key=lambda version: tuple(map(int, version.split("."))))
    done(engine, engine.create(Create(name="older", manager="conda", python=oldest)))
    said = start(kernel_of(engine, "older"), "import platform; print(platform.python_version())")
    assert said.strip().endswith(oldest)
    done(engine, engine.remove("older"))


def test_a_prefix_of_ones_own(engine: Engine, tmp_path: Path) -> None:
    prefix = tmp_path / "Grüße ${USER}" / "env"
    done(engine, engine.create(Create(prefix=str(prefix), manager="conda", packages=["demo-activate"])))
    told = about(engine.find(str(prefix)).kernels[0].name)
    assert told["prefix"] == told["shell"] == told["variables"]["CONDA_PREFIX"] == str(prefix)
    assert told["variables"]["DEMO_HOME"] == f"{prefix}/share/demo"


def converse(name: str) -> Iterator[Any]:
    """A manager and a client of the kernel called `name`."""
    manager = KernelManager(kernel_name=name)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(120)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def interrupted(name: str, endless: str, then: str) -> str:
    """What `then` prints in the kernel called `name` after `endless`, which prints first, was interrupted there."""
    heard: list[str] = []
    for manager, client in converse(name):
        # Else a kernel may drop what comes right after the error.
        asked = client.execute(endless, stop_on_error=False)
        while client.get_iopub_msg(120)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(120))["parent_header"]["msg_id"] != asked:
            pass
        assert reply["content"]["status"] == "error"
        client.execute_interactive(then, timeout=120, output_hook=lambda m: heard.append(m["content"].get("text", "")))
    return "".join(heard)


def test_interrupt(engine: Engine) -> None:
    endless = "import time\nprint('up', flush=True)\ntime.sleep(600)"
    assert "still here" in interrupted(kernel_of(engine, "demo"), endless, "print('still here')")


def test_a_kernel_of_another_language(engine: Engine) -> None:
    """Nothing of Python is in it, and nothing is added: the kernelspec that it ships is registered."""
    done(engine, engine.create(Create(name="shell", manager="conda", packages=["shell-kernel", "demo-activate"])))
    environment = engine.find("shell")
    assert [(kernel.language, "Shell" in kernel.display_name) for kernel in environment.kernels] == [("sh", True)]
    assert not os.path.exists(f"{environment.prefix}/bin/python")
    (kernel,) = environment.kernels
    said = start(kernel.name, 'echo "$CONDA_PREFIX $DEMO_VERSION $SHELL_KERNEL"; command -v shell-kernel')
    assert said.split("\n")[:2] == [
        f"{environment.prefix} 2.0 from its own spec",
        f"{environment.prefix}/bin/shell-kernel",
    ]
    assert "still here" in interrupted(kernel.name, "echo up; sleep 600", "echo still here")
    done(engine, engine.remove("shell"))
    assert kernel.name not in os.listdir(f"{os.environ['JUPYTER_DATA_DIR']}/kernels")


def test_two_kernels_in_one_environment(engine: Engine) -> None:
    done(engine, engine.create(Create(name="both", manager="conda", packages=["python", "shell-kernel"])))
    kernels = {kernel.language: kernel for kernel in engine.find("both").kernels}
    assert set(kernels) == {"python", "sh"}
    prefix = engine.find("both").prefix
    assert start(kernels["sh"].name, "echo $CONDA_PREFIX").strip() == prefix
    assert about(kernels["python"].name)["prefix"] == prefix
    done(engine, engine.change("both", Change(remove=["shell-kernel"])))
    assert [kernel.language for kernel in engine.find("both").kernels] == ["python"]
    done(engine, engine.remove("both"))
