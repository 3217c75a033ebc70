"""What the user typed or keeps in a file, as the requirements that the engine takes: paths made absolute."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import ImportText

_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.+)\Z")
_INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s+|=)?(.+)\Z")
_COMMENT = re.compile(r"(^|\s+)#.*\Z")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_MAX_FILE = 2_000_000
_MAX_DEPTH = 10


def typed(words: Iterable[str], editables: Iterable[str] = ()) -> list[str]:
    """Requirements as typed; ``-e`` may be its own word or begin one, as it does behind ``--``."""
    found = [f"-e {absolute(e)}" for e in editables]
    rest = iter(words)
    for word in rest:
        if word in ("-e", "--editable"):
            path = next(rest, None)
            if path is None:
                raise InvalidRequest(f"{word} lacks its path.", hint="Write -e PATH.", field="requirement")
            found.append(f"-e {absolute(path)}")
        else:
            found.append(_line(word))
    return found


def files(names: Iterable[str]) -> list[str]:
    """The logical lines of requirements files, ``-r`` inside them followed; ``-`` is standard input.

    Raises:
        InvalidRequest: a file is missing, not text, too long, or includes itself without end.
    """
    return [line for name in names for line in _read(name, 0)]


def text(names: Iterable[str]) -> ImportText | None:
    """The files as one requirements text, or None where there is none."""
    names = list(names)
    return ImportText(text="\n".join(files(names)) + "\n") if names else None


def absolute(path: str) -> str:
    """`path`, from the working folder, with its extras; a URL stays."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", path):
        return path
    bare, extras = re.fullmatch(r"(.*?)(\[[^\[\]/\\]*\])?", path, re.S).groups()  # type: ignore[union-attr]
    return os.path.abspath(os.path.expanduser(bare)) + (extras or "")


def _line(word: str) -> str:
    if editable := _EDITABLE.match(word):
        return f"-e {absolute(editable.group(1))}"
    return absolute(word) if _is_path(word) else word


def _is_path(word: str) -> bool:
    if word in (".", "..") or word.startswith(("./", "../", "~/", ".\\", "..\\", ".[")):
        return True
    return word.endswith(_ARCHIVES) and "://" not in word and " @ " not in word and os.path.isfile(word)


def _read(name: str, depth: int) -> list[str]:
    if depth > _MAX_DEPTH:
        raise InvalidRequest(f"{name!r} includes itself.", hint="Remove the -r line.", field="requirement")
    lines = []
    for raw in re.sub(r"\\\r?\n", "", content(name)).splitlines():
        line = _COMMENT.sub("", raw).strip()
        if include := _INCLUDE.match(line):
            folder = "" if name == "-" else os.path.dirname(name)
            lines += _read(os.path.join(folder, include.group(1).strip()), depth + 1)
        elif line:
            lines.append(_line(line))
    return lines


def content(name: str) -> str:
    """The text of the file `name`; see `files` for what it raises."""
    try:
        if name == "-":
            return sys.stdin.read(_MAX_FILE)
        path = Path(name).expanduser()
        if path.stat().st_size > _MAX_FILE:
            raise InvalidRequest(
                f"{name!r} is longer than {_MAX_FILE} bytes.", hint="Give a requirements file.", field="requirement"
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(
            f"{name!r} is not text in UTF-8.", hint="Give a requirements file.", field="requirement"
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidRequest(
            f"{name!r} cannot be read: {why}.", hint="Check the path behind -r.", field="requirement"
        ) from None
