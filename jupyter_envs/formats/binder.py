"""A folder for Binder: the files that repo2docker builds an image from."""

from __future__ import annotations

from jupyter_envs.formats import environment_yml, requirements
from jupyter_envs.formats.base import FileFormat, Installed


def folder(installed: Installed) -> dict[str, str]:
    """The files of a Binder folder that brings what is installed."""
    if installed.by_conda:
        return {"binder/environment.yml": environment_yml.write_elsewhere(installed)}
    files = {"requirements.txt": requirements.write_elsewhere(installed)}
    if installed.python:
        files["runtime.txt"] = f"python-{'.'.join(installed.python.split('.')[:2])}\n"
    return {f"binder/{name}": text for name, text in files.items()}


FORMAT = FileFormat(
    name="binder",
    title="Binder folder (repo2docker)",
    filename="binder",
    folder=folder,
)
