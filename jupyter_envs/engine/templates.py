"""Warmed environments to start from: templates made once, copied, kept ready as spares.

The first kernel start in a new environment compiles what a kernel imports, 2.4
to 2.7 s against 0.65 s later. A template has been through that once: a copy
starts like an old environment. A spare is such a copy made ahead of time; taking it is one
rename. One that somebody changed, and a template that somebody changed, is never handed out, but made anew.

Templates lie in ``<state>/templates/<key>``, spares in ``<root>/.spares/<key>``.
A template's key covers all that it depends on (`Kind.identity`). What lacks a
manifest was not finished and is made anew.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from jupyter_envs.engine import history, own_files, scratch
from jupyter_envs.engine.adoption import new
from jupyter_envs.engine.kinds.base import Kind, Recipe, Wanted
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context, Silent
from jupyter_envs.engine.warm import warm
from jupyter_envs.model import wire
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.copies import copy_tree, files_of, fingerprint, unshare
from jupyter_envs.system.env_pointers import is_environment
from jupyter_envs.system.files import atomic_write, discard_tree, lock, remove_tree, tree_size
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import LISTING, read_as, read_bytes, read_text

FORMAT = 4
KEPT = 3
REFRESH_AFTER = 3 * 24 * 3600.0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished template is: `built` and `checked` in seconds since the epoch, `size` in bytes.

    `tree` and `contents` are its fingerprints: by what is in its texts and the times of other files, which are what
    new environments may have links of for a while, and by what is in all of them.
    """

    format: int
    manager: str
    python: str
    packages: dict[str, str]
    built: float
    checked: float
    size: int
    prefix: str
    tree: str
    contents: str


