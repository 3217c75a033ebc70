"""Make the environment that a notebook carries, once each package in it has been approved.

A notebook is a stranger's text: nothing that it names is built, installed or asked for
at an address of its own before somebody has seen the list and said yes. To make the
list, wheels' metadata alone is read, from the indexes that this person has configured.
conda's part of it is `rebuild_conda`'s.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Any

from msgspec.structs import replace

from jupyter_envs.backends.conda_spec import check_package
from jupyter_envs.engine.create import create
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.rebuild_conda import CondaPart
from jupyter_envs.engine.rebuild_pip import Settled, named, refuse_local, settle, without_local
from jupyter_envs.engine.refuse import Running
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.formats.base import Read
from jupyter_envs.formats.carried import conda_of, declares, lock_of
from jupyter_envs.formats.explicit import PIP_PART
from jupyter_envs.model.carry import Origin, Rebuild, Rebuilding
from jupyter_envs.model.check import check_name
from jupyter_envs.model.errors import Conflict, InvalidRequest, Unavailable
from jupyter_envs.model.request import Create, ImportText
from jupyter_envs.model.wire import plain
from jupyter_envs.system import interpreters, toml
from jupyter_envs.system.reading import parse_json
from jupyter_envs.system.trust import Trust, approval, plain_name


def rebuild(parts: Parts, request: Rebuild, running: Running) -> Task:
    """The task that does `request`, or tells what it would install when it is a dry run.

    Raises:
        InvalidRequest: it is no notebook, what it carries is wrong, or it carries no lock and one is wanted.
        Conflict: the name is taken.
        Unavailable: no Python here is the one that the notebook needs.
    """
    text = ImportText(format="notebook", text=request.notebook, filename=request.filename)
    found = parts.catalog.read(text)
    notebook = parse_json(request.notebook.removeprefix("\ufeff"))
    lock = lock_of(notebook)
    carried = conda_of(notebook)
    conda = CondaPart(parts, carried, request.kernel.register) if carried else None
    has_lock = conda.fits if conda else lock is not None
    exact = request.exact if request.exact is not None else has_lock
    warnings = [] if conda is None or conda.told is None else [conda.told]
    if exact and not has_lock:
        raise InvalidRequest(
            warnings[0] if warnings else "The notebook carries no lock.",
            hint="Take the newest versions that fit instead.",
            field="exact",
        )
    locked = without_local(parts.catalog.read(ImportText(format=lock[0], text=lock[1]))) if exact and lock else None
    refuse_local(found.requirements())
    if conda and exact:
        conda.lock()
    approve = {plain_name(check_package(name, f"approve[{n}]")) for n, name in enumerate(request.approve)}
    name = check_name(request.name) if request.name is not None else _free(parts, request)
    python = None if conda else (locked or found).python
    manager = conda.manager if conda else None
    start = Create(name=name, manager=manager, python=python, kernel=request.kernel, pip=request.pip)
    plan = Rebuilding(
        name=name,
        manager=manager,
        python=python,
        exact=exact,
        has_lock=has_lock,
        declared=declares(notebook),
        packages=[],
        # What is said of the text alone does not hold where the lock is taken.
        warnings=[*warnings, *(locked.warnings if locked else []), *([] if exact else found.warnings)],
    )

    def step(context: Context, *, agreed: bool) -> tuple[Rebuilding, Create | None]:
        if conda:
            return _settle_conda(parts, plan, start, conda, found, lock if exact else None, context, agreed=agreed)
        context.step("resolve")
        settled = settle(parts, plan, found, locked, context, build=agreed)
        complete = settled.lock is not None
        judged = _judged(parts, replace(plan, complete=complete), settled.origins, found, settled.notes)
        if settled.lock is None:
            return judged, None
        source = ImportText(format="pylock.toml", text=settled.lock)
        return judged, replace(start, packages=found.packages, from_=source)

    def known(context: Context) -> tuple[Rebuilding, Create | None]:
        settled, made = step(context, agreed=False)
        if made is None and not _unapproved(settled, approve):
            # Only now: what is built runs code of the package.
            return step(context, agreed=True)
        return settled, made

    if request.dry_run:

        def look(context: Context) -> dict[str, Any]:
            return {"rebuild": plain(known(context)[0])}

        return Task(action="plan", title=f"See what {request.filename} needs", work=look)

    first = create(parts, start, running)

    def work(context: Context) -> dict[str, Any]:
        settled, made = known(context)
        if missing := _unapproved(settled, approve):
            lines = [f"{p.name}{f' {p.version}' if p.version else ''} from {p.source}" for p in missing]
            raise Conflict(
                f"{len(missing)} of {len(settled.packages)} packages have not been approved.",
                hint="Look at the list, and approve what you trust.",
                reason="approval_needed",
                field="approve",
                detail="\n".join(lines),
            )
        assert made is not None
        _trust(parts).approve(approval(p.name, p.source) for p in settled.packages)
        return create(parts, made, running).work(context)

    return Task(
        action="rebuild",
        title=f"Rebuild {name} from {request.filename}",
        work=work,
        environment=first.environment,
        key=first.key,
    )


def _trust(parts: Parts) -> Trust:
    return Trust(parts.settings.trust_file)


def _free(parts: Parts, request: Rebuild) -> str:
    """A name for the new environment, after the notebook, that no other one has."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", request.filename.rpartition(".")[0])[:60].strip("-._") or "notebook"
    taken = {environment.name for environment in parts.discovery.environments()}
    numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
    return check_name(next(name for name in (stem, *numbered) if name not in taken))


