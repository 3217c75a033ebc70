"""What a request comes to once nothing is left to resolve: each distribution, its version, its source and its files."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from msgspec import Struct


class Pinned(Struct, frozen=True, kw_only=True):
    """One distribution of a resolved set.

    `version` is None where only the package's own code could tell it. `source` is the index, the
    channel or the address that it comes from, without credentials. `address` is the URL that is
    handed to the installer, None where an index is asked by name. `hashes`, such as ``sha256:…``,
    are those of the files that may be installed. `builds` tells that code of the package runs while
    it is installed: it comes as source, or brings a script that runs when it is linked.
    """

    name: str
    version: str | None
    source: str
    address: str | None = None
    hashes: tuple[str, ...] = ()
    size: int | None = None
    builds: bool = False
    manager: Literal["pip", "conda"] = "pip"

    @property
    def line(self) -> str:
        """The requirement (PEP 508) that stands for this distribution and for no other."""
        if self.address is not None:
            return f"{self.name} @ {self.address}"
        # What PEP 440 cannot order is compared letter by letter.
        sign = "==" if re.fullmatch(r"[A-Za-z0-9.!+_-]+", self.version or "") else "==="
        return f"{self.name}{sign}{self.version}"


class Resolved(Struct, frozen=True, kw_only=True):
    """Everything that would be installed, on which Python, by which manager; null is the default one.

    Where `complete` is false more would come along than is known yet.
    """

    pinned: list[Pinned]
    python: str | None = None
    manager: str | None = None
    complete: bool = True

    @property
    def hash(self) -> str:
        """A digest of the whole: two sets that differ in anything that is installed have different ones."""
        rows = sorted(
            [each.manager, each.name, each.version or "", each.source, each.builds, *sorted(each.hashes)]
            for each in self.pinned
        )
        said = json.dumps([self.manager, self.python, self.complete, rows])
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"

    @property
    def versions(self) -> dict[str, str]:
        """The version of each distribution, as far as it is known."""
        return {each.name: each.version for each in self.pinned if each.version is not None}
