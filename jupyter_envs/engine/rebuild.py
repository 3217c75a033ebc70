"""Make the environment that a notebook carries, once each package in it has been approved.

A notebook is a stranger's text: nothing that it names is built, installed or asked for
at an address of its own before somebody has seen the list and said yes. What is listed is
resolved to the last file, and that set is what is installed (`create`), nothing beside it.
Of two locks the one that holds what the notebook asks for counts; where none does, what is
asked for is resolved anew. conda's part of it is `rebuild_conda`'s.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from jupyter_envs.backends.conda_spec import check_package
from jupyter_envs.engine.create import create
from jupyter_envs.engine.exact import Exact, as_lock
from jupyter_envs.engine.parts import Parts
from jupyter_envs.engine.rebuild_conda import CondaPart
from jupyter_envs.engine.rebuild_pip import PipPart
from jupyter_envs.engine.refuse import Running
from jupyter_envs.engine.resolve import Consent, Settled, named
from jupyter_envs.engine.task import Context, Task
from jupyter_envs.formats import explicit
from jupyter_envs.formats.base import Read
from jupyter_envs.formats.carried import CarriedConda, conda_of, declares, locks_of
from jupyter_envs.formats.conda_fit import unmet
from jupyter_envs.formats.explicit import PIP_PART
from jupyter_envs.formats.script import blocks
from jupyter_envs.model.carry import Origin, Rebuild, Rebuilding
from jupyter_envs.model.check import check_name
from jupyter_envs.model.errors import Conflict, InvalidRequest, Unavailable, Unsolvable
from jupyter_envs.model.request import Create, ImportText
from jupyter_envs.model.resolved import Pinned, Resolved
from jupyter_envs.model.wire import plain
from jupyter_envs.system import interpreters
from jupyter_envs.system.reading import parse_json
from jupyter_envs.system.trust import Trust, approval, plain_name


class _Made(Struct, frozen=True):
    """What a rebuild comes to: as it is told, as a whole, and the request that makes it."""

    told: Rebuilding
    resolved: Resolved
    request: Create | None = None


def create_from(parts: Parts, request: Create, running: Running) -> Task:
    """The task of `create`; what a notebook asks for comes by a rebuild, once it was approved. Raises as both."""
    source = request.from_
    if source is None or not parts.catalog.is_program(source):
        return create(parts, request, running)
    wanted = Rebuild(
        notebook=source.text,
        filename=source.filename or "notebook.ipynb",
        name=request.name,
        exact=False,
        approve=request.approve,
        build=request.approve if request.build else [],
        plan=request.plan,
        kernel=request.kernel,
        pip=request.pip,
    )
    return rebuild(parts, wanted, running, request)


def rebuild(parts: Parts, request: Rebuild, running: Running, beside: Create | None = None) -> Task:
    """The task that does `request`, or tells what it would install when it is a dry run.

    `beside` is what somebody asks for himself in the new environment: its place, Python, manager and packages.

    Raises:
        InvalidRequest: it is no notebook, what it carries is wrong, or it carries no lock and one is wanted.
        Conflict: the name is taken.
        Unavailable: no Python here is the one that the notebook needs.
    """
    source = beside.from_ if beside and beside.from_ else _source(request)
    found = parts.catalog.read(source)
    if beside and (beside.packages or beside.pip_packages):
        found = dataclasses.replace(found, packages=[*beside.packages, *beside.pip_packages, *found.packages])
    is_script = source.format != "notebook" and not source.filename.lower().endswith(".ipynb")
    # Only a notebook has room for more than a script block.
    notebook = {} if is_script else parse_json(request.notebook.removeprefix("\ufeff"))
    pip = PipPart(parts, found, locks_of(notebook))
    carried = conda_of(notebook)
    if carried is None and found.conda:
        # Metadata of another tool's, or a cell that installs: held to the same questions.
        carried = CarriedConda(platform=explicit.platform(), channels=found.channels, dependencies=found.conda)
    elif carried is not None:
        carried = dataclasses.replace(carried, dependencies=found.conda, channels=found.channels)
    own = beside.channels if beside else []
    conda = CondaPart(parts, carried, request.kernel.register, found.requirements(), own) if carried else None
    has_lock = conda.fits if conda else pip.lock is not None
    exact = request.exact if request.exact is not None else has_lock
    warnings = [text for text in (conda.told if conda else None, pip.told) if text is not None]
    if exact and not has_lock:
        raise InvalidRequest(
            warnings[0] if warnings else "The notebook carries no lock.",
            hint="Take the newest versions that fit instead.",
            field="exact",
            reason="lock_differs" if (conda.differs if conda else pip.told) else None,
        )
    if conda and exact:
        conda.lock()
    consent = Consent(
        approve=_names(request.approve, "approve"),
        build=_names(request.build, "build"),
        earlier=frozenset(_trust(parts).approved()),
    )
    name = request.name
    if beside and beside.prefix is not None:
        name = None
    elif name is None:
        name = _free(parts, request)
    locked = pip.lock if exact and not conda else None
    python = None if conda else (locked or found).python
    start = replace(beside, from_=None, build=None) if beside else Create(kernel=request.kernel, pip=request.pip)
    python = start.python or python
    start = replace(start, name=name, manager=conda.manager if conda else start.manager, python=python)
    shown = name or start.prefix or ""
    plan = Rebuilding(
        name=shown,
        manager=start.manager,
        python=python,
        exact=exact,
        has_lock=has_lock,
        declared=declares(notebook) or (is_script and any(True for _ in blocks(request.notebook))),
        packages=[],
        # What is said of the text alone does not hold where the lock is taken.
        warnings=[*warnings, *(locked.warnings if locked else []), *([] if exact else found.warnings)],
    )

    def made(context: Context) -> _Made:
        context.step("resolve")
        if conda:
            return _with_conda(parts, plan, start, conda, pip, found, consent, context)
        said = plan
        here = interpreters.pick(python, parts.settings.interpreters_file)
        backend = parts.backends[start.manager or parts.settings.default_manager]
        kind = parts.kind_of(backend)
        base = kind.base(kind.recipe(backend, start), request.kernel.register)
        try:
            settled = (pip.exact if exact else pip.newest)(here, base, consent, context)
        except InvalidRequest as error:
            if error.reason != "lock_differs" or request.exact:
                raise
            said = replace(plan, exact=False, has_lock=False, warnings=[error.message, *found.warnings])
            settled = pip.newest(here, base, consent, context)
        made = replace(start, packages=found.packages) if settled.complete else None
        return _judged(parts, said, settled, found, consent, made)

    if request.dry_run:

        def look(context: Context) -> dict[str, Any]:
            return {"rebuild": plain(made(context).told)}

        return Task(action="plan", title=f"See what {request.filename} needs", work=look)

    first = create(parts, start, running)

    def work(context: Context) -> dict[str, Any]:
        it = made(context)
        _refuse_unapproved(it, request.plan, consent)
        assert it.request is not None
        new = {package.name for package in it.told.packages if not package.approved}
        _trust(parts).approve(approval(p.name, p.source) for p in it.resolved.pinned if p.name in new and not p.builds)
        return create(parts, it.request, running, Exact(it.resolved, found.packages, request.build)).work(context)

    return Task(
        action="rebuild",
        title=f"Rebuild {shown} from {request.filename}",
        work=work,
        environment=first.environment,
        key=first.key,
    )


def _source(request: Rebuild) -> ImportText:
    """The text of `request`: a notebook, or a script where its name says so."""
    script = request.filename.lower().endswith((".py", ".md", ".qmd", ".rmd"))
    return ImportText(format="script" if script else "notebook", text=request.notebook, filename=request.filename)


def _refuse_unapproved(it: _Made, plan: str | None, consent: Consent) -> None:
    """Raise Conflict unless all of it was approved, as the list that was looked at had it."""
    known = {package.name for package in it.told.packages if package.approved}
    missing = [each for each in it.resolved.pinned if each.name not in known and not consent.covers(each)]
    changed = plan is not None and plan != it.told.plan
    if not missing and not changed and it.told.complete:
        return
    few = f"{len(missing)} of {len(it.resolved.pinned)} packages have not been approved."
    raise Conflict(
        "What would be installed is not what was listed any more." if changed else few,
        hint="Look at the list, and approve what you trust.",
        reason="approval_needed",
        field="plan" if changed else "approve",
        detail="\n".join(map(_line, it.resolved.pinned if changed else missing)),
    )


def _line(package: Pinned) -> str:
    version = f" {package.version}" if package.version else ""
    runs = ", whose code runs meanwhile" if package.builds else ""
    return f"{package.name}{version} from {package.source}{runs}"


def _names(names: Iterable[str], field: str) -> frozenset[str]:
    return frozenset(plain_name(check_package(name, f"{field}[{n}]")) for n, name in enumerate(names))


def _trust(parts: Parts) -> Trust:
    return Trust(parts.settings.trust_file)


def _free(parts: Parts, request: Rebuild) -> str:
    """A name for the new environment, after the notebook, that no other one has."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", request.filename.rpartition(".")[0])[:60].strip("-._") or "notebook"
    taken = {environment.name for environment in parts.discovery.environments()}
    numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
    return check_name(next(name for name in (stem, *numbered) if name not in taken))


