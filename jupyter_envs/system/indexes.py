"""Which versions of a package the user's indexes offer: the simple API (PEP 503, PEP 691), read without a process."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from jupyter_envs.model.address import Address
from jupyter_envs.model.errors import NotFound, Unavailable
from jupyter_envs.system import pipconf, temporary, uvconf, web
from jupyter_envs.system.reading import LISTING, parse_json, read_bytes

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


class File(NamedTuple):
    """One file of a project page; `yanked` as PEP 592 has it."""

    name: str
    yanked: bool


# The files, None where the project is not known, or why there is no answer.
Page = list[File] | Unavailable | None


def versions(name: str, environ: Mapping[str, str], default: Callable[[], Address], limit: float = 10.0) -> list[str]:
    """The versions of `name`, a normalised name, newest first; a version counts while one of its files is not yanked.

    All indexes in force for `environ` are asked at the same time, `default` giving
    the address of the one that stands for none. `limit` is in seconds.

    Raises:
        NotFound: no index knows the name.
        Unavailable: none that answered knows it and some did not answer.
    """
    added = pipconf.uv_environment(environ)
    told = uvconf.told({**environ, **added})
    bare = told.no_index or "--no-index" in pipconf.uv_arguments(environ)
    indexes = [] if bare else list(dict.fromkeys([*told.extra, told.default or default()]))
    client = web.Client({**environ, **added}, told.insecure, limit)
    reads = [partial(_project, client, url, name) for url in indexes]
    pages = _all([*reads, *(partial(_flat, client, url) for url in told.find_links)], limit)
    asked, links = pages[: len(indexes)], pages[len(indexes) :]
    known = [page for page in asked if isinstance(page, list)]
    if told.strategy in (None, "first-index"):
        # uv itself stops at the first index that knows the name.
        known = known[:1]
    known += [page for page in links if isinstance(page, list)]
    found = _sorted(name, [file for page in known for file in page])
    if found or any(isinstance(page, list) for page in asked):
        return found
    for failure in pages:
        if isinstance(failure, Unavailable):
            raise failure
    raise NotFound(
        f"No index knows the package {name}.",
        hint="Check the spelling: the name to install can differ from the one to import.",
        reason="no_package",
    )


def ask_uv(uv: str) -> Address:
    """The address of the index that uv asks when nobody names one.

    ``uv pip compile --no-config --offline --emit-index-url --no-header FILE``, FILE empty

    Raises:
        Unavailable: this uv does not tell it.
    """
    from jupyter_envs.system.process import clean_environment, run

    env = {key: value for key, value in clean_environment().items() if not key.startswith("UV_")}
    with temporary.folder() as folder:
        empty = os.path.join(folder, "requirements.in")
        open(empty, "wb").close()
        argv = [uv, "pip", "compile", "--no-config", "--offline", "--emit-index-url", "--no-header", empty]
        told = run(argv, env=env, cwd=folder, timeout=10)
    line = re.search(r"^--(?:default-index|index-url)[ =](\S+)$", told.out, re.M)
    if not line:
        raise Unavailable(
            "uv does not tell which index it uses.",
            hint="Name one in pip's configuration: `pip config set global.index-url URL`.",
            reason="no_index",
        )
    return Address(line.group(1))


def _all(reads: Sequence[Callable[[], Page]], limit: float) -> list[Page]:
    """What each of `reads` gives, in their order, all run at once; what takes longer than `limit` is Unavailable."""
    results: list[Page] = [web.slow("that was asked")] * len(reads)

    def work(number: int) -> None:
        try:
            results[number] = reads[number]()
        except Unavailable as error:
            results[number] = error
        except ValueError:
            results[number] = Unavailable(
                "The address of an index is not a URL.",
                hint="Mend it in pip's or uv's configuration.",
                reason="index_unusable",
            )

    # Daemon threads: looking up a host's address has no time limit of its own and must not hold up an exit.
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(reads))]
    for thread in threads:
        thread.start()
    until = time.monotonic() + limit + 0.5
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return list(results)


def _project(client: web.Client, index: Address, name: str) -> list[File] | None:
    """The files of `name` at the index `index`, a URL or a folder laid out as PEP 503 says."""
    folder = pipconf.local_path(index)
    if folder is not None:
        return _read_html(os.path.join(folder, name, "index.html"))
    page = client.get(index.map(partial(_page, name)), _ACCEPT)
    if page is None:
        return None
    host = urlsplit(index.public).hostname or ""
    return _from_json(page.body, host) if page.media_type == _JSON else _from_html(page.body)


def _page(name: str, index: str) -> str:
    parts = urlsplit(index)
    return parts._replace(path=parts.path.rstrip("/") + f"/{name}/").geturl()


def _flat(client: web.Client, location: Address) -> list[File] | None:
    """The files that a find-links location lists: a folder, or a page of links."""
    path = pipconf.local_path(location)
    if path is None:
        page = client.get(location, "text/html")
        return _from_html(page.body) if page else None
    if os.path.isdir(path):
        with contextlib.suppress(OSError):
            return [File(name, False) for name in os.listdir(path)]
    return _read_html(path)


def _read_html(path: str) -> list[File] | None:
    try:
        return _from_html(read_bytes(path, LISTING))
    except OSError:
        return None


def _from_json(body: bytes, host: str) -> list[File]:
    try:
        files = parse_json(body)["files"]
        return [File(str(file["filename"]), bool(file.get("yanked"))) for file in files]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable(
            f"The answer of the index at {host} cannot be read.",
            hint="It should follow the simple repository API (PEP 691).",
            reason="index_unusable",
        ) from None


def _from_html(body: bytes) -> list[File]:
    links = _Links()
    links.feed(body.decode("utf-8", "replace"))
    links.close()
    return links.files


class _Links(HTMLParser):
    """Collects the anchors of a simple index page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        href = said.get("href")
        if tag == "a" and href:
            name = unquote(href.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2])
            self.files.append(File(name, "data-yanked" in said))


def _sorted(name: str, files: Iterable[File]) -> list[str]:
    """The versions of `name` among `files` that are not yanked, newest first, each once, as PEP 440 spells it."""
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

    found = set()
    for file in files:
        if file.yanked:
            continue
        try:
            if file.name.endswith(".whl"):
                project, version, _, _ = parse_wheel_filename(file.name)
            elif file.name.endswith((".tar.gz", ".zip")):
                project, version = parse_sdist_filename(file.name)
            else:
                continue
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
        if project == name:
            found.add(version)
    return [str(version) for version in sorted(found, reverse=True)]
