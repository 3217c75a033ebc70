"""What a request for a new environment asks for, its files read and every line checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.kinds.base import Kind, Wanted, check_pip
from jupyter_envs.formats.base import FIELD, Read
from jupyter_envs.formats.pins import roots_of
from jupyter_envs.model.check import Requirement
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Create
from jupyter_envs.model.roots import roots
from jupyter_envs.model.sources import Sources, check_sources
from jupyter_envs.system.metadata import needs_among


class Asked(Struct, frozen=True):
    """What a new environment is filled with: first what is locked, then the rest and what that needs.

    `python` is the version that a file asks for, `channels` and `own` are the channels and
    the packages, other than pip's, that it names.
    """

    locked: Wanted
    rest: Wanted
    warnings: list[str] = []
    python: str | None = None
    channels: list[str] = []
    own: list[str] = []
    # The lines of a file that brings more than was asked for, or may, and what it says of that.
    listed: list[Requirement] = []
    roots: dict[str, str] | None = None
    # Where pip's packages lie apart, its lines of the file.
    brought: list[Requirement] = []
    # What counts as asked for, where that is known beforehand.
    noted: list[str] | None = None

    def lines(self, kind: Kind, prefix: str) -> list[str]:
        """What was asked for, of what is installed at `prefix` by now.

        What was typed beside a lock that has it only says what the lock is for.
        """
        if self.noted is not None:
            return self.noted
        names = {line.name for line in self.listed}
        typed = [line for line in self.rest.install if line not in self.listed]
        if typed and self.roots is None and self.locked.exact and all(line.name in names for line in typed):
            return [str(line) for line in typed]
        noted = asked_of(self.listed, self.roots, kind, prefix, whole=not self.locked.empty)
        own = {line.name for line in typed if line.name}
        return [*self.locked.requested, *map(str, typed)] + [line for name, line in noted.items() if name not in own]

    def asking(self, sources: Sources) -> Asked:
        """The same, to be had from `sources` too."""
        return replace(self, locked=replace(self.locked, sources=sources), rest=replace(self.rest, sources=sources))

    @property
    def pip_lines(self) -> list[str]:
        return [str(requirement) for requirement in (*self.locked.pip, *self.rest.pip)]


def asked(catalog: Catalog, kind: Kind, request: Create) -> Asked:
    """The checked packages of `request`, those of its files included.

    Raises:
        InvalidRequest: one of them is not a requirement, or a file is wrong or not for this machine; `field` names it.
    """
    typed = [kind.check(text, f"packages[{n}]") for n, text in enumerate(request.packages)]
    pip = check_pip(request.pip_packages)
    if not kind.pip_apart:
        typed, pip = [*typed, *pip], []
    sources = check_sources(request.indexes, request.find_links)
    if request.from_ is None:
        return Asked(Wanted(), Wanted(install=typed, pip=pip, sources=sources))
    return _of_file(catalog.read(request.from_, request.python, sources), kind, request, typed, pip).asking(sources)


def _of_file(found: Read, kind: Kind, request: Create, typed: list[Requirement], pip: list[Requirement]) -> Asked:
    """What `found` and what was `typed` beside it ask for."""
    if found.exact and found.unmet and request.python is None:
        raise InvalidRequest(
            f"The lock is for Python {found.requires_python}, and there is none on this machine.",
            hint="Install such a Python, or have its tool lock again.",
            field="from",
        )
    if kind.pip_apart:
        return _apart(kind, found, typed, pip)
    refuse_conda(found)
    if not found.locked:
        lines, limits = found.requirements(kind.check), found.limits(kind.check)
        rest = Wanted(install=[*typed, *lines], constraints=limits)
        return Asked(Wanted(), rest, found.warnings, found.python, listed=lines, roots=found.roots)
    lines, limits = found.requirements(), found.limits()
    # What the form shows of a lock comes along as packages: it is not asked for twice.
    named = {str(line) for line in lines}
    rest = Wanted(install=[line for line in typed if str(line) not in named], constraints=limits)
    locked = Wanted(install=lines, constraints=limits, exact=found.exact)
    return Asked(locked, rest, found.warnings, found.python, listed=lines, roots=found.roots)


def asked_of(
    lines: Sequence[Requirement], told: Mapping[str, str] | None, kind: Kind, prefix: str, *, whole: bool
) -> dict[str, str]:
    """What counts as asked for of a file's `lines` that are installed at `prefix`, by name or by the line itself.

    `told` is what the file says of it. Where it says nothing, a lock (`whole`) was made for what nothing
    else in it needs; so was a list of pinned versions with all that they need in it, most of it needed by
    others, as ``pip freeze`` writes it. Any other list asks for each of its lines.
    """
    if not lines:
        return {}
    by_name = {line.name: line for line in lines if line.name}
    found = {str(line): str(line) for line in lines if line.name is None}
    if told is not None:
        there = kind.versions(prefix)
        return {name: line for name, line in told.items() if name in there} | found
    if whole:
        tops = roots(needs_among(prefix, by_name))
    else:
        pinned = all(line.pinned or line.name is None or " @ " in line.line for line in lines)
        here = [node for node in kind.tree(prefix) if node.name in by_name] if pinned else []
        tops = roots({node.name: node.requires for node in here})
        complete = all(other in by_name for node in here for other in node.requires)
        if not (complete and 2 * len(tops) < len(here)):
            return {line.name or str(line): str(line) for line in lines}
    return {name: _unpinned(str(by_name[name])) for name in tops} | found


def _unpinned(line: str) -> str:
    """`line` without the version of a lock: what is asked for is the package, in whichever."""
    return next(iter(roots_of([line]).values()), line)


def _apart(kind: Kind, found: Read, typed: list[Requirement], pip: list[Requirement]) -> Asked:
    """Where pip's packages lie beside the others: what a file of requirements asks for is pip's to bring."""
    specs = [kind.check(line, FIELD) for line in found.conda]
    lines = [line for line in found.requirements() if str(line) not in {str(each) for each in pip}]
    rest = Wanted(
        install=list({str(line): line for line in (*typed, *specs)}.values()),
        pip=pip if found.exact else [*pip, *lines],
        variables=found.variables,
    )
    named = [str(kind.check(line, FIELD)) for line in found.asked]
    locked = Wanted(pip=lines if found.exact else [], exact=found.exact, archives=found.archives, requested=named)
    return Asked(locked, rest, found.warnings, found.python, found.channels, found.conda, brought=lines)


def refuse_conda(found: Read) -> None:
    """Raise InvalidRequest when a file asks for what only conda brings."""
    if found.conda or found.archives:
        raise InvalidRequest(
            "The file asks for packages of conda.", hint="Choose conda as the manager.", field="manager", reason="conda"
        )
