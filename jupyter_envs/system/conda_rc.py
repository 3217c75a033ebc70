"""What .condarc files and CONDA_* variables say, merged as conda merges them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import Priority
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import read_text
from jupyter_envs.system.yaml import NotYaml, parse

_SYSTEM = ("C:/ProgramData/conda",) if WINDOWS else ("/etc/conda", "/var/lib/conda")
_NAMES = (".condarc", "condarc", "condarc.d")
_YAML = (".yml", ".yaml")
_ALIASES = {
    "channel": "channels",
    "envs_path": "envs_dirs",
    "verify_ssl": "ssl_verify",
    "disallow": "disallowed_packages",
    "client_cert": "client_ssl_cert",
    "client_cert_key": "client_ssl_cert_key",
    "whitelist_channels": "allowlist_channels",
    "virtual_packages": "override_virtual_packages",
}
# How a list is written in one variable; a comma where nothing is said.
_SEPARATORS = {"envs_dirs": os.pathsep, "pinned_packages": "&", "disallowed_packages": "&"}
_TRUE, _FALSE = {"true", "yes", "on", "y", "1"}, {"false", "no", "off", "n", "0", ""}
_FINAL = re.compile(r"^([A-Za-z_]+)\s*:[^#\n]*#\s*!final\s*$", re.M)


class Condarc(Struct, frozen=True, kw_only=True):
    """conda's settings in force; a name here is the name there.

    `channels` are conda-forge alone where nothing is configured. `channel_alias` and
    `default_channels` are None where they are the tool's own. `files` were read, lowest
    precedence first; `problems` say which entry could not be used, without its value.
    Channels and what else is an address may hold credentials.
    """

    channels: list[Address] = field(default_factory=lambda: [Address("conda-forge")])
    channel_alias: Address | None = None
    channel_priority: Priority = "flexible"
    default_channels: list[Address] | None = None
    custom_channels: dict[str, Address] = {}
    custom_multichannels: dict[str, list[Address]] = {}
    mirrored_channels: dict[str, list[Address]] = {}
    allowlist_channels: list[Address] = []
    denylist_channels: list[Address] = []
    override_channels_enabled: bool = True
    show_channel_urls: bool | None = None
    proxy_servers: dict[str, Address] = {}
    ssl_verify: bool | str = True
    client_ssl_cert: str | None = None
    client_ssl_cert_key: str | None = None
    remote_read_timeout_secs: float = 60.0
    remote_max_retries: int = 3
    offline: bool = False
    envs_dirs: list[str] = []
    pkgs_dirs: list[str] = []
    register_envs: bool = True
    create_default_packages: list[str] = []
    pinned_packages: list[str] = []
    disallowed_packages: list[str] = []
    override_virtual_packages: dict[str, str] = {}
    files: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


_ADDRESSES = {n for n, t in Condarc.__annotations__.items() if "Address" in t}
_LISTS = {n for n, t in Condarc.__annotations__.items() if t.startswith("list") and n not in ("files", "problems")}
_MAPS = {n for n, t in Condarc.__annotations__.items() if t.startswith("dict")}
_BOOLS = {n for n, t in Condarc.__annotations__.items() if t.startswith("bool")}
_TEXTS = {"channel_alias", "channel_priority", "client_ssl_cert", "client_ssl_cert_key"}
_NUMBERS = {"remote_read_timeout_secs", "remote_max_retries"}
_KNOWN = _LISTS | _MAPS | _BOOLS | _TEXTS | _NUMBERS


def _places(text: str) -> Iterator[tuple[str, str]]:
    """The items of lists that say ``#!top`` or ``#!bottom`` behind themselves, and which of the two."""
    for line in text.splitlines():
        item, _, mark = line.rpartition("#")
        value = item.strip()
        if value.startswith("-") and mark.strip() in ("!top", "!bottom"):
            value = value[1:].strip()
            value = value[1:] if value[:1] in ("'", '"') else value
            yield value[:-1] if value[-1:] in ("'", '"') else value, mark.strip()[1:]


def load(environ: Mapping[str, str] | None = None, *, prefix: str | None = None, root: str | None = None) -> Condarc:
    """The settings for work on the environment `prefix`, with the conda installation `root` where there is one.

    `prefix` stands for the active environment (``CONDA_PREFIX``). The order is conda's: system, installation,
    user, environment, ``CONDARC``, variables; lists of later ones go before earlier ones,
    mappings are merged, ``#!final``, ``#!top`` and ``#!bottom`` hold. A file that cannot be read is
    told in `problems` and passed over, as conda does.
    """
    environ = os.environ if environ is None else environ
    merged: dict[str, list[tuple[Any, str]]] = {}
    final: set[str] = set()
    placed: dict[tuple[str, str], str] = {}
    files, problems = [], []
    for path in _files(environ, prefix, root):
        try:
            text = read_text(path)
            said = parse(text)
            if said is not None and not isinstance(said, dict):
                raise NotYaml("it is no mapping")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(f"{path}: {why}")
            continue
        files.append(path)
        placed.update({(path, value): place for value, place in _places(text)})
        for key, value in (said or {}).items():
            name = _ALIASES.get(str(key), str(key))
            if name in _KNOWN and name not in final and value is not None:
                merged.setdefault(name, []).append((value, path))
        final |= {_ALIASES.get(key, key) for key in _FINAL.findall(text)}
    for name, value in _variables(environ).items():
        if name not in final:
            merged.setdefault(name, []).append((value, f"CONDA_{name.upper()}"))
    found: dict[str, Any] = {}
    for name, entries in merged.items():
        good = []
        for value, source in entries:
            try:
                good.append((_typed(name, value, environ), source))
            except (TypeError, ValueError):
                problems.append(f"{source}: {name} is not what conda expects there")
        if good:
            value = _merge(name, good, placed)
            found[name] = _addresses(value) if name in _ADDRESSES else value
    channels = [c for c in found.pop("channels", []) if c != "nodefaults"]
    if channels:
        found["channels"] = channels
    return Condarc(**found, files=files, problems=problems)


