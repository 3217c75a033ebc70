"""What other machines build an environment from: a Dockerfile, a development container, a job of GitHub Actions.

What conda brought is solved and installed by conda there, in an image that holds it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jupyter_envs.formats import environment_yml
from jupyter_envs.formats.base import FileFormat, Installed
from jupyter_envs.formats.requirements import write_elsewhere
from jupyter_envs.model.env import Package

_NEWEST = "3"
# The slim image has none, and pip calls it for what comes from a repository.
_GIT = """\
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
"""
_CONDA_IMAGE = "condaforge/miniforge3"
# Where conda puts the environment in an image.
_PREFIX = "/opt/env"
_JUPYTERLAB = ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
_NOTEBOOKS = "find . -name '*.ipynb' -not -path '*/.*' -print0 | xargs -0 -r -n 1 jupyter execute"


def dockerfile(installed: Installed) -> dict[str, str]:
    """An image that starts JupyterLab with what is installed."""
    if installed.by_conda:
        # By `conda run`, so that what the packages set at their activation is set.
        run = ["conda", "run", "--no-capture-output", "--prefix", _PREFIX]
        text = f"""\
FROM {_CONDA_IMAGE}
COPY environment.yml /tmp/environment.yml
RUN conda env create --yes --prefix {_PREFIX} --file /tmp/environment.yml && conda clean --all --yes
{_served_by([*run, *_JUPYTERLAB])}"""
        return {"Dockerfile": text, "environment.yml": environment_yml.write_elsewhere(installed, "jupyterlab")}
    text = f"""\
FROM python:{_minor(installed)}-slim
{_GIT if any(_of_git(package) for package in installed.packages) else ""}COPY requirements.txt /tmp/requirements.txt
RUN python -m pip install --no-cache-dir -r /tmp/requirements.txt jupyterlab
{_served_by(_JUPYTERLAB)}"""
    return {"Dockerfile": text, "requirements.txt": write_elsewhere(installed)}


def devcontainer(installed: Installed) -> dict[str, str]:
    """A development container (containers.dev) with what is installed."""
    vscode: dict[str, Any] = {"extensions": ["ms-python.python", "ms-toolsai.jupyter"]}
    if installed.by_conda:
        image = _CONDA_IMAGE
        name, text = "environment.yml", environment_yml.write_elsewhere(installed, *_kernel(installed))
        command = f"conda env create --yes --prefix {_PREFIX} --file .devcontainer/{name}"
        vscode["settings"] = {"python.defaultInterpreterPath": f"{_PREFIX}/bin/python"}
    else:
        image = f"mcr.microsoft.com/devcontainers/python:{_minor(installed)}"
        name, text = "requirements.txt", write_elsewhere(installed)
        command = f"python -m pip install -r .devcontainer/{name} ipykernel"
    content = {
        "name": installed.name,
        "image": image,
        "postCreateCommand": command,
        "customizations": {"vscode": vscode},
    }
    return {
        ".devcontainer/devcontainer.json": json.dumps(content, indent=2, ensure_ascii=False) + "\n",
        f".devcontainer/{name}": text,
    }


def actions(installed: Installed) -> dict[str, str]:
    """A job of GitHub Actions that installs what is installed and runs each notebook of the repository."""
    if installed.by_conda:
        name, text = "environment.yml", environment_yml.write_elsewhere(installed, "nbclient", *_kernel(installed))
        # A login shell is where the action has the environment activated.
        shell = "    defaults:\n      run:\n        shell: bash -el {0}\n"
        steps = f"""\
      - uses: conda-incubator/setup-miniconda@v3
        with:
          miniforge-version: latest
          environment-file: {name}
          activate-environment: {json.dumps(installed.name, ensure_ascii=False)}
"""
    else:
        name, text = "requirements.txt", write_elsewhere(installed)
        shell = ""
        steps = f"""\
      - uses: actions/setup-python@v5
        with:
          python-version: "{_minor(installed)}"
          cache: pip
      - run: python -m pip install -r {name} nbclient ipykernel
"""
    if installed.python or not installed.by_conda:
        last = f"""\
      # Whichever kernel a notebook was written with, here it is this Python's.
      - run: {_NOTEBOOKS} --kernel_name=python3
"""
    else:
        last = f"      - run: {_NOTEBOOKS}\n"
    workflow = f"""\
name: Notebooks
on: [push, pull_request]
permissions:
  contents: read
jobs:
  notebooks:
    runs-on: ubuntu-latest
{shell}    steps:
      - uses: actions/checkout@v4
{steps}{last}"""
    return {".github/workflows/notebooks.yml": workflow, name: text}


def _served_by(command: list[str]) -> str:
    return f"""\
RUN useradd --create-home jovyan
USER jovyan
WORKDIR /home/jovyan
EXPOSE 8888
CMD {json.dumps(command)}
"""


def _kernel(installed: Installed) -> list[str]:
    """What a notebook needs there besides; an environment without Python has a kernel of its own."""
    return ["ipykernel"] if installed.python else []


def _of_git(package: Package) -> bool:
    return (package.url or "").startswith("git+")


def _minor(installed: Installed) -> str:
    found = re.match(r"\d+\.\d+", installed.python or "")
    return found.group() if found else _NEWEST


DOCKERFILE = FileFormat(
    name="dockerfile", title="Dockerfile, an image with JupyterLab", filename="docker", folder=dockerfile
)
DEVCONTAINER = FileFormat(
    name="devcontainer", title="Development container", filename="devcontainer", folder=devcontainer
)
ACTIONS = FileFormat(
    name="github-actions", title="GitHub Actions job that runs the notebooks", filename="actions", folder=actions
)
