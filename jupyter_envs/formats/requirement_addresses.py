"""Addresses in a list of requirements: repositories, editable ones too, and variables that stand in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from jupyter_envs.formats.base import listed
from jupyter_envs.system.redact import redact

# git's short form, which is no URL: git@host:path.
_SCP = re.compile(r"(?:git\+)?(?:ssh://)?([\w.-]{1,100}@[\w.-]{1,200}):(?![0-9]+/)/?([^\s/][^\s]*)\Z")
_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)[ \t]*@[ \t]*(\S.*)\Z")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_EGG = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?:\[[\w.,-]*\])?\Z")
_OTHERS = ("hg+", "svn+", "bzr+", "git+git:")


@dataclass
class Addresses:
    """Writes addresses as an installer takes them and collects what is to be known of them."""

    editable: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    variables: dict[str, None] = field(default_factory=dict)

    def mended(self, text: str, *, editable: bool) -> str | None:
        """Return `text`, a requirement or what stands behind ``-e``, with its address as an installer takes it.

        None where no installer here knows this kind of repository. What is no address stays as it is.
        """
        named = None if _SCP.match(text) else _NAMED.match(text)
        name, address = (named[1], named[2]) if named else ("", text)
        mark = ""
        if editable:
            # pip takes no marker there either, but others write one.
            address, parted, condition = address.partition(" ;")
            mark = f" ;{condition}" if parted else ""
        if short := _SCP.match(address):
            address = f"git+ssh://{short[1]}/{short[2]}"
            self.written.append(redact(address))
        if address.lower().startswith(_OTHERS):
            self.left.append(redact(text))
            return None
        if "://" in address:
            for variable in _VARIABLE.findall(address):
                self.variables[f"{variable} for {_host(address)}"] = None
        if not (editable and address.startswith("git+")):
            return f"{name} @ {address}" if named and short else address if short else text
        egg, address = _egg(address)
        name = name or egg
        self.editable.append(name or redact(address))
        return f"{name} @ {address}{mark}" if name else address

    def warnings(self) -> list[str]:
        """What is to be known of the addresses, a sentence for each kind."""
        told = []
        if self.editable:
            told.append(f"Installed from git, and not editable in place as the file has it: {listed(self.editable)}.")
        if self.written:
            told.append(f"Read as git+ssh://, since pip takes no other form: {listed(self.written)}.")
        if self.left:
            told.append(f"Left out, since only git is known here (git+https://, git+ssh://): {listed(self.left)}.")
        if self.variables:
            told.append(f"The values of these variables are sent when it is installed: {listed(self.variables)}.")
        return told


def _egg(address: str) -> tuple[str, str]:
    """The name behind ``#egg=``, and the address with the rest of its fragment."""
    bare, _, fragment = address.partition("#")
    parts = dict(parse_qsl(fragment))
    egg = parts.get("egg", "")
    # `name-dev` and `name==1.0` were ways to write a version there.
    name = re.split(r"==|-dev\Z", egg)[0]
    within = parts.get("subdirectory")
    return name if _EGG.match(name) else "", f"{bare}#subdirectory={within}" if within else bare


def _host(address: str) -> str:
    try:
        return urlsplit(address.partition("+")[2] or address).netloc.rpartition("@")[2] or "the host"
    except ValueError:
        return "the host"
