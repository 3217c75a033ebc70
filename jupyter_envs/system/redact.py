"""Strip credentials from text before it is kept or shown."""

from __future__ import annotations

import os
import re

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s'\"]*@")
_QUERY = re.compile(r"([?&](?:access_token|token|api_key|apikey|key|password|sig|signature|auth)=)[^&\s'\"]+", re.I)
# conda's tokens stand in the path: `https://host/t/TOKEN/channel`.
_TOKEN_PATH = re.compile(r"(://[^/\s]+/t/)[^/\s'\"]+")
_HEADER = re.compile(r"(authorization:\s*(?:basic|bearer)\s+)\S+", re.I)
_SECRET_NAMES = re.compile(r"(^UV_INDEX_.*_(PASSWORD|USERNAME)$|^(UV|PIP)_.*(PASSWORD|TOKEN)$|_TOKEN$|_PASSWORD$)")


def redact(text: str) -> str:
    """`text` with the user part of each URL, conda's tokens, secret query values and known secrets as ``****``.

    >>> redact("see https://me:pw@host/simple?token=abc")
    'see https://****@host/simple?token=****'
    """
    text = _USERINFO.sub(r"\1****@", text)
    text = _TOKEN_PATH.sub(r"\1****", text)
    text = _QUERY.sub(r"\1****", text)
    text = _HEADER.sub(r"\1****", text)
    for name, value in os.environ.items():
        # Short values would blank ordinary words.
        if len(value) >= 8 and _SECRET_NAMES.search(name):
            text = text.replace(value, "****")
    return text
