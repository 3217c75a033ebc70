"""What other machines build an environment from: a Dockerfile, a development container, a job of GitHub Actions."""

from __future__ import annotations

import json
import re

from jupyter_envs.formats.base import FileFormat, Installed
from jupyter_envs.formats.requirements import write_elsewhere
from jupyter_envs.model.env import Package

_NEWEST = "3"
# The slim image has none, and pip calls it for what comes from a repository.
_GIT = """\
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
"""


def dockerfile(installed: Installed) -> dict[str, str]:
    """An image that starts JupyterLab with what is installed."""
    text = f"""\
FROM python:{_minor(installed)}-slim
{_GIT if any(_of_git(package) for package in installed.packages) else ""}COPY requirements.txt /tmp/requirements.txt
RUN python -m pip install --no-cache-dir -r /tmp/requirements.txt jupyterlab
RUN useradd --create-home jovyan
USER jovyan
WORKDIR /home/jovyan
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
"""
    return {"Dockerfile": text, "requirements.txt": write_elsewhere(installed)}


def devcontainer(installed: Installed) -> dict[str, str]:
    """A development container (containers.dev) with what is installed."""
    content = {
        "name": installed.name,
        "image": f"mcr.microsoft.com/devcontainers/python:{_minor(installed)}",
        "postCreateCommand": "python -m pip install -r .devcontainer/requirements.txt ipykernel",
        "customizations": {"vscode": {"extensions": ["ms-python.python", "ms-toolsai.jupyter"]}},
    }
    return {
        ".devcontainer/devcontainer.json": json.dumps(content, indent=2, ensure_ascii=False) + "\n",
        ".devcontainer/requirements.txt": write_elsewhere(installed),
    }


def actions(installed: Installed) -> dict[str, str]:
    """A job of GitHub Actions that installs what is installed and runs each notebook of the repository."""
    text = f"""\
name: Notebooks
on: [push, pull_request]
permissions:
  contents: read
jobs:
  notebooks:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "{_minor(installed)}"
          cache: pip
      - run: python -m pip install -r requirements.txt nbclient ipykernel
      # Whichever kernel a notebook was written with, here it is this Python's.
      - run: find . -name '*.ipynb' -not -path '*/.*' -print0 | xargs -0 -r -n 1 jupyter execute --kernel_name=python3
"""
    return {".github/workflows/notebooks.yml": text, "requirements.txt": write_elsewhere(installed)}


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
