"""Warm a new environment, so that the kernels of its copies start like those of an old one."""

from __future__ import annotations

import json
import os
import subprocess

from jupyter_envs.engine.kinds.base import Draft
from jupyter_envs.engine.task import Context
from jupyter_envs.model.errors import Failed
from jupyter_envs.system import temporary
from jupyter_envs.system.process import clean_environment

WARM_LIMIT = 120.0


def warm(draft: Draft, context: Context) -> None:
    """Start the kernel of `draft` once, so that what it imports is compiled.

    Raises:
        Failed: no kernel answered; the environment is no good as a template.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    context.step("warm")
    with temporary.folder() as home:
        spec = {"argv": draft.argv, "env": draft.env, "display_name": "template", "language": draft.language}
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
            raise Failed(f"{draft.argv[0]} as a kernel did not answer: {error}.", reason="warm_failed") from None
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        if reply["content"]["status"] != "ok":
            raise Failed(f"{draft.argv[0]} as a kernel did not answer.", reason="warm_failed")
