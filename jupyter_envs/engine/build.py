"""Make an environment from nothing, and warm it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence

from jupyter_envs.backends.base import Backend, Installer
from jupyter_envs.engine.install import Installation
from jupyter_envs.engine.task import Context
from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import Failed
from jupyter_envs.model.request import Requirement
from jupyter_envs.system.files import remove_tree
from jupyter_envs.system.metadata import dist_infos
from jupyter_envs.system.paths import python_of
from jupyter_envs.system.process import clean_environment, run

WARM_LIMIT = 120.0


def base_requirements(pip: bool, kernel: bool) -> list[Requirement]:
    """What every environment starts with: ipykernel for a kernel, pip for notebooks that call it."""
    names = [*(["ipykernel"] if kernel else []), *(["pip"] if pip else [])]
    return [Requirement(line=name, name=name) for name in names]


def make(
    backend: Backend,
    installer: Installer,
    python: Interpreter,
    prefix: str,
    prompt: str,
    requirements: Sequence[Requirement],
    pip: bool,
    context: Context,
) -> None:
    """Make an environment at `prefix` with `requirements`; nothing is left of it after an error.

    Raises:
        Failed: the manager could not make it; the interpreter may be broken.
        EnvsError: as `Installation.fill` does.
    """
    context.step("create")
    try:
        argv = backend.create_argv(prefix, python, pip=pip, prompt=prompt)
        done = run(
            argv,
            env=clean_environment({"UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}),
            cwd=tempfile.gettempdir(),
            on_line=lambda stream, text: context.line(text, "out" if stream == "out" else "err"),
            cancelled=context.cancelled,
        )
        if done.code or not os.path.exists(python_of(prefix)):
            raise Failed(
                f"{backend.title} could not make an environment on {python.path}.",
                hint="`jupyter envs interpreters --refresh` shows which Pythons work; choose another one.",
                reason="create_failed",
                detail=f"{done.out}\n{done.err}".strip()[-4000:],
            )
        there = dist_infos(prefix)
        # venv and virtualenv bring a pip of their own; the index need not give another.
        missing = [r for r in requirements if r.name not in there]
        if missing:
            Installation(installer).fill(prefix, missing, context)
    except BaseException:
        remove_tree(prefix)
        raise


def warm(prefix: str, context: Context) -> None:
    """Start a kernel in the environment at `prefix` once, so that what a kernel imports is compiled.

    Raises:
        Failed: no kernel answered; the environment is no good as a template.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    context.step("warm")
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-") as home:
        spec = {
            "argv": [os.fspath(python_of(prefix)), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "template",
            "language": "python",
        }
        os.mkdir(os.path.join(home, "template"))
        with open(os.path.join(home, "template", "kernel.json"), "w", encoding="utf-8") as file:
            json.dump(spec, file)
        specs = KernelSpecManager(kernel_dirs=[home], ensure_native_kernel=False)
        manager = KernelManager(kernel_name="template", kernel_spec_manager=specs)
        # Null devices: this runs in servers and on terminals whose output is not ours.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        manager.start_kernel(env=clean_environment({"IPYTHONDIR": home}), cwd=home, **quiet)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=WARM_LIMIT)
            reply = client.execute_interactive("1 + 1", timeout=WARM_LIMIT, output_hook=lambda _: None)
        except (RuntimeError, TimeoutError) as error:
            raise Failed(f"A kernel in {prefix} did not answer: {error}.", reason="warm_failed") from None
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        if reply["content"]["status"] != "ok":
            raise Failed(f"A kernel in {prefix} did not answer.", reason="warm_failed")
