"""Finish or undo what a killed process left half done, as its journal tells, once nobody works on it any more."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from jupyter_envs.engine import history, journal, kernels, own_files, record, scratch
from jupyter_envs.engine.discover import Discovery
from jupyter_envs.engine.journal import Entry
from jupyter_envs.engine.kinds.base import Kind
from jupyter_envs.engine.kinds.lookup import Kinds
from jupyter_envs.engine.prefix import packages_time
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.undo import Undo
from jupyter_envs.model.env import Environment, Own
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.system import temporary, uv_pythons
from jupyter_envs.system.files import PathLike, lock, locked, remove_tree

# Seconds that a list waits for it: mostly it takes a tenth of that.
_PATIENCE = 1.0


class Parts(Protocol):
    """What it takes to settle an entry, as `parts.Parts` has it."""

    @property
    def settings(self) -> Settings: ...

    @property
    def kinds(self) -> Kinds: ...

    @property
    def discovery(self) -> Discovery: ...

    def root_of(self, prefix: str) -> Path | None: ...

    def kind_of(self, environment: Environment) -> Kind: ...

    def register(self, environment: Environment, tree: Own, display_name: str | None = None) -> None: ...


class Recovery:
    """Looks for what was left whenever environments are listed, and settles it in a thread.

    What this process makes for a while only lies in the state folder from now on, so that it is swept as well.
    """

    def __init__(self, state: Path, parts: Callable[[], Parts]) -> None:
        self._state = state
        temporary.use(state / "tmp")
        self._parts = parts
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def look(self, patience: float = _PATIENCE) -> None:
        """Settle what there is, and wait for it at most `patience` seconds; with nothing left it costs one look."""
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                if not any(_abandoned(path) for path in journal.left(self._state)):
                    return
                work = threading.Thread(target=self._settle, name="jupyter-envs-recovery", daemon=True)
                work.start()
                self._thread = work
            thread = self._thread
        if thread is not threading.current_thread():
            thread.join(patience)

    def stop(self) -> None:
        """Wait for what has begun: the next process would have to do it again."""
        if self._thread:
            self._thread.join(10)

    def _settle(self) -> None:
        settle_all(self._parts())


def settle_all(parts: Parts) -> None:
    """Settle what every killed process of this user left; what cannot be settled now stays for the next time."""
    for path in journal.left(parts.settings.state):
        with suppress(OSError, EnvsError):
            found = journal.read(path)
            if found and _reachable(found[0]):
                with _lock(found[0]):
                    own_files.wait_for(parts.settings.state, found[0].prefix, lambda: None)
                    _settle(parts, path)


def settle_of(parts: Parts, prefix: str) -> bool:
    """Settle what was left of the environment at `prefix`, whose lock the caller holds; whether there was anything."""
    settled = False
    for path in journal.left(parts.settings.state):
        found = journal.read(path)
        if found and found[0].prefix == prefix:
            settled = _settle(parts, path) or settled
    return settled


def undo(parts: Parts, opened: journal.Open) -> None:
    """Undo what this process has begun with the entry `opened` and does not end."""
    entry = opened.entry
    if entry.action == "appear" and entry.aside and os.path.lexists(entry.aside) and not os.path.lexists(entry.prefix):
        # It failed to take its place: the old one comes back.
        os.rename(entry.aside, entry.prefix)
    _act(parts, entry, done=False)
    opened.drop()


def _settle(parts: Parts, path: Path) -> bool:
    found = journal.read(path)
    if found is None:
        return False
    _act(parts, found[0], done=found[1])
    path.unlink(missing_ok=True)
    return True


def _act(parts: Parts, entry: Entry, *, done: bool) -> None:
    """Finish or undo; whoever is interrupted here finds all that it takes to do it again."""
    # First: a folder with a temporary file of somebody killed is not empty.
    temporary.sweep(parts.settings.state / "tmp")
    if entry.action == "appear":
        _appear(parts, entry, done)
    elif entry.action == "move":
        _move(parts, entry)
    elif entry.action == "remove":
        _remove(parts, entry)
    elif entry.action == "change":
        _change(parts, entry, done)
    elif entry.action == "python":
        _python(entry, done)
    else:
        _project(parts, entry, done)
    for path in entry.scratch:
        remove_tree(path)


def _appear(parts: Parts, entry: Entry, done: bool) -> None:
    """A tree that was to appear at the prefix, perhaps in the place of another one."""
    prefix, stage, aside = entry.prefix, entry.stage, entry.aside
    replaced = aside is not None and os.path.lexists(aside)
    if done:
        pass
    elif stage is None:
        # It was made in its place; where the old one had not yet given way, that one lies there.
        if aside is None or replaced:
            remove_tree(prefix)
    elif os.path.lexists(stage) and replaced and not os.path.lexists(prefix):
        # The old one gives way last: the new one is whole.
        os.rename(stage, prefix)
    elif os.path.lexists(stage) or not os.path.lexists(prefix):
        # In this order, so that a second crash finds the stage and does the same.
        _kernels_back(parts, entry)
        remove_tree(stage)
    if aside is not None and replaced and not os.path.lexists(prefix):
        os.rename(aside, prefix)
        _kernels_back(parts, entry)
    elif not os.path.lexists(prefix):
        parts.kinds[entry.kind].vanished(prefix)
        parts.discovery.forget_prefix(prefix)
        parts.discovery.adoption.forget(prefix)
        own_files.forget(parts.settings, prefix)
        _remove_folders(entry)
    if aside is not None:
        remove_tree(aside)


def _remove_folders(entry: Entry) -> None:
    for folder in entry.folders:
        # Somebody may have put something there.
        with suppress(OSError):
            os.rmdir(folder)


def _move(parts: Parts, entry: Entry) -> None:
    """The copy is whole once it is at its goal (its own entry was settled before): the old one gives way to it."""
    if entry.target is not None and os.path.isdir(entry.target):
        give_way(parts, entry)
        _remove(parts, entry)


def give_way(parts: Parts, entry: Entry) -> None:
    """Let the kernels of the environment at `entry.prefix` be those of its copy at `entry.target`.

    Whole before the old one goes: at each moment they start what is there.
    """
    target = entry.target or ""
    for spec in kernels.of_prefix(entry.prefix):
        kernels.point_at(spec, target)
    # It was noted as this user's before it came to its place: what lies there else is not started.
    if kernels.of_prefix(target) and (own := parts.discovery.adoption.own(target)):
        parts.register(parts.discovery.by_prefix(target), own, entry.display_name)
    parts.kinds[entry.kind].appeared(target)


def move_back(parts: Parts, entry: Entry) -> None:
    """Undo `give_way`, and remove the copy."""
    kernels.restore(entry.prefix, entry.kernels, entry.target)
    if entry.target is not None and (root := parts.root_of(entry.target)):
        vanish(parts, entry.target, root, parts.kinds[entry.kind])


def _remove(parts: Parts, entry: Entry) -> None:
    if (root := parts.root_of(entry.prefix)) and not os.path.islink(entry.prefix):
        vanish(parts, entry.prefix, root, parts.kinds[entry.kind])


def vanish(parts: Parts, prefix: str, root: PathLike, kind: Kind) -> None:
    """Delete the environment at `prefix` in `root`: it vanishes by one rename, what speaks of it follows."""
    scratch.discard(prefix, root)
    kernels.drop(prefix)
    own_files.forget(parts.settings, prefix)
    for forget in (parts.discovery.adoption.forget, kind.vanished, parts.discovery.forget_prefix):
        # On a full disk a list may keep a line of what is gone; nobody takes it for more.
        with suppress(OSError):
            forget(prefix)


def _change(parts: Parts, entry: Entry, done: bool) -> None:
    own = parts.discovery.adoption.own(entry.prefix)
    if own is None:
        return  # it is gone, or another folder has taken its place
    if done:
        Undo(own).commit()
        return
    Undo(own).back()
    history.drop_new(own, entry.revisions)
    record.restore_spec(own, entry.spec)
    moved_from = None
    if entry.place is not None:
        parts.kinds[entry.kind].relocate(own, [own], entry.place)
        moved_from = None if os.path.lexists(entry.place) else os.path.realpath(entry.place)
    _kernels_back(parts, entry, moved_from)
    if not entry.magic:
        record.drop_magic(own)
    record.drop_empty(own)


def _kernels_back(parts: Parts, entry: Entry, moved_from: str | None = None) -> None:
    """Let the kernelspecs be as they were, with the logos that whoever was killed here before left out."""
    prefix = entry.prefix
    kernels.restore(prefix, entry.kernels, moved_from)
    if (own := parts.discovery.adoption.own(prefix)) and os.path.isdir(prefix) and kernels.of_prefix(prefix):
        environment = parts.discovery.by_prefix(prefix)
        kernels.draw(prefix, parts.kind_of(environment).kernels(own, prefix, environment.name))


def _project(parts: Parts, entry: Entry, done: bool) -> None:
    from jupyter_envs.engine.aside import Aside

    aside = Aside(Path(entry.store or ""))
    if done:
        aside.commit()
    else:
        last = aside.last()
        aside.mend(lambda: project_back(parts, entry, last))


def project_back(parts: Parts, entry: Entry, last: float = math.inf) -> None:
    """Let all but the files of a project be as it was before its tool worked on it, at the latest until `last`.

    A new environment may lie elsewhere than was foreseen.
    """
    parts.discovery.adoption.adopt(entry.prefix)
    _kernels_back(parts, entry)
    project = parts.discovery.owners.project(entry.project or "")
    now = parts.discovery.owners.prefixes(project) if project else []
    new = [path for path in now if path not in entry.present and _made_within(path, entry.began, last)]
    for path in dict.fromkeys([*entry.absent, *new]):
        if os.path.lexists(path):
            kernels.drop(path)
            remove_tree(path)
        if path != entry.prefix:
            parts.discovery.adoption.forget(path)
    if not os.path.lexists(entry.prefix):
        _remove_folders(entry)


def _made_within(prefix: str, began: float, last: float) -> bool:
    """Whether the environment was made since `began`, whole or not, and nobody has worked on it after `last`.

    What a project names by now may be an older one.
    """
    try:
        times = [os.lstat(os.path.join(prefix, "pyvenv.cfg")).st_mtime, packages_time(prefix) / 1e9]
    except OSError:
        try:
            with os.scandir(prefix) as found:
                times = [each.stat(follow_symlinks=False).st_ctime for each in found] or [os.lstat(prefix).st_ctime]
        except OSError:
            return False
    # File systems note times by the second, or two.
    return min(times) >= began - 2 and max(times) <= last


def _python(entry: Entry, done: bool) -> None:
    if not done:
        for prefix in entry.absent:
            uv_pythons.drop(prefix, entry.links)
    uv_pythons.sweep(os.path.dirname(entry.prefix))


def _lock(entry: Entry) -> AbstractContextManager[None]:
    # A lock inside an environment that is gone would make it anew.
    return lock(entry.lock) if os.path.isdir(os.path.dirname(entry.lock)) else nullcontext()


def _abandoned(path: Path) -> bool:
    """Whether nobody works any more on what the entry at `path` tells of."""
    found = journal.read(path)
    return found is not None and _reachable(found[0]) and not locked(found[0].lock)


def _reachable(entry: Entry) -> bool:
    """Whether the folder is there that holds the environment: a disk may not be mounted now."""
    return entry.folders != [] or os.path.isdir(os.path.dirname(entry.prefix))
