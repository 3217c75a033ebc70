"""What a request for a new environment asks for, its files read and every line checked."""

from __future__ import annotations

from msgspec import Struct

from jupyter_envs.engine.catalog import Catalog
from jupyter_envs.engine.kinds.base import Kind, Wanted, check_pip
from jupyter_envs.formats.base import FIELD, Read
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Create, Requirement


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

    @property
    def lines(self) -> list[str]:
        """What was asked for: a lock only says how what was typed beside it is met."""
        met = [] if self.locked.exact and self.rest.install else self.locked.install
        return [*self.locked.requested, *(str(requirement) for requirement in (*met, *self.rest.install))]

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
    if request.from_ is None:
        return Asked(Wanted(), Wanted(install=typed, pip=pip))
    found = catalog.read(request.from_, request.python)
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
        return Asked(Wanted(), rest, found.warnings, found.python)
    lines, limits = found.requirements(), found.limits()
    # What the form shows of a lock comes along as packages: it is not asked for twice.
    named = {str(line) for line in lines}
    rest = Wanted(install=[line for line in typed if str(line) not in named], constraints=limits)
    locked = Wanted(install=lines, constraints=limits, exact=found.exact)
    return Asked(locked, rest, found.warnings, found.python)


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
    return Asked(locked, rest, found.warnings, found.python, found.channels, found.conda)


def refuse_conda(found: Read) -> None:
    """Raise InvalidRequest when a file asks for what only conda brings."""
    if found.conda or found.archives:
        raise InvalidRequest(
            "The file asks for packages of conda.", hint="Choose conda as the manager.", field="manager", reason="conda"
        )
