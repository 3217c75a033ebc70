"""pip's configuration, told to uv, which reads none of it.

What goes through the environment is not seen in a process list, so credentials
in index URLs stay out of it; the few options for which uv knows no variable
hold none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from jupyter_envs.model.address import Address, reveal_for_tool
from jupyter_envs.model.errors import Unavailable
from jupyter_envs.system import uvconf
from jupyter_envs.system.reading import read_text

_NAME = "pip.ini" if sys.platform == "win32" else "pip.conf"
# Names the environment that is changed, whose own file holds for it. A variable, since the rest goes by them too.
_SITE = "JUPYTER_ENVS_SITE"
_ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}
# What may hold credentials, and may be several parted by blanks.
_ADDRESSES = frozenset({"index-url", "extra-index-url", "find-links", "proxy"})
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
# The parser takes the square of the time for a long line.
_LONGEST = 10_000
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# What decides which files an index gives; proxies, certificates and timeouts do not.
_KEYED = ("UV_PRERELEASE", "UV_EXCLUDE_NEWER", "UV_RESOLUTION", "UV_TORCH_BACKEND")


class Settings(NamedTuple):
    """pip's options by name; those that are addresses apart from the others."""

    options: dict[str, str]
    addresses: dict[str, list[Address]]


def within(environ: Mapping[str, str], prefix: str | None) -> dict[str, str]:
    """`environ` with which everything here goes by the file of the environment at `prefix` too.

    ``pip config --site`` writes that. It counts more than the files of the user, as pip has it.
    """
    return {**environ, **({_SITE: prefix} if prefix else {})}


def site_file(prefix: str) -> str:
    """The file that ``pip config --site`` of the environment at `prefix` writes."""
    return os.path.join(prefix, _NAME)


