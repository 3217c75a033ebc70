"""Isolated environments as Jupyter kernels: create, find, change, reproduce, repair."""

from __future__ import annotations

from typing import Any

from jupyter_envs._version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    # Imported here: `import jupyter_envs` alone, as the command line does it, needs no server.
    from jupyter_envs.server.app import EnvsApp

    return [{"module": "jupyter_envs", "app": EnvsApp}]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext jupyter_envs`: the magics, in a kernel that was not registered with them."""
    from jupyter_envs.magic.kernel import load

    load(shell=shell)
