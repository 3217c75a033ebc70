"""What other machines build from an environment: each file is of the form that they read, and its steps run.

There is no engine for containers here: the steps run in a fresh virtual environment, as they would in the image.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_envs.formats import binder, containers, environment_yml
from jupyter_envs.formats.base import Installed
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.env import Package
from jupyter_envs.system import yaml
from tests.channel.fixture import Channel

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = [
    Package(name="six", version="1.16.0", requested=True),
    Package(name="tool", version="0.1", requested=True, editable=True, url="file:///home/me/tool"),
]
INSTALLED = Installed(packages=PACKAGES, python=f"{PYTHON}.0", name="the 'thesis': \"#1\"")
OF_GIT = Package(name="mine", version="1", url="git+https://git.example/mine@0123456789abcdef0123456789abcdef01234567")
BY_CONDA = [
    Package(name="python", version=f"{PYTHON}.7", build="0_cpython", manager="conda"),
    Package(name="small", version="1.0", build="py_0", manager="conda", requested=True),
]
CONDA = Installed(
    packages=[*BY_CONDA, *PACKAGES],
    python=f"{PYTHON}.7",
    name="thesis",
    channels=["conda-forge"],
    specs={"small": "small >=1", "python": "python"},
    archives=[Exact(url="https://conda.example.org/main/linux-64/python-3.11.7-0_cpython.conda")],
)
CLIENT = os.environ.get("CONDA_EXE", "")
# Those of Docker's reference.
INSTRUCTIONS = {
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 4,
    "metadata": {"kernelspec": {"name": "not-there", "display_name": "Not there", "language": "python"}},
    "cells": [
        {
            "cell_type": "code",
            "metadata": {},
            "source": "import six; open('ran.txt', 'w').write(six.__version__)",
            "outputs": [],
            "execution_count": None,
        }
    ],
}


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile; each stands on a line of its own, as Docker's parser has it."""
    found = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            assert name in INSTRUCTIONS, line
            assert rest.strip(), line
            found.append((name, rest))
    return found


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, str]:
    """The variables of a shell in a fresh virtual environment; its folder is VIRTUAL_ENV."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    dropped = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "JUPYTER_DATA_DIR", "JUPYTER_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    path = f"{tmp_path / 'fresh' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PIP_NO_COMPILE": "1", "PATH": path, "VIRTUAL_ENV": str(tmp_path / "fresh"), "HOME": str(tmp_path)}


def shell(command: str, environ: dict[str, str], folder: Path, name: str = "sh") -> str:
    done = subprocess.run([name, "-e", "-c", command], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def test_a_dockerfile_is_one() -> None:
    files = containers.dockerfile(INSTALLED)
    found = instructions(files["Dockerfile"])
    assert found[0] == ("FROM", f"python:{PYTHON}-slim")
    command = next(rest for name, rest in found if name == "CMD")
    assert json.loads(command)[:2] == ["jupyter", "lab"]
    copied = next(rest.split() for name, rest in found if name == "COPY")
    assert copied[0] in files
    assert any(name == "RUN" and copied[1] in rest for name, rest in found)
    assert "apt-get" not in files["Dockerfile"]
    # The last user is not root: nobody's notebook needs to be.
    assert [rest for name, rest in found if name == "USER"] == ["jovyan"]


def test_what_comes_from_a_repository_finds_git() -> None:
    found = instructions(containers.dockerfile(Installed(packages=[OF_GIT], python="3.12.1"))["Dockerfile"])
    runs = [rest for name, rest in found if name == "RUN"]
    assert "install" in runs[0]
    assert " git " in runs[0]
    assert "pip" in runs[1]


@pytest.mark.parametrize("write", [containers.dockerfile, containers.devcontainer, containers.actions, binder.folder])
def test_what_lies_on_this_machine_alone_is_left_out_and_named(write: object) -> None:
    files = write(INSTALLED)  # type: ignore[operator]
    text = next(text for path, text in files.items() if path.endswith("requirements.txt"))
    assert "six==1.16.0" in text
    assert "/home/me" not in text
    assert text.startswith("# Left out, since they lie on one machine alone: tool\n")


def test_a_development_container_is_one() -> None:
    files = containers.devcontainer(INSTALLED)
    content = json.loads(files[".devcontainer/devcontainer.json"])
    # The schema of containers.dev wants one of these three, and knows these others.
    assert sum(key in content for key in ("image", "build", "dockerComposeFile")) == 1
    assert content.keys() <= {"name", "image", "postCreateCommand", "customizations"}
    assert content["name"] == INSTALLED.name
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:\d+\.\d+", content["image"])
    named = re.findall(r"\S+requirements\.txt", content["postCreateCommand"])
    assert named
    assert set(named) <= files.keys()


def dependencies(files: dict[str, str]) -> list[object]:
    text = next(text for path, text in files.items() if path.endswith("environment.yml"))
    found: list[object] = yaml.parse(text)["dependencies"]
    return found


def test_what_conda_brought_comes_by_conda() -> None:
    """pip's part alone would be another environment."""
    files = containers.dockerfile(CONDA)
    found = instructions(files["Dockerfile"])
    assert found[0] == ("FROM", "condaforge/miniforge3")
    copied = next(rest.split() for name, rest in found if name == "COPY")
    assert files.keys() == {"Dockerfile", copied[0]}
    made = next(rest for name, rest in found if name == "RUN")
    assert f"--file {copied[1]}" in made
    command = json.loads(next(rest for name, rest in found if name == "CMD"))
    assert command[:2] == ["conda", "run"]
    assert command[command.index("--prefix") + 1] in made
    assert command[command.index("jupyter") + 1] == "lab"
    assert [rest for name, rest in found if name == "USER"] == ["jovyan"]
    pinned = [f"python={PYTHON}.7=0_cpython", "small=1.0=py_0"]
    assert dependencies(files) == [*pinned, "jupyterlab", {"pip": ["six==1.16.0"]}]
    assert files["environment.yml"].startswith("# Left out, since they lie on one machine alone: tool\n")
    assert dependencies(binder.folder(CONDA)) == [*pinned, {"pip": ["six==1.16.0"]}]