def settings(environ: Mapping[str, str]) -> Settings:
    """What ``pip install`` would go by, option by option, in pip's own order of precedence.

    Raises:
        Unavailable: a configuration file is one that pip would refuse. To pass over
            it could mean to ask another index than the user chose.
    """
    merged: dict[tuple[str, str], str] = {}
    for path in _files(environ):
        for section, name, value in _entries(path):
            merged[section, _option(name)] = value
    found: dict[str, str] = {}
    for wanted in ("global", "install"):
        found.update({name: value for (section, name), value in merged.items() if section == wanted and value})
    for key, value in environ.items():
        if key.startswith("PIP_") and value:
            found[_option(key[4:])] = value
    addresses = {name: _addresses(name, value) for name, value in found.items() if name in _ADDRESSES}
    return Settings({name: value for name, value in found.items() if name not in _ADDRESSES}, addresses)


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that make uv use the indexes that pip uses, credentials included, to be added to `environ`.

    What the user set for uv itself, by variable or ``uv.toml``, is left alone.

    Raises:
        Unavailable: as `settings`.
    """
    pip, addresses = settings(environ)
    uv = uvconf.told(environ)
    out = {} if _flag(pip, "no-index") else _index_variables(addresses, uv)
    links = [_located(value) for value in addresses.get("find-links", []) if _there(value, file_too=True)]
    if links and not uv.find_links:
        # The list is split at commas, whatever they belong to.
        out["UV_FIND_LINKS"] = ",".join(reveal_for_tool(link).replace(",", "%2C") for link in links)
    hosts = pip.get("trusted-host", "").split()
    if hosts and not uv.insecure:
        out["UV_INSECURE_HOST"] = " ".join(hosts)
    if _flag(pip, "pre"):
        out["UV_PRERELEASE"] = "allow"
    if pip.get("keyring-provider") in ("subprocess", "import"):
        out["UV_KEYRING_PROVIDER"] = "subprocess"
    if pip.get("uploaded-prior-to"):
        out["UV_EXCLUDE_NEWER"] = pip["uploaded-prior-to"]
    if pip.get("retries", "").isdecimal():
        out["UV_HTTP_RETRIES"] = pip["retries"]
    timeout = re.match(r"\d+", pip.get("timeout", ""))
    if timeout and int(timeout[0]) and not environ.get("UV_REQUEST_TIMEOUT") and not environ.get("HTTP_TIMEOUT"):
        out["UV_HTTP_TIMEOUT"] = timeout[0]
    out.update(_certificates(pip, environ))
    said = {key for key in out if environ.get(key) or key[3:].lower().replace("_", "-") in uv.options}
    return {**{key: value for key, value in out.items() if key not in said}, **_proxies(addresses, uv)}


def uv_arguments(environ: Mapping[str, str]) -> list[str]:
    """Options of ``uv pip install`` and ``uv pip compile`` for what pip is told and uv has no variable for.

    ``--no-index``, ``--no-binary NAME``, ``--only-binary NAME``

    Raises:
        Unavailable: as `settings`.
    """
    pip = settings(environ).options
    uv = uvconf.told(environ)
    arguments: list[str] = []
    if _flag(pip, "no-index") and not (uv.default or uv.extra):
        arguments.append("--no-index")
    for option in ("no-binary", "only-binary"):
        if option not in uv.options:
            for name in _controlled(pip.get(option, "")):
                arguments += [f"--{option}", name]
    return arguments


def fingerprint(environ: Mapping[str, str]) -> str:
    """12 hex digits that change with the indexes in force; credentials do not enter.

    Raises:
        Unavailable: as `settings`.
    """
    merged = {**environ, **uv_environment(environ)}
    told = uvconf.told(merged)
    said = [[_bare(part) for part in (value if isinstance(value, tuple) else (value,))] for value in told[:-1]]
    keyed = [merged.get(name) for name in _KEYED]
    text = json.dumps([said, keyed, uv_arguments(environ), sorted(told.options)])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def local_path(address: Address) -> str | None:
    """The path that `address`, a path or a ``file:`` URL, means on this machine; None for other URLs."""
    location = address.public
    if location.lower().startswith("file:"):
        return url2pathname(urlsplit(location).path)
    # One letter and a colon is a drive.
    return None if _SCHEME.match(location) else os.path.abspath(os.path.expanduser(location))


def _addresses(option: str, value: str) -> list[Address]:
    """A single value keeps its blanks: they may be part of a password."""
    parts = [value] if option in ("index-url", "proxy") else value.split()
    return [Address(part) for part in parts]


def _index_variables(addresses: Mapping[str, list[Address]], uv: uvconf.Told) -> dict[str, str]:
    out: dict[str, str] = {}
    if (index := addresses.get("index-url")) and not uv.default:
        out["UV_DEFAULT_INDEX"] = reveal_for_tool(_located(index[0]))
    extra = [_located(value) for value in addresses.get("extra-index-url", []) if _there(value)]
    if extra and not uv.extra:
        out["UV_INDEX"] = " ".join(map(reveal_for_tool, extra))
        if not uv.strategy:
            # pip takes the best version of all its indexes; uv by itself stops at the first that knows the name.
            out["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return out


def _certificates(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    out: dict[str, str] = {}
    # pip's own option first, then the variables that pip's HTTP library reads and uv's does not.
    chosen = [pip.get("cert"), environ.get("REQUESTS_CA_BUNDLE"), environ.get("CURL_CA_BUNDLE")]
    bundle = next((os.path.expanduser(path) for path in chosen if path), None)
    if bundle and not environ.get("SSL_CERT_FILE") and not environ.get("SSL_CERT_DIR"):
        if os.path.isdir(bundle):
            out["SSL_CERT_DIR"] = bundle
        elif os.path.isfile(bundle):
            out["SSL_CERT_FILE"] = bundle
    client = os.path.expanduser(pip.get("client-cert", ""))
    if os.path.isfile(client):
        out["SSL_CLIENT_CERT"] = client
    return out


def _proxies(addresses: Mapping[str, list[Address]], uv: uvconf.Told) -> dict[str, str]:
    """pip's own proxy wins over HTTPS_PROXY, for pip and so for uv."""
    given = addresses.get("proxy")
    if not given or uv.options & {"https-proxy", "http-proxy"}:
        return {}
    url = reveal_for_tool(given[0].map(lambda text: text if "://" in text else f"http://{text}"))
    return {"HTTPS_PROXY": url, "HTTP_PROXY": url, "ALL_PROXY": url}


