"""Files that the user names, read for the engine with those that they include; nothing outside of their folder."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from jupyter_envs.formats import registry
from jupyter_envs.formats.folder import BINDER, OUTSIDE
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import ImportText, Inspect
from jupyter_envs.system.decode import decode
from jupyter_envs.system.reading import read_bytes

MOST = 5_000_000
MOST_FILES = 50
_MOST_NOTEBOOKS = 20
_MOST_LOOKED_AT = 2000
_STDIN = "-"


def imported(names: Iterable[str], extras: Iterable[str] = (), groups: Iterable[str] = ()) -> ImportText | None:
    """The files, or the folder, `names` as one import; None where there is none. ``-`` is standard input.

    Raises:
        InvalidRequest: a file is missing, not text, too long, or includes one that lies outside of its own folder.
    """
    names = list(names)
    if not names:
        return None
    parts = {"extras": list(extras), "groups": list(groups)}
    whole = os.path.expanduser(names[0])
    source = _of_folder(whole) if len(names) == 1 and os.path.isdir(whole) else _of_files(names)
    return msgspec.structs.replace(source, **parts)


def _of_folder(name: str) -> ImportText:
    folder = Path(os.path.realpath(name))
    return ImportText(format=registry.FOLDER.name, text="", files=_folder(folder), folder=os.fspath(folder))


def _of_files(names: list[str]) -> ImportText:
    gathered = _Gathered()
    tops = [gathered.top(name) for name in names]
    base, files = gathered.together()
    paths = [path.relative_to(base).as_posix() for path in tops]
    if len(paths) == 1:
        return ImportText(format="", text=files[paths[0]], filename=paths[0], files=files, folder=os.fspath(base))
    if other := [path for path in paths if not path.endswith((".txt", ".in"))]:
        raise InvalidRequest(
            f"{other[0]!r} cannot be read together with others.", hint="Give it alone.", field="requirement"
        )
    # One file that includes them all, under a name that none of them has; as pip reads them.
    name = next(name for name in ("requirements.txt", "requirements.in", "requirements-.txt") if name not in files)
    text = "".join(f"-r {shlex.quote(path)}\n" for path in paths)
    return ImportText(text=text, filename=name, files=files, folder=os.fspath(base))


class _Gathered:
    """The files that a user names and those that they include, by their whole path."""

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}
        self._above: set[Path] = set()

    def top(self, name: str) -> Path:
        """Read the file `name` and what it includes; return its path, the links of its folder resolved."""
        folder, file = _top(name)
        root = _root(folder)
        path = folder / file
        self._texts[path] = _stdin() if name == _STDIN else content(name)
        self._include(path, root)
        self._mention(path, root)
        for beside in registry.beside(file):
            if (folder / beside).is_file():
                self._add(folder / beside, folder, beside)
        return path

    def inside(self, root: Path, path: Path) -> None:
        """Read `path`, in the folder `root`, and what it includes; nothing outside of that folder."""
        if path not in self._texts:
            self._add(path, root, str(path.relative_to(root)))
            self._include(path, root)

    def module(self, path: Path) -> None:
        """Note that there is a module of the user's own; what it holds is not read."""
        self._texts.setdefault(path, "")

    def within(self, folder: Path) -> dict[str, str]:
        """The texts of all of them by their path in `folder`."""
        return {path.relative_to(folder).as_posix(): text for path, text in self._texts.items()}

    def together(self) -> tuple[Path, dict[str, str]]:
        """The folder that holds them all, and their texts by their path in it."""
        base = Path(os.path.commonpath([*(path.parent for path in self._texts), *self._above]))
        return base, self.within(base)

    def _include(self, path: Path, root: Path) -> None:
        text = self._texts[path]
        if root != path.parent and ".." in text:
            # It names something above itself, perhaps a project: paths in it are to be understood from there.
            self._above.add(root)
        for name in registry.included(path.name, text):
            other = Path(os.path.realpath(path.parent / name))
            if registry.may_include(path.name) and not (other.is_file() and other.is_relative_to(root)):
                continue
            if other not in self._texts:
                self._add(other, root, name)
                self._include(other, root)

    def _mention(self, path: Path, root: Path) -> None:
        """Read what the code at `path` installs from, and note which of the modules that it imports lie beside it."""
        files, modules = registry.mentioned(path.name, self._texts[path])
        for name in files:
            other = Path(os.path.realpath(path.parent / name))
            # What lies elsewhere, or cannot be read, is told of when the code is read.
            with contextlib.suppress(InvalidRequest, ValueError):
                if "://" not in name and other.is_file() and other not in self._texts:
                    self._add(other, root, name)
                    self._include(other, root)
        for name in modules:
            alone, package = path.parent / f"{name}.py", path.parent / name
            if alone.is_file():
                self._texts.setdefault(alone, "")
            elif any(package.glob("*.py")):
                self._texts.setdefault(package / "__init__.py", "")

    def _add(self, path: Path, root: Path, name: str) -> None:
        real = Path(os.path.realpath(path))
        if "://" in name or not real.is_relative_to(root):
            raise _outside(name, root)
        if len(self._texts) >= MOST_FILES:
            raise _unusable(name, f"is one of more than {MOST_FILES} files")
        self._texts[path] = _text(real, name)


