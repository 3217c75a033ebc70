"""A Jupyter server with our extension, kernels, and the tables that the measurements print."""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TOKEN = "bench"


class Server:
    def __init__(self, home: Path, base: str, process: subprocess.Popen[bytes], environ: dict[str, str]) -> None:
        self.home = home
        self.base = base
        self.process = process
        self.environ = environ
        self.started_in = 0.0

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.base}/jupyter-envs/{path}",
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.loads(answer.read() or b"null")

    def wait(self, job: dict[str, Any]) -> dict[str, Any]:
        while job["state"] in ("queued", "running"):
            # A panel is told; asking every few ms would take half of the server from the job that it waits for.
            time.sleep(0.02)
            job = self.ask("GET", f"jobs/{job['id']}")
        if job["state"] != "succeeded":
            raise SystemExit(f"{job['title']}: {job['error']}")
        return job

    def create(self, **body: Any) -> dict[str, Any]:
        return self.wait(self.ask("POST", "environments", body))["result"]["environment"]

    def remove(self, key: str) -> None:
        self.wait(self.ask("DELETE", f"environments/{key}?force=true"))

    def spares(self) -> int:
        folder = self.home / "data" / "envs" / ".spares"
        return sum(1 for p in folder.glob("*/*") if not p.name.startswith(".")) if folder.is_dir() else 0

    def ready(self, spares: int = 2, seconds: float = 180) -> None:
        """Wait until templates and spares stand."""
        until = time.monotonic() + seconds
        while self.spares() < spares:
            if time.monotonic() > until:
                raise SystemExit("the templates did not come about")
            time.sleep(0.2)


def environment(home: Path) -> dict[str, str]:
    """Our environment with Jupyter's folders in `home`, bytecode allowed, uv's cache as it is."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV")
    return {
        **{k: v for k, v in os.environ.items() if k not in dropped},
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the file system of uv's cache, so that links work as they do for a user."""
    path = Path(tempfile.mkdtemp(prefix=".jupyter-envs-bench-", dir=os.path.expanduser("~")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def server(*options: str, extension: bool = True) -> Iterator[Server]:
    with folder() as home:
        (home / "root").mkdir()
        environ = environment(home)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        enabled = f"--ServerApp.jpserver_extensions=jupyter_envs={extension}"
        argv = [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"),
            *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home / 'root'}", enabled),
            *options,
        ]
        start = time.perf_counter()
        with open(home / "log", "wb") as log:
            process = subprocess.Popen(argv, env=environ, stdout=log, stderr=subprocess.STDOUT)
        found = Server(home, f"http://127.0.0.1:{port}", process, environ)
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(f"{found.base}/api?token={TOKEN}", timeout=2).read()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        raise SystemExit((home / "log").read_text()) from None
                    time.sleep(0.02)
            found.started_in = time.perf_counter() - start
            yield found
        finally:
            while process.poll() is None:
                # A signal that comes while the server still starts is lost.
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)


def first_cell(kernel: str | list[str], environ: dict[str, str]) -> None:
    """Start a kernel, by the name of its spec or by argv, and wait for the answer to its first cell."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    with tempfile.TemporaryDirectory() as specs:
        top = os.path.join(environ["JUPYTER_DATA_DIR"], "kernels")
        if isinstance(kernel, list):
            os.mkdir(os.path.join(specs, "bench"))
            spec = {"argv": kernel, "display_name": "bench", "language": "python"}
            Path(specs, "bench", "kernel.json").write_text(json.dumps(spec))
            kernel, top = "bench", specs
        finder = KernelSpecManager(kernel_dirs=[top], ensure_native_kernel=False)
        manager = KernelManager(kernel_name=kernel, kernel_spec_manager=finder)
        manager.start_kernel(env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=120)
        client.execute_interactive("1 + 1", timeout=120, output_hook=lambda _: None)
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def python_kernel(prefix: Path) -> list[str]:
    return [str(prefix / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def call(argv: list[str | Path], environ: dict[str, str]) -> None:
    subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each of `rounds` calls."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def table(title: str, rows: dict[str, list[float]], against: str | None = None, unit: str = "s") -> None:
    """Print median, minimum and maximum of each row, and the ratio of its median to that of the row `against`."""
    scale = 1000 if unit == "ms" else 1
    base = statistics.median(rows[against]) if against else None
    print(f"\n{title}")
    for name, values in rows.items():
        middle = statistics.median(values)
        ratio = f"   {middle / base:6.2f} ×" if base else ""
        spread = f"{min(values) * scale:.3f} … {max(values) * scale:.3f}"
        print(f"  {name:58} {middle * scale:9.3f} {unit}   ({spread}){ratio}", flush=True)
