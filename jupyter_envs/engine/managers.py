"""The managers that there are: of environments by name, of projects, and of tools."""

from __future__ import annotations

from jupyter_envs.backends import tools
from jupyter_envs.backends.base import Backend, ProjectTool
from jupyter_envs.engine.parts import Parts
from jupyter_envs.model.env import Manager


def managers(parts: Parts) -> list[Manager]:
    """Every manager, usable now or not with the reason; first those that make an environment by name."""
    of_projects = parts.discovery.owners.tools
    kinds: dict[str, Backend | ProjectTool] = {**of_projects, **parts.backends}
    names = dict.fromkeys([*parts.backends, *of_projects])
    chosen = parts.settings.default_manager
    found = [
        Manager(
            name=b.name,
            title=b.title,
            description=b.description,
            version=b.version(),
            available=(reason := b.missing()) is None,
            reason=reason,
            capabilities=b.can,
            default=b.name == chosen,
        )
        for b in (kinds[name] for name in names)
    ]
    for manager in tools.MANAGERS.values():
        path, version = tools.program(manager)
        found.append(
            Manager(
                name=manager.name,
                title=manager.title,
                description=manager.description,
                version=version,
                available=path is not None,
                reason=None if path else f"{manager.title} is not installed.",
                capabilities=manager.can,
                default=False,
            )
        )
    return found
