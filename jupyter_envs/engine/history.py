"""The revisions of an environment, in its record: one small file each, and beside them one lock file each.

``revisions/N.json`` never changes once it is written. The lock is
``locks/pylock.N.toml``, or ``locks/N.incomplete.toml`` as long as hashes are
missing; to complete it later touches no folder whose time tells of a change.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

import msgspec
from msgspec.structs import replace

from jupyter_envs.engine.record import read_spec
from jupyter_envs.formats import lock as lock_file
from jupyter_envs.model.env import Own
from jupyter_envs.model.lock import Lock, Locked
from jupyter_envs.model.plan import By, Plan, Revision
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import record_of
from jupyter_envs.system.reading import DOCUMENT, read_as, read_bytes, read_text

_BASE = "base.toml"
_LOCK_FILE = re.compile(r"pylock\.(\d+)\.toml|(\d+)\.incomplete\.toml")


class _Head(msgspec.Struct, frozen=True):
    """What a list shows of a revision; the pins, most of the file, are passed over."""

    revision: Revision
    python: str | None = None


class Stored(msgspec.Struct, frozen=True):
    """A revision with the versions that stood after it, by normalised name, and what was asked for by then."""

    revision: Revision
    pins: dict[str, str]
    python: str | None = None
    requested: list[str] | None = None
    requested_pip: list[str] | None = None


_head = msgspec.json.Decoder(_Head)
_stored = msgspec.json.Decoder(Stored)


def numbers(prefix: Own) -> list[int]:
    """The numbers of the revisions, the oldest first; damaged ones are among them."""
    try:
        names = os.listdir(record_of(prefix) / "revisions")
    except OSError:
        return []
    return sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdecimal())


def has(prefix: Own) -> bool:
    """Whether there is any revision."""
    return bool(numbers(prefix))


def revisions(prefix: Own) -> list[Revision]:
    """The revisions, oldest first; a damaged one is left out."""
    folder = os.path.join(record_of(prefix), "revisions")
    locks = _locks(prefix)
    found = []
    for number in numbers(prefix):
        try:
            head = read_as(os.path.join(folder, f"{number}.json"), _head, DOCUMENT)
        except (OSError, ValueError):
            continue
        found.append(_told(head.revision, head.python, locks))
    return found


def get(prefix: Own, number: int) -> Stored | None:
    """The revision `number`; None where there is none, or it is damaged."""
    try:
        stored = read_as(os.path.join(record_of(prefix), "revisions", f"{number}.json"), _stored, DOCUMENT)
    except (OSError, ValueError):
        return None
    return replace(stored, revision=_told(stored.revision, stored.python, _locks(prefix)))


def last(prefix: Own) -> Stored | None:
    """The newest revision that can be read."""
    return next((found for number in reversed(numbers(prefix)) if (found := get(prefix, number))), None)


def before_last(prefix: Own) -> int | None:
    """The number of the revision before the newest."""
    known = numbers(prefix)
    return known[-2] if len(known) > 1 else None


def lock_text(prefix: Own, number: int) -> str | None:
    """The text of a revision's lock file; None where it has none."""
    name = _locks(prefix).get(number)
    if name is None:
        return None
    try:
        return read_text(record_of(prefix) / "locks" / name, DOCUMENT)
    except (OSError, ValueError):
        return None


def lock_of(prefix: Own, number: int) -> Lock | None:
    """What stood after a revision, from its lock file, else from its pins; None where there is no such revision.

    From pins alone it is not known where a distribution came from: a lock file that is
    damaged, or was never written, costs the hashes and the origins.
    """
    text = lock_text(prefix, number)
    if text is not None:
        try:
            return lock_file.read(text)
        except ValueError:
            pass
    stored = get(prefix, number)
    if stored is None:
        return None
    packages = [Locked(name=name, version=version) for name, version in sorted(stored.pins.items())]
    return Lock(python=stored.python, packages=packages)


