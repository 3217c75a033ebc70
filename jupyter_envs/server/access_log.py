"""What the server's log may hold of a request's URL."""

from __future__ import annotations

from urllib.parse import unquote_plus

from jupyter_envs.model.address import MASK, Address
from jupyter_envs.system.redact import redact

# An address within another one's query is encoded once more; nobody means more than this by it.
_MOST_LAYERS = 4


def loggable(uri: str) -> str:
    """`uri` with each part of its path and each value of its query that holds credentials as ``****``."""
    path, mark, query = uri.partition("?")
    # What begins as an address in the path goes on behind its slashes.
    safe = _open(path) and all(map(_open, path.split("/")))
    path = path if safe else f"{path[: path.find('jupyter-envs/') + 13]}{MASK}"
    return path + mark + "&".join(map(_pair, query.split("&")))


def _pair(part: str) -> str:
    name, sign, value = part.partition("=")
    # A `?` or `&` that nobody has encoded leaves a part of an address without a name, or as one.
    return part if _open(f"?{part}") and _open(value) else f"{name if _open(name) else ''}{sign}{MASK}"


def _open(text: str) -> bool:
    """Whether `text`, decoded as often as it can be, holds no credentials."""
    for _ in range(_MOST_LAYERS):
        if redact(text) != text or Address(text.strip()).has_secret:
            return False
        text, before = unquote_plus(text), text
        if text == before:
            return True
    return "%" not in text
