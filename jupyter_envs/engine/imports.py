"""What files that somebody hands in mean on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from jupyter_envs.formats import registry
from jupyter_envs.formats.base import FileFormat, Given, Read, listed
from jupyter_envs.formats.python import choose
from jupyter_envs.model.check import check_name, check_prefix
from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Create, ImportText, Inspect, Inspected, Summary
from jupyter_envs.model.sources import SETTINGS_ALONE, Sources, check_sources

# Of all files of one request together.
MOST_TEXT = 10_000_000


class Imports:
    """Reads files for this machine.

    `known` gives the normalised names of distributions that are surely no module of
    the user's own; `interpreters` the Pythons that are here.
    """

    def __init__(self, known: Callable[[], Mapping[str, object]], interpreters: Callable[[], Iterable[Interpreter]]):
        self._known = known
        self._interpreters = interpreters

    def read(self, source: ImportText, python: str | None = None, allowed: Sources = SETTINGS_ALONE) -> Read:
        """What the text of an import asks for: a Python that is here, guesses only where known.

        `python` is the version or path that the new environment gets, where that is
        decided; markers are evaluated for it, otherwise for the Python that fits the file. `allowed` are the
        addresses that the user agreed to.

        Raises:
            InvalidRequest: the format is not known, cannot be read, or the text is wrong; the field tells where.
        """
        if source.format:
            chosen = registry.by_name(source.format, "from.format")
        else:
            chosen = registry.sniff(source.filename, source.text)
        if chosen.read is None:
            able = ", ".join(known.name for known in registry.FORMATS if known.read)
            raise InvalidRequest(
                f"The format {chosen.name} is written only.", hint=f"Import one of: {able}.", field="from.format"
            )
        if len(source.text) + sum(map(len, source.files.values())) > MOST_TEXT:
            raise InvalidRequest(
                f"The files together are longer than {MOST_TEXT} characters.", hint="Send fewer.", field="from.files"
            )
        usable = self._usable()
        here = _picked(usable, python)
        found = _read(chosen, source, here, allowed)
        if python is None:
            found = _with_python(found, usable)
            fitting = _picked(usable, found.python)
            if found.python is not None and fitting is not here:
                found = replace(_read(chosen, source, fitting, allowed), python=found.python, warnings=found.warnings)
        if found.python is not None and not re.fullmatch(r"[0-9][\w.+!*-]*", found.python):
            # A path would be started to ask it for its version.
            raise InvalidRequest(
                f"The file names no version of Python but {found.python[:80]!a}.",
                hint="Write a version such as 3.12 there, or choose the Python here.",
                field="from",
            )
        found = self._with_guesses(found)
        return replace(found, warnings=_told(found))

    def inspect(self, request: Inspect) -> Inspected:
        """The create request that dropped files mean, its name taken from the file.

        Raises:
            InvalidRequest: as `read`, or no file is of a kind that can be read.
        """
        filename, text = request.filename, request.text
        if text is None and filename:
            text = request.files.get(filename)
            if text is None:
                raise InvalidRequest("The file has no text.", hint="Send its content.", field="text")
        if text is None:
            if not request.files:
                raise InvalidRequest("There is no file.", hint="Send a file, or files of a folder.", field="files")
            chosen, text = registry.FOLDER, ""
        else:
            chosen = registry.sniff(filename, text)
        source = ImportText(
            format=chosen.name,
            text=text,
            filename=filename,
            files=request.files,
            folder=request.folder,
            extras=request.extras,
            groups=request.groups,
        )
        allowed = check_sources(request.indexes, request.find_links)
        found = self.read(source, allowed=allowed)
        known, filename = found.source or (chosen.name, filename)
        plain = not (found.exact or found.hashes or found.constraints or found.archives or found.variables)
        # What lies outside of the environment is told when it is made, too.
        whole = plain and not (found.source and found.unknown) and chosen not in registry.PROGRAMS
        conda = bool(found.conda or found.archives)
        create = Create(
            name=_suggested(found.name, filename),
            manager="conda" if conda else None,
            python=found.python,
            packages=found.conda if conda else found.packages,
            pip_packages=found.packages if conda else [],
            channels=found.channels,
            indexes=allowed.indexes,
            find_links=allowed.find_links,
            from_=None if whole else source,
            # The form shows what the file asks for; it does not show what that needs in turn.
            build=False,
        )
        return Inspected(
            format=known,
            filename=filename,
            create=create,
            warnings=found.warnings,
            exact=found.exact,
            python=found.python,
            requires_python=found.requires_python,
            pip_packages=found.packages if conda else [],
            summary=Summary(
                packages=len(found.packages) + len(found.conda) + len(found.archives),
                hashed=len(found.hashes),
                constraints=len(found.constraints),
                editable=sum(line.startswith("-e ") for line in found.packages),
                channels=len(found.channels),
            ),
            extras=found.extras,
            groups=found.groups,
            indexes=found.indexes,
            find_links=found.find_links,
            unknown=found.unknown,
        )

    def _usable(self) -> list[Interpreter]:
        here = sorted((known for known in self._interpreters() if known.supported), key=lambda known: not known.default)
        return [known for known in here if re.fullmatch(r"[0-9.]+", known.version)]

    def _with_guesses(self, found: Read) -> Read:
        """A module of the user's own may have the name of a stranger's distribution: only known ones are taken."""
        if not found.guesses:
            return found
        known = self._known()
        taken = [name for name in found.guesses if name in known]
        left = [name for name in found.guesses if name not in known]
        warnings = list(found.warnings)
        if left:
            warnings.append(f"Left out, since they may be modules of your own: {listed(left)}.")
        return replace(found, packages=[*found.packages, *taken], guesses=left, warnings=warnings)


def _read(chosen: FileFormat, source: ImportText, python: Interpreter | None, allowed: Sources) -> Read:
    assert chosen.read is not None
    given = Given(
        filename=source.filename,
        files=source.files,
        folder=None if source.folder is None else check_prefix(source.folder, "from.folder"),
        python=python.version if python else None,
        implementation=python.implementation if python else None,
        extras=frozenset(source.extras),
        groups=frozenset(source.groups),
        allowed=frozenset([*allowed.indexes, *allowed.find_links]),
    )
    try:
        return chosen.read(source.text, given)
    except InvalidRequest as error:
        lie = registry.lie(chosen, source.text)
        if lie is None:
            raise
        raise InvalidRequest(
            f"The file is named as {chosen.name}, and what it holds is {lie}.",
            hint="Give it the name that fits, or look where it comes from.",
            field=error.field,
            reason="other_format",
        ) from None


def _picked(usable: list[Interpreter], python: str | None) -> Interpreter | None:
    """The interpreter with the path or the version `python`; the first where none is named."""
    if python is None:
        return usable[0] if usable else None
    fitting = (each for each in usable if python == each.path or f"{each.version}.".startswith(f"{python}."))
    return next(fitting, None)


def _with_python(found: Read, usable: list[Interpreter]) -> Read:
    if found.requires_python is None or not usable:
        return found
    versions = [known.version for known in usable]
    version = choose(found.requires_python, versions)
    if version is not None:
        # The first is what a new environment gets anyway; it need not be asked for.
        return replace(found, python=None if version == versions[0] else version)
    text = f"No Python on this machine is {found.requires_python}; there are {listed(versions)}."
    return replace(found, warnings=[*found.warnings, text], unmet=True)


def _told(found: Read) -> list[str]:
    """The warnings, with those that hold for every format."""
    told = list(found.warnings)
    if found.package:
        told.append(
            f"The project itself ({listed([found.package])}) is not installed; ask for it as -e and its folder to have"
            " it in place."
        )
    if found.unknown:
        told.append(f"Nothing comes of these parts of the file: {listed(found.unknown)}.")
    return told


def _suggested(own: str | None, filename: str) -> str | None:
    """A legal environment name from what the file calls itself or from its name; None when that says nothing."""
    stem = re.split(r"[/\\]", filename)[-1].rpartition(".")[0]
    words = r"requirements|pyproject|notebook|untitled\d*|pylock|uv|poetry|pipfile|environment"
    for text in (own or "", re.sub(rf"(?i)(?<![-_. ])[-_. ]*(?<![a-z])({words})[-_. ]*(?![a-z])", "", stem)):
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:64].strip("-._")
        try:
            return check_name(name)
        except InvalidRequest:
            continue
    return None
