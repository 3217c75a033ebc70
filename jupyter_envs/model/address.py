"""An address that may hold credentials: of an index, a channel, a proxy, a repository of sources."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import unquote

MASK = "****"
# A shorter secret would blank ordinary words.
SHORTEST = 8
# To look for each of them in a megabyte takes 0.2 ms.
_MOST_KNOWN = 100
_known: dict[str, None] = {}
_longest_first: tuple[str, ...] = ()
# A scheme that is no scheme, or none before the colon, hides no less.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)?:?//")
_ANY_SCHEME = re.compile(r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,40})?://")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%\w]*\]|[^\s:@\[\]/?#]*)(:\d*)?\Z")
# conda's tokens are a step of the path: `https://host/t/TOKEN/channel`.
_TOKEN = re.compile(r"(?<=/t/)[^/]+")
# An address within the path of another one.
_NESTED = re.compile(r"(?<=//)[^/]*@")
# What a fragment may say of a package; another one may hold anything.
_FRAGMENT = re.compile(r"(egg|subdirectory|sha\d+|md5|package)=[^=&]*(&(egg|subdirectory|sha\d+|md5)=[^=&]*)*\Z")


class Address:
    """An address with what opens it; text, formatting, `repr` and JSON give it with ``****`` for that.

    It equals, and counts in sets and as a key like, its full text. It cannot be pickled.
    `reveal_for_tool` alone gives the full text out.
    """

    __slots__ = ("__full", "_pieces")

    def __init__(self, text: str | Address) -> None:
        self.__full: str = text._reveal() if isinstance(text, Address) else text  # noqa: SLF001
        self._pieces = _split(self.__full)
        if self._pieces[1] or self._pieces[4] or "@" in self._pieces[3]:
            _remember(self.secrets)

    @property
    def public(self) -> str:
        """The address without user, password, token and query: it names the same place and opens nothing."""
        start, user, host, path, _, _ = self._pieces
        if not start and not user:
            return self.__full
        return f"{start}{host}{_NESTED.sub('', _TOKEN.sub(MASK, re.sub(r'^/t/[^/]+', '', path)))}"

    @property
    def has_secret(self) -> bool:
        """Whether the text holds what may open something."""
        return str(self) != self.__full

    @property
    def is_url(self) -> bool:
        return bool(self._pieces[0])

    @property
    def secrets(self) -> list[str]:
        """What the text hides, each part also percent-decoded."""
        _, user, _, path, query, _ = self._pieces
        name, colon, password = user.removesuffix("@").partition(":")
        found = [password if colon and password else name]
        if self.is_url:
            found += _TOKEN.findall(path)
            found += [nested.removesuffix("@").rpartition(":")[2] for nested in _NESTED.findall(path)]
        found += [value for part in query.removeprefix("?").split("&") if (value := part.partition("=")[2])]
        return [text for part in found if part for text in dict.fromkeys((part, unquote(part)))]

    def map(self, change: Callable[[str], str]) -> Address:
        """The address that `change`, which must keep nothing of what it gets, makes of the full text."""
        return Address(change(self.__full))

    def __str__(self) -> str:
        start, user, host, path, query, fragment = self._pieces
        hidden = f"{MASK}@" if user else ""
        if fragment and not _FRAGMENT.match(fragment[1:]):
            fragment = f"#{MASK}"
        if start:
            path = _NESTED.sub(f"{MASK}@", _TOKEN.sub(MASK, path))
        return f"{start}{hidden}{host}{path}{_masked(query)}{fragment}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Address):
            return self.__full == other.__full
        return self.__full == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.__full)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an address may hold credentials and cannot be pickled")

    def __copy__(self) -> Address:
        return self

    def __deepcopy__(self, memo: object) -> Address:
        return self

    def _reveal(self) -> str:
        return self.__full


def reveal_for_tool(address: Address | str) -> str:
    """The full text of `address`, for the environment, the file or the request of a tool, and nothing else."""
    return address._reveal() if isinstance(address, Address) else address  # noqa: SLF001


def shown_in(text: str) -> str:
    """`text`, one thing that somebody asked for, with the address that ends it as it is shown.

    >>> shown_in("tool @ https://me:p w@host/tool.whl")
    'tool @ https://****@host/tool.whl'
    """
    begin = _ANY_SCHEME.search(text)
    start = begin.start() if begin else 0
    return text[:start] + str(Address(text[start:]))


def known() -> tuple[str, ...]:
    """The secrets of the addresses that this process has met last, to be hidden in whatever a tool prints.

    The longest come first.
    """
    return _longest_first


def shown(value: Any) -> str:
    """What JSON gets in the place of an Address.

    Raises:
        TypeError: `value` is something else that JSON cannot say.
    """
    if isinstance(value, Address):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def read(kind: type, value: Any) -> Any:
    """`value` of JSON as `kind`, an Address."""
    if kind is Address and isinstance(value, str):
        return Address(value)
    raise TypeError(f"{kind.__name__} cannot be read")


def _remember(secrets: list[str]) -> None:
    global _longest_first  # noqa: PLW0603 - the same as `_known`, in the order in which they are asked for
    new = [secret for secret in secrets if len(secret) >= SHORTEST]
    if all(secret in _known for secret in new):
        # The one met last is the last to be forgotten.
        for secret in new:
            _known[secret] = _known.pop(secret, None)
        return
    for secret in new:
        _known.pop(secret, None)
        while len(_known) >= _MOST_KNOWN:
            _known.pop(next(iter(_known)), None)
        _known[secret] = None
    _longest_first = tuple(sorted(_known, key=len, reverse=True))


def _split(text: str) -> tuple[str, str, str, str, str, str]:
    """Scheme and slashes, user with its ``@``, host, path, query, fragment; together they are `text`."""
    begin = _SCHEME.match(text)
    start = begin[0] if begin else ""
    rest = text[len(start) :]
    if not start and "@" not in rest:
        return "", "", "", text, "", ""
    if not start and not _is_proxy(rest):
        return "", "", "", text, "", ""
    end = next((n for n, letter in enumerate(rest) if letter in "/?#\\"), len(rest))
    authority, tail = rest[:end], rest[end:]
    user, _, host = authority.rpartition("@")
    if "ssh" in start and ":" not in user:
        # Who logs in there does so by a key.
        user, host = "", authority
    elif not user and not _HOST.match(authority) and "@" in tail:
        # A slash or the like within a password, which nobody has quoted.
        user, _, last = rest.rpartition("@")
        end = next((n for n, letter in enumerate(last) if letter in "/?#"), len(last))
        host, tail = last[:end], last[end:]
    tail, sign, fragment = tail.partition("#")
    path, mark, query = tail.partition("?")
    return start, f"{user}@" if user or authority.startswith("@") else "", host, path, mark + query, sign + fragment


def _is_proxy(text: str) -> bool:
    """Whether `text`, which has no scheme, reads ``user:password@host:port``."""
    user, _, host = text.rpartition("@")
    return ":" in user and "/" not in user.partition(":")[0] and bool(re.match(r"[\w.\[\]-]+(:\d+)?/?\Z", host))


def _masked(query: str) -> str:
    if not query:
        return ""
    parts = (part.partition("=") for part in query[1:].split("&"))
    return "?" + "&".join(f"{name}={MASK}" if sign else MASK if name else "" for name, sign, _ in parts)
