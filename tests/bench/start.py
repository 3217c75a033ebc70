"""What the extension adds to the server's start, and how long the command line takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.listing import synthetic
from tests.bench.stage import environment, folder, server, table, timed


def measure(rounds: int) -> None:
    bare = "import jupyter_server.serverapp"
    loaded = bare + "; import jupyter_envs; jupyter_envs._jupyter_server_extension_points()"

    def python(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    for code in (bare, loaded):
        python(code)
    rows = {
        "import jupyter_server.serverapp": timed(lambda: python(bare), rounds * 2),
        "the same, with the extension": timed(lambda: python(loaded), rounds * 2),
    }
    table("Import (the difference may be 50 ms)", rows, "import jupyter_server.serverapp", unit="ms")

    def started(extension: bool) -> float:
        with server(extension=extension) as running:
            return running.started_in

    ready = {
        "start until the first answer, without it": [started(False) for _ in range(rounds)],
        "the same, with the extension": [started(True) for _ in range(rounds)],
    }
    table("Server", ready, "start until the first answer, without it")

    with folder() as home:
        environ = environment(home)
        for n in range(20):
            synthetic(home / "data" / "envs" / f"env{n:02}", 30)
        beside = Path(sys.executable).parent
        path = {**environ, "PATH": f"{beside}{os.pathsep}{environ['PATH']}"}

        def command(*argv: str) -> None:
            subprocess.run([beside / argv[0], *argv[1:]], env=path, check=True, stdout=subprocess.DEVNULL, cwd=home)

        command("jupyter", "envs", "list")
        lists = {
            "jupyter envs list (limit 300 ms)": timed(lambda: command("jupyter", "envs", "list"), rounds * 2),
            "jupyter kernelspec list": timed(lambda: command("jupyter", "kernelspec", "list"), rounds * 2),
        }
        table("Command line, 20 environments", lists, "jupyter kernelspec list", unit="ms")
