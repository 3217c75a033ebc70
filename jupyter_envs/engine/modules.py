"""Which distributions bring a module: what environments here have, then what is known, then a guess that the index has.

One way for the offer below a cell, for what is pasted, for search, and for `%envinstall`.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable

from jupyter_envs.formats import modules
from jupyter_envs.model.catalog import Provider, Providers
from jupyter_envs.model.env import Environment
from jupyter_envs.model.errors import EnvsError, InvalidRequest
from jupyter_envs.system.paths import inside

LONGEST = 200
_ENDINGS = (".py", ".so", ".pyd")
_MOST_ENTRIES = 10_000
# What came into the standard library, with the first Python that has it and what brings it to older ones.
_CAME = {
    "tomllib": ((3, 11), "tomli"),
    "zoneinfo": ((3, 9), "backports-zoneinfo"),
    "graphlib": ((3, 9), "graphlib-backport"),
}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z")


def providers(
    module: str,
    environments: Iterable[Environment],
    popular: Collection[str],
    on_index: Callable[[str], object],
    python: str | None = None,
) -> Providers:
    """The distributions that bring `module`, the most likely first.

    `popular` are much used names; `on_index` raises where the index does not have a name, or cannot be asked.
    `python` is the version of the Python that misses the module.

    Raises:
        InvalidRequest: `module` is not the dotted name of a module.
    """
    if len(module) > LONGEST or not all(part.isidentifier() for part in module.split(".")):
        raise InvalidRequest("This is not the name of a module.", hint="Give it as in `import a.b`.", field="module")
    if (found := _of_python(module, python)) is not None:
        return found
    environments = list(environments)
    known = modules.known(module)
    found_here = _installed(module, environments, known)
    if found_here:
        return Providers(module=module, distributions=found_here)
    if known is not None:
        return Providers(
            module=module,
            distributions=[Provider(name=name, source="known") for name in known.distributions],
            note=known.note,
        )
    name = modules.distribution_of(module)
    if not _NAME.match(name):
        return Providers(module=module, distributions=[])
    if name in popular:
        return Providers(module=module, distributions=[Provider(name=name, source="known")])
    return _guess(module, name, environments, on_index)


def own(root: str, notebook: str, module: str) -> Providers | None:
    """The answer for a module that lies beside `notebook`, a path below the folder `root`; None for every other."""
    top = module.partition(".")[0]
    if "\0" in notebook:
        return None
    folder = os.path.realpath(os.path.join(root, os.path.dirname(notebook.lstrip("/"))))
    if not top.isidentifier() or not (folder == root or inside(folder, root)):
        return None
    lies = os.path.join(folder, top)
    if any(os.path.isfile(lies + ending) for ending in _ENDINGS):
        return Providers(module=module, distributions=[], note=f"{top} is a file beside the notebook.", own=True)
    try:
        with os.scandir(lies) as entries:
            if any(entry.name.endswith(_ENDINGS) for entry in itertools.islice(entries, _MOST_ENTRIES)):
                note = f"{top} is a folder with modules beside the notebook."
                return Providers(module=module, distributions=[], note=note, own=True)
    except (OSError, ValueError):
        pass
    return None


def _of_python(module: str, python: str | None) -> Providers | None:
    """The answer for a module that the standard library has, had, or will have; None for every other."""
    top = module.partition(".")[0]
    version = tuple(int(part) for part in re.findall(r"\d+", python or "")[:2])
    if top in modules.REMOVED:
        gone = modules.removed(top, python or "99.0")
        if gone is None:
            return Providers(module=module, distributions=[], note=f"{top} is a part of this Python.")
        since, _ = modules.REMOVED[top]
        note = f"Python {since[0]}.{since[1]} took {top} out of the standard library."
        return Providers(
            module=module,
            distributions=[Provider(name=name, source="known") for name in gone.distributions],
            note=f"{note} In new code {gone.note}" if gone.note else note,
        )
    if top in _CAME and version and version < _CAME[top][0]:
        return Providers(
            module=module,
            distributions=[Provider(name=_CAME[top][1], source="known")],
            note=f"{top} is a part of Python from {'.'.join(map(str, _CAME[top][0]))} on.",
        )
    if top in sys.stdlib_module_names:
        found = modules.known(module)
        return Providers(module=module, distributions=[], note=found.note if found else "")
    return None


def _installed(module: str, environments: list[Environment], known: modules.Known | None) -> list[Provider]:
    # Imported here: few ask.
    from jupyter_envs.system.metadata import available
    from jupyter_envs.system.providers import providers as owners_of

    usable = [each for each in environments if each.state != "broken"]
    owners: dict[str, None] = {}
    for environment in usable:
        owners.update(dict.fromkeys(owners_of(environment.prefix, module)))
    # Of several that bring the same module the table names the usual one.
    order = {name: at for at, name in enumerate(known.distributions if known else ())}
    return [
        Provider(
            name=name,
            source="installed",
            environments=[each.id for each in usable if available(each.prefix, name)],
        )
        for name in sorted(owners, key=lambda name: order.get(name, len(order)))
    ]


def _guess(module: str, name: str, environments: list[Environment], on_index: Callable[[str], object]) -> Providers:
    from jupyter_envs.system.providers import is_local

    # One's own project may have the name of a stranger's.
    if any(is_local(each.prefix, name) for each in environments if each.state != "broken"):
        return Providers(module=module, distributions=[])
    try:
        on_index(name)
    except EnvsError:
        return Providers(module=module, distributions=[], note=f"No package is known that brings {module}.")
    return Providers(
        module=module,
        distributions=[Provider(name=name, source="guess")],
        note=f"The index has a project called {name}; whether it brings {module} is not known.",
    )
