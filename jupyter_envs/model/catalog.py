"""What can be looked up: formats, package names and versions, the packages of modules, caches."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Format(Struct, frozen=True, kw_only=True):
    """A file format; `imports` and `exports` tell which way it works."""

    name: str
    title: str
    filename: str
    imports: bool
    exports: bool


class Export(Struct, frozen=True, kw_only=True):
    """An environment written in a format, with the file name to offer.

    A format of several files has them in `files`, by their path in the folder
    `filename`, and no `text`.
    """

    filename: str
    text: str
    files: dict[str, str] = {}
    media_type: str = "text/plain"


class Found(Struct, frozen=True, kw_only=True):
    """A package name that fits a search, and where it is known from.

    `note` is a sentence for who picks it: which module it was found by, that another name was meant, or that
    the project is a placeholder or was given up.
    """

    name: str
    summary: str | None
    source: Literal["installed", "popular", "index", "channel"]
    note: str | None = None


class Versions(Struct, frozen=True, kw_only=True):
    """The versions of a package that the index offers, newest first."""

    name: str
    versions: list[str]
    summary: str | None = None


class Provider(Struct, frozen=True, kw_only=True):
    """A distribution that brings a module.

    `source` is ``installed`` (an environment has it, `environments` holds their
    ids), ``known`` (by the shipped table or the most used names), or ``guess``.
    """

    name: str
    source: Literal["installed", "known", "guess"]
    environments: list[str] = []


class Providers(Struct, frozen=True, kw_only=True):
    """The distributions that bring `module`, the most likely first; empty when its name says nothing.

    `note` is a sentence about it: why no package is right, what replaced it, or how little is known. `own` says
    that a file of the user's beside the notebook has the name, so that no package does.
    """

    module: str
    distributions: list[Provider]
    note: str = ""
    own: bool = False