_manifest = msgspec.json.Decoder(Manifest)


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A tree to become an environment: the place that its scripts speak of, and whether others have links of its files.

    Those that never may be edited do not count.
    """

    speaks_of: str
    shared: bool = True


class Templates:
    """The templates and spares of one state folder and root."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.state / "templates"
        self._root = settings.all_roots[0]
        # On the file system of the templates: only what vanishes at once never gives half a copy.
        self._template_bin = settings.state / ".gone"

    @property
    def _spares(self) -> Path:
        return scratch.folder(self._root, scratch.SPARES)

    @property
    def enabled(self) -> bool:
        # Windows launchers carry their path in the executable.
        return self._settings.templates and not WINDOWS

    def key(self, kind: Kind, recipe: Recipe) -> str:
        """The name of the template for a new environment by `recipe`.

        Raises:
            OSError: its interpreter is gone.
        """
        return hashlib.sha256(repr((FORMAT, kind.identity(recipe))).encode()).hexdigest()[:16]

    def take(self, key: str, target: Own, check: Callable[[], None]) -> Ready | None:
        """A tree for a new environment, at `target` (which must not exist), or None when there is no template.

        A spare where one is ready on the same file system, else a clone.
        """
        manifest = self.manifest(key)
        if not self.enabled or manifest is None:
            return None
        with suppress(OSError):
            for name in self._spares_of(key, manifest):
                try:
                    os.rename(self._spares / key / name, target)
                except OSError:
                    continue  # somebody else took it, or it is on another file system
                if self._as_made(key, name, target):
                    history.renew_base(target)
                    return Ready(speaks_of=manifest.prefix, shared=False)
                scratch.discard(target, self._root)
        if not _sound(manifest):
            self._distrust(key)
            return None
        try:
            shared = copy_tree(manifest.prefix, target, check, later=own_files.later(self._settings))
        except OSError as error:
            remove_tree(target)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            # It was cleaned away while it was being copied, or cannot be read; without it this takes longer, no more.
            if not isinstance(error, FileNotFoundError):
                self._distrust(key)
            return None
        history.renew_base(target)
        return Ready(speaks_of=manifest.prefix, shared=shared)

    def _distrust(self, key: str) -> None:
        """Have the template `key` made anew: what has no manifest was not finished."""
        with suppress(OSError):
            (self._folder / key / "manifest.json").unlink()

    def want(self, recipe: Recipe) -> None:
        """Remember that `recipe` was asked for, so that its template is kept ready.

        One whose channels brought credentials along is not: they are kept nowhere, and nothing can be made ahead
        without them. Those of configured channels are in the settings.
        """
        if any(channel.has_secret for channel in recipe.channels):
            return
        kept = [recipe, *(r for r in self.wanted() if r != recipe)][:KEPT]
        if kept != self.wanted():
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                atomic_write(self._folder / "wanted.json", wire.encode(kept), 0o600)

    def wanted(self) -> list[Recipe]:
        """The recipes asked for last."""
        try:
            return wire.decode(read_bytes(self._folder / "wanted.json", LISTING), list[Recipe])
        except (OSError, InvalidRequest):
            return []

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of a finished template, or None where it is missing, unfinished or its interpreter is gone."""
        try:
            found = read_as(self._folder / key / "manifest.json", _manifest)
        except (OSError, ValueError):
            return None
        usable = found.format == FORMAT and Path(found.prefix).parent == self._folder / key
        return found if usable and is_environment(found.prefix) else None

    def prepare(self, kind: Kind, recipe: Recipe, context: Context | None = None) -> bool:
        """Bring the template and its spares up to date; return whether anything was done.

        Runs in a process of its own, at low priority; one process at a time does it.

        Raises:
            OSError: the recipe's interpreter is gone.
            EnvsError: it could not be made.
        """
        context = context or Silent()
        if not self.enabled:
            return False
        key = self.key(kind, recipe)
        try:
            with lock(self._folder / f"{key}.lock"):
                self._sweep(key)
                done = self._refresh(key, kind, recipe, context)
                self._keep_within_budget(key)
                return self._fill(key, context) or done
        except BlockingIOError:
            return False

    def folders(self) -> tuple[str, str]:
        """Where the templates lie, and the spares."""
        return os.fspath(self._folder), os.fspath(self._spares)

    def clean(self) -> None:
        """Remove all templates, and the spares, which are good for nothing without them."""
        self.clean_spares()
        discard_tree(self._folder, self._template_bin)

    def clean_spares(self) -> None:
        """Remove the spares; those that are wanted come back when it is quiet."""
        scratch.discard(self._spares, self._root)

    def _refresh(self, key: str, kind: Kind, recipe: Recipe, context: Context) -> bool:
        manifest = self.manifest(key)
        moment = time.time()
        if manifest and not _sound(manifest):
            # Somebody changed it. It stays where it is for now, as somebody may be copying it.
            self._distrust(key)
            manifest = None
        if manifest and moment - manifest.checked < REFRESH_AFTER:
            return False
        folder = self._folder / key
        prefix = new(os.fspath(folder / f"env-{secrets.token_hex(4)}"))
        folder.mkdir(parents=True, exist_ok=True)
        # A new one beside the old: whoever copies the old one now must find it whole.
        kind.make(recipe, prefix, Wanted(install=kind.base(recipe, kernel=True)), context)
        packages = kind.versions(prefix)
        if manifest and manifest.packages == packages:
            discard_tree(prefix, self._template_bin)
            fresh = msgspec.structs.replace(manifest, checked=moment)
            atomic_write(folder / "manifest.json", msgspec.json.encode(fresh))
            return False
        warm(kind.kernels(prefix, prefix, os.path.basename(prefix))[0], context)
        stands = kind.lock(prefix, None)
        history.keep_base(prefix, kind.completed(prefix, stands, context.cancelled, offline=False))
        # What uv's or conda's cache has a link to changes with it.
        unshare(files_of(prefix))
        fresh = Manifest(
            format=FORMAT,
            manager=recipe.manager,
            python=recipe.python,
            packages=packages,
            built=moment,
            checked=moment,
            size=tree_size(prefix),
            prefix=prefix,
            tree=fingerprint(prefix, texts=True),
            contents=fingerprint(prefix, contents=True),
        )
        atomic_write(folder / "manifest.json", msgspec.json.encode(fresh))
        # Spares of the old template hold the old packages.
        scratch.discard(self._spares / key, self._root)
        if manifest:
            discard_tree(manifest.prefix, self._template_bin)
        return True

    def _fill(self, key: str, context: Context) -> bool:
        manifest = self.manifest(key)
        if manifest is None or self._settings.spares == 0:
            return False
        folder = scratch.made(self._root, scratch.SPARES) / key
        folder.mkdir(exist_ok=True)
        made = False
        while len(self._spares_of(key, manifest)) < self._settings.spares:
            if not made and not _sound(manifest, contents=True):
                self._distrust(key)
                return False
            name = f"{os.path.basename(manifest.prefix)}.{secrets.token_hex(6)}"
            copy_tree(manifest.prefix, folder / f".{name}", context.check)
            atomic_write(self._folder / key / f"{name}.spare", fingerprint(folder / f".{name}"))
            os.rename(folder / f".{name}", folder / name)
            made = True
        return made

    def _as_made(self, key: str, name: str, tree: str) -> bool:
        """Whether nobody changed the spare `name`, now at `tree`, while it waited."""
        noted = self._folder / key / f"{name}.spare"
        try:
            return read_text(noted) == fingerprint(tree)
        except (OSError, ValueError):
            return False
        finally:
            with suppress(OSError):
                noted.unlink()

    def _spares_of(self, key: str, manifest: Manifest) -> list[str]:
        """The names of the finished spares that were copied from just this template: their scripts speak of it."""
        start = os.path.basename(manifest.prefix) + "."
        return [name for name in os.listdir(self._spares / key) if name.startswith(start)]

    def _sweep(self, key: str) -> None:
        """Remove what an ended process left half made."""
        manifest = self.manifest(key)
        with suppress(OSError):
            for path in (self._folder / key).iterdir():
                if path.suffix == ".spare":
                    if not (self._spares / key / path.stem).exists():
                        path.unlink()
                elif path.name.startswith("env-") and (manifest is None or str(path) != manifest.prefix):
                    discard_tree(path, self._template_bin)
        with suppress(OSError):
            for path in (self._spares / key).iterdir():
                if path.name.startswith("."):
                    scratch.discard(path, self._root)

    def _keep_within_budget(self, keep: str) -> None:
        """Remove the templates that were checked longest ago until the rest fits; `keep` stays."""
        found = {p.name: m for p in self._folder.iterdir() if p.is_dir() and (m := self.manifest(p.name))}
        total = sum(m.size for m in found.values())
        for name, manifest in sorted(found.items(), key=lambda item: item[1].checked):
            if total <= self._settings.template_budget:
                return
            if name != keep:
                scratch.discard(self._spares / name, self._root)
                discard_tree(self._folder / name, self._template_bin)
                total -= manifest.size


def _sound(manifest: Manifest, *, contents: bool = False) -> bool:
    """Whether the template is as it was made."""
    try:
        if contents and fingerprint(manifest.prefix, contents=True) != manifest.contents:
            return False
        return fingerprint(manifest.prefix, texts=True) == manifest.tree
    except OSError:
        return False
