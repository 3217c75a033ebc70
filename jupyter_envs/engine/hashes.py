"""The files that distributions are installed from, with their hashes, as the installer can tell them.

An index tells the hash of each file, and uv keeps what indexes told: to ask it again
for what was just resolved takes some 30 ms and no network.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from msgspec.structs import replace

from jupyter_envs.backends.base import Installer
from jupyter_envs.engine import record
from jupyter_envs.formats.lock import files_of
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.model.lock import Lock, Locked, LockedFile
from jupyter_envs.model.sources import SETTINGS_ALONE, Sources
from jupyter_envs.system import toml
from jupyter_envs.system.asking import asking
from jupyter_envs.system.files import listing
from jupyter_envs.system.installed import installed_one
from jupyter_envs.system.metadata import dist_infos, normalise
from jupyter_envs.system.paths import python_of
from jupyter_envs.system.pipconf import within
from jupyter_envs.system.process import DATA, clean_environment, run

Files = dict[str, list[LockedFile]]
LIMIT = 60.0


class Hashes:
    """Asks one installer; what was found while a change ran is kept until its lock is written."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer
        self._found: dict[str, Files] = {}

    @contextmanager
    def meanwhile(self, prefix: Own, added: Mapping[str, str], asks: Sources = SETTINGS_ALONE) -> Iterator[None]:
        """Look up what a change of `prefix` adds, versions by name, while the block makes the change."""
        # What comes from elsewhere than an index is told with its URL.
        wanted = [Locked(name=name, version=version) for name, version in added.items() if "/" not in version]
        stop = threading.Event()

        def work() -> None:
            self._found[prefix] = self._ask(prefix, wanted, stop, asks, offline=True)

        thread = threading.Thread(target=work, name="hashes", daemon=True)
        if wanted:
            thread.start()
        try:
            yield
        except BaseException:
            stop.set()
            raise
        finally:
            if wanted:
                thread.join()

    def filled(self, prefix: str, lock: Lock) -> Lock:
        """`lock` with what `meanwhile` has found for `prefix`."""
        return _with(prefix, lock, self._found.pop(prefix, {}))

    def completed(self, prefix: Own, lock: Lock, stop: threading.Event, *, offline: bool) -> Lock:
        """`lock` with the hashes that it lacked, as far as they can be found now."""
        missing = [package for package in lock.packages if package.manager == "pip" and not package.hashed]
        # Whose credentials were left out cannot be asked for.
        missing = [package for package in missing if "****" not in (package.url or "")]
        found = self._ask(prefix, missing, stop, record.sources(prefix), offline=offline) if missing else {}
        return _with(prefix, lock, found)

    def _ask(
        self, prefix: Own, packages: Sequence[Locked], stop: threading.Event, asks: Sources, *, offline: bool
    ) -> Files:
        lines = [f"{p.name} @ {p.url}" if p.url else f"{p.name}=={p.version}" for p in packages]
        with listing(lines) as file:
            argv = self._installer.lock_argv(os.fspath(python_of(prefix)), file, offline=offline)
            if argv is None:
                return {}
            with suppress(EnvsError, OSError, ValueError, KeyError):
                env = asking(self._installer.environment(within(clean_environment(), prefix)), asks)
                done = run(argv, env=env, cancelled=stop, timeout=LIMIT, most=DATA)
                if done.code == 0:
                    entries = toml.parse(done.out).get("packages", [])
                    return {normalise(entry["name"]): files_of(entry) for entry in entries}
        return {}


def _with(prefix: str, lock: Lock, found: Files) -> Lock:
    if not found:
        return lock
    infos = dist_infos(prefix)
    packages = []
    for package in lock.packages:
        files = [file for file in found.get(package.name, []) if file.hashes]
        if files and not package.hashed:
            info = infos.get(package.name)
            package = replace(package, files=installed_one(info, files) if info else files)  # noqa: PLW2901
        packages.append(package)
    return replace(lock, packages=packages)
