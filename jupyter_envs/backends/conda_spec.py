"""Match specs: what conda asks for packages by, checked before anything starts."""

from __future__ import annotations

import re

from msgspec import Struct

from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.redact import redact

_LONGEST = 1000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


class Spec(Struct, frozen=True, kw_only=True):
    """A checked match spec: its text, the package's name in lower case, the channel that it names, if any."""

    text: str
    name: str
    channel: str | None = None


def check_spec(value: str, field: str) -> Spec:
    """The match spec that `value` means: ``numpy``, ``numpy=2.1``, ``numpy >=2,<3``, ``conda-forge::numpy``.

    Raises:
        InvalidRequest: `value` is none, starts like an option, holds control
            characters, is longer than 1000 characters, or names no one package.
    """
    text = value.strip()
    shown = redact(text if len(text) <= 60 else text[:57] + "…")
    if text.startswith("-"):
        raise InvalidRequest(
            f"'{shown}' starts like an option.", hint="Give the package alone, such as numpy=2.1.", field=field
        )
    if not text or len(text) > _LONGEST or not text.isprintable() or "#" in text:
        raise InvalidRequest(f"{shown!a} is not one package.", hint="Give one package per entry.", field=field)
    # A spec that names an address would be fetched from there, past the channels that were chosen.
    if re.search(r"(^|[\[,\s])(url|fn)\s*=", text) or ("://" in text and "::" not in text):
        raise InvalidRequest(
            f"'{shown}' is an address.",
            hint="Give the name, and the channel as channel::name; archives go into an explicit lock.",
            field=field,
        )
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        # conda's own reading, with its old forms such as `numpy 2.1`.
        parsed = MatchSpec(text, strict=False)
        name = parsed.name.normalized
    except (InvalidMatchSpecError, ValueError) as error:
        first = str(error).splitlines()[0].rstrip(".") if str(error) else "it cannot be read"
        raise InvalidRequest(
            f"'{shown}' is not a match spec: {redact(first)}.",
            hint="Write it like numpy, numpy=2.1, 'numpy >=2,<3' or conda-forge::numpy.",
            field=field,
        ) from None
    # What follows a version is taken for a build, whatever it is.
    if not isinstance(name, str) or not _NAME.match(name) or re.search(r"[\s;|&]", parsed.build or ""):
        raise InvalidRequest(f"'{shown}' is not one package.", hint="Write it like numpy=2.1.", field=field)
    if name.startswith("__"):
        raise InvalidRequest(
            f"'{shown}' describes the machine and cannot be installed.",
            hint=f"Set CONDA_OVERRIDE_{name[2:].upper()} to solve for another machine.",
            field=field,
        )
    channel, parted, _ = text.partition("::")
    return Spec(text=text, name=name, channel=channel.strip() if parted else None)


def check_package(value: str, field: str) -> str:
    """The name of a conda package that `value` is, in lower case.

    Raises:
        InvalidRequest: it is more, or something else.
    """
    text = value.strip()
    if len(text) > 200 or not _NAME.match(text):
        shown = text if len(text) <= 60 else text[:57] + "…"
        raise InvalidRequest(
            f"{shown!a} is not a package name.",
            hint="Give the name alone, such as numpy, without version or options.",
            field=field,
        )
    return text.lower()