def test_builds_of_another_system_are_not_asked_for_on_linux() -> None:
    for subdir in ("osx-arm64", "win-64"):
        there = replace(CONDA, archives=[Exact(url=f"https://conda.example.org/main/{subdir}/python-3.11.7-0.conda")])
        told = [part for part in dependencies(containers.dockerfile(there)) if isinstance(part, str)]
        assert told == ["python", "small >=1", "jupyterlab"]
    plain = replace(CONDA, archives=[Exact(url="https://conda.example.org/main/noarch/small-1.0-py_0.conda")])
    assert "small=1.0=py_0" in dependencies(containers.dockerfile(plain))


def test_what_is_there_is_not_asked_for_twice() -> None:
    lab = Package(name="jupyterlab", version="4.5.0", build="0", manager="conda")
    told = dependencies(containers.dockerfile(replace(CONDA, packages=[*BY_CONDA, lab])))
    assert [part for part in told if "jupyterlab" in str(part)] == ["jupyterlab=4.5.0=0"]


def test_a_development_container_of_conda() -> None:
    files = containers.devcontainer(CONDA)
    content = json.loads(files[".devcontainer/devcontainer.json"])
    assert content["image"] == "condaforge/miniforge3"
    assert "--file .devcontainer/environment.yml" in content["postCreateCommand"]
    python = content["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert f"--prefix {python.removesuffix('/bin/python')} " in content["postCreateCommand"]
    assert "ipykernel" in dependencies(files)


def test_a_job_of_conda() -> None:
    files = containers.actions(CONDA)
    document = yaml.parse(files[".github/workflows/notebooks.yml"])
    (job,) = document["jobs"].values()
    # What the action activates, it activates in a login shell alone.
    assert "-el" in job["defaults"]["run"]["shell"].split()
    setup = next(step for step in job["steps"] if "miniconda" in step.get("uses", ""))
    assert setup["with"]["environment-file"] in files
    told = yaml.parse(files["environment.yml"])
    assert setup["with"]["activate-environment"] == told["name"]
    assert {"nbclient", "ipykernel"} <= {part for part in told["dependencies"] if isinstance(part, str)}
    (run,) = [step["run"] for step in job["steps"] if "run" in step]
    assert run.endswith("--kernel_name=python3")


def test_a_kernel_without_python_is_left_to_the_notebook() -> None:
    shell = Package(name="shell-kernel", version="1.0", build="0", manager="conda")
    files = containers.actions(replace(CONDA, packages=[shell], python=None))
    assert "kernel_name" not in files[".github/workflows/notebooks.yml"]
    assert dependencies(files) == ["shell-kernel=1.0=0", "nbclient"]


def test_a_job_is_one() -> None:
    files = containers.actions(INSTALLED)
    (path,) = [path for path in files if path.endswith(".yml")]
    assert path.startswith(".github/workflows/")
    document = yaml.parse(files[path])
    assert document["permissions"] == {"contents": "read"}
    # YAML 1.1 takes the key for a truth value, the runner for a word.
    assert document.get("on", document.get(True)) == ["push", "pull_request"]
    (job,) = document["jobs"].values()
    assert job["runs-on"]
    for step in job["steps"]:
        assert len({"uses", "run"} & step.keys()) == 1
        assert step.keys() <= {"uses", "run", "with"}
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="the job runs Linux")
def test_the_steps_of_a_job_run(fresh: dict[str, str], tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "a folder").mkdir(parents=True)
    (repository / ".ipynb_checkpoints").mkdir()
    for path, text in containers.actions(INSTALLED).items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)
    (repository / "a folder" / "the notebook.ipynb").write_text(json.dumps(NOTEBOOK))
    broken = json.dumps(NOTEBOOK).replace("import six", "import nowhere")
    (repository / ".ipynb_checkpoints" / "old.ipynb").write_text(broken)
    steps = yaml.parse((repository / ".github" / "workflows" / "notebooks.yml").read_text())["jobs"]["notebooks"][
        "steps"
    ]
    runs = [step["run"] for step in steps if "run" in step]
    for step in runs:
        # As the runner calls it.
        shell(step, fresh, repository, "bash")
    assert (repository / "a folder" / "ran.txt").read_text() == "1.16.0"
    (repository / "broken.ipynb").write_text(broken)
    done = subprocess.run(["bash", "-e", "-c", runs[-1]], cwd=repository, env=fresh, capture_output=True, text=True)
    assert done.returncode != 0, "a notebook that fails must fail the job"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="the image is of Linux")
