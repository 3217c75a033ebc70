"""Kernels whose environment is gone, through REST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir


def _kernel(name: str, prefix: Path) -> None:
    folder = Path(jupyter_data_dir(), "kernels", name)
    folder.mkdir(parents=True)
    spec = {
        "argv": [str(prefix / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name.title(),
        "language": "python",
        "metadata": {"jupyter_envs": {"prefix": str(prefix)}},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


async def test_they_are_listed_and_deleted(call: Any, tmp_path: Path) -> None:
    _kernel("lost", tmp_path / "lost")
    _kernel("away", tmp_path / "disk/away")
    listed = (await call("GET", "kernels/gone")).json["kernels"]
    shown = {each["name"]: (each["display_name"], each["prefix"], each["mounted"]) for each in listed}
    assert shown == {
        "lost": ("Lost", str(tmp_path / "lost"), True),
        "away": ("Away", str(tmp_path / "disk/away"), False),
    }
    pruned = (await call("DELETE", "kernels/gone")).json
    assert pruned["removed"] == ["lost"]
    assert [each["name"] for each in pruned["kernels"]] == ["away"]
    assert (await call("DELETE", "kernels/gone?unmounted=true")).json == {"kernels": [], "removed": ["away"]}