def _addresses(value: Any) -> Any:
    """`value` with each text in it, the keys of mappings apart, as an address."""
    if isinstance(value, dict):
        return {key: _addresses(part) for key, part in value.items()}
    return [_addresses(part) for part in value] if isinstance(value, list) else Address(value)


def expand(path: str) -> str:
    """`path` absolute, ``~`` and variables followed."""
    return os.path.abspath(os.path.expanduser(os.path.expandvars(path)))


def _files(environ: Mapping[str, str], prefix: str | None, root: str | None) -> Iterator[str]:
    """The configuration files that exist, lowest precedence first."""
    home = os.path.expanduser("~")
    xdg = environ.get("XDG_CONFIG_HOME")
    active = prefix or environ.get("CONDA_PREFIX")
    folders = [*_SYSTEM, root, os.path.join(xdg, "conda") if xdg else None]
    folders += [os.path.join(home, ".config", "conda"), os.path.join(home, ".conda")]
    searched = [os.path.join(folder, name) for folder in folders if folder for name in _NAMES]
    # What is set for mamba alone holds as well, after the same user's settings for both.
    searched += [os.path.join(home, name) for name in (".condarc", ".mambarc")]
    searched += [os.path.join(active, name) for name in _NAMES] if active else []
    searched += [os.path.expanduser(environ[name]) for name in ("CONDARC", "MAMBARC") if environ.get(name)]
    seen = set()
    for path in searched:
        if os.path.isdir(path):
            inside = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(_YAML))
        else:
            inside = [path] if os.path.basename(path) in _NAMES or path.endswith((*_YAML, "rc")) else []
        for file in inside:
            if file not in seen and os.path.isfile(file):
                seen.add(file)
                yield file


def _variables(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in environ.items():
        if key.startswith("CONDA_"):
            name = key[len("CONDA_") :].lower()
            name = _ALIASES.get(name, name)
            if name in _LISTS:
                parts = [part.strip() for part in value.split(_SEPARATORS.get(name, ","))]
                found[name] = [part for part in parts if part]
            elif name in _KNOWN - _MAPS:
                found[name] = value
    return found


def _typed(name: str, value: Any, environ: Mapping[str, str]) -> Any:
    """`value` as the type of `name`; raises TypeError or ValueError where it cannot be."""
    if name in _LISTS:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if not isinstance(value, list) or not all(isinstance(part, (str, int, float)) for part in value):
            raise TypeError
        return [_expand(str(part), environ) for part in value]
    if name in _MAPS:
        if not isinstance(value, dict):
            raise TypeError
        return {str(k): _inner(name, v, environ) for k, v in value.items() if v is not None}
    if name in _NUMBERS:
        number = float(value)
        return int(number) if name == "remote_max_retries" else number
    if name in _BOOLS:
        text = str(value).strip().lower()
        if text in _TRUE | _FALSE:
            return text in _TRUE
        if name == "ssl_verify" and isinstance(value, str):
            return value if value == "truststore" else os.path.expanduser(_expand(value, environ))
        raise ValueError
    if name == "channel_priority":
        # conda's older form is a truth value.
        text = {"true": "flexible", "false": "disabled"}.get(str(value).lower(), str(value).lower())
        if text not in ("strict", "flexible", "disabled"):
            raise ValueError
        return text
    if not isinstance(value, str):
        raise TypeError
    return _expand(value, environ)


def _inner(name: str, value: Any, environ: Mapping[str, str]) -> Any:
    if name in ("custom_multichannels", "mirrored_channels"):
        return _typed("channels", value, environ)
    if not isinstance(value, (str, int, float)):
        raise TypeError
    return _expand(str(value), environ)


def _merge(name: str, entries: list[tuple[Any, str]], placed: Mapping[tuple[str, str], str]) -> Any:
    if name in _MAPS:
        return {key: value for entry, _ in entries for key, value in entry.items()}
    if name not in _LISTS:
        return entries[-1][0]
    # Later sources come first; within them what is marked as top or bottom goes there, the earlier source outermost.
    top = [part for values, source in entries for part in values if placed.get((source, part)) == "top"]
    bottom = [part for values, source in reversed(entries) for part in values if placed.get((source, part)) == "bottom"]
    middle = [part for values, _ in reversed(entries) for part in values]
    head = [part for part in dict.fromkeys([*top, *middle]) if part not in bottom]
    return [*head, *dict.fromkeys(bottom)]


def _expand(text: str, environ: Mapping[str, str]) -> str:
    """`text` with ``$NAME``, ``${NAME}`` and ``%NAME%`` replaced where there is such a variable."""

    def value(match: re.Match[str]) -> str:
        return environ.get(match[1] or match[2] or match[3], match[0])

    return re.sub(r"\$(\w+)|\$\{(\w+)\}|%(\w+)%", value, text)
