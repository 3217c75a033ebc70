"""Which kinds there are, with the tools that they work with."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.conda import Conda
from jupyter_envs.engine.kinds.venv import Venv
from jupyter_envs.engine.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.backends.base import Backend
    from jupyter_envs.backends.conda_operation import CondaInstaller
    from jupyter_envs.engine.install import Installation


class Kinds:
    """The kinds by name; managers and installers are loaded on first use, since a list of packages needs none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kinds: dict[str, Kind] = {
            "venv": Venv(settings, lambda: self.backends, lambda: self.installation),
            "conda": Conda(settings, lambda: self.conda, lambda: self.installation),
        }

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    @property
    def roots(self) -> list[Path]:
        """The folders whose environments are managed, links resolved, each once; the main one first."""
        return list(dict.fromkeys(root for kind in self._kinds.values() for root in kind.roots()))

    @property
    def homes(self) -> list[Path]:
        """The folders that hold environments by name, managed or not, links resolved, each once."""
        return list(dict.fromkeys(home for kind in self._kinds.values() for home in kind.homes()))

    @cached_property
    def backends(self) -> dict[str, Backend]:
        from jupyter_envs.backends.registry import backends

        return backends()

    @cached_property
    def installation(self) -> Installation:
        from jupyter_envs.backends.registry import installer
        from jupyter_envs.engine.install import Installation

        return Installation(installer())

    @cached_property
    def conda(self) -> CondaInstaller:
        from jupyter_envs.backends.conda import installer

        return installer(self._settings.state, self._settings.conda_engine)
