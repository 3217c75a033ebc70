"""Where an environment's packages may come from, beside the indexes of pip's and uv's settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from jupyter_envs.model.address import Address
from jupyter_envs.model.errors import InvalidRequest

MOST = 20
_LONGEST = 1000
_URL = re.compile(r"https?://[^\s/@,'\"\\]+(?:/[^\s,'\"\\]*)?\Z")


class Sources(Struct, frozen=True, kw_only=True):
    """`indexes` (PEP 503) and `find_links`, pages with links to files, that the user allowed; no credentials."""

    indexes: list[str] = []
    find_links: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.indexes or self.find_links)

    def joined(self, other: Sources) -> Sources:
        """These and those of `other`, each once."""
        return Sources(
            indexes=list(dict.fromkeys([*self.indexes, *other.indexes])),
            find_links=list(dict.fromkeys([*self.find_links, *other.find_links])),
        )


# No others are asked than those of pip's and uv's settings.
SETTINGS_ALONE = Sources()


def check_sources(indexes: Sequence[str], find_links: Sequence[str]) -> Sources:
    """Return the addresses as `Sources`.

    Raises:
        InvalidRequest: one is no http or https URL, or holds a user, a password or a token; `field` names it.
    """
    return Sources(
        indexes=[_checked(text, f"indexes[{n}]") for n, text in enumerate(indexes[:MOST])],
        find_links=[_checked(text, f"find_links[{n}]") for n, text in enumerate(find_links[:MOST])],
    )


def _checked(value: str, field: str) -> str:
    text = value.strip()
    address = Address(text)
    if address.has_secret or "****" in text or "${" in text or re.match(r"[a-z]+://[^/]*@", text):
        raise InvalidRequest(
            f"{address.public} holds a user or a password, which an environment's record must not keep.",
            hint="Set the index up in pip.conf or uv.toml, or its password in the keyring or ~/.netrc.",
            field=field,
            reason="credentials",
        )
    if len(text) > _LONGEST or not text.isprintable() or not _URL.match(text):
        raise InvalidRequest(
            f"{address.public[:60]!a} is not the address of an index.",
            hint="Give a whole URL that begins with https://.",
            field=field,
        )
    return text
