"""Which kinds there are, with the tools that they work with."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.venv import Venv
from jupyter_envs.engine.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.backends.base import Backend
    from jupyter_envs.engine.install import Installation


class Kinds:
    """The kinds by name; managers and installers are loaded on first use, since a list of packages needs none."""

    def __init__(self, settings: Settings) -> None:
        venv = Venv(settings, lambda: self.backends, lambda: self.installation)
        # Until conda's can be changed, they are read as any other.
        self._kinds: dict[str, Kind] = {"venv": venv, "conda": venv}

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    @cached_property
    def backends(self) -> dict[str, Backend]:
        from jupyter_envs.backends.registry import backends

        return backends()

    @cached_property
    def installation(self) -> Installation:
        from jupyter_envs.backends.registry import installer
        from jupyter_envs.engine.install import Installation

        return Installation(installer())
