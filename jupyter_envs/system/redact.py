"""Strip credentials from text before it is kept or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from jupyter_envs.model import address
from jupyter_envs.model.address import SHORTEST

T = TypeVar("T")

# Each pattern begins with fixed letters and ends its search at a character that its own beginning needs: its time
# grows with the text alone. A scheme, of which any letter could be the first, is left where it stands for that.
# The last two are passwords that nobody has quoted: with quotation marks, with a slash.
_USERINFO = re.compile(r"://(?:[^/\s'\"]*@|[^/\s'\":]*:[^/\s]*@|[^/\s@:]+:(?!\d*/)[^/\s@]*/[^\s@:]*@)")
_NAMES = "token|key|password|passwd|pwd|secret|signature|sig|auth|credential"
_BEFORE = "(?:access|private|client|api|auth|x-amz|x-goog|x-ms)"
_QUERY = re.compile(rf"([?&](?:{_BEFORE}[_-]?|)(?:{_NAMES})=)[^&\s'\"]+", re.I)
# conda's tokens stand in the path: `https://host/t/TOKEN/channel`.
_TOKEN_PATH = re.compile(r"(://[^/\s]+/(?:[^/\s:'\"]+/)*?t/)[^/\s'\"`)]+")
_HEADER = re.compile(
    r"((?:authorization|[-_]token|(?:api|access|secret)[-_]?key|art-api|_password|_secret)[\"']?"
    r"[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
    r"(?:(?:basic|bearer|token)[ \t]{1,4})?)(?!(?:basic|bearer|token)\b)[^\s'\",&*]+",
    re.I,
)
# The same in percent, once or more: an address within another one's query.
_ENCODED = re.compile(r"%(?:25)*2F(?:(?!%(?:25)*2F)[^\s&/'\"@])*(?:%(?:25)*40|@)", re.I)
_ENCODED_TOKEN = re.compile(r"(%(?:25)*2Ft%(?:25)*2F)(?:(?!%(?:25)*2F)[^\s&/'\"])+", re.I)
_ENCODED_QUERY = re.compile(
    rf"(%(?:25)*(?:3F|26)(?:{_BEFORE}[_-]?|)(?:{_NAMES})%(?:25)*3D)(?:(?!%(?:25)*26)[^\s&'\"])+", re.I
)
_HEADERS = ("authorization", "-token", "_token", "key", "art-api", "_password", "_secret")
_ENDS = ("_TOKEN", "_PASSWORD", "_PASSWD", "_SECRET", "_API_KEY")
# Variables whose value is an address, of a proxy perhaps without a scheme.
_ADDRESSES = ("_URL", "_PROXY", "_INDEX", "_LINKS")


def redact(text: str) -> str:
    """`text` with the user part of each URL, conda's tokens, secret query values and known secrets as ``****``.

    The time grows with the length of `text` and no faster.

    >>> redact("see https://me:pw@host/simple?token=abc")
    'see https://****@host/simple?token=****'
    """
    return _without_known(_without_addresses(text), _secrets())


def _without_known(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "****")
    return text


def _without_addresses(text: str) -> str:
    # To look for a text takes a hundredth of the time of a pattern.
    low = text.lower()
    if "@" in text:
        text = _USERINFO.sub("://****@", text)
    if "%" in text and "2f" in low:
        text = _ENCODED.sub("%2F****%40", text)
        text = _without(_ENCODED_TOKEN, text)
        text = _without(_ENCODED_QUERY, text) if "3d" in low else text
    if "/t/" in text:
        text = _without(_TOKEN_PATH, text)
    if "=" in text and any(f"{name}=" in low for name in _NAMES.split("|")):
        text = _without(_QUERY, text)
    if any(name in low for name in _HEADERS):
        text = _without(_HEADER, text)
    return text


def redacted_values(value: T) -> T:
    """`value`, of what JSON can say, with each text in it redacted; to be done before it is written as JSON or TOML."""
    return msgspec.convert(_walked(msgspec.to_builtins(value, enc_hook=address.shown), _secrets()), type(value))


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


def _secrets() -> list[str]:
    """The secrets in this process' variables, and of the addresses in use. Short ones would blank ordinary words."""
    found = address.known()
    # By names first: each value is decoded anew, and this is asked for each line of a command's output.
    for name in os.environ:
        if _is_secret(name):
            found.append(os.environ.get(name, ""))
        elif name.upper().endswith(_ADDRESSES) and "@" in (value := os.environ.get(name, "")):
            found += address.Address(value).secrets
    return [secret for secret in found if len(secret) >= SHORTEST]


def _walked(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        # What can be hidden by its form has one of these; the names in a list of packages have none.
        known = any(sign in value for sign in ("://", "\n", "?", "%", "uthorization"))
        return _without_known(_without_addresses(value) if known else value, secrets)
    if isinstance(value, dict):
        return {key: _walked(part, secrets) for key, part in value.items()}
    return [_walked(part, secrets) for part in value] if isinstance(value, list) else value


def _is_secret(name: str) -> bool:
    if name.endswith(_ENDS):
        return True
    if name.startswith("UV_INDEX_"):
        return name.endswith("_USERNAME")
    return name.startswith(("UV_", "PIP_")) and name.endswith(("PASSWORD", "TOKEN"))
