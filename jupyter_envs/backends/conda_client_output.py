"""What an installed conda, mamba or micromamba prints: JSON of what it does, of how far it is, of what it cannot do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_envs.backends.conda_operation import CondaOutcome, OnLine, OnStep
from jupyter_envs.model.conda import CondaPackage, Swap
from jupyter_envs.model.errors import EnvsError, Failed, NotFound, Unavailable, Unsolvable
from jupyter_envs.system import conda_meta
from jupyter_envs.system.redact import redact

_NOT_HERE = ("PackagesNotFoundInPrefixError", "PackageNotInstalledError")
# How mamba and micromamba begin to say that they cannot solve, what no channel has, and a branch of the reasons.
_UNSOLVED = "Could not solve for environment specs"
_LACKS = re.compile(r"[└├]─ ([^└├\n]+?) does not exist \(perhaps a typo")
_BRANCH = re.compile(r"^[\s│├└─]+")
# The build that a spec leaves open, and a version too.
_ANY = re.compile(r"(?: =\*)? \*(?= )")
_MISSED = re.compile(r"Download error \(\d+\).*")
_LOG = re.compile(r"^(?:critical|error) +libmamba ", re.M)
# Letters: more of a tree of reasons is not read in one line.
_SENTENCE = 400


def parse(code: int, out: str, err: str) -> CondaOutcome:
    """What the JSON that a client printed says was, or would be, done.

    Raises:
        Unsolvable, NotFound, Unavailable, Failed: what the client failed with.
    """
    last: dict[str, Any] = next(
        (found for found in reversed(list(_objects(out))) if not found.keys() & {"fetch", "progress"}), {}
    )
    if code or last.get("success") is False or "exception_name" in last:
        raise _failure(last, code, err)
    actions = last.get("actions") or {}
    linked = {p.name: p for p in map(_package, actions.get("LINK") or [])}
    gone = {p.name: p for p in map(_package, actions.get("UNLINK") or [])}
    fetched = [_package(entry) for entry in actions.get("FETCH") or []]
    return CondaOutcome(
        added=[linked[n] for n in sorted(linked.keys() - gone.keys())],
        changed=[Swap(before=gone[n], after=linked[n]) for n in sorted(linked.keys() & gone.keys())],
        removed=[gone[n] for n in sorted(gone.keys() - linked.keys())],
        download_size=sum(package.size or 0 for package in fetched),
    )


_MOST_TRIES = 100


def _failure(last: Mapping[str, Any], code: int, err: str) -> EnvsError:
    name = str(last.get("exception_name") or "")
    logged = _logged(last, err)
    told = str(last.get("message") or last.get("error") or "").strip() or "\n".join(logged) or err.strip()[-4000:]
    text = redact(told)
    first = next((line.strip() for line in text.splitlines() if line.strip()), f"it ended with {code}")
    if explained := next((message for message in logged if message.startswith(_UNSOLVED)), None):
        return _unsolvable(redact(explained))
    if problems := last.get("solver_problems"):
        lines = [redact(str(problem)) for problem in problems]
        return Unsolvable("; ".join(lines[:3]), detail="\n".join(lines))
    if name in _NOT_HERE:
        return NotFound(first, detail=text)
    if "NotFound" in name:
        missing = ", ".join(map(str, last.get("packages") or [])) or first
        return _lacking(missing, text)
    if "Unsatisfiable" in name or "Conflict" in name:
        return Unsolvable(first, hint="Ask for other versions, or for fewer packages together.", detail=text)
    if "ToS" in name or "TermsOfService" in text:
        return Unavailable(first, hint="Accept the terms with the client.", reason="terms", detail=text)
    if missed := _MISSED.search(text):
        return Unavailable(missed[0], hint="Check the network and the channels.", reason="unreachable", detail=text)
    if any(sign in name for sign in ("HTTP", "Proxy", "Channel", "Offline", "Connection")):
        return Unavailable(first, hint="Check the network and the channels.", reason="unreachable", detail=text)
    return Failed(f"The conda client failed: {first}", hint="The details may tell more.", detail=text)


def _logged(last: Mapping[str, Any], err: str) -> list[str]:
    """What mamba and micromamba log of a failure: in their JSON, or where that has no log on stderr."""
    records = last.get("log_history") or []
    found = [str(r.get("message", "")) for r in records if r.get("level") in ("error", "critical")]
    return [message.strip() for message in found or _LOG.split(err)[1:] if message.strip()]


def _unsolvable(explained: str) -> Unsolvable:
    """mamba's own explanation, a tree of reasons, in a sentence."""
    lacking = [match[1].removesuffix(" *").removesuffix(" =*") for match in _LACKS.finditer(explained)]
    head, *reasons = [told for line in explained.splitlines()[1:] if (told := _BRANCH.sub("", line).strip())] or [""]
    if lacking and len(lacking) == len(reasons):
        return _lacking(", ".join(lacking), explained)
    told = _ANY.sub("", f"{head}: {' '.join(reasons)}" if reasons else head or explained)
    return Unsolvable(
        told if len(told) <= _SENTENCE else f"{told[:_SENTENCE].rpartition(' ')[0]} …",
        hint="Ask for other versions, or for fewer packages together.",
        detail=explained,
    )


def _lacking(names: str, text: str) -> Unsolvable:
    return Unsolvable(f"No channel has {names}.", hint="Check the name and the channels.", detail=text)


def _objects(out: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in `out`: progress comes as one a line, ended by NUL, before the result."""
    decoder = json.JSONDecoder()
    at = 0
    # Each may take as long as all that follows: what is no JSON for so long is something else.
    tries = _MOST_TRIES
    while tries and (start := out.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(out, start)
        except (ValueError, RecursionError):
            at, tries = start + 1, tries - 1
            continue
        if isinstance(found, dict):
            yield found


def progress(on_step: OnStep | None, on_line: OnLine | None) -> Any:
    """What to do with a line of the client: a fetched archive is a step, what is not JSON goes to the log."""
    fetched = 0

    def line(stream: str, text: str) -> None:
        nonlocal fetched
        for one in _objects(text):
            if "fetch" in one and one.get("finished") and on_step:
                fetched += 1
                on_step("download", fetched, None, "packages")
        if stream == "err" and text.strip() and on_line:
            on_line(redact(text))

    return line


def _package(entry: Mapping[str, Any]) -> CondaPackage:
    url = entry.get("url") or None
    return CondaPackage(
        name=str(entry.get("name")),
        version=str(entry.get("version")),
        build=str(entry.get("build_string") or entry.get("build") or ""),
        subdir=str(entry.get("platform") or entry.get("subdir") or ""),
        # mamba says it by its address, conda by its name.
        channel=conda_meta.short_channel(entry.get("channel")),
        url=redact(url) if url else None,
        sha256=entry.get("sha256"),
        md5=entry.get("md5"),
        size=entry.get("size"),
    )
