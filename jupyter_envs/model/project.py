"""Projects: folders whose environment a tool keeps by files that lie in them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from jupyter_envs.model.request import Adopt, Text


class Project(Struct, frozen=True, kw_only=True):
    """A folder with the files of a project manager, its environment made or not.

    `lock` is the lock file's name, `locked` whether it is there, `current` whether it fits what the project asks for,
    null where its files alone do not tell. `environment` is the id of the one that would be the kernel, null as long
    as it is not made. `reason` says why the tool cannot be used now. `python` is what the project asks for, as it
    writes it.
    """

    path: str
    name: str
    manager: str
    lock: str
    locked: bool
    current: bool | None
    environment: str | None
    available: bool
    reason: str | None
    python: str | None


class ProjectKernel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project's folder, which becomes a kernel: made or synced from its lock file, with ipykernel besides.

    `lock` brings a lock file that is out of date up to date first; without it such a project is refused.
    An environment that was not made here is made or synced only with `adopt`, as in the model's requests.
    """

    path: Text
    display_name: Annotated[str, Meta(max_length=100)] | None = None
    lock: bool = False
    adopt: Adopt = False
