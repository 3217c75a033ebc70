"""What there is to choose from: managers, interpreters, formats, package names, caches, the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_envs.model.catalog import Providers, Versions
from jupyter_envs.model.disk import Disk
from jupyter_envs.model.request import Inspect, Inspected
from jupyter_envs.server.bodies import (
    Accept,
    Caches,
    ForEnvironment,
    Formats,
    Interpreters,
    Managers,
    OfChannel,
    OneCache,
    Refresh,
    Results,
    Search,
    Source,
    TermsList,
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


def interpreters(engine: Engine, query: Refresh) -> Interpreters:
    return Interpreters(engine.interpreters(refresh=query.refresh))


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
    return engine.providers(module, query.environment)


def caches(engine: Engine) -> Caches:
    return Caches(engine.cache())


def disk(engine: Engine) -> Disk:
    return engine.disk()


def count(engine: Engine, query: Refresh) -> Task:
    return engine.count_disk(refresh=query.refresh)


def clean(engine: Engine, query: OneCache) -> Task:
    return engine.clean_cache([query.name] if query.name else [])
