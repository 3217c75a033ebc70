"""Changes of an existing environment's packages: install, upgrade, remove."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from jupyter_envs.engine import history, projects, record
from jupyter_envs.engine.adopt import adopted
from jupyter_envs.engine.agreed import signed, unseen
from jupyter_envs.engine.asked import asked_of, refuse_conda
from jupyter_envs.engine.channels import refuse_strange
from jupyter_envs.engine.gate import asking_to_build, held, holds, refuse_elsewhere
from jupyter_envs.engine.kinds.base import Kind, Wanted, check_pip
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.refuse import refuse_protected, refuse_unchangeable
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.engine.undo import Undo
from jupyter_envs.formats.base import FIELD, Read
from jupyter_envs.model.address import Address
from jupyter_envs.model.check import Requirement, check_requirement
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.plan import Plan
from jupyter_envs.model.request import Change
from jupyter_envs.model.sources import check_sources
from jupyter_envs.model.wire import plain
from jupyter_envs.system.requires import satisfied


def change(parts: Parts, environment: Environment, request: Change) -> Task:
    """The task that does `request`, or plans it when it is a dry run.

    Raises:
        InvalidRequest: a field is wrong, or nothing is asked for.
        Forbidden: the environment may not be changed.
        Conflict: another process changes it now.
    """
    refuse_protected(environment)
    wanted, found = _wanted(parts, environment, request)
    if holds(request):
        refuse_elsewhere(found.requirements() if request.from_ else [*wanted.install, *wanted.pip])
        wanted = held(wanted)
        if parts.kind_of(environment).pip_apart:
            _refuse_channels(parts, environment, request, wanted, found)
    if project := projects.project_of(parts, environment):
        return projects.change(parts, project, environment, request, wanted, _title(environment, wanted))
    refuse_unchangeable(environment)
    prefix, kind = adopted(parts, environment, request.adopt), parts.kind_of(environment)

    if request.dry_run:

        def look(context: Context) -> dict[str, Any]:
            with asking_to_build():
                plan = kind.plan(prefix, wanted, context)
            return {"plan": plain(signed(replace(plan, warnings=[*found.warnings, *plan.warnings])))}

        return Task(action="plan", title=f"Plan a change of {environment.name}", work=look, environment=environment.id)

    parts.refuse_busy(prefix)

    def work(context: Context) -> dict[str, Any]:
        with parts.hold(prefix, context):
            before = parts.begin(environment, prefix, context)
            if request.plan is None and request.from_ is not None and parts.catalog.is_program(request.from_):
                raise unseen(kind.plan(prefix, wanted, context))
            with parts.changing(environment, prefix, context) as undo, asking_to_build():
                did = kind.apply(prefix, replace(wanted, plan=request.plan), context, undo)
                _remember(kind, prefix, wanted, found)
                noted = parts.ledger.note(prefix, "change", plain(request), before, always=False)
                parts.refresh_kernels(prefix)
            return parts.result(prefix, replace(noted, warnings=[*found.warnings, *did.warnings]))

    return Task(action="change", title=_title(environment, wanted), work=work, environment=environment.id, key=prefix)


def _wanted(parts: Parts, environment: Environment, request: Change) -> tuple[Wanted, Read]:
    """What `request` asks for, and what its file says."""
    kind = parts.kind_of(environment)
    install, pip = _installed(kind, request)
    pip_upgrade = check_pip(request.pip_upgrade, "pip_upgrade")
    sources = check_sources(request.indexes, request.find_links)
    found = Read(packages=[])
    if request.from_ is not None:
        found = parts.catalog.read(request.from_, environment.python.version, sources)
    if found.exact and (install or request.upgrade or request.upgrade_all):
        raise InvalidRequest(
            "A lock file holds all that is to be installed.", hint="Install the rest afterwards.", field="from"
        )
    if kind.pip_apart:
        install += [kind.check(line, FIELD) for line in found.conda]
        pip += found.requirements()
    else:
        refuse_conda(found)
        install += found.requirements(kind.check)
    channels = [kind.check_channel(text, f"channels[{n}]") for n, text in enumerate(request.channels)]
    channels += map(Address, found.channels if kind.pip_apart else [])
    upgrade = [kind.check(text, f"upgrade[{n}]") for n, text in enumerate(request.upgrade)]
    if kind.pip_apart:
        pip += pip_upgrade
    else:
        upgrade += pip_upgrade
    remove = [_removed(kind, environment, text, f"remove[{n}]") for n, text in enumerate(request.remove)]
    if not (install or pip or upgrade or remove or request.upgrade_all or found.archives):
        raise InvalidRequest(
            "Nothing is asked for.", hint="Give install, upgrade, remove or upgrade_all.", field="install"
        )
    both = {r.name for r in (*install, *pip, *upgrade)} & set(remove)
    if both:
        raise InvalidRequest(
            f"{sorted(map(str, both))[0]} is to be installed and removed.", hint="Decide for one.", field="remove"
        )
    lines, along = [*install, *upgrade], list[Requirement]()
    if request.upgrade_all:
        named = {r.name for r in lines} | set(remove)
        own = adopted(parts, environment, request.adopt)
        along = [r for r in kind.upgrades(own) if r.name not in named]
        lines += along
    wanted = Wanted(
        install=lines,
        along=len(along),
        pip=pip,
        pip_upgrade_names=[r.name for r in pip_upgrade if r.name] if kind.pip_apart else [],
        channels=channels,
        sources=sources,
        or_pip=request.or_pip and kind.pip_apart,
        upgrade_names=[r.name for r in upgrade if r.name],
        remove=remove,
        upgrade_all=request.upgrade_all,
        archives=found.archives,
        variables=found.variables if kind.pip_apart else {},
        constraints=[] if kind.pip_apart else found.limits(kind.check),
        exact=found.exact,
    )
    return wanted, found


def _refuse_channels(parts: Parts, environment: Environment, request: Change, wanted: Wanted, found: Read) -> None:
    """Raise Conflict where what comes from a file is to be had from a channel that needs a yes."""
    own = parts.discovery.adoption.own(environment.prefix)
    kept = record.channels(own) if own else []
    if request.from_ is None:
        refuse_strange(parts.settings, request.channels, map(str, wanted.install), kept=kept)
    else:
        typed = [] if request.build is False else request.channels
        refuse_strange(parts.settings, found.channels, found.conda, found.archives, kept=[*kept, *typed])


def _removed(kind: Kind, environment: Environment, text: str, field: str) -> str:
    name = kind.check_package(text, field)
    found = kind.named(environment.prefix, name)
    if found is None:
        raise InvalidRequest(
            f"{name} is not installed in {environment.name}.", hint="`packages` lists what is.", field=field
        )
    return found


def _installed(kind: Kind, request: Change) -> tuple[list[Requirement], list[Requirement]]:
    """What to install of the kind's own packages, and what by pip."""
    own, pip = [], check_pip(request.pip_packages)
    for n, text in enumerate(request.install):
        try:
            own.append(kind.check(text, f"install[{n}]"))
        except InvalidRequest:
            if not (kind.pip_apart and request.or_pip):
                raise
            # A path, an address, extras: only pip knows those.
            pip.append(check_requirement(text, f"install[{n}]"))
    return (own, pip) if kind.pip_apart else ([*own, *pip], [])