def _root(folder: Path) -> Path:
    """The folder of the project that `folder` belongs to; nothing above it is read.

    That is the repository, or the working folder where `folder` lies in it; never the home folder or one above it.
    """
    home = Path(os.path.realpath(os.path.expanduser("~")))
    here = Path(os.path.realpath("."))
    inside = [each for each in (folder, *folder.parents) if each != home and each not in home.parents]
    roots = [each for each in inside if each == here or (each / ".git").exists()]
    return roots[-1] if roots else folder


def is_program(source: ImportText) -> bool:
    """Whether `source` is a notebook or a script."""
    return not source.format and registry.sniff(source.filename, source.text) in registry.PROGRAMS


def as_inspect(source: ImportText) -> Inspect:
    """The question what `source` means."""
    return Inspect(
        filename="" if source.format == registry.FOLDER.name else source.filename or "requirements.txt",
        text=None if source.format == registry.FOLDER.name else source.text,
        files=source.files,
        folder=source.folder,
        extras=source.extras,
        groups=source.groups,
    )


def content(name: str) -> str:
    """The text of the file `name`.

    Raises:
        InvalidRequest: it is missing, no file, or too long.
    """
    return _text(Path(name).expanduser(), name)


def _text(path: Path, name: str) -> str:
    try:
        return decode(read_bytes(path, MOST))
    except OSError as error:
        raise _unusable(name, f"cannot be read: {error.strerror or error}") from None


def _unusable(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"{name!r} {why}.", hint="Check the path behind -r.", field="requirement")


def _top(name: str) -> tuple[Path, str]:
    """The folder, links resolved, and the name of a file that the user names."""
    if name == _STDIN:
        return Path(os.path.realpath(".")), "requirements.txt"
    if "\0" in name:
        raise _unusable(name, "cannot be read: it holds a NUL")
    folder, base = os.path.split(os.path.abspath(os.path.expanduser(name)))
    return Path(os.path.realpath(folder)), base


def _outside(name: str, root: Path) -> InvalidRequest:
    return InvalidRequest(
        f"{name!r} lies outside of {str(root)!r}.",
        hint="Only what lies in the same project is read with it; put what the other holds in its place.",
        field="requirement",
        reason="outside",
    )


def _stdin() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return decode(raw.read(MOST)) if raw is not None else sys.stdin.read(MOST)


def _folder(folder: Path) -> dict[str, str]:
    """What a folder holds that can be read: its own files, Binder's, or those of the folders right below it.

    Its notebooks are read where no file says what it needs.
    """
    gathered = _Gathered()
    for path in (p for part in (".", *BINDER) for p in sorted((folder / part).glob("*"))):
        if path.is_file() and registry.of_folder(path.name):
            gathered.inside(folder, path)
    texts = gathered.within(folder)
    if not any(registry.says(path, text) for path, text in texts.items()):
        below = (p for p in sorted(folder.glob("*/*")) if not p.parent.name.startswith("."))
        for path in itertools.islice(below, _MOST_LOOKED_AT):
            if path.is_file() and registry.of_folder(path.name) and path.name.lower() not in OUTSIDE:
                gathered.inside(folder, path)
        for path in itertools.islice(sorted(folder.glob("*.ipynb")), _MOST_NOTEBOOKS):
            gathered.inside(folder, path)
        for path in itertools.islice(sorted(folder.glob("*.py")), _MOST_NOTEBOOKS):
            gathered.module(path)
    files = gathered.within(folder)
    if not files:
        raise _unusable(str(folder), "holds no file that can be read")
    return files
