"""Files that the user names, read for the engine with those that they include; nothing outside of their folder."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from jupyter_envs.formats import binder, registry
from jupyter_envs.formats.requirements import included
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import ImportText, Inspect

MOST = 5_000_000
MOST_FILES = 50
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
    files = _folder(folder)
    chosen, path = registry.main(files)
    return ImportText(
        format=chosen.name, text=files.get(path, ""), filename=path, files=files, folder=os.fspath(folder)
    )


def _of_files(names: list[str]) -> ImportText:
    tops = [_top(name) for name in names]
    base = Path(os.path.commonpath([folder for folder, _ in tops]))
    files: dict[str, str] = {}
    paths = []
    for name, (folder, file) in zip(names, tops, strict=True):
        text = sys.stdin.read(MOST) if name == _STDIN else content(name)
        path = (folder / file).relative_to(base).as_posix()
        paths.append(path)
        files[path] = text
        _include(folder, folder, text, base, files)
        for beside in registry.beside(file):
            if (folder / beside).is_file():
                _add(folder, folder / beside, base, files, beside)
    if len(paths) == 1:
        return ImportText(format="", text=files[paths[0]], filename=paths[0], files=files, folder=os.fspath(base))
    if other := [path for path in paths if not path.endswith((".txt", ".in"))]:
        raise InvalidRequest(
            f"{other[0]!r} cannot be read together with others.", hint="Give it alone.", field="requirement"
        )
    # One file that includes them all; as pip reads them.
    return ImportText(text="".join(f"-r {path}\n" for path in paths), files=files, folder=os.fspath(base))


def as_inspect(source: ImportText) -> Inspect:
    """The question what `source` means."""
    return Inspect(
        filename=source.filename or "requirements.txt",
        text=None if source.format == registry.FOLDER.name else source.text,
        files=source.files,
        folder=source.folder,
        extras=source.extras,
        groups=source.groups,
    )


def content(name: str) -> str:
    """The text of the file `name`.

    Raises:
        InvalidRequest: it is missing, no file, not text, or too long.
    """
    return _text(Path(name).expanduser(), name)


def _text(path: Path, name: str) -> str:
    try:
        info = path.stat()
        # A pipe or a device may never end.
        if not stat.S_ISREG(info.st_mode):
            raise _unusable(name, "is not a file")
        if info.st_size > MOST:
            raise _unusable(name, f"is longer than {MOST} bytes")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(name, "is not text in UTF-8") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidRequest):
            raise
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unusable(name, f"cannot be read: {why}") from None


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


def _include(root: Path, folder: Path, text: str, base: Path, files: dict[str, str]) -> None:
    """Add to `files` what `text`, in `folder`, includes, and what that includes."""
    for name in included(text):
        path = Path(os.path.realpath(folder / name))
        if (path.relative_to(base).as_posix() if path.is_relative_to(base) else "") not in files:
            _include(root, path.parent, _add(root, path, base, files, name), base, files)


def _add(root: Path, path: Path, base: Path, files: dict[str, str], name: str) -> str:
    real = Path(os.path.realpath(path))
    if "://" in name or not real.is_relative_to(root):
        raise InvalidRequest(
            f"{name!r} lies outside of {str(root)!r}.",
            hint="Only what lies beside a file is read with it; put what the other holds in its place.",
            field="requirement",
            reason="outside",
        )
    if len(files) >= MOST_FILES:
        raise _unusable(name, f"is one of more than {MOST_FILES} files")
    text = files[path.relative_to(base).as_posix()] = _text(real, name)
    return text


def _folder(folder: Path) -> dict[str, str]:
    """What a folder holds that can be read, as repo2docker has it: its own files or those in ``binder``."""
    files: dict[str, str] = {}
    for path in (p for part in (".", *binder.FOLDERS) for p in sorted((folder / part).glob("*"))):
        if path.is_file() and registry.of_folder(path.name):
            text = _add(folder, path, folder, files, str(path.relative_to(folder)))
            if path.name == "requirements.txt":
                _include(folder, path.parent, text, folder, files)
    if not files:
        raise _unusable(str(folder), "holds no file that can be read")
    return files