def _with_conda(
    parts: Parts,
    plan: Rebuilding,
    start: Create,
    conda: CondaPart,
    pip: PipPart,
    found: Read,
    consent: Consent,
    context: Context,
) -> _Made:
    """What conda's part and pip's beside it come to."""
    kind = parts.kind_of(parts.backends[conda.manager])
    if plan.exact:
        solved = conda.exact()
    else:
        recipe = kind.recipe(parts.backends[conda.manager], replace(start, packages=found.conda))
        solved = conda.newest(kind, recipe, context, consent)
    plan = replace(plan, python=solved.python)
    if solved.lock is None:
        notes = [solved.note] if solved.note else []
        told = [*solved.pinned, *(named(parts, each) for each in found.requirements())]
        return _judged(parts, plan, Settled(told, False, notes), found, consent, None, conda)
    by_pip = Settled([])
    if plan.exact and pip.lock:
        # What its hashes allow, and its versions: no index need be asked to tell.
        by_pip = Settled([named(parts, each) for each in pip.lock.requirements()])
    elif found.packages:
        here = interpreters.pick(_minor_here(parts, solved.python), parts.settings.interpreters_file)
        by_pip = pip.newest(here, [], consent, context)
    brought = {each.name: each.version or "" for each in solved.pinned}
    if said := [
        f"{what} by conda, and {limit} is asked of pip" for what, limit in unmet(found.requirements(), brought)
    ]:
        raise Unsolvable(
            f"conda and pip bring the same package: {'; '.join(said[:4])}.",
            hint="Ask conda for that version too, or leave the package to one of them.",
        )
    rest = [each for each in by_pip.pinned if each.name not in brought]
    settled = Settled([*solved.pinned, *rest], by_pip.complete, by_pip.notes)
    made = None
    if settled.complete:
        files = {PIP_PART: as_lock(rest)} if rest else {}
        source = ImportText(format="explicit", text=solved.lock, filename="conda-lock.txt", files=files)
        made = replace(start, channels=conda.channels_of(solved.pinned), from_=source)
    return _judged(parts, plan, settled, found, consent, made, conda)


