"""Note what was asked for by hand, past the engine: by the ``pip`` of kernels that have none, which uv stands in for.

uv marks every package as asked for, those that came along too, so that its marks tell nothing later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from jupyter_envs.engine import own_files, record, scratch
from jupyter_envs.engine.adoption import Adoption
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.places import lock_file
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.env import Own
from jupyter_envs.system import conda_places
from jupyter_envs.system.files import lock
from jupyter_envs.system.metadata import dist_infos, normalise, tree

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?=\s*(?:$|[\[<>=!~;@(]))")


class _Stamp(NamedTuple):
    inode: int
    changed: int


@contextmanager
def noted(settings: Settings, prefix: str, words: Iterable[str]) -> Iterator[None]:
    """An installation of `words`, as pip takes them, into the environment at `prefix`, which the record tells of then.

    What cannot be noted is left: the packages are there.
    """
    real = os.path.realpath(prefix)
    with own_files.paused(settings.state, real):
        # To part a file from others looks like an installation.
        before = _stamps(real)
        yield
        after = _stamps(real)
    with suppress(OSError):
        own = Adoption(settings).own(real)
        if own is None or scratch.closed(own):
            return
        new = {name for name, stamp in after.items() if before.get(name) != stamp}
        asked = {normalise(found.group()) for word in words if (found := _NAME.match(word))}
        needed = {node.name for node in tree(real) if node.required_by}
        # Of a list in a file, or a project, the names are not among the words: there what nothing else needs was meant.
        names = (asked & dist_infos(real).keys()) | (new - needed)
        with lock(lock_file(settings, Kinds(settings), real)):
            _add(own, "pip_packages" if conda_places.is_prefix(real) else "packages", names)


def _add(own: Own, key: str, names: set[str]) -> None:
    spec = record.read_spec(own)
    lines = spec.get(key, [] if "packages" in spec else None)
    if not isinstance(lines, list):
        return
    known = {normalise(found.group()) for line in lines if isinstance(line, str) and (found := _NAME.match(line))}
    if further := sorted(names - known):
        record.write_spec(own, {**spec, key: [*lines, *further]})


def _stamps(prefix: str) -> dict[str, _Stamp]:
    found = {}
    for name, info in dist_infos(prefix).items():
        with suppress(OSError):
            about = os.stat(info)
            found[name] = _Stamp(about.st_ino, about.st_ctime_ns)
    return found
