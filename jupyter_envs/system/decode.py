"""Decode the bytes of a text file as pip decodes a requirements file, whichever encoding its editor chose."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# PEP 263, as pip looks for it: in a comment of the first two lines.
_DECLARED = re.compile(rb"coding[:=][ \t]*([-\w.]{1,40})")
# Encodings of text alone; others of Python's, such as unicode_escape, compute something else from the bytes.
_KNOWN = re.compile(
    r"utf-8|iso8859-\d{1,2}|cp125\d|cp866|cp874|cp932|cp949|koi8-[ru]|shift_jis|euc_jp|euc_kr|gbk|gb2312|gb18030|big5"
    r"|mac-roman|ascii",
    re.A,
)


def decode(content: bytes) -> str:
    """Return the text of `content`, without a byte order mark.

    A byte order mark decides, then the encoding that a comment in the first two lines declares, then UTF-8.
    What none of them can read is taken as Windows-1252, in which any bytes have a meaning; it never fails.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    for encoding in (*_declared(content), "utf-8"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return _windows(content)


def _declared(content: bytes) -> list[str]:
    """The encoding that the head of `content` declares, where it is a known one."""
    for line in content[:4000].split(b"\n")[:2]:
        found = _DECLARED.search(line) if line.startswith(b"#") else None
        if found is None:
            continue
        try:
            name = codecs.lookup(found[1].decode("ascii", "replace")).name
        except LookupError:
            return []
        # Browsers, which decode for the panel, read both as Windows-1252.
        if name in ("iso8859-1", "ascii"):
            return ["cp1252"]
        return [name] if _KNOWN.fullmatch(name) else []
    return []


def _windows(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")
