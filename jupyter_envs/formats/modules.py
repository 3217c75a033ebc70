"""Which distribution brings a module: a shipped table, rules for namespaces, and what left the standard library."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("modules.tsv")
# Below these each module is a distribution of its own, called as the module is: how many parts its name has, and
# what stands in front of it.
_NAMESPACES = {
    "google.cloud": (3, ""),
    "airflow.providers": (3, "apache-"),
    "backports": (2, ""),
    "jaraco": (2, ""),
    "llama_index.embeddings": (3, ""),
    "llama_index.llms": (3, ""),
    "llama_index.readers": (3, ""),
    "llama_index.vector_stores": (3, ""),
    "opentelemetry.instrumentation": (3, ""),
    "plone": (2, ""),
    "repoze": (2, ""),
    "ruamel": (2, ""),
    "sphinxcontrib": (2, ""),
    "zope": (2, ""),
}
# azure's services stand in groups; the others are a part of their own.
_AZURE_GROUPS = {
    **dict.fromkeys(
        ("ai", "mgmt", "storage", "keyvault", "data", "search", "monitor", "communication", "iot", "kusto", "synapse"),
        3,
    ),
    **dict.fromkeys(("digitaltwins", "mixedreality", "maps", "media", "purview", "developer", "datalake", "iot"), 3),
    "cognitiveservices": 3,
    **{f"cognitiveservices.{name}": 4 for name in ("vision", "language", "search", "knowledge")},
}
# No row and no rule looks further down than this.
_DEEPEST = 6
_VERSION = re.compile(r"_v\d[a-z0-9]*\Z")


class Known(NamedTuple):
    """The distributions that bring a module, the usual one first, and a sentence; none where no package does."""

    distributions: tuple[str, ...]
    note: str = ""


def distribution_of(module: str) -> str:
    """The normalised name (PEP 503) of the distribution that most likely brings `module`, dotted or not."""
    return known_distribution(module) or _by_rule(module.partition(".")[0])


def known_distribution(module: str) -> str | None:
    """As `distribution_of`, from the shipped table alone; None when it says nothing, or that no package is right."""
    found = known(module)
    return found.distributions[0] if found and found.distributions else None


def known(module: str) -> Known | None:
    """What the shipped table or the rule of a namespace says of `module`; the longest dotted name that fits counts."""
    parts = module.split(".", _DEEPEST)[:_DEEPEST]
    starts = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    listed = next((start for start in starts if start in _table()), None)
    shared = next((start for start in starts if _in_namespace(start, parts)), None)
    if shared is None:
        return _table()[listed] if listed is not None else None
    # A row of the table that names no package is about the namespace, not about a module in it.
    if listed is None or len(listed) <= len(shared) or not _table()[listed].distributions:
        return _in_namespace(shared, parts)
    return _table()[listed]


def removed(module: str, python: str) -> Known | None:
    """What brings `module` back where the Python of the version `python` lacks what an older one had."""
    found = REMOVED.get(module)
    if found is None:
        return None
    numbers = tuple(int(part) for part in re.findall(r"\d+", python)[:2])
    return found[1] if numbers >= found[0] else None


def distributions() -> frozenset[str]:
    """Every distribution that the table names."""
    return frozenset(name for found in _table().values() for name in found.distributions)


def instead_of(distribution: str) -> str | None:
    """A sentence where a project of the index is not what its name promises; None for every other."""
    if distribution in GIVEN_UP:
        return f"This project was given up; {GIVEN_UP[distribution]} replaced it."
    named = [module for module in _modules_by_name().get(distribution, ()) if distribution not in _table()[module][0]]
    if not named:
        return None
    right = _table()[named[0]].distributions
    return f"The module {named[0]} does not come with it" + (f", but with {right[0]}." if right else ".")


def meant_by(name: str) -> Known | None:
    """What brings the module `name`, where no distribution that does is called so; None for every other name."""
    found = _table().get(name)
    return found if found and _by_rule(name) not in found.distributions else None


@lru_cache(maxsize=1)
def _modules_by_name() -> dict[str, list[str]]:
    """The modules of the table that are called as a distribution could be, by that name."""
    found: dict[str, list[str]] = {}
    for module in _table():
        if "." not in module:
            found.setdefault(_by_rule(module), []).append(module)
    return found


def _in_namespace(start: str, parts: list[str]) -> Known | None:
    if start == "azure":
        depth = max(_AZURE_GROUPS.get(".".join(parts[1:3]), 0), _AZURE_GROUPS.get(".".join(parts[1:2]), 2))
        front = ""
    elif start in _NAMESPACES:
        depth, front = _NAMESPACES[start]
    else:
        return None
    if len(parts) < depth or depth <= start.count(".") + 1:
        return None
    name = "-".join(_VERSION.sub("", part) for part in parts[:depth])
    return Known((f"{front}{_by_rule(name)}",))


def _by_rule(name: str) -> str:
    return re.sub("[-_]+", "-", name.strip("_")).lower() or name


@lru_cache(maxsize=1)
def _table() -> dict[str, Known]:
    found = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("#") or "\t" not in line:
            continue
        module, names, *note = line.split("\t")
        found[module] = Known(() if names == "-" else tuple(names.split("|")), note[0] if note else "")
    return found


def _gone(names: str, instead: str) -> Known:
    return Known(tuple(names.split("|")) if names else (), f"{instead} replaced it." if instead else "")


# What left the standard library, with the first Python without it, what brings it back, and what replaced it.
REMOVED: dict[str, tuple[tuple[int, int], Known]] = {
    "distutils": ((3, 12), _gone("setuptools", "setuptools")),
    "imp": ((3, 12), _gone("zombie-imp", "importlib")),
    "asyncore": ((3, 12), _gone("pyasyncore|standard-asyncore", "asyncio")),
    "asynchat": ((3, 12), _gone("pyasynchat|standard-asynchat", "asyncio")),
    "smtpd": ((3, 12), _gone("standard-smtpd", "aiosmtpd")),
    "aifc": ((3, 13), _gone("standard-aifc", "")),
    "audioop": ((3, 13), _gone("audioop-lts", "")),
    "cgi": ((3, 13), _gone("legacy-cgi|standard-cgi", "email.message and urllib.parse")),
    "cgitb": ((3, 13), _gone("legacy-cgi|standard-cgitb", "traceback and logging")),
    "chunk": ((3, 13), _gone("standard-chunk", "")),
    "crypt": ((3, 13), _gone("crypt-r|standard-crypt", "hashlib, or the package bcrypt,")),
    "imghdr": ((3, 13), _gone("standard-imghdr", "the package filetype or puremagic")),
    "lib2to3": ((3, 13), _gone("fissix", "the package libcst or parso")),
    "mailcap": ((3, 13), _gone("standard-mailcap", "mimetypes")),
    "msilib": ((3, 13), _gone("", "")),
    "nis": ((3, 13), _gone("", "")),
    "nntplib": ((3, 13), _gone("standard-nntplib", "")),
    "ossaudiodev": ((3, 13), _gone("", "")),
    "pipes": ((3, 13), _gone("standard-pipes", "subprocess and shlex")),
    "sndhdr": ((3, 13), _gone("standard-sndhdr", "the package filetype or puremagic")),
    "spwd": ((3, 13), _gone("", "")),
    "sunau": ((3, 13), _gone("standard-sunau", "")),
    "telnetlib": ((3, 13), _gone("standard-telnetlib", "the package telnetlib3")),
    "uu": ((3, 13), _gone("standard-uu", "base64")),
    "xdrlib": ((3, 13), _gone("standard-xdrlib", "struct")),
    "binhex": ((3, 11), _gone("", "")),
    "formatter": ((3, 10), _gone("", "")),
    "parser": ((3, 10), _gone("", "ast")),
    "symbol": ((3, 10), _gone("", "ast")),
    "macpath": ((3, 8), _gone("", "posixpath")),
    "dummy_threading": ((3, 9), _gone("", "threading")),
    "_dummy_threading": ((3, 9), _gone("", "threading")),
    "macurl2path": ((3, 7), _gone("", "")),
    "fpectl": ((3, 7), _gone("", "")),
}

# Projects that ended, or that are a name alone, and what their users take now.
GIVEN_UP = {
    "argparse": "Python's own argparse",
    "asyncio": "Python's own asyncio",
    "beautifulsoup": "beautifulsoup4",
    "dataclasses": "Python's own dataclasses",
    "discord": "discord-py",
    "distribute": "setuptools",
    "enum34": "Python's own enum",
    "fbprophet": "prophet",
    "futures": "Python's own concurrent.futures",
    "fuzzywuzzy": "thefuzz",
    "gym": "gymnasium",
    "importlib": "Python's own importlib",
    "mysql-python": "mysqlclient",
    "nose": "pytest",
    "pandas-profiling": "ydata-profiling",
    "pathlib": "Python's own pathlib",
    "pinecone-client": "pinecone",
    "progressbar": "progressbar2",
    "pycrypto": "pycryptodome",
    "pymc3": "pymc",
    "pypdf2": "pypdf",
    "pytorch": "torch",
    "pytorch-pretrained-bert": "transformers",
    "pytorch-transformers": "transformers",
    "slackclient": "slack-sdk",
    "tensorflow-cpu-aws": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tf-nightly-gpu": "tf-nightly",
    "typing": "Python's own typing",
    "uuid": "Python's own uuid",
    "youtube-dl": "yt-dlp",
}
