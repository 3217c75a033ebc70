"""What the engine's errors mean to a person."""

from __future__ import annotations

import re

from jupyter_envs.model.errors import EnvsError, Failed, Forbidden, Unavailable
from jupyter_envs.system.conda_url import base_of
from jupyter_envs.system.redact import redact

_URL = re.compile(r"(?:for url \(|in channel '|repodata cache for )([^)'\s]+)")
_FILE = re.compile(r"failed to fetch (\S+)")
_CAUSE = "Caused by: "
_DAMAGED = ("os error 2)", "extract", "unpack", "decompress", "eof", "unexpected end", "invalid zip", "corrupt")


def understood(error: Exception) -> EnvsError:
    """The error of our tree that `error`, raised by the engine, stands for; its own text goes along as detail."""
    text = redact(str(error)).strip() or type(error).__name__
    lines = [line.removeprefix(_CAUSE) for line in text.splitlines()]
    cause = lines[-1].rstrip(".")
    url = _URL.search(text)
    # What was asked for lies in a platform's folder of the channel.
    where = base_of(url[1].rpartition("/")[0] if url[1].count("/") > 3 else url[1]) if url else "The channel"
    file = _FILE.search(text)
    what = file[1] if file else "A package"
    low = text.lower()
    if "os error 28" in low or "no space left" in low:
        return Failed("The disk is full.", hint="Free some space, then try again.", reason="disk_full", detail=text)
    if "os error 13" in low or "os error 30" in low or "os error 1)" in low:
        return Forbidden(
            "A file or folder of the environment or the package cache may not be written.",
            hint="Look at the owner of the folders named in the details.",
            reason="permission",
            detail=text,
        )
    if "hash mismatch" in low:
        return Failed(
            f"{what} is not the archive that was promised: its hash differs.",
            hint="Try again later; the channel or a mirror may be in the middle of an update.",
            reason="wrong_hash",
            detail=text,
        )
    if "no usable repodata cache" in low:
        return Unavailable(
            f"{where} has not been read yet, and the work is offline.",
            hint="Go online once, or leave that channel out.",
            reason="offline",
            detail=text,
        )
    if status := re.search(r"status (?:client|server) error \((\d{3})[^)]*\)", low):
        return _answered(int(status[1]), where, file[1] if file else None, text)
    if "could not find subdir" in low:
        return Unavailable(
            f"{where} is no channel: there are no packages at that address.",
            hint="Check the channel's name.",
            reason="no_channel",
            field="channels",
            detail=text,
        )
    if "certificate" in low:
        return Unavailable(
            f"{where} shows a certificate that is not trusted: {cause}.",
            hint="Name your certificates as ssl_verify in .condarc.",
            reason="certificate",
            detail=text,
        )
    if "error sending request" in low or "error decoding response body" in low or "timed out" in low:
        return Unavailable(
            f"{where} cannot be reached: {cause}.",
            hint="Check the network and the proxy in .condarc, or work offline.",
            reason="unreachable",
            detail=text,
        )
    if file and any(sign in low for sign in _DAMAGED):
        return Failed(
            f"{what} is missing or damaged.",
            hint="Clean the package cache, then try again.",
            reason="damaged",
            detail=text,
        )
    return Failed(f"The conda engine failed: {cause}.", hint="The details may tell more.", detail=text)


def _answered(status: int, where: str, file: str | None, text: str) -> EnvsError:
    if status in (401, 403, 407):
        return Unavailable(
            f"{where} asks for credentials.",
            hint="Add them to .condarc, .netrc or rattler's credential store, then try again.",
            reason="denied",
            detail=text,
        )
    if status == 404 and file:
        return Failed(
            f"{file} is in the channel's index and not in the channel.",
            hint="Try again later; the channel or a mirror may be in the middle of an update.",
            reason="package_missing",
            detail=text,
        )
    if status == 404:
        return Unavailable(
            f"{where} does not exist.",
            hint="Check the channel's name.",
            reason="no_channel",
            field="channels",
            detail=text,
        )
    return Unavailable(
        f"{where} answered {status}.", hint="Try again later, or use a mirror.", reason="unreachable", detail=text
    )
