"""Strip credentials from text before it is kept or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal, TypeVar

import msgspec

from jupyter_envs.model import address
from jupyter_envs.model.address import SHORTEST

T = TypeVar("T")


def _any_case(words: str) -> str:
    """The pattern `words` for letters of either case: twice as fast as a flag, and a pattern can begin with a set."""
    return re.sub(r"[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", words)


# Each pattern begins with fixed characters and ends its search at one that its own beginning needs: its time grows
# with the text alone. A scheme, of which any letter could be the first, is left where it stands for that.
# The last two are passwords that nobody has quoted: with quotation marks, with a slash.
_USERINFO = re.compile(r"://(?!:?/)(?:[^/\s'\"]*@|[^/\s'\":]*:[^/\s]*@|[^/\s@:]+:(?!\d*/)[^/\s@]*/[^\s@:]*@)")
_NAMES = ("token", "key", "password", "passwd", "pwd", "secret", "signature", "sig", "auth", "credential")
_NAME = _any_case(rf"(?:(?:access|private|client|api|auth|x-(?:amz|goog|ms))[_-]?)?(?:{'|'.join(_NAMES)})")
# What looks ahead is far faster than the names are, and most of what begins with `&` has none.
_QUERY = re.compile(rf"([?&](?=[\w-]{{3,22}}=){_NAME}=)[^&\s'\"]+")
# conda's tokens stand in the path: `https://host/t/TOKEN/channel`.
_TOKEN_PATH = re.compile(r"(://[^/\s]+/(?:[^/\s:'\"]+/)*?t/)[^/\s'\"`)]+")
_HEADERS = ("authorization", "-token", "_token", "art-api", "_password", "_secret", "key")
# In a text where the last letter of each of these is a NUL.
_HEADER = re.compile(
    r"\0(?=[\"']?[ \t]{0,4}[:=])"
    # Of keys alone those of an API and the like: many things have a key.
    r"(?:(?<!ke\0)|(?<=toke\0)|(?<=apike\0)|(?<=ap\0ke\0)|(?<=api[_-]ke\0)|(?<=ap\0[_-]ke\0)|(?<=accesske\0)"
    r"|(?<=access[_-]ke\0)|(?<=secretke\0)|(?<=secre\0ke\0)|(?<=secret[_-]ke\0)|(?<=secre\0[_-]ke\0))"
    r"[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:(?:basic|bearer|token)[ \t]{1,4})?"
    r"(?!(?:basic|bearer|token)\b)([^\s'\",&*]+)"
)
# The same in percent, once or more: an address within another one's query.
_SLASH = re.compile(r"(%(?:2[fF]|25[25]*2[fF]))")
_ENCODED_USER = re.compile(r"[^\s&/'\"@]*(?:%[25]*40|@)")
_ENCODED_TOKEN = re.compile(r"\A[^\s&/'\"]+")
_ENCODED_QUERY = re.compile(
    rf"(%(?:3[fF]|26|25[25]*(?:3[fF]|26))(?=[\w-]{{3,22}}%){_NAME}%[25]*3[dD])(?:[^\s&'\"%]+|%(?![25]*26))+"
)
# A long text with more addresses than one in so many characters is nobody's, and would take longest.
_LONG, _LEAST_APART = 65_536, 16
_ANCHORS = ("://", "%2f", "%3f", "%26", "%25", *(f"{name}=" for name in _NAMES))
# To look for each of so many secrets is faster than to ask first which of them there may be.
_FEW = 10
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


def _without_known(text: str, secrets: Collection[str]) -> str:
    for secret in secrets if len(secrets) < _FEW else _perhaps_in(text, tuple(secrets)):
        text = text.replace(secret, "****")
    return text


def _perhaps_in(text: str, secrets: tuple[str, ...]) -> list[str]:
    """Those of `secrets` that `text` may hold, in their order; in a time that does not grow with their number."""
    # A secret of eight bytes or more has four that begin in the text at a multiple of four.
    holders = _by_four(secrets)
    raw = text.encode("utf-8", "surrogatepass")
    fours = memoryview(raw)[: len(raw) // 4 * 4].cast("I")
    found = {n for four in set(filter(holders.__contains__, fours)) for n in holders[four]}
    return [secrets[n] for n in sorted(found)]


@lru_cache(maxsize=2)
def _by_four(secrets: tuple[str, ...]) -> dict[int, set[int]]:
    """The places in `secrets` of those that hold four bytes, by these as one number."""
    found: dict[int, set[int]] = {}
    for n, secret in enumerate(secrets):
        raw = secret.encode("utf-8", "surrogatepass")
        for start in range(4):
            for four in memoryview(raw[start : start + (len(raw) - start) // 4 * 4]).cast("I"):
                found.setdefault(four, set()).add(n)
    return found


def _without_addresses(text: str) -> str:
    low = _lowered(text)
    if len(text) > _LONG and sum(map(low.count, _ANCHORS)) * _LEAST_APART > len(text):
        return "**** (left out: there are addresses all over it)"
    # To look for a text takes a hundredth of the time of a pattern.
    if "@" in text and "://" in text:
        text = _USERINFO.sub("://****@", text)
    if "%" in text and "2f" in low:
        text = _without_encoded(text)
    if "/t/" in text:
        text = _without(_TOKEN_PATH, text)
    if "=" in text and any(f"{name}=" in low for name in _NAMES):
        text = _without(_QUERY, text)
    return _without_headers(text) if any(name in low for name in _HEADERS) else text


def _lowered(text: str) -> str:
    """`text` in small letters, character by character: what is not ASCII is some letter."""
    return (text if text.isascii() else text.encode("ascii", "replace").decode().replace("?", "x")).lower()


def _without_headers(text: str) -> str:
    low = _lowered(text).replace("\0", ".")
    for name in _HEADERS:
        low = low.replace(name, f"{name[:-1]}\0")
    parts: list[str] = []
    begin = 0
    for found in _HEADER.finditer(low):
        start, end = found.span(1)
        parts += text[begin:start], "****"
        begin = end
    return "".join([*parts, text[begin:]])


def _without_encoded(text: str) -> str:
    parts = _SLASH.split(text)
    for n in range(2, len(parts), 2):
        part = parts[n]
        if part in ("t", "T") and n + 2 < len(parts):
            parts[n + 2] = _ENCODED_TOKEN.sub("****", parts[n + 2], count=1)
        elif ("@" in part or "40" in part) and (found := _ENCODED_USER.match(part)):
            parts[n - 1], parts[n] = "%2F", f"****%40{part[found.end() :]}"
    return _without(_ENCODED_QUERY, "".join(parts))


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


def _secrets() -> Collection[str]:
    """The secrets in this process' variables and of the addresses in use, the longest first: one may begin another.

    Short ones would blank ordinary words.
    """
    found: list[str] = []
    # By names first: each value is decoded anew, and this is asked for each line of a command's output.
    for name in os.environ:
        kind = _kind(name)
        if kind == "secret":
            found.append(os.environ.get(name, ""))
        elif kind == "address" and "@" in (value := os.environ.get(name, "")):
            found += address.Address(value).secrets
    found = [secret for secret in found if len(secret) >= SHORTEST]
    return sorted({*found, *address.known()}, key=len, reverse=True) if found else address.known()


def _walked(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        # What can be hidden by its form has one of these; the names in a list of packages have none.
        known = any(sign in value for sign in ("://", "\n", "?", "%", "uthorization"))
        return _without_known(_without_addresses(value) if known else value, secrets)
    if isinstance(value, dict):
        return {key: _walked(part, secrets) for key, part in value.items()}
    return [_walked(part, secrets) for part in value] if isinstance(value, list) else value


@lru_cache(maxsize=1024)
def _kind(name: str) -> Literal["secret", "address", "other"]:
    """What the variable `name` holds."""
    if name.endswith(_ENDS) or (name.startswith(("UV_", "PIP_")) and name.endswith(("PASSWORD", "TOKEN"))):
        return "secret"
    if name.startswith("UV_INDEX_") and name.endswith("_USERNAME"):
        return "secret"
    return "address" if name.upper().endswith(_ADDRESSES) else "other"
