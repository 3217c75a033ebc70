"""A requirements file of some two hundred pinned packages, from the request to the environment, against uv by hand."""

from __future__ import annotations

import itertools
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from jupyter_envs.backends.uv import uv
from jupyter_envs.system import toml
from tests.bench.create import clock
from tests.bench.stage import Server, call, server, table

# What these need comes along, so that it is some two hundred in all.
NAMES = [
    *("jupyterlab", "pandas", "scikit-learn", "matplotlib", "sympy", "networkx", "bokeh", "dask[distributed]"),
    *("sphinx", "django", "flask", "fastapi", "httpx[http2,socks]", "aiohttp", "sqlalchemy", "pytest", "hypothesis"),
    *(
        "tox",
        "ruff",
        "mypy",
        "statsmodels",
        "mkdocs",
        "rich",
        "typer",
        "click",
        "boto3",
        "scrapy",
        "openpyxl",
        "seaborn",
    ),
]
_numbers = itertools.count()


def measure(rounds: int) -> None:
    # Compiling what was installed, at low priority, would disturb whatever is measured meanwhile.
    with server("--Settings.default_manager=uv", "--Settings.compile_after=False") as running:
        base = next(i["path"] for i in running.ask("GET", "interpreters")["interpreters"] if i["default"])
        file = Path(running.home, "requirements.txt")
        file.write_text("\n".join([*NAMES, "ipykernel", "pip"]))
        locked = compiled(running, base, file)
        packages = toml.parse(locked)["packages"]
        pinned = "".join(f"{package['name']}=={package['version']}\n" for package in packages)
        file.write_text(pinned)
        hand = "uv by hand: uv venv, uv pip sync"
        rows: dict[str, list[float]] = {hand: [], "POST requirements.txt, until the job's end": []}
        rows["POST pylock.toml, until the job's end"] = []
        by_hand(running, base, file)
        for _ in range(rounds):
            running.ready()
            rows[hand].append(clock(lambda: by_hand(running, base, file)))
            for name, text in (("requirements.txt", pinned), ("pylock.toml", locked)):
                running.ready()
                source = {"format": name, "text": text}
                rows[f"POST {name}, until the job's end"].append(
                    clock(lambda: running.create(name=f"i{next(_numbers)}", **{"from": source}))  # noqa: B023
                )
        table(f"New environment from {len(packages)} pinned packages, warm", rows, hand)


def by_hand(running: Server, base: str, file: Path) -> None:
    prefix = Path(running.home, f"sync{next(_numbers)}")
    call([uv(), "venv", "--python", base, prefix], running.environ)
    call([uv(), "pip", "sync", "--python", prefix / "bin" / "python", file], running.environ)


def compiled(running: Server, base: str, file: Path) -> str:
    # A month old: what came out today may not be on every mirror yet.
    before = f"{datetime.now(timezone.utc) - timedelta(days=30):%Y-%m-%d}"
    options = ["--quiet", "--format", "pylock.toml", "--exclude-newer", before, "--python", base]
    argv = [uv(), "pip", "compile", *options, file]
    done = subprocess.run(argv, capture_output=True, text=True, env=running.environ)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout
