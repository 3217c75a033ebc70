"""Make a copied or moved PEP 405 environment believe that it was made where it is going to be."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Sequence

from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.metadata import dist_infos
from jupyter_envs.system.paths import BIN, WINDOWS
from jupyter_envs.system.reading import DOCUMENT, LISTING, read_bytes, read_head

# Linux cuts a longer first line off (BINPRM_BUF_SIZE is 256, 128 on older kernels).
MAX_SHEBANG = 127
_TRAMPOLINE = re.compile(rb"\A#!/bin/sh\n'''exec' (?P<quote>['\"]?)(?P<python>.+?)(?P=quote) \"\$0\" \"\$@\"\n' '''\n")
_PLAIN = re.compile(rb"\A#![ \t]*(?P<python>/.*?)(?P<args>[ \t]+-\S.*)?\r?\n")
# A quotation mark inside of quotation marks, as sh has it.
_QUOTE = b"'\"'\"'"
_MAX_SCRIPT = 256_000
# More than any system follows.
_MAX_LINE = 4_096
# `/usr` and the like are the place of no environment, and to rewrite such a path would change more than is meant.
_SHORTEST = 5
_MOST_SCRIPTS = 200
_PLACE = re.compile(rb"(?m)^[ \t]*(?:export )?VIRTUAL_ENV=(['\"]?)(?P<place>/[^'\"$`\r\n]*?)\1[ \t]*\r?$")
# Scripts that most environments have one of, each started by the environment's own Python.
_COMMON = ("pip", "pip3", "ipython", "jupyter", "pydoc3", "idle3", "wheel", "tqdm")


def relocate(tree: str, old: Sequence[str], new: str, old_prompt: str, new_prompt: str) -> None:
    """Rewrite what the environment at `tree` says about its own place.

    Every path in `old` becomes `new`, in ``pyvenv.cfg``, the activation scripts and
    the first lines of console scripts; `old_prompt` becomes `new_prompt`. Each file
    is replaced, never written in place: it may be a hard link shared with others.

    Windows launchers carry their path in the executable: environments are made
    where they stay there, and never relocated.
    """
    assert not WINDOWS
    pairs = [(os.fsencode(path), os.fsencode(new)) for path in sorted(old, key=len, reverse=True)]
    prompt = (old_prompt.encode(), new_prompt.encode())
    _replace(os.path.join(tree, "pyvenv.cfg"), pairs, prompt)
    folder = os.path.join(tree, BIN)
    with os.scandir(folder) as entries:
        # What `told_place` reads comes last: until then it tells that there is more to do.
        scripts = sorted((e for e in entries if e.is_file(follow_symlinks=False)), key=lambda e: e.name == "activate")
    rewritten = []
    for entry in scripts:
        if entry.name.lower().startswith("activate") or entry.name in ("pydoc.bat", "deactivate.bat"):
            _replace(entry.path, pairs, prompt)
        elif rewrite_header(entry.path, pairs):
            rewritten.append(entry.name)
    _renew_records(tree, rewritten)


def told_place(prefix: str) -> str | None:
    """Where the scripts of the environment at `prefix` (links resolved) say that it is, unless that is `prefix`.

    None too where nothing tells it, as in an environment that was made to be moved.
    """
    if WINDOWS:
        return None
    folder = os.path.join(prefix, BIN)
    content = _head(os.path.join(folder, "activate"))
    place = os.fsdecode(found["place"]) if content and (found := _PLACE.search(content)) else None
    if place is None:
        told = [at for name in _scripts(folder) if (at := _place_of(os.path.join(folder, name)))]
        # One script may be somebody's own that another environment's Python starts.
        place = None if prefix in told else next(iter(told), None)
    if not place or len(place) < _SHORTEST or os.path.realpath(place) == prefix:
        return None
    try:
        return None if os.path.samefile(place, prefix) else place
    except (OSError, ValueError):
        return place if "\0" not in place else None


def _scripts(folder: str) -> list[str]:
    """The names of some files in `folder`: those that most environments have, else the first few."""
    common = [name for name in _COMMON if os.path.isfile(os.path.join(folder, name))]
    if common:
        return common
    try:
        with os.scandir(folder) as entries:
            some = [e for _, e in zip(range(_MOST_SCRIPTS), entries, strict=False) if e.is_file(follow_symlinks=False)]
            return sorted(e.name for e in some if e.stat(follow_symlinks=False).st_size < _MAX_SCRIPT)
    except OSError:
        return []


def _place_of(script: str) -> str | None:
    """The environment whose Python starts `script`."""
    content = _head(script)
    found = (_TRAMPOLINE.match(content) or _PLAIN.match(content)) if content else None
    if found is None:
        return None
    at, _, python = os.fsdecode(found["python"]).rpartition(f"/{BIN}/")
    return at if python.startswith(("python", "pypy")) else None


def _head(path: str) -> bytes | None:
    try:
        return read_head(path, _MAX_LINE)
    except OSError:
        return None


def header(python: str, args: str = "") -> bytes:
    """The first line(s) of a script for the interpreter `python`, by sh where the system would cut the line.

    The form is the one of PEP 397's heirs pip and uv: valid as sh and as Python.
    """
    line = f"#!{python}{args}\n".encode("utf-8", "surrogateescape")
    if len(line) <= MAX_SHEBANG and b" " not in os.fsencode(python):
        return line
    quoted = os.fsencode(python).replace(b"'", _QUOTE)
    return b"#!/bin/sh\n'''exec' '" + quoted + b"' \"$0\" \"$@\"\n' '''\n"


def rewrite_header(path: str, pairs: Sequence[tuple[bytes, bytes]]) -> bool:
    """Let the script at `path`, when its interpreter lies in the first of a pair, name it in the second.

    Returns whether it did.
    """
    if os.stat(path).st_size > _MAX_SCRIPT or read_head(path, 2) != b"#!":
        return False
    content = read_bytes(path, _MAX_SCRIPT)
    found = _TRAMPOLINE.match(content) or _PLAIN.match(content[:_MAX_LINE])
    if not found:
        return False
    python = found.group("python")
    if found.re is _TRAMPOLINE:
        python = python.replace(_QUOTE, b"'")
    for old, new in pairs:
        if python.startswith(old + b"/"):
            args = (found.groupdict().get("args") or b"").decode("utf-8", "surrogateescape")
            head = header(os.fsdecode(new + python[len(old) :]), args)
            atomic_write(path, head + content[found.end() :], os.stat(path).st_mode & 0o7777)
            return True
    return False


def _renew_records(tree: str, scripts: list[str]) -> None:
    """Let each RECORD (PEP 376) tell the hash and the size of those of its `scripts` as they are by now."""
    if not scripts:
        return
    line = re.compile(rb"^((?:\.\./)+" + os.fsencode(BIN) + rb"/([^/,\r\n]+)),sha256=[^,\r\n]*,\d*(?=\r?$)", re.M)
    wanted = {os.fsencode(name) for name in scripts}

    def renewed(found: re.Match[bytes]) -> bytes:
        if found[2] not in wanted:
            return found[0]
        content = read_bytes(os.path.join(tree, BIN, os.fsdecode(found[2])), DOCUMENT)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        return b"%b,sha256=%b,%d" % (found[1], digest, len(content))

    for info in dist_infos(tree).values():
        path = info / "RECORD"
        try:
            record = read_bytes(path, LISTING)
        except OSError:
            continue
        # Where the scripts stand, beside one another as a rule: to search the whole for them takes four times as long.
        first, last = record.find(b"../"), record.rfind(b"../")
        if first < 0:
            continue
        start, end = record.rfind(b"\n", 0, first) + 1, record.find(b"\n", last)
        end = len(record) if end < 0 else end
        changed = record[:start] + line.sub(renewed, record[start:end]) + record[end:]
        if changed != record:
            atomic_write(path, changed, path.stat().st_mode & 0o7777)


def _replace(path: str, pairs: list[tuple[bytes, bytes]], prompt: tuple[bytes, bytes]) -> None:
    content = read_bytes(path)
    changed = content
    for old, new in pairs:
        # `/envs/a` must not be found in `/envs/ab`.
        changed = re.sub(re.escape(old) + rb"(?![A-Za-z0-9._-])", lambda _, new=new: new, changed)  # type: ignore[misc]
    # A prompt may be any short word: only a quoted or assigned one is meant, and
    # the test for an empty one, which virtualenv and uv write as `"x"PROMPT != x`.
    word = re.compile(rb"(?<=[\"'(=])( ?x?\"?)" + re.escape(prompt[0]) + rb"(?=[\"')]| !=|\r?$)", re.M)
    changed = word.sub(lambda found: found.group(1) + prompt[1], changed)
    if changed != content:
        atomic_write(path, changed, os.stat(path).st_mode & 0o7777)
