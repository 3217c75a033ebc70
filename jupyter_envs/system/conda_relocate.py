"""Make a copied or moved conda environment believe that it was made where it is going to be.

conda packages are built with a long placeholder for their place and written anew
wherever they are installed; a record tells which files hold it and how. The same
is done here to a tree that was installed elsewhere before.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import stat
import sys
from collections.abc import Sequence

import msgspec

from jupyter_envs.model.errors import Failed
from jupyter_envs.system import conda_meta
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.paths import BIN, WINDOWS
from jupyter_envs.system.reading import BINARY, LISTING, decode, read_bytes
from jupyter_envs.system.relocate import MAX_SHEBANG, rewrite_header

_SHEBANG = re.compile(rb"\A#![ \t]*(?P<program>/[^\s]+)(?P<args>[ \t][^\r\n]*)?(?=\r?\n)")


class _Path(msgspec.Struct, rename={"path": "_path"}):
    path: str
    path_type: str = ""
    file_mode: str | None = None
    prefix_placeholder: str | None = None
    sha256: str | None = None
    sha256_in_prefix: str | None = None


class _Paths(msgspec.Struct):
    paths: list[_Path] = []


class _Placed(msgspec.Struct):
    name: str = ""
    paths_data: _Paths | None = None


class _Sound(msgspec.Struct):
    name: str = ""


_decoder = msgspec.json.Decoder(_Placed)
# Reads a whole record as well and keeps next to nothing of it.
_sound = msgspec.json.Decoder(_Sound)


def relocate(tree: str, old: Sequence[str], new: str) -> None:
    """Rewrite what the conda environment at `tree` says about its own place: each path in `old` becomes `new`.

    Text and binary files as the records have it, entry points, what pip brought, and the hashes in the
    records. Each file is replaced, never written in place: it may be a hard link shared with others.

    Raises:
        Failed: a binary file has no room for the path `new` (reason ``prefix_too_long``), or a record is damaged.
    """
    assert not WINDOWS
    move = _Move(tree, old, new)
    folder = os.path.join(tree, "conda-meta")
    for name in conda_meta.files(tree):
        move.record(os.path.join(folder, name))
    move.others()
    for name in os.listdir(folder):
        _own(os.path.join(folder, name))


class _Move:
    def __init__(self, tree: str, old: Sequence[str], new: str) -> None:
        self._tree = tree
        self._new = os.fsencode(new)
        self._pairs = [(os.fsencode(path), self._new) for path in sorted(old, key=len, reverse=True)]
        self._done: set[str] = set()

    def record(self, file: str) -> None:
        """Rewrite the files of one record, and their hashes in it."""
        raw = read_bytes(file, LISTING)
        try:
            if b"prefix_placeholder" in raw or b"entry_point" in raw:
                paths = (decode(_decoder, raw).paths_data or _Paths()).paths
            else:
                decode(_sound, raw)
                paths = []
        except ValueError as error:
            raise Failed(
                f"The record {os.path.basename(file)} of the environment cannot be read.",
                hint="Repair the environment first.",
                reason="damaged_record",
                detail=str(error),
            ) from None
        text = raw
        for path in paths:
            # First what needs no look at the disk: of thousands of files few speak of their place.
            if path.path_type == "softlink" or not (path.prefix_placeholder or "entry_point" in path.path_type):
                continue
            place = os.path.join(self._tree, path.path)
            if os.path.islink(place) or not os.path.isfile(place):
                continue
            if path.prefix_placeholder and path.file_mode == "binary":
                digest = self._binary(place, len(path.prefix_placeholder.encode()))
            else:
                digest = self._text(place)
            self._done.add(path.path)
            before = path.sha256_in_prefix or (path.sha256 if "entry_point" in path.path_type else None)
            if digest and before:
                text = text.replace(before.encode(), digest.encode())
        if text != raw:
            atomic_write(file, text, os.stat(file).st_mode & 0o7777)

    def others(self) -> None:
        """Rewrite scripts and kernelspecs that no record tells of: those that pip or a user brought."""
        folder = os.path.join(self._tree, BIN)
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            path = os.path.join(folder, name)
            if f"{BIN}/{name}" not in self._done and os.path.isfile(path) and not os.path.islink(path):
                rewrite_header(path, self._pairs)
        top = os.path.join(self._tree, "share", "jupyter", "kernels")
        for name in os.listdir(top) if os.path.isdir(top) else ():
            path = os.path.join(top, name, "kernel.json")
            if f"share/jupyter/kernels/{name}/kernel.json" not in self._done and os.path.isfile(path):
                self._text(path)

    def _text(self, path: str) -> str | None:
        """Rewrite a text file; return its new hash where it changed."""
        before = read_bytes(path, LISTING)
        after = before
        for old, new in self._pairs:
            # `/envs/a` must not be found in `/envs/ab`.
            after = re.sub(re.escape(old) + rb"(?![A-Za-z0-9._-])", lambda _, new=new: new, after)  # type: ignore[misc]
        found = _SHEBANG.match(after)
        if found and after != before and (len(found.group()) > MAX_SHEBANG or b" " in self._new):
            # conda's own way out of a first line that the system would cut.
            program = os.path.basename(found["program"].removeprefix(self._new))
            after = b"#!/usr/bin/env " + program + (found["args"] or b"") + after[found.end() :]
        return self._replace(path, before, after)

    def _binary(self, path: str, room: int) -> str | None:
        """Rewrite a binary file whose placeholder has `room` bytes; return its new hash where it changed."""
        before = read_bytes(path, BINARY)
        after = before
        for old, new in self._pairs:
            if old not in after:
                continue
            if len(new) > room:
                raise Failed(
                    f"{os.fsdecode(new)} is too long a path for a conda environment.",
                    hint=f"Choose a folder whose path has at most {room} characters.",
                    reason="prefix_too_long",
                )
            after = _swapped(after, old, new, room)
        digest = self._replace(path, before, after)
        if digest and sys.platform == "darwin" and platform.machine() == "arm64":
            from jupyter_envs.system.process import run

            # What was signed and then changed would not be run there.
            run(["/usr/bin/codesign", "-s", "-", "-f", path])
            digest = hashlib.sha256(read_bytes(path, BINARY)).hexdigest()
        return digest

    def _replace(self, path: str, before: bytes, after: bytes) -> str | None:
        if after == before:
            return None
        atomic_write(path, after, os.stat(path).st_mode & 0o7777)
        return hashlib.sha256(after).hexdigest()


def _own(path: str) -> None:
    """Part the file at `path` from other trees that share it: clients write records and the history in place."""
    info = os.lstat(path)
    if stat.S_ISREG(info.st_mode) and info.st_nlink > 1:
        atomic_write(path, read_bytes(path, LISTING), info.st_mode & 0o7777)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def _swapped(content: bytes, old: bytes, new: bytes, room: int) -> bytes:
    """`content` with `old` as `new` in each C string, of the same length altogether.

    Where the placeholder gave way to a shorter path its room was filled with NUL behind the string.
    """

    def swap(found: re.Match[bytes]) -> bytes:
        text, padding = found["text"], found["padding"]
        if not padding:
            return found.group()  # no C string: nothing ends it
        many = text.count(old)
        swapped = text.replace(old, new)
        spare = len(text) + min(len(padding) - 1, many * (room - len(old))) - len(swapped)
        if spare < 0:
            raise Failed(
                f"A file of the environment has no room for the path {os.fsdecode(new)}.",
                hint="Create the environment from its exported packages instead.",
                reason="prefix_too_long",
            )
        return swapped.ljust(len(text) + len(padding), b"\0")

    return re.sub(rb"(?P<text>" + re.escape(old) + rb"(?![A-Za-z0-9._-])[^\0]*)(?P<padding>\0*)", swap, content)
