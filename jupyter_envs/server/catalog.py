"""What there is to choose from and to clean: managers, interpreters, formats, package names, kernels, the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.model.catalog import Providers, Versions
from jupyter_envs.model.disk import Disk
from jupyter_envs.model.request import Inspect, Inspected, InstallPython
from jupyter_envs.server.bodies import (
    Accept,
    Caches,
    ForEnvironment,
    Formats,
    GoneKernel,
    GoneKernels,
    Interpreters,
    Managers,
    OfChannel,
    OfPythons,
    OneCache,
    Refresh,
    Results,
    Search,
    Source,
    TermsList,
    Unmounted,
)

if TYPE_CHECKING:
    from jupyter_envs.engine.engine import Engine
    from jupyter_envs.engine.task import Task


def _public(channel: str | None) -> str | None:
    """A channel as a query may hold it; raises InvalidRequest where it holds credentials."""
    from jupyter_envs.system.conda_channels import without_secret

    return None if channel is None else without_secret(channel, "channel")


def managers(engine: Engine) -> Managers:
    return Managers(engine.managers())


def interpreters(engine: Engine, query: OfPythons) -> Interpreters:
    found = engine.interpreters(refresh=query.refresh)
    return Interpreters(found, *(engine.pythons.available() if query.downloads else ()))


def install_python(engine: Engine, body: InstallPython) -> Task:
    return engine.pythons.install(body.version)


def formats(engine: Engine) -> Formats:
    return Formats(engine.formats())


def inspect(engine: Engine, body: Inspect) -> Inspected:
    return engine.inspect(body)


def search(engine: Engine, query: Search) -> Results:
    return Results(engine.search(query.q, query.manager, _public(query.channel), query.environment))


def versions(engine: Engine, name: str, query: Source) -> Versions:
    return engine.versions(name, query.manager, _public(query.channel), query.environment)


def terms(engine: Engine, query: OfChannel) -> TermsList:
    return TermsList(engine.terms(_public(query.channel)))


def accept(engine: Engine, body: Accept) -> TermsList:
    return TermsList(engine.accept_terms(body.channel))


def providers(engine: Engine, module: str, query: ForEnvironment) -> Providers:
    return engine.providers(module, query.environment, query.notebook)


def gone_kernels(engine: Engine) -> GoneKernels:  # noqa: ARG001
    return _gone([])


def prune_kernels(engine: Engine, query: Unmounted) -> GoneKernels:  # noqa: ARG001
    from jupyter_envs.engine.kernels import prune

    return _gone(prune(query.unmounted))


def _gone(removed: list[str]) -> GoneKernels:
    from jupyter_envs.engine.kernels import gone

    found = [GoneKernel(spec.name, spec.display_name, spec.ours["prefix"], spec.mounted) for spec in gone()]
    return GoneKernels(found, removed)


def caches(engine: Engine) -> Caches:
    return Caches(engine.cache())


def disk(engine: Engine) -> Disk:
    return engine.disk()


def count(engine: Engine, query: Refresh) -> Task:
    return engine.count_disk(refresh=query.refresh)


def clean(engine: Engine, query: OneCache) -> Task:
    return engine.clean_cache([query.name] if query.name else [])