def _minor_here(parts: Parts, version: str | None) -> str | None:
    """The first two numbers of `version` where a Python of that kind is here, else None: any will do to resolve for."""
    minor = ".".join((version or "").split(".")[:2])
    try:
        return minor if minor and interpreters.pick(minor, parts.settings.interpreters_file) else None
    except Unavailable:
        return None


def _judged(
    parts: Parts,
    plan: Rebuilding,
    settled: Settled,
    found: Read,
    consent: Consent,
    made: Create | None,
    conda: CondaPart | None = None,
) -> _Made:
    """What is `settled`, each package compared to what was approved and to the much used names."""
    names = {requirement.name for requirement in found.requirements()}
    names |= {spec.name for spec in conda.specs} if conda else set()
    resolved = Resolved(pinned=settled.pinned, python=plan.python, manager=plan.manager, complete=settled.complete)
    packages = [
        Origin(
            name=each.name,
            version=each.version,
            source=each.source,
            asked=each.name in names,
            approved=consent.before(each) or each in settled.own,
            hashed=bool(each.hashes),
            hashes=list(each.hashes),
            size=each.size,
            builds=each.builds,
            manager=each.manager,
            # What comes along from a channel, its Python above all, has names that no index knows.
            meant=parts.catalog.meant(each.name)
            if each.manager == "pip" or (each.name in names and each.name != "python")
            else None,
        )
        for each in sorted(settled.pinned, key=lambda each: each.name)
    ]
    warnings = [*plan.warnings, *settled.notes]
    told = replace(plan, packages=packages, complete=settled.complete, warnings=warnings, plan=resolved.hash)
    return _Made(told, resolved, made)
