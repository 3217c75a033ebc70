"""The kernels of a conda environment: Python's, and each kernelspec that its packages brought."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_envs.engine.kinds.base import Draft
from jupyter_envs.model.env import Own
from jupyter_envs.system import conda_activate
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import read_json

# Packages that bring a kernel of their own, so that a Python with ipykernel is not what is meant.
_KERNELS = re.compile(r"(.*::)?\s*(r-irkernel|xeus-[a-z0-9-]+|[a-z0-9-]+[-_]kernel|[a-z0-9]+-kernel)(?![A-Za-z0-9_.-])")
_INTERRUPTS = ("signal", "message")


def bring_their_own(specs: Iterable[str]) -> bool:
    """Whether the match specs ask for a kernel of another language, and for no Python."""
    texts = [spec.strip().lower() for spec in specs]
    python = any(re.match(r"(.*::)?\s*(python|ipykernel)(?![a-z0-9_.-])", text) for text in texts)
    return not python and any(_KERNELS.match(text) for text in texts)


def shipped(tree: str) -> list[str]:
    """The names of the kernelspecs in the environment at `tree`."""
    top = os.path.join(tree, "share", "jupyter", "kernels")
    try:
        return sorted(n for n in os.listdir(top) if os.path.isfile(os.path.join(top, n, "kernel.json")))
    except OSError:
        return []


def drafts(tree: Own, prefix: str, client: str | None = None) -> list[Draft]:
    """A draft for each kernelspec that the environment ships, Python's own first; one that cannot be read is left out.

    `tree` is where the environment lies now, `prefix` where it will be. A spec's
    argv is kept, a program that it names without a path taken from the environment;
    its variables are merged over those of the activation.
    """
    env = conda_activate.activation(prefix, tree, client=client)
    found = [draft for name in shipped(tree) if (draft := _draft(tree, prefix, name, env))]
    return sorted(found, key=lambda draft: not draft.magic)


def _draft(tree: str, prefix: str, name: str, env: dict[str, str]) -> Draft | None:
    folder = Path(tree, "share", "jupyter", "kernels", name)
    try:
        said = read_json(folder / "kernel.json")
        argv = [_moved(str(part), tree, prefix) for part in said["argv"]]
        own = {str(k): _moved(str(v), tree, prefix) for k, v in (said.get("env") or {}).items()}
        metadata = dict(said.get("metadata") or {})
        first, title = argv[0], str(said.get("display_name") or name)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    python = "ipykernel_launcher" in argv
    # Under the server's own folder of kernelspecs it would mean that one.
    home = _moved(str(folder), tree, prefix)
    interrupt: Any = said.get("interrupt_mode")
    return Draft(
        name="python" if python else name,
        title="Python" if python else title,
        language=str(said.get("language") or "").lower() or "unknown",
        argv=[_program(first, tree, prefix), *(part.replace("{resource_dir}", home) for part in argv[1:])],
        env={**env, **own},
        interrupt_mode=interrupt if interrupt in _INTERRUPTS else "signal",
        metadata={"debugger": True, **metadata} if python else metadata,
        magic=python,
        protocol=str(said.get("kernel_protocol_version") or "") or None,
        resources=folder,
    )


def _program(first: str, tree: str, prefix: str) -> str:
    """The kernel's program: jupyter_client takes ``python`` for its own, and PATH may be another's."""
    if os.path.isabs(first):
        return first
    for folder in conda_activate.path_folders(tree):
        for end in ("", ".exe") if WINDOWS else ("",):
            path = os.path.join(folder, first + end)
            if os.path.isfile(path):
                return _moved(path, tree, prefix)
    return first


def _moved(text: str, tree: str, prefix: str) -> str:
    return text if tree == prefix else re.sub(re.escape(tree) + r"(?![A-Za-z0-9._-])", lambda _: prefix, text)
