"""The rules that each part of a request has to meet before anything starts: what passes may reach an argv or a path."""

from __future__ import annotations

import os
import re
import unicodedata
from urllib.parse import urlsplit

from msgspec import Struct

from jupyter_envs.model.address import Address, shown_in
from jupyter_envs.model.errors import InvalidRequest

NAME_RULE = "1 to 64 letters (a-z), digits, '.', '_' or '-', starting with a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_PYTHON = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3}){0,2}\Z")
# A name, perhaps extras, one version; nothing but a marker behind it.
_PIN = re.compile(r"[\w.-]+\s*(\[[^\]]*\]\s*)?===?\s*[^\s*,;]+\s*(;|\Z)")
_PROJECT = re.compile(r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])\Z")
_URL_SCHEMES = frozenset({"https", "http", "file", "git+https", "git+ssh", "git+http", "git+file"})
# Names that Windows gives to devices: an env of that name could not be copied there.
_DEVICES = frozenset({"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)})
# The length of each digest; weaker ones prove nothing.
_DIGESTS = {"sha256": 64, "sha384": 96, "sha512": 128}


class Requirement(Struct, frozen=True, kw_only=True):
    """One checked thing to install.

    `line` is what a requirements file says, without ``-e``; `name` is the
    normalised distribution name (PEP 503) where the line tells it. `hashes`, such
    as ``sha256:…``, are those of the files that may be installed for it; empty where any may.
    """

    line: str
    name: str | None
    editable: bool = False
    hashes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"-e {self.line}" if self.editable else self.line

    def __repr__(self) -> str:
        return f"Requirement({shown_in(str(self))!r})"

    @property
    def has_secret(self) -> bool:
        """Whether its URL holds what may open something."""
        return "://" in self.line and shown_in(self.line) != self.line

    @property
    def pinned(self) -> bool:
        """Whether it names one version of a distribution, its marker apart."""
        return self.name is not None and _PIN.match(self.line) is not None


def check_name(value: str, field_name: str = "name") -> str:
    """`value`, a legal name for an environment.

    Raises:
        InvalidRequest: it breaks NAME_RULE, ends in a dot, or names a Windows device.
    """
    if not _NAME.match(value) or value.endswith("."):
        raise InvalidRequest(
            f"{_shown(value)} is not a usable environment name.",
            hint=f"Use {NAME_RULE}.",
            field=field_name,
        )
    if value.split(".", maxsplit=1)[0].lower() in _DEVICES:
        raise InvalidRequest(
            f"{_shown(value)} is a device name on Windows.", hint="Choose another name.", field=field_name
        )
    return value


def check_display_name(value: str, field_name: str = "display_name") -> str:
    """`value` without outer blanks: 1 to 100 printable characters.

    Raises:
        InvalidRequest: it is empty or holds control or direction-changing characters.
    """
    text = value.strip()
    if not text or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        raise InvalidRequest(
            "The display name must be 1 to 100 printable characters.",
            hint="Leave it out to have one made from the environment's name.",
            field=field_name,
        )
    return text


def check_prefix(value: str, field_name: str = "prefix") -> str:
    """`value`, an absolute path without ``..`` or control characters.

    Raises:
        InvalidRequest: it is not.
    """
    if _has_control(value) or not os.path.isabs(value) or ".." in value.replace("\\", "/").split("/"):
        raise InvalidRequest(
            f"{_shown(value)} is not an absolute path.",
            hint="Give the whole path of a folder that does not exist yet, without '..'.",
            field=field_name,
        )
    return os.path.normpath(value)


def check_python(value: str, field_name: str = "python") -> str:
    """`value`, a version such as ``3.12`` or an absolute path.

    Raises:
        InvalidRequest: it is neither.
    """
    if _PYTHON.match(value):
        return value
    if not _has_control(value) and os.path.isabs(value) and ".." not in value.replace("\\", "/").split("/"):
        return value
    raise InvalidRequest(
        f"{_shown(value)} is neither a Python version nor a path.",
        hint="Give a version such as 3.12, or the whole path of an interpreter; `interpreters` lists them.",
        field=field_name,
    )


def check_distribution(value: str, field_name: str) -> str:
    """The normalised name (PEP 503) of the distribution name `value`.

    Raises:
        InvalidRequest: `value` is not a distribution name.
    """
    text = value.strip()
    if len(text) > 200 or not _PROJECT.match(text):
        raise InvalidRequest(
            f"{_shown(value)} is not a package name.",
            hint="Give the name alone, such as numpy, without version or options.",
            field=field_name,
        )
    return re.sub(r"[-_.]+", "-", text).lower()


def check_requirement(value: str, field_name: str) -> Requirement:
    """The requirement that `value` means: PEP 508, a URL, an absolute path, or ``-e`` and one of the two last.

    Raises:
        InvalidRequest: `value` is none of these, starts with another option, or is more than one line.
    """
    text = value.strip()
    if not text or _has_control(text):
        raise InvalidRequest(
            f"{_shown(value)} is not one requirement.", hint="Give one package per entry.", field=field_name
        )
    editable = False
    if text.startswith("-"):
        option, _, rest = text.partition(" ")
        text = rest.strip()
        if option not in ("-e", "--editable") or not text or text.startswith("-"):
            raise InvalidRequest(
                f"{_shown(value)} starts like an option.",
                hint="Only -e PATH is understood here; index settings belong into pip's or uv's configuration.",
                field=field_name,
            )
        editable = True
    if _is_location(text):
        return Requirement(line=_check_location(text, field_name), name=None, editable=editable)
    if editable:
        raise InvalidRequest(
            f"{_shown(value)}: what is editable must be an absolute path or a URL.",
            hint="Give the project's whole path, such as -e /home/me/project.",
            field=field_name,
        )
    return _check_pep508(text, value, field_name)


def check_hash(value: str, field_name: str) -> str:
    """`value`, an algorithm that pip and uv take and a digest, such as ``sha256:…``, in lower case.

    Raises:
        InvalidRequest: it is something else.
    """
    algorithm, _, digest = value.strip().lower().partition(":")
    if _DIGESTS.get(algorithm) != len(digest) or not re.fullmatch(r"[0-9a-f]+", digest):
        raise InvalidRequest(
            f"{_shown(value)} is not a hash.",
            hint=f"Known kinds, with their digest in hexadecimal: {', '.join(_DIGESTS)}.",
            field=field_name,
        )
    return f"{algorithm}:{digest}"


def _check_pep508(text: str, value: str, field_name: str) -> Requirement:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    try:
        parsed = Pep508(text)
    except (InvalidRequirement, RecursionError) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise InvalidRequest(
            f"{_shown(value)} is not a requirement: {first}.",
            hint="Write it like numpy, numpy>=2, 'pandas[excel]==2.2.*', or a URL.",
            field=field_name,
        ) from None
    if any(not clause.version.strip() for clause in parsed.specifier):
        raise InvalidRequest(
            f"{_shown(value)} names no version after ===.", hint="Write it like six===1.16.0.", field=field_name
        )
    if parsed.url:
        text = text.replace(parsed.url, _check_location(parsed.url, field_name), 1)
    # A comment or an option behind the requirement would be read by the installer from its file.
    if re.search(r"(^|\s)(#|--)", text):
        raise InvalidRequest(
            f"{_shown(value)} holds an option or a comment.", hint="Give the requirement alone.", field=field_name
        )
    return Requirement(line=text, name=re.sub(r"[-_.]+", "-", parsed.name).lower())


def _is_location(text: str) -> bool:
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text)
    return bool(scheme) or os.path.isabs(text)


def _check_location(text: str, field_name: str) -> str:
    """`text`, its scheme in small letters, since uv takes another one for a folder's name."""
    # An installer puts in the value itself: it is in no file and no log of ours.
    if "${" in re.sub(r"\$\{[A-Z0-9_]+\}", "", text) or ("${" in text and "://" not in text):
        raise InvalidRequest(
            f"{_shown(text)} holds a variable.",
            hint="Write ${NAME} in a URL, in capitals, or what it stands for.",
            field=field_name,
        )
    if (re.search(r"\s", text) and "://" in text) or re.search(r"(^|\s)(#|--)", text):
        raise InvalidRequest(
            f"{_shown(text)} holds blanks or options.", hint="Give the URL or path alone.", field=field_name
        )
    if "://" in text:
        try:
            parts = urlsplit(text)
            # A file's URL has its place in the path, the others in the host.
            place = parts.path.strip("/") if parts.scheme.lower().endswith("file") else parts.netloc
            usable = parts.scheme.lower() in _URL_SCHEMES and bool(place)
        except ValueError:
            usable = False
        if not usable:
            raise InvalidRequest(
                f"{_shown(text)} is not a URL that can be installed from.",
                hint=f"Known kinds: {', '.join(sorted(_URL_SCHEMES))}.",
                field=field_name,
            )
        if "ssh" in parts.scheme.lower() and parts.password:
            raise InvalidRequest(
                f"{_shown(text)} holds a password, which ssh does not take from a URL and shows on its command line.",
                hint="Leave it out, and let ssh use a key.",
                field=field_name,
            )
        text = text[: len(parts.scheme)].lower() + text[len(parts.scheme) :]
        # From now on its secrets are hidden in whatever a tool prints of it.
        Address(text)
    elif ".." in text.replace("\\", "/").split("/"):
        raise InvalidRequest(f"{_shown(text)} goes up with '..'.", hint="Give the whole path.", field=field_name)
    return text


def _has_control(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


def _shown(value: str) -> str:
    """`value` for a message: short, on one line, credentials of a URL left out."""
    text = _cut(shown_in(value))
    # What is not printable, direction marks among it, could make a terminal show something else.
    return f"'{text}'" if text.isprintable() else ascii(text)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
