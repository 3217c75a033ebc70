"""``conda-meta/history``: what was asked of an environment and what came of it, in conda's own format.

conda, mamba and micromamba read the requested specs from here; without them a later
``conda remove`` takes everything for a leftover.
"""

from __future__ import annotations

import ast
import os
import re
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jupyter_envs.system.reading import DOCUMENT, append_bytes, read_text
from jupyter_envs.system.redact import redact

_HEAD = re.compile(r"==>(.+?)<==")
_SPECS = re.compile(r"#\s*(\w+)\s*specs:\s*(.+)?")
_COMMAND = re.compile(r"#\s*cmd:\s*(.+)")
_NAME = re.compile(r"(?:.*::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
# conda refuses an environment that a newer conda has changed; mamba notes this version for the same reason.
_CONDA_VERSION = "3.8.0"
_ASKED = frozenset({"update", "install", "create", "neutered"})
_TAKEN = frozenset({"remove", "uninstall"})


class Section(NamedTuple):
    """One transaction: its local time as written, the command, specs asked for and removed, packages that changed.

    `added` and `removed` are conda's names for builds: ``channel/subdir::name-version-build``.
    """

    time: str
    command: str | None
    update_specs: list[str]
    remove_specs: list[str]
    added: list[str]
    removed: list[str]


def path_of(prefix: str | os.PathLike[str]) -> str:
    """The history file of `prefix`."""
    return os.path.join(prefix, "conda-meta", "history")


def read(prefix: str | os.PathLike[str]) -> list[Section]:
    """The transactions of `prefix`, oldest first. What is not understood is left out."""
    try:
        lines = read_text(path_of(prefix), DOCUMENT, errors="replace").splitlines()
    except OSError:
        return []
    found: list[Section] = []
    for raw in lines:
        line = raw.strip()
        if head := _HEAD.match(line):
            found.append(Section(head[1].strip(), None, [], [], [], []))
        elif line and found:
            found[-1] = _with(found[-1], line)
    return found


def requested(prefix: str | os.PathLike[str], installed: Iterable[str]) -> dict[str, str]:
    """Spec by name of what was asked for and is among the names `installed`, as conda reads it."""
    specs: dict[str, str] = {}
    for section in read(prefix):
        for spec in section.remove_specs:
            specs.pop(name_of(spec) or "", None)
        for spec in section.update_specs:
            if name := name_of(spec):
                specs[name] = spec
    here = set(installed)
    return {name: spec for name, spec in specs.items() if name in here}


def state(prefix: str | os.PathLike[str]) -> set[str]:
    """The builds that the history says are installed now."""
    now: set[str] = set()
    for section in read(prefix):
        now -= set(section.removed)
        now |= set(section.added)
    return now


def append(
    prefix: str | os.PathLike[str],
    *,
    command: Sequence[str],
    installed: Iterable[str],
    update_specs: Sequence[str] = (),
    remove_specs: Sequence[str] = (),
) -> None:
    """Note a transaction that led to the builds `installed`, and the specs asked for and removed.

    What changed since the last section is written down, whoever changed it, as conda has it.
    Credentials in the command and the specs are left out.
    """
    # Clients differ in how they call a channel; a build that is merely called otherwise has not changed.
    then = {name.rpartition("::")[2]: name for name in state(prefix)}
    now = {name.rpartition("::")[2]: name for name in installed}
    words = redact(" ".join(command)).replace("\n", " ")
    lines = [f"==> {time.strftime('%Y-%m-%d %H:%M:%S')} <==", f"# cmd: {words}", f"# conda version: {_CONDA_VERSION}"]
    lines += [f"-{name}" for name in sorted(then[build] for build in then.keys() - now.keys())]
    lines += [f"+{name}" for name in sorted(now[build] for build in now.keys() - then.keys())]
    for word, specs in (("remove", remove_specs), ("update", update_specs)):
        if specs:
            lines.append(f"# {word} specs: {[redact(spec) for spec in specs]}")
    os.makedirs(os.path.join(prefix, "conda-meta"), exist_ok=True)
    # One write at the end of the file: a reader sees the whole section or none of it.
    append_bytes(path_of(prefix), "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))


def name_of(spec: str) -> str | None:
    """The package that a match spec is about, lower case; None for a spec of any package, or an address."""
    if "://" in spec and "::" not in spec:
        file = spec.partition("#")[0].rpartition("/")[2]
        for ending in (".conda", ".tar.bz2"):
            if file.endswith(ending) and file.count("-") >= 2:
                return file[: -len(ending)].rsplit("-", 2)[0].lower()
        return None
    found = _NAME.match(spec.strip())
    return found[1].lower() if found else None


def build_name(channel: str | None, subdir: str, name: str, version: str, build: str) -> str:
    """conda's name of a build: ``conda-forge/linux-64::numpy-2.0.1-py312h0_0``."""
    return f"{channel or '<unknown>'}/{subdir}::{name}-{version}-{build}"


def _with(section: Section, line: str) -> Section:
    if line[0] in "+-":
        (section.added if line[0] == "+" else section.removed).append(line[1:])
    elif command := _COMMAND.match(line):
        return section._replace(command=command[1])
    elif said := _SPECS.match(line):
        specs = _listed(said[2] or "")
        if said[1] in _ASKED:
            section.update_specs.extend(specs)
        elif said[1] in _TAKEN:
            section.remove_specs.extend(specs)
    elif line[0] != "#":
        # The oldest format lists what is there, without a sign.
        section.added.append(line)
    return section


def _listed(text: str) -> list[str]:
    if text.startswith("["):
        try:
            specs = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return []
        return [str(s) for s in specs if s and not str(s).endswith("@")] if isinstance(specs, list) else []
    specs = []
    for part in text.split(","):
        # Before conda 4.5 a comma parted specs and their bounds alike.
        if specs and re.match(r"[<>=!~]", part.strip()):
            specs[-1] += f",{part}"
        elif part.strip():
            specs.append(part.strip())
    return [spec for spec in specs if not spec.endswith("@")]
