"""What a lock file pins: one package after the other, markers evaluated, as an installer takes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_envs.formats.base import FIELD, Given, Read, checked, listed
from jupyter_envs.model.check import check_distribution, check_hash
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

if TYPE_CHECKING:
    from packaging.markers import Marker

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,100}\Z")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}\Z")


class Pins:
    """Collects the packages of a lock, each at one version or place."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._lines: list[tuple[str, str]] = []
        self._hashes: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, str] = {}
        self.indexes: dict[str, None] = {}
        self.warnings: list[str] = []
        self.local: list[str] = []

    def release(self, name: str, version: str, hashes: Iterable[str], place: str) -> None:
        """A version from an index, and the hashes of its files."""
        key = self._once(name, place)
        if not _VERSION.match(version):
            raise InvalidRequest(
                f"{listed([version])!r} is not a version.", hint="Have its tool lock again.", field=f"{FIELD} {place}"
            )
        self._add(f"{key}=={version}", hashes, place)

    def unpinned(self, name: str, place: str) -> None:
        """A package that the lock names without a version, as Pipenv does for markers that do not hold for it."""
        key = self._once(name, place)
        self._add(key, (), place)
        self.warnings.append(f"The lock does not say which version of {key} it is.")

    def url(self, name: str, url: str, hashes: Iterable[str], place: str, subdirectory: str | None = None) -> None:
        """A file at an address."""
        key = self._once(name, place)
        bare = url.partition("#")[0]
        self._add(f"{key} @ {bare}{_fragment(subdirectory)}", hashes, place)

    def repository(
        self, name: str, kind: str, url: str, commit: str | None, place: str, subdirectory: str | None = None
    ) -> None:
        """A commit of a repository; a lock names the commit, never a branch."""
        key = self._once(name, place)
        if commit is None or not _COMMIT.match(commit):
            raise InvalidRequest(
                f"{key} names no commit of its repository.", hint="Have its tool lock again.", field=f"{FIELD} {place}"
            )
        address = url if url.startswith(f"{kind}+") else f"{kind}+{url}"
        self._add(f"{key} @ {address}@{commit}{_fragment(subdirectory)}", (), place)

    def folder(self, name: str, path: str, place: str, *, editable: bool = False) -> None:
        """A project on the machine that the lock comes from; left out, and said so, where it is not here."""
        self.local.append(check_distribution(name, f"{FIELD} {place}"))
        if os.path.isabs(path):
            if not os.path.exists(path):
                self.warnings.append(f"{listed([name])} is left out: {listed([path])} is not on this machine.")
                return
            self._once(name, place)
            self._add(f"{'-e ' if editable else ''}{path}", (), place)
            return
        if self._given.folder is None:
            self.warnings.append(f"{listed([name])} is left out: it is a folder beside the file, {listed([path])}.")
            return
        self._once(name, place)
        self._add(f"{'-e ' if editable else ''}{self._given.path(path, place)}", (), place)

    def index(self, url: object) -> None:
        """Note an index that the lock names."""
        if isinstance(url, str) and url:
            self.indexes[redact(url)] = None

    @property
    def any(self) -> bool:
        """Whether there is a package."""
        return bool(self._lines)

    def read(self, **about: Any) -> Read:
        """All of it; `about` are more fields of what was read."""
        packages = checked(self._lines)
        warnings = self.warnings if packages else [*self.warnings, "The file asks for no package."]
        return Read(
            packages=packages,
            hashes=self._hashes,
            exact=True,
            indexes=list(self.indexes),
            local=self.local,
            warnings=[*warnings, *about.pop("warnings", [])],
            **about,
        )

    def _once(self, name: str, place: str) -> str:
        key = check_distribution(name, f"{FIELD} {place}")
        if key in self._places:
            raise InvalidRequest(
                f"Two versions of {key} fit this machine.",
                hint=f"See {self._places[key]} and {place}; have its tool lock again.",
                field=f"{FIELD} {place}",
            )
        self._places[key] = place
        return key

    def _add(self, line: str, hashes: Iterable[str], place: str) -> None:
        if digests := tuple(check_hash(digest, f"{FIELD} {place}") for digest in dict.fromkeys(hashes)):
            self._hashes[line] = digests
        self._lines.append((line, place))


def roots_of(lines: Iterable[str]) -> dict[str, str]:
    """The requirements `lines` as what was asked for: by normalised name, without markers and the versions of a lock.

    What tells no name is left out.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    found = {}
    for line in lines:
        try:
            parsed = Requirement(line)
        except InvalidRequirement:
            continue
        name = normalise(parsed.name)
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        pinned = any(clause.operator == "===" or _is_pin(str(clause)) for clause in parsed.specifier)
        limits = "" if pinned else str(parsed.specifier)
        found[name] = f"{name}{extras} @ {parsed.url}" if parsed.url else f"{name}{extras}{limits}"
    return found


def _is_pin(clause: str) -> bool:
    return clause.startswith("==") and not clause.endswith("*")


def marker(text: object, place: str) -> Marker | None:
    """The marker (PEP 508) `text`; None where there is none.

    Raises:
        InvalidRequest: it is not a marker.
    """
    from packaging.markers import InvalidMarker, Marker

    if text is None or text == "":
        return None
    try:
        if not isinstance(text, str) or len(text) > 4000:
            raise InvalidMarker("too long")
        return Marker(text)
    except (InvalidMarker, RecursionError):
        raise InvalidRequest(
            f"{place} is not a marker.", hint="Have its tool lock again.", field=f"{FIELD} {place}"
        ) from None


def applies(text: object, variables: Mapping[str, Any], place: str, extras: Iterable[str] = ()) -> bool:
    """Whether the marker `text` holds for `variables` and one of `extras`, or none; without a marker it does.

    Raises:
        InvalidRequest: it is not a marker.
    """
    found = marker(text, place)
    if found is None:
        return True
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    try:
        return any(found.evaluate({**variables, "extra": extra}) for extra in ("", *extras))
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


def digest(text: object, place: str) -> str:
    """`text`, a hash such as ``sha256:…``.

    Raises:
        InvalidRequest: it is something else.
    """
    return check_hash(text if isinstance(text, str) else "", f"{FIELD} {place}")


def _fragment(subdirectory: str | None) -> str:
    return f"#subdirectory={subdirectory}" if subdirectory else ""