def _files(environ: Mapping[str, str]) -> Iterator[str]:
    """pip's configuration files, the one that wins last."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = environ.get("HOME") if sys.platform != "win32" else environ.get("USERPROFILE")
    home = home or os.path.expanduser("~")
    if sys.platform == "win32":
        shared = [os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "pip")]
        user = os.path.join(environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming"), "pip")
        legacy = os.path.join(home, "pip")
    elif sys.platform == "darwin":
        shared = ["/Library/Application Support/pip"]
        user = os.path.join(home, "Library", "Application Support", "pip")
        user = user if os.path.isdir(user) else os.path.join(home, ".config", "pip")
        legacy = os.path.join(home, ".pip")
    else:
        folders = (environ.get("XDG_CONFIG_DIRS", "").strip() or "/etc/xdg").split(os.pathsep)
        shared = [*(os.path.join(os.path.expanduser(folder), "pip") for folder in folders), "/etc"]
        user = os.path.join(environ.get("XDG_CONFIG_HOME", "").strip() or os.path.join(home, ".config"), "pip")
        legacy = os.path.join(home, ".pip")
    yield from (os.path.join(folder, _NAME) for folder in shared)
    if not (named and os.path.exists(named)):
        yield os.path.join(legacy, _NAME)
        yield os.path.join(user, _NAME)
    yield site_file(sys.prefix)
    if site := environ.get(_SITE):
        yield site_file(site)
    if named:
        yield named


def _entries(path: str) -> Iterator[tuple[str, str, str]]:
    """Section, option and value of each line of the file at `path`, which need not be there."""
    # Imported here: most machines have no such file.
    if not os.path.isfile(path):
        return
    import configparser

    parser = configparser.RawConfigParser()
    try:
        text = read_text(path)
        if max(map(len, text.splitlines()), default=0) > _LONGEST:
            raise ValueError("a line is too long")
        parser.read_string(text, path)
    except (configparser.Error, OSError, ValueError) as error:
        # The parser's own message quotes the line, which may hold a password.
        line = getattr(error, "lineno", None)
        raise Unavailable(
            f"pip's configuration file {path} cannot be read" + (f": line {line} is wrong." if line else "."),
            hint="Mend the file; `pip config debug` shows the files that pip reads.",
            reason="bad_pip_config",
        ) from None
    for section in parser.sections():
        for name, value in parser.items(section):
            yield section, name, value


def _option(name: str) -> str:
    plain = name.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(plain, plain)


def _flag(pip: Mapping[str, str], option: str) -> bool:
    value = pip.get(option, "0").lower()
    if value not in _TRUE | _FALSE:
        raise Unavailable(
            f"pip's option {option} is set to neither yes nor no.",
            hint="Mend it in pip's configuration; `pip config debug` shows where it is set.",
            reason="bad_pip_config",
        )
    return value in _TRUE


def _controlled(value: str) -> list[str]:
    """The names of a format control: ``:all:`` and ``:none:`` undo what stands before them."""
    names: list[str] = []
    for name in filter(None, (part.strip() for part in value.split(","))):
        if name in (":all:", ":none:"):
            names = [name] if name == ":all:" else []
        elif _PROJECT.match(name) and names != [":all:"]:
            names.append(re.sub(r"[-_.]+", "-", name).lower())
    return names


def _located(value: Address) -> Address:
    """`value` as a URL, paths made absolute: uv runs in another folder."""
    path = local_path(value)
    if path is None or value.public.lower().startswith("file:"):
        return value.map(lambda text: text.replace(" ", "%20"))
    return Address(Path(path).as_uri())


def _there(value: Address, file_too: bool = False) -> bool:
    """Whether `value` is remote or an existing folder; uv fails at a missing one, pip does not."""
    path = local_path(value)
    return path is None or os.path.isdir(path) or (file_too and os.path.isfile(path))


def _bare(value: object) -> str:
    """`value` for a hash: without credentials, since a short secret could be guessed from one."""
    return quote(value.public if isinstance(value, Address) else str(value), safe=":/%@~#")