def _settle_conda(
    parts: Parts,
    plan: Rebuilding,
    start: Create,
    conda: CondaPart,
    found: Read,
    lock: tuple[str, str] | None,
    context: Context,
    *,
    agreed: bool,
) -> tuple[Rebuilding, Create | None]:
    """What conda's part and pip's beside it come to, and the request that makes it, None where it is not known yet.

    `lock` is pip's where it is to be exact.
    """
    context.step("resolve")
    kind = parts.kind_of(parts.backends[conda.manager])
    if plan.exact:
        solved = conda.exact()
    else:
        recipe = kind.recipe(parts.backends[conda.manager], replace(start, packages=found.conda))
        solved = conda.newest(kind, recipe, context, agreed=agreed)
    plan = replace(plan, python=solved.python)
    if solved.lock is None:
        notes = [solved.note] if solved.note else []
        origins = [*solved.origins, *named(parts, found.requirements())]
        return _judged(parts, replace(plan, complete=False), origins, found, notes), None
    files: dict[str, str] = {}
    pip = Settled([], "")
    if plan.exact and lock:
        # What its hashes allow, and its versions: no index need be asked to tell.
        files[PIP_PART] = lock[1]
        locked = parts.catalog.read(ImportText(format=lock[0], text=lock[1]))
        refuse_local(locked.requirements())
        pip = Settled(list(named(parts, locked.requirements())), lock[1])
    elif found.packages:
        here = replace(plan, python=_minor_here(parts, solved.python))
        pip = settle(parts, here, found, None, context, build=agreed)
        if pip.lock is not None:
            files[PIP_PART] = _without(pip.lock, {origin.name for origin in solved.origins})
    brought = {origin.name for origin in solved.origins}
    origins = [*solved.origins, *(origin for origin in pip.origins if origin.name not in brought)]
    judged = _judged(parts, replace(plan, complete=pip.lock is not None), origins, found, pip.notes)
    if pip.lock is None:
        return judged, None
    source = ImportText(format="explicit", text=solved.lock, filename="conda-lock.txt", files=files)
    return judged, replace(start, channels=conda.channels_of(solved.origins), from_=source)


def _minor_here(parts: Parts, version: str | None) -> str | None:
    """The first two numbers of `version` where a Python of that kind is here, else None: any will do to resolve for."""
    minor = ".".join((version or "").split(".")[:2])
    try:
        return minor if minor and interpreters.pick(minor, parts.settings.interpreters_file) else None
    except Unavailable:
        return None


def _without(pinned: str, names: Container[str]) -> str:
    """The lock `pinned` without the packages `names`."""
    import tomli_w

    lock = toml.parse(pinned)
    return tomli_w.dumps({**lock, "packages": [p for p in lock.get("packages", []) if p["name"] not in names]})


def _judged(parts: Parts, plan: Rebuilding, origins: Iterable[Origin], found: Read, notes: list[str]) -> Rebuilding:
    """`plan` with `origins`, each compared to what was approved and to the much used names."""
    names = {requirement.name for requirement in found.requirements()}
    approved = _trust(parts).approved()
    packages = [
        replace(
            origin,
            asked=origin.asked or origin.name in names,
            approved=approval(origin.name, origin.source) in approved,
            # What comes along from a channel, its Python above all, has names that no index knows.
            meant=parts.catalog.meant(origin.name) if origin.manager == "pip" or _chosen(origin) else None,
        )
        for origin in sorted(origins, key=lambda origin: origin.name)
    ]
    return replace(plan, packages=packages, warnings=[*plan.warnings, *notes])


def _chosen(origin: Origin) -> bool:
    return origin.asked and origin.name != "python"


def _unapproved(plan: Rebuilding, approve: set[str]) -> list[Origin]:
    return [package for package in plan.missing if plain_name(package.name) not in approve]