def _remember(kind: Kind, prefix: Own, wanted: Wanted, found: Read) -> None:
    """Keep the environment's own record of what was asked for current."""
    spec = record.read_spec(prefix)
    if not spec and not history.has(prefix):
        return  # not one of ours: no record is begun for it
    kept: dict[str, str] = {}
    for text in spec.get("packages", []):
        try:
            kept[kind.check(text, "packages").name or text] = text
        except InvalidRequest:
            continue
    listed = [] if kind.pip_apart else found.requirements(kind.check)
    for requirement in wanted.install[: -wanted.along or None]:
        if requirement not in listed:
            kept[requirement.name or str(requirement)] = str(requirement)
    if listed:
        noted = asked_of(listed, found.roots, kind, prefix, whole=found.locked)
        # A limit of before that the lock does not keep to would bring the old version back.
        there = kind.versions(prefix)
        held = {line.name for line in listed if line.name and line.name not in noted}
        broken = {name for name, line in kept.items() if name in held and not _admits(line, there.get(name))}
        kept = {name: name if name in broken else line for name, line in kept.items()} | noted
    by_pip = dict[str, str]()
    for text in [*(spec.get("pip_packages") or []), *map(str, wanted.pip)] if kind.pip_apart else []:
        try:
            by_pip[check_requirement(text, "pip_packages").name or text] = text
        except InvalidRequest:
            continue
    for name in wanted.remove:
        kept.pop(name, None)
        by_pip.pop(name.replace("_", "-"), None)
    asks = record.sources(prefix).joined(wanted.sources)
    named = {"indexes": asks.indexes or None, "find_links": asks.find_links or None}
    record.write_spec(
        prefix, {**spec, "packages": list(kept.values()), "pip_packages": [*by_pip.values()] or None, **named}
    )


def _admits(line: str, version: str | None) -> bool:
    """Whether the requirement `line` could be met by `version`; a URL is none of a lock's."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    try:
        parsed = Pep508(line)
    except InvalidRequirement:
        return False
    return not parsed.url and version is not None and satisfied(str(parsed.specifier), version)


def _title(environment: Environment, wanted: Wanted) -> str:
    if wanted.upgrade_all:
        return f"Upgrade everything in {environment.name}"
    verb, names = "Remove", wanted.remove
    if lines := [*wanted.install, *wanted.pip]:
        verb, names = "Install", [r.name or "a project" for r in lines]
    shown = ", ".join(map(str, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{verb} {shown} {'into' if verb == 'Install' else 'from'} {environment.name}"


def with_kernel(parts: Parts, environment: Environment, own: Own, context: Context, undo: Undo) -> Plan:
    """Install what a kernel needs where it is missing, as a part of the change that `undo` can take back."""
    if projects.kept_by_tool(parts, environment):
        return projects.add_kernel(parts, own, context, undo)
    kind = parts.kind_of(environment)
    lines = kind.lacks_for_kernel(own)
    return kind.apply(own, Wanted(install=lines), context, undo) if lines else Plan()
