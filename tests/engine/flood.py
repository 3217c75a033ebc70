"""Run a job whose command prints 150 MB, and print what it took: a program for a process of its own.

``python flood.py STATE SHAPE`` prints JSON: the growth of the memory in MB, how long lists of the jobs took meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from jupyter_envs.engine.jobs import Jobs
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.model.errors import Failed
from jupyter_envs.system.process import run

SHAPES = {
    "one line": "'x' * 1_000_000",
    "many lines": "'a warning: of no interest to anybody\\n' * 27_000",
    "short lines": "'ab\\n' * 333_000",
    "empty lines": "'\\n' * 1_000_000",
    "progress": "(' 12 % of it is done' + chr(13)) * 50_000",
    "addresses": "'://a/t/' * 140_000",
}


def main(state: str, shape: str) -> None:
    jobs = Jobs(Settings(state_dir=state, root=state + "/envs"), "rest")
    end_by(jobs, asyncio.run(measured(jobs, "'warm'", 10)))
    peak_from_here()
    before = memory()
    job_id, waits = asyncio.run(measured(jobs, SHAPES[shape], 150))
    end_by(jobs, (job_id, waits))
    job = jobs.get(job_id)
    print(
        json.dumps(
            {
                "grown": (peak() - before) / 1e6,
                "waits": sorted(waits),
                "state": job.state,
                "detail": len((job.error and job.error.detail) or ""),
                "log": sum(len(line.text) for line in jobs.log(job_id)),
            }
        )
    )
    jobs.close()


async def measured(jobs: Jobs, part: str, times: int) -> tuple[str, list[float]]:
    def work(context: Context) -> dict[str, object]:
        code = f"import sys\nfor _ in range({times}): sys.stdout.write({part})\nsys.exit(1)"
        done = run(
            [sys.executable, "-c", code],
            on_line=lambda stream, text: context.line(text, "out"),
            cancelled=context.cancelled,
        )
        raise Failed("The build failed.", detail=f"{done.out}\n{done.err}".strip())

    loop, waits = asyncio.get_running_loop(), []
    job = jobs.submit(Task(action="change", title="Build", work=work))
    while not jobs.get(job.id).over:
        begun = time.perf_counter()
        await loop.run_in_executor(None, jobs.list)
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.01)
    return job.id, waits


def end_by(jobs: Jobs, done: tuple[str, list[float]]) -> None:
    while jobs.active():
        time.sleep(0.01)


def memory() -> int:
    return status("VmRSS")


def peak() -> int:
    return status("VmHWM")


def peak_from_here() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
