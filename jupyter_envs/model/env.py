"""What is on the machine: environments, their packages, kernels and problems, interpreters."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Literal, NewType

from msgspec import Struct

State = Literal["ready", "busy", "broken"]
Kind = Literal["venv", "conda"]
Severity = Literal["error", "warning", "info"]

# The prefix of an environment that this user made or adopted here. All that starts what lies in an environment,
# follows a record in it or asks for what it names takes one of these, and `engine.adoption` alone gives them out.
Own = NewType("Own", str)


class Python(Struct, frozen=True, kw_only=True):
    """The interpreter of an environment; `base` is the interpreter that it was made from."""

    version: str | None
    implementation: str | None
    path: str
    base: str | None


class Kernel(Struct, frozen=True, kw_only=True):
    """A registered kernelspec of an environment."""

    name: str
    display_name: str
    language: str


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong with an environment; `repair` tells what `POST …/repair` would do, or is null."""

    code: str
    severity: Severity
    message: str
    repair: str | None = None


class Installation(Struct, frozen=True, kw_only=True):
    """What a base environment of conda belongs to, such as Miniforge, and which version of it that is."""

    name: str
    version: str | None


class Environment(Struct, frozen=True, kw_only=True):
    """An isolated directory with its own interpreter and packages.

    `created` and `modified` are ISO 8601 UTC, `size` is in bytes and counts the
    blocks of a hard-linked file once; a value that is not known yet is null.
    `adopted` tells that this user made it or adopted it here: nothing is run for another one, and what lies
    in it is shown and not followed.
    `installation` is set for the base environment of a conda installation. `lock`
    is the lock file's name where a project's tool keeps the environment: changes go
    through the tool, and there is no way back to a revision. `tool` is ``hatch``, ``pdm``, ``tox`` or ``nox`` where
    one of them made the environment for its project, and may make it anew.
    """

    id: str
    name: str
    manager: str
    kind: Kind
    prefix: str
    python: Python
    state: State = "ready"
    managed: bool = False
    protected: bool = False
    adopted: bool = False
    project: str | None = None
    lock: str | None = None
    tool: str | None = None
    kernels: list[Kernel] = []
    created: str | None = None
    modified: str | None = None
    size: int | None = None
    package_count: int | None = None
    revision: int | None = None
    problems: list[Problem] = []
    installation: Installation | None = None


class ActivationLine(Struct, frozen=True, kw_only=True):
    """What to type in a `shell`: ``sh`` (bash and zsh too), ``fish``, ``csh``, ``powershell`` or ``cmd``."""

    shell: str
    command: str


class Activation(Struct, frozen=True, kw_only=True):
    """How to activate an environment in a terminal; `shell` is what a terminal of this server runs.

    `adopted` is whether this user made the environment or adopted it: a face runs no line of another one unasked.
    """

    shell: str
    lines: list[ActivationLine]
    adopted: bool = False


class Package(Struct, frozen=True, kw_only=True):
    """An installed distribution, as its own metadata tells it.

    `requested` is whether somebody asked for it, null where that is not known, `editable` and `url` follow the
    ``direct_url.json`` (PEP 610), `installer` the INSTALLER file; `size` is the
    sum of RECORD in bytes.
    """

    name: str
    version: str
    latest: str | None = None
    requested: bool | None = None
    manager: Literal["pip", "conda"] = "pip"
    installer: str | None = None
    channel: str | None = None
    build: str | None = None
    size: int | None = None
    summary: str | None = None
    editable: bool = False
    url: str | None = None


class Interpreter(Struct, frozen=True, kw_only=True):
    """A Python of the machine that can be the base of an environment.

    `source` is where it comes from: ``system``, ``pyenv``, ``uv``, ``conda``,
    ``homebrew``, ``registry`` or ``path``. `supported` is false with a `reason`
    where a kernel cannot run on it.
    """

    version: str
    implementation: str
    architecture: str
    path: str
    source: str
    supported: bool = True
    reason: str | None = None
    default: bool = False


class PythonDownload(Struct, frozen=True, kw_only=True):
    """A Python that uv can download for this machine; `installed` is whether just that version is here already."""

    version: str
    implementation: str
    architecture: str
    installed: bool = False


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a manager can do; a face asks these and never tests for a name.

    `create` is for environments by name, `project` for those of a folder with the manager's own files.
    With `own_python` it brings a Python of its own, so that versions are its to offer and paths mean nothing;
    `pip_apart` tells that packages of pip are asked for apart from its own.
    """

    create: bool = True
    change: bool = True
    without_pip: bool = False
    by_prefix: bool = True
    channels: bool = False
    own_python: bool = False
    pip_apart: bool = False
    clone: bool = True
    rename: bool = True
    rollback: bool = True
    kernel: bool = True
    remove: bool = True
    project: bool = False


class Manager(Struct, frozen=True, kw_only=True):
    """A tool that makes environments; `reason` says why it is not available."""

    name: str
    title: str
    description: str
    version: str | None
    available: bool
    reason: str | None
    capabilities: Capabilities
    default: bool


class TreeNode(Struct, frozen=True, kw_only=True):
    """A distribution with what it needs and what needs it, by normalised name (PEP 503)."""

    name: str
    version: str
    requested: bool | None
    requires: list[str]
    required_by: list[str]
    missing: list[str] = []


def environment_id(prefix: str, name: str) -> str:
    """The stable, URL-safe id of the environment at the resolved `prefix`: a readable part and 8 hex digits."""
    digest = hashlib.sha256(os.path.normcase(prefix).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{slug or 'env'}-{digest}"
