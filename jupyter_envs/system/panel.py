"""Whether the panel in JupyterLab is installed, and why not."""

from __future__ import annotations

import os

from jupyter_core.paths import jupyter_path
from msgspec import Struct

from jupyter_envs.system.reading import read_json

NAME = "jupyter-envs"


class MissingPanel(Struct, frozen=True):
    """`why` is a sentence, `command` what adds the panel in a shell; both come from the installation."""

    why: str
    command: str


def missing_panel() -> MissingPanel | None:
    """Return why JupyterLab shows no panel of ours, or None where it is installed."""
    for folder in jupyter_path("labextensions"):
        path = os.path.join(folder, NAME, "package.json")
        if not os.path.isfile(path):
            continue
        try:
            notice = read_json(path).get("jupyter_envs")
            return MissingPanel(str(notice["why"]), str(notice["command"])) if notice else None
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            return MissingPanel(f"{path} cannot be read.", "pip install --force-reinstall --no-deps jupyter_envs")
    return MissingPanel(
        "No extension of JupyterLab was installed with the package.",
        "pip install --force-reinstall --no-deps jupyter_envs",
    )
