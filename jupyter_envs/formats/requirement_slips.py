"""What people write into a list of requirements that no index has under that name, and what they meant by it."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from urllib.parse import unquote

from jupyter_envs.formats.base import listed
from jupyter_envs.formats.modules import known_distribution
from jupyter_envs.system.dist_info import normalise

_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*")
_ONE_SIGN = re.compile(r"([A-Za-z0-9][\w.-]*)[ \t]*=[ \t]*([0-9][\w.*+!]*)((?:=[\w.*]+)?)[ \t]*\Z")
_FILE = re.compile(r"[ \t]*@[ \t]*file:(?://(?:localhost)?)?([^\s;]+)")
# Where conda's own builders unpack a package: the path tells that conda built it, and nothing of where to get it.
_CONDA_BUILD = re.compile(
    r"/croot/|/feedstock_root/|/conda-bld/|/build_artifacts/|/tmp/build/|/tmp/abs_|/ktietz/|/C_/ci|^/?[A-Z]:/(?:ci|bld)"
    r"[_/]|/Users/builder/|/home/builder/|/private/var/folders/.{1,120}/croot|/[w]ork/ci_py|/perseverance-python-buildout/"
    r"|/b/abs_|/sw/ci_"
)
# Modules that Python had once; what replaced them is no package of that name.
_ONCE = frozenset({"asynchat", "asyncore", "cgi", "distutils", "imp", "pipes", "smtpd", "telnetlib", "wsgiref"})


@dataclass
class Slips:
    """Collects what is wrong with the names in a list; `lines` are told together, in `warnings`."""

    python: list[str] = field(default_factory=list)
    debian: list[str] = field(default_factory=list)
    standard: list[str] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def mended(self, line: str, *, meant: bool) -> str | None:
        """Return the requirement that `line` stands for; None where nothing can be installed for it.

        A line that is `meant`, with hashes or a marker, is taken at its word where it names a module of Python's.
        """
        name = _NAME.match(line)
        if name is None:
            return line
        key, rest = normalise(name[1]), line[name.end() :]
        if place := _FILE.match(rest):
            return self._located(name[1], unquote(place[1]), line)
        if key == "python":
            self.python.append(line)
            return None
        if key == "pkg-resources" and re.match(r"={2,3}[ \t]*0\.0\.0", rest):
            self.debian.append(line)
            return None
        module = name[1].replace("-", "_")
        if not meant and (module in sys.stdlib_module_names or module in _ONCE):
            self.standard.append(name[1])
            return None
        known = known_distribution(name[1]) if "-" not in name[1] else None
        if known is not None and normalise(known) != key:
            self.modules[name[1]] = known
        return line

    def warnings(self) -> list[str]:
        """What was found, a sentence for each kind."""
        told = []
        if self.python:
            told.append(
                f"{listed(self.python)} is the interpreter, not a package; it is left out. Choose the version of"
                " Python for the environment instead (--python)."
            )
        if self.debian:
            told.append(
                f"{listed(self.debian)} is left out: `pip freeze` on Debian and Ubuntu writes it, and no index has it."
            )
        if self.standard:
            told.append(f"Left out, since they are part of Python's standard library: {listed(self.standard)}.")
        for module, distribution in self.modules.items():
            told.append(f"{listed([module])} is a module of {distribution}; ask for {distribution} if you meant that.")
        if self.built:
            told.append(
                "conda built these, and the file says only in which folder, so they are taken in whichever version"
                f" fits: {listed(self.built)}. `pip list --format=freeze` or `conda env export` tells the versions."
            )
        if self.elsewhere:
            told.append(f"Left out, since they lie on the machine that the file comes from: {listed(self.elsewhere)}.")
        return told

    def _located(self, name: str, path: str, line: str) -> str | None:
        if _CONDA_BUILD.search(path.replace("\\", "/")):
            self.built.append(name)
            return name + line.partition(";")[1] + line.partition(";")[2]
        if not os.path.exists(path):
            # A project of somebody's own: a stranger's of the same name on an index is another one.
            self.elsewhere.append(name)
            return None
        return line


def hint_for(line: str) -> str | None:
    """Return what somebody may have meant by a `line` that is no requirement; None where nothing is known."""
    found = _ONE_SIGN.match(line)
    if found is None:
        return None
    if found[3]:
        return (
            "This is a line of `conda list --export`: hand the list in for conda, or write it as NAME==VERSION for pip."
        )
    return f"Did you mean {found[1]}=={found[2]}? A single = is conda's way to write it."
