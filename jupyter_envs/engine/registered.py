"""Which of the user's kernelspecs belong to which environment, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from jupyter_envs.engine import kernels, prefix
from jupyter_envs.model.env import Kernel, Problem


class Registered(NamedTuple):
    """A kernelspec of an environment; `wrong` says what is wrong with it."""

    kernel: Kernel
    wrong: str | None
    ipykernel: bool


def by_prefix(known: dict[str, prefix.Known]) -> dict[str, list[Registered]]:
    """The user's kernelspecs by the environment that they are for."""
    found: dict[str, list[Registered]] = {}
    for spec in kernels.specs():
        argv = spec.content.get("argv")
        program = argv[0] if isinstance(argv, list) and argv and isinstance(argv[0], str) else ""
        told = spec.ours.get("prefix")
        owner = _owner(program, known)
        path = told if isinstance(told, str) and told in known else owner
        if path is None:
            continue
        wrong = None
        if not os.path.isabs(program) or not os.path.exists(program):
            wrong = f"starts {program or 'nothing'}, which does not exist"
        language = str(spec.content.get("language") or "python")
        # A shell's kernel, say, may run by a program of the system.
        if wrong is None and owner != path and (owner or language == "python"):
            wrong = f"starts {program}, which is not this environment's"
        kernel = Kernel(name=spec.name, display_name=spec.display_name, language=language)
        ipykernel = any("ipykernel" in str(part) for part in argv or ()) if isinstance(argv, list) else False
        found.setdefault(path, []).append(Registered(kernel, wrong, ipykernel))
    return found


def _owner(program: str, known: dict[str, prefix.Known]) -> str | None:
    """The environment whose folders hold `program`; the program itself may be a link to the base Python."""
    folder = os.path.dirname(program)
    real = os.path.realpath(folder) if os.path.isabs(folder) else ""
    return next((above for start in (folder, real) for above in _upwards(start) if above in known), None)


def _upwards(folder: str) -> Iterator[str]:
    while folder and folder != os.path.dirname(folder):
        yield folder
        folder = os.path.dirname(folder)


def problems(known: prefix.Known, specs: list[Registered]) -> list[Problem]:
    found = [
        Problem(
            code="kernelspec_broken",
            severity="warning",
            message=f"Its kernel {spec.kernel.display_name!r} {spec.wrong}.",
            repair="Write the kernelspec anew.",
        )
        for spec in specs
        if spec.wrong
    ]
    if not known.ipykernel and any(spec.ipykernel for spec in specs):
        found.append(
            Problem(
                code="no_ipykernel",
                severity="warning",
                message="It is registered as a kernel but has no ipykernel, so the kernel cannot start.",
                repair="Install ipykernel.",
            )
        )
    return found