def add(
    prefix: Own,
    *,
    time: str,
    by: By,
    action: str,
    asked: dict[str, Any],
    plan: Plan,
    lock: Lock,
    user: str | None = None,
) -> int:
    """Note a change after which `lock` stands, and return its number."""
    from jupyter_envs.system.redact import redacted_values

    number = (numbers(prefix) or [0])[-1] + 1
    record = record_of(prefix)
    for name in ("locks", "revisions"):
        (record / name).mkdir(parents=True, exist_ok=True)
    _write_lock(prefix, number, lock)
    entry = Revision(
        revision=number,
        time=time,
        by=by,
        action=action,
        asked=asked,
        plan=plan,
        user=user or _user(),
        python=lock.python,
    )
    spec = read_spec(prefix)
    stored = Stored(entry, lock.pins, lock.python, spec.get("packages"), spec.get("pip_packages"))
    # Before it is JSON: a quotation mark within a password would be taken for one of its own.
    raw = msgspec.json.encode(redacted_values(stored))
    # Last: with it the revision is there.
    atomic_write(record / "revisions" / f"{number}.json", raw, durable=True)
    return number


def incomplete(prefix: Own) -> list[int]:
    """The numbers of the revisions whose lock lacks hashes, the newest first."""
    return sorted((n for n, name in _locks(prefix).items() if name.endswith(".incomplete.toml")), reverse=True)


def complete(prefix: Own, number: int, lock: Lock) -> None:
    """Replace the lock of a revision by one that knows more; its time stays that of the revision."""
    folder = record_of(prefix) / "locks"
    old = folder / _locks(prefix)[number]
    times = old.stat()
    new = _write_lock(prefix, number, lock)
    os.utime(folder / new, ns=(times.st_atime_ns, times.st_mtime_ns))
    if new != old.name:
        old.unlink(missing_ok=True)


def written_at(prefix: Own) -> int:
    """When the lock of the newest revision was written, in ns since the epoch; 0 where it has none."""
    name = _locks(prefix).get((numbers(prefix) or [0])[-1])
    try:
        return os.stat(record_of(prefix) / "locks" / name).st_mtime_ns if name else 0
    except OSError:
        return 0


def keep_base(tree: Own, lock: Lock) -> None:
    """Leave in a template what stands in it, for the first revision of its copies."""
    folder = record_of(tree) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / _BASE, lock_file.write(lock))


def renew_base(tree: Own) -> None:
    """Say of a fresh copy of a template that it is as its template; without a lock there it is read anew."""
    path = record_of(tree) / "locks" / _BASE
    try:
        atomic_write(path, read_bytes(path, DOCUMENT))
    except OSError:
        return


def base(tree: Own) -> tuple[Lock | None, int]:
    """The lock that a template left, and since when the copy may differ from it, in ns since the epoch."""
    path = record_of(tree) / "locks" / _BASE
    try:
        return lock_file.read(read_text(path, DOCUMENT)), path.stat().st_mtime_ns
    except (OSError, ValueError):
        return None, 0


def drop_base(tree: Own) -> None:
    (record_of(tree) / "locks" / _BASE).unlink(missing_ok=True)


def drop_new(prefix: Own, before: list[int]) -> None:
    """Take back the revisions that are not among `before`, with their locks."""
    for number in set(numbers(prefix)) - set(before):
        (record_of(prefix) / "revisions" / f"{number}.json").unlink(missing_ok=True)
    for number, name in _locks(prefix).items():
        if number > max(before, default=0):
            (record_of(prefix) / "locks" / name).unlink(missing_ok=True)


def forget(prefix: Own) -> None:
    """Drop the history."""
    for name in ("revisions", "locks"):
        shutil.rmtree(record_of(prefix) / name, ignore_errors=True)


def _told(revision: Revision, python: str | None, locks: dict[int, str]) -> Revision:
    name = locks.get(revision.revision)
    state = None if name is None else "incomplete" if name.endswith(".incomplete.toml") else "complete"
    return replace(revision, python=revision.python or python, lock=state)


def _locks(prefix: Own) -> dict[int, str]:
    """The file names of the locks by revision; of two for one, left by an interruption, the complete one."""
    try:
        names = os.listdir(record_of(prefix) / "locks")
    except OSError:
        return {}
    found = {}
    for name in sorted(names):
        if match := _LOCK_FILE.fullmatch(name):
            found[int(match.group(1) or match.group(2))] = name
    return found


def _write_lock(prefix: Own, number: int, lock: Lock) -> str:
    from jupyter_envs.system.redact import redacted_values

    name = f"pylock.{number}.toml" if lock.complete else f"{number}.incomplete.toml"
    atomic_write(record_of(prefix) / "locks" / name, lock_file.write(redacted_values(lock)), durable=True)
    return name


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
