"""``%envinstall six`` against ``%pip install six``, both in a running kernel, everything in the caches."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

from tests.bench.stage import server, table


def measure(rounds: int) -> None:
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    with server() as running:
        running.ready()
        kernel = running.create(name="magic")["kernels"][0]["name"]
        specs = KernelSpecManager(kernel_dirs=[os.path.join(running.environ["JUPYTER_DATA_DIR"], "kernels")])
        manager = KernelManager(kernel_name=kernel, kernel_spec_manager=specs)
        manager.start_kernel(env=running.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client: Any = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)

        def cell(code: str) -> float:
            start = time.perf_counter()
            reply = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
            took = time.perf_counter() - start
            if reply["content"]["status"] != "ok":
                raise SystemExit(reply["content"])
            return took

        rows: dict[str, list[float]] = {"%envinstall six (limit 0.5 s)": [], "%pip install six": []}
        for code in ("%envinstall six", "%envremove six", "%pip install six", "%envremove six"):
            cell(code)
        for _ in range(rounds):
            rows["%envinstall six (limit 0.5 s)"].append(cell("%envinstall six"))
            cell("%envremove six")
            rows["%pip install six"].append(cell("%pip install six"))
            cell("%envremove six")
        table("In the notebook", rows, "%pip install six")
        client.stop_channels()
        manager.shutdown_kernel(now=True)
