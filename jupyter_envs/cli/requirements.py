"""What the user typed, as the requirements that the engine takes: paths made absolute."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from jupyter_envs.model.errors import InvalidRequest

_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.+)\Z")
_ARCHIVES = (".whl", ".tar.gz", ".zip")


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
