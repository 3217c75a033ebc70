"""conda as a manager: the embedded engine, or a client where an administrator chose one."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from jupyter_envs.backends.conda_operation import CondaInstaller
from jupyter_envs.model.env import Capabilities, Interpreter, Kind
from jupyter_envs.model.errors import Unavailable

EMBEDDED = "embedded"


class Conda:
    """Environments of conda packages."""

    name = "conda"
    title = "conda"
    description = "Also non-Python packages such as CUDA, R and compilers."
    kind: Kind = "conda"
    can = Capabilities(without_pip=True, channels=True, own_python=True, pip_apart=True)

    def version(self) -> str | None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("py-rattler")
        except PackageNotFoundError:
            return None

    @cache  # noqa: B019 (the managers live as long as the process)
    def missing(self) -> str | None:
        found = find_spec("rattler") is not None
        return None if found else "The conda engine is not installed; `pip install py-rattler` brings it."

    def create_argv(self, prefix: str, python: Interpreter, *, pip: bool, prompt: str) -> list[str]:
        raise NotImplementedError("a conda prefix is made by its installer")


def installer(state: Path, client: str = EMBEDDED) -> CondaInstaller:
    """Who changes conda prefixes: ``embedded``, or the client of that name or path.

    `state` is our own folder, for accepted terms.

    Raises:
        Unavailable: no such client is installed.
    """
    if client == EMBEDDED:
        from jupyter_envs.backends.rattler import Embedded

        return Embedded(state)
    from jupyter_envs.backends.conda_client import ClientInstaller
    from jupyter_envs.system.conda_clients import clients

    for found in clients():
        if client in (found.name, found.path):
            return ClientInstaller(found, state)
    raise Unavailable(
        f"The conda client '{client}' that the administrator chose is not installed.",
        hint="Install it, or set the option back to 'embedded'.",
        reason="no_client",
    )