def test_the_steps_of_a_dockerfile_run(fresh: dict[str, str], tmp_path: Path) -> None:
    files = containers.dockerfile(INSTALLED)
    root = tmp_path / "root"
    command: list[str] = []
    for name, rest in instructions(files["Dockerfile"]):
        # The image's own folders are these here; its users are of no use.
        here = re.sub(r"(?<=\s)/(?=tmp/|home/)", f"{root}/", f" {rest}").strip()
        if name == "COPY":
            source, target = here.split()
            Path(target).parent.mkdir(parents=True)
            Path(target).write_text(files[source])
        elif name == "RUN" and not here.startswith("useradd "):
            shell(here, fresh, tmp_path)
        elif name == "CMD":
            command = json.loads(rest)
    told = shell(" ".join([*command, "--version"]), fresh, tmp_path)
    assert re.match(r"\d+\.\d+", told.strip())
    (tmp_path / "own.ipynb").write_text(json.dumps(NOTEBOOK).replace("not-there", "python3"))
    shell("jupyter execute own.ipynb", fresh, tmp_path)
    assert (tmp_path / "ran.txt").read_text() == "1.16.0"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CLIENT, reason="needs a conda client (CONDA_EXE)")
def test_conda_runs_the_steps_of_its_dockerfile(channel: Channel, tmp_path: Path) -> None:
    """Without JupyterLab, which the tests' channel does not have."""
    small = Package(name="small", version="1.0", build="py_0", manager="conda")
    shell_kernel = Package(name="demo-activate", version="2.0", build="0", manager="conda")
    there = Installed(packages=[small, shell_kernel], name="thesis", channels=[channel.url], variables={"MINE": "1"})
    (tmp_path / "environment.yml").write_text(environment_yml.write_elsewhere(there, "python"))
    environ = {**os.environ, "CONDA_PKGS_DIRS": str(tmp_path / "pkgs"), "CONDA_REGISTER_ENVS": "false"}
    environ["PATH"] = f"{os.path.dirname(CLIENT)}{os.pathsep}{environ['PATH']}"
    found = instructions(containers.dockerfile(there)["Dockerfile"])
    here = {"/opt/env": str(tmp_path / "env"), "/tmp/environment.yml": str(tmp_path / "environment.yml")}

    def placed(text: str) -> str:
        for path, goal in here.items():
            text = text.replace(path, goal)
        return text

    shell(placed(next(rest for name, rest in found if name == "RUN")), environ, tmp_path)
    command = json.loads(placed(next(rest for name, rest in found if name == "CMD")))
    check = "import os, small; print(os.environ['MINE'], os.environ['DEMO_VERSION'])"
    argv = [*command[: command.index("jupyter")], "python", "-c", check]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1 2.0"
