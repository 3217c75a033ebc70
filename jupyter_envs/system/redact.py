"""Strip credentials from text before it is kept or shown."""

from __future__ import annotations

import os
import re

# Each pattern begins with fixed letters and ends its search at a character that its own beginning needs: its time
# grows with the text alone. A scheme, of which any letter could be the first, is left where it stands for that.
_USERINFO = re.compile(r"://[^/\s'\"]*@")
_QUERY = re.compile(r"([?&](?:access_token|token|api_key|apikey|key|password|sig|signature|auth)=)[^&\s'\"]+", re.I)
# conda's tokens stand in the path: `https://host/t/TOKEN/channel`.
_TOKEN_PATH = re.compile(r"(://[^/\s]+/t/)[^/\s'\"]+")
_HEADER = re.compile(r"(authorization:\s*(?:basic|bearer)\s+)\S+", re.I)
_ENDS = ("_TOKEN", "_PASSWORD")


def redact(text: str) -> str:
    """`text` with the user part of each URL, conda's tokens, secret query values and known secrets as ``****``.

    The time grows with the length of `text` and no faster.

    >>> redact("see https://me:pw@host/simple?token=abc")
    'see https://****@host/simple?token=****'
    """
    if "@" in text:
        text = _USERINFO.sub("://****@", text)
    if "/t/" in text:
        text = _without(_TOKEN_PATH, text)
    if "=" in text:
        text = _without(_QUERY, text)
    if ":" in text:
        text = _without(_HEADER, text)
    for name, value in os.environ.items():
        # Short values would blank ordinary words.
        if len(value) >= 8 and _is_secret(name):
            text = text.replace(value, "****")
    return text


def redacted(text: str, limit: int) -> str:
    """`redact` of `text`, at most `limit` characters of it; what is left out is told by an ellipsis.

    >>> redacted("see https://me:pw@host/simple", 20)
    'see https://****@ho…'
    """
    # In this order: a secret that has lost its end is not known for one.
    text = redact(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _without(pattern: re.Pattern[str], text: str) -> str:
    """`text` with what follows the one group of `pattern` in each match as ``****``."""
    # `sub` with a group takes three times as long.
    parts = pattern.split(text)
    parts[1::2] = [part + "****" for part in parts[1::2]]
    return "".join(parts)


def _is_secret(name: str) -> bool:
    if name.endswith(_ENDS):
        return True
    if name.startswith("UV_INDEX_"):
        return name.endswith("_USERNAME")
    return name.startswith(("UV_", "PIP_")) and name.endswith(("PASSWORD", "TOKEN"))
