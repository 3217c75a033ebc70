"""What py-rattler 0.28.0 said on a full disk, a folder that may not be written, an unknown certificate, and so on."""

from __future__ import annotations

import pytest

from jupyter_envs.backends.rattler_errors import understood
from jupyter_envs.model.errors import EnvsError, Failed, Forbidden, Unavailable

FULL = """failed to link lib-1.0-0.tar.bz2
Caused by: failed to link 'share/lib.bin'
Caused by: failed to copy file from /pkgs/lib-1.0-0/share/lib.bin to /env/share/lib.bin: No space left (os error 28)"""
DENIED = """failed to fetch lib-1.0-0.tar.bz2
Caused by: failed to interact with the package cache layer.
Caused by: Permission denied (os error 13)"""
HASH = """failed to fetch lib-1.0-0.tar.bz2
Caused by: failed to interact with the package cache layer.
Caused by: hash mismatch when extracting http://h/a/noarch/lib-1.0-0.tar.bz2 to /pkgs/.lib: expected 00, got 93"""
MISSING = """failed to fetch gone-1.0-0.tar.bz2
Caused by: failed to interact with the package cache layer.
Caused by: HTTP status client error (404 File not found) for url (http://h/a/noarch/gone-1.0-0.tar.bz2)"""
CERTIFICATE = """error sending request for url (https://localhost:1/a/linux-64/repodata_shards.msgpack.zst)
Caused by: client error (Connect)
Caused by: invalid peer certificate: UnknownIssuer"""
REFUSED = """error sending request for url (http://me:secret@127.0.0.1:9/ch/linux-64/repodata_shards.msgpack.zst)
Caused by: client error (Connect)
Caused by: tcp connect error
Caused by: Connection refused (os error 111)"""
NO_FOLDER = "could not find subdir 'noarch' in channel 'file:///none/ch/'\nCaused by: failed to open file"
NO_CACHE = "no usable repodata cache for http://127.0.0.1:4/a/noarch/"


@pytest.mark.parametrize(
    ("text", "kind", "reason", "message"),
    [
        (FULL, Failed, "disk_full", "The disk is full."),
        (DENIED, Forbidden, "permission", "may not be written"),
        (HASH, Failed, "wrong_hash", "lib-1.0-0.tar.bz2 is not the archive that was promised"),
        (MISSING, Failed, "package_missing", "gone-1.0-0.tar.bz2 is in the channel's index and not in the channel"),
        (CERTIFICATE, Unavailable, "certificate", "https://localhost:1/a shows a certificate that is not trusted"),
        (REFUSED, Unavailable, "unreachable", "127.0.0.1:9/ch cannot be reached: Connection refused (os error 111)."),
        (NO_FOLDER, Unavailable, "no_channel", "file:///none/ch is no channel"),
        (NO_CACHE, Unavailable, "offline", "http://127.0.0.1:4/a has not been read yet"),
        ("quite new", Failed, "failed", "The conda engine failed: quite new."),
        ("", Failed, "failed", "The conda engine failed: RuntimeError."),
    ],
)
def test_understood(text: str, kind: type[EnvsError], reason: str, message: str) -> None:
    error = understood(RuntimeError(text))
    assert (type(error), error.reason) == (kind, reason)
    assert message in error.message
    assert "secret" not in f"{error.message}{error.detail}"
