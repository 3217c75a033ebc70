"""Search the notebook root for environments and projects, within bounds, as git would look at it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from jupyter_envs.system import env_pointers
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.reading import read_head

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FRESH = 30.0
# A search that takes longer than this, in seconds, holds for as many times longer.
_LONG = 0.1
# How long a first call waits when an earlier process left its findings.
_PATIENCE = 1.0
# What is read of a file of rules, and what of a rule: a repository that somebody made can hold anything.
_MOST_RULES = 100_000
_MOST_LINES = 2_000
_LONGEST = 1_000
_MOST_STARS = 3
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
_UNFINISHED = re.compile(r"\.new-\d+$")

# A folder's own rules with the length of its path, the outermost folder first.
_Rules = tuple[tuple[int, "GitIgnoreSpec"], ...]


class Link(Struct, frozen=True):
    """The folder of a project that points at an environment, and the tool that made that where the pointer tells."""

    folder: str
    tool: str | None = None


class Seen(Struct, frozen=True):
    """What a search came across: environments, folders with a file that may make them a project, and pointers.

    `links` are the environments that a project's folder points at or keeps for a tool such as tox, by prefix.
    """

    environments: list[str] = []
    projects: list[str] = []
    links: dict[str, Link] = {}


def search(
    root: str,
    *,
    depth: int,
    limit: int,
    seconds: float,
    markers: frozenset[str] = frozenset(),
    workon: str | None = None,
) -> Seen:
    """The environments (PEP 405 or conda) below `root`, at most `depth` folders down, in order of depth.

    A folder that holds one of `markers` may be a project, `root` itself too.
    Looked at are at most `limit` folders, for at most `seconds`. What git ignores,
    hidden folders and ``node_modules`` are passed over, unless they are an
    environment themselves. Links are not followed, except where `env_pointers` has them; `workon` is handed to it.
    """
    found = Seen([], [], {})
    until = time.monotonic() + seconds
    top = os.path.realpath(root)
    waiting: deque[tuple[str, int, _Rules]] = deque([(top, 0, _rules_above(top))])
    while waiting and limit > 0 and time.monotonic() < until:
        limit -= 1
        folder, level, rules = waiting.popleft()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda e: e.name)
        except OSError:
            continue
        names = {entry.name for entry in entries}
        if not names.isdisjoint(markers):
            found.projects.append(folder)
        for pointed in env_pointers.of_folder(folder, names, workon):
            found.links.setdefault(pointed.prefix, Link(folder, pointed.tool))
        # A repository's rules end at its edge.
        rules = () if ".git" in names and folder != top else rules
        if ".git" in names:
            rules = _with(rules, folder, os.path.join(folder, ".git", "info", "exclude"))
        if ".gitignore" in names:
            rules = _with(rules, folder, os.path.join(folder, ".gitignore"))
        for entry in entries:
            try:
                if not entry.is_dir(follow_symlinks=False):
                    continue
            except OSError:
                continue
            if is_environment(entry.path):
                if not _UNFINISHED.search(entry.name):
                    found.environments.append(entry.path)
            elif level < depth and not _passed_over(entry.name) and not _ignored(entry.path, rules):
                waiting.append((entry.path, level + 1, rules))
    return found


def together(found: Iterable[Seen]) -> Seen:
    """What several searches came across, each thing once; what an earlier one of `found` says wins."""
    seen = list(found)
    environments = dict.fromkeys(path for each in seen for path in each.environments)
    projects = dict.fromkeys(path for each in seen for path in each.projects)
    every = Seen(list(environments), list(projects), {})
    for each in seen:
        for path, link in each.links.items():
            every.links.setdefault(path, link)
    return every


class Walk:
    """The findings below a notebook root: kept, and looked up again in the background when they are old."""

    def __init__(self, search: Callable[[], Seen], known: Seen | None) -> None:
        self._search = search
        self._known = known
        self._when: float | None = None
        self._took = 0.0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def seen(self, refresh: bool = False) -> Seen:
        """What was seen last; `refresh` and the first call wait for a new look.

        A first call that has an earlier process's findings waits a second at most.
        """
        first = self._when is None
        if first or refresh or time.monotonic() - (self._when or 0) > FRESH * max(1.0, self._took / _LONG):
            if refresh and (running := self._thread):
                # A look that began earlier may have passed by what is new.
                running.join()
            thread = self._start()
            if refresh or (first and self._known is None):
                thread.join()
            elif first:
                thread.join(_PATIENCE)
        return self.last()

    def last(self) -> Seen:
        """What was seen last, without looking."""
        return self._known or Seen()

    def _start(self) -> threading.Thread:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                # Kept once it runs: whoever finds it may wait for it, and only one that runs can be waited for.
                thread = threading.Thread(target=self._look, name="environment-walk", daemon=True)
                thread.start()
                self._thread = thread
            return self._thread

    def _look(self) -> None:
        began = time.monotonic()
        self._known = self._search()
        self._when = time.monotonic()
        self._took = self._when - began


def _passed_over(name: str) -> bool:
    return name[0] == "." or name in _SKIPPED


def _with(rules: _Rules, folder: str, path: str) -> _Rules:
    try:
        lines = read_head(path, _MOST_RULES).decode("utf-8", "replace").splitlines()
    except OSError:
        return rules
    lines = [line for line in lines[:_MOST_LINES] if _simple(line)]
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return rules
    # Imported here: most calls walk nothing.
    from pathspec import GitIgnoreSpec

    spec: Any
    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError:
        # One line that git would skip must not hide the others.
        spec = GitIgnoreSpec.from_lines(line for line in lines if _valid(line))
    return (*rules, (len(folder.rstrip(os.sep)) + 1, spec))


def _simple(line: str) -> bool:
    """Whether the rule `line` is matched in a moment: the time grows by a power of the stars in a part of a path."""
    return len(line) <= _LONGEST and all(part.count("*") <= _MOST_STARS for part in line.split("/"))


def _valid(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _rules_above(top: str) -> _Rules:
    """The rules of the repository that `top` lies in, from its edge down to the folder above `top`."""
    chain: list[str] = []
    folder = top
    while True:
        chain.append(folder)
        if os.path.exists(os.path.join(folder, ".git")):
            break
        parent = os.path.dirname(folder)
        if parent == folder:
            return ()
        folder = parent
    rules: _Rules = ()
    for folder in reversed(chain[1:]):
        if folder == chain[-1]:
            rules = _with(rules, folder, os.path.join(folder, ".git", "info", "exclude"))
        rules = _with(rules, folder, os.path.join(folder, ".gitignore"))
    return rules


def _ignored(path: str, rules: _Rules) -> bool:
    for start, spec in reversed(rules):
        relative = path[start:].replace(os.sep, "/") + "/"
        # The innermost rule that says anything decides, as git has it.
        if (decided := spec.check_file(relative).include) is not None:
            return decided
    return False
