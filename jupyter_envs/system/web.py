"""Read a page over HTTP the way the user's installer would: proxies, certificates, credentials, a time limit."""

from __future__ import annotations

import base64
import contextlib
import http.client
import netrc
import os
import ssl
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage
from typing import IO, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from jupyter_envs._version import __version__
from jupyter_envs.model.address import Address, reveal_for_tool
from jupyter_envs.model.errors import Unavailable

_LARGEST = 64 * 1024 * 1024


class Page(NamedTuple):
    """What a server answered: the media type without parameters, the body."""

    media_type: str
    body: bytes


class Client:
    """Reads pages; all of its reads together end `limit` seconds after it was made.

    `insecure` are hosts, or ``host:port``, whose certificate is not checked.
    """

    def __init__(self, environ: Mapping[str, str], insecure: tuple[str, ...], limit: float) -> None:
        self._environ = environ
        self._insecure = frozenset(host.lower() for host in insecure)
        self._until = time.monotonic() + limit

    def get(self, url: Address, accept: str) -> Page | None:
        """The page at `url`; None when the server says that there is none.

        Raises:
            Unavailable: the server is out of reach, too slow, or refuses; the message names its host alone.
        """
        parts = urlsplit(reveal_for_tool(url))
        host = parts.hostname or ""
        try:
            with self._open(parts, accept) as answer:
                return Page(answer.headers.get_content_type(), self._body(answer, host))
        except HTTPError as error:
            with contextlib.closing(error):
                if error.code in (404, 410):
                    return None
                raise _refused(host, error.code) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(host, error) from None

    def size(self, url: Address) -> int | None:
        """The bytes of the file at `url`, by a HEAD request; None when the server does not tell.

        Raises:
            Unavailable: the server is out of reach, too slow, or refuses.
        """
        parts = urlsplit(reveal_for_tool(url))
        try:
            with self._open(parts, "*/*", "HEAD") as answer:
                told = answer.headers.get("Content-Length", "")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(parts.hostname or "", error) from None
        return int(told) if told.isdecimal() else None

    def _open(self, parts: SplitResult, accept: str, method: str = "GET") -> http.client.HTTPResponse:
        request = urllib.request.Request(  # noqa: S310 - the opener below knows http and https alone
            _without_user(parts),
            headers={"Accept": accept, "User-Agent": f"jupyter-envs/{__version__}"},
            method=method,
        )
        if authorization := self._authorization(parts):
            request.add_unredirected_header("Authorization", authorization)
        answer: http.client.HTTPResponse = self._opener(parts).open(request, timeout=self._left(parts.hostname or ""))
        return answer

    def _left(self, host: str) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise slow(host)
        return left

    def _body(self, answer: IO[bytes], host: str) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := answer.read(65536):
            self._left(host)
            chunks.append(chunk)
            size += len(chunk)
            if size > _LARGEST:
                raise Unavailable(f"The answer of the index at {host} is too large.", reason="index_unusable")
        return b"".join(chunks)

    def _opener(self, parts: SplitResult) -> urllib.request.OpenerDirector:
        # Built by hand: build_opener() would add handlers that read files and FTP after a redirect.
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(self._proxies()),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=self._context(parts)),
            urllib.request.HTTPDefaultErrorHandler(),
            _SameHost(),
            urllib.request.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        return opener

    def _proxies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for scheme in ("http", "https"):
            names = (f"{scheme.upper()}_PROXY", f"{scheme}_proxy", "ALL_PROXY", "all_proxy")
            value = next((self._environ[name] for name in names if self._environ.get(name)), None)
            if value:
                found[scheme] = value if "://" in value else f"http://{value}"
        return found

    def _context(self, parts: SplitResult) -> ssl.SSLContext:
        file, folder = self._environ.get("SSL_CERT_FILE"), self._environ.get("SSL_CERT_DIR")
        file = file if file and os.path.isfile(file) else None
        folder = folder if folder and os.path.isdir(folder) else None
        try:
            context = ssl.create_default_context(cafile=file, capath=folder)
        except (OSError, ssl.SSLError):
            context = ssl.create_default_context()
        host = (parts.hostname or "").lower()
        if host in self._insecure or f"{host}:{parts.port}" in self._insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _authorization(self, parts: SplitResult) -> str | None:
        user, password = parts.username, parts.password
        if user is None and parts.hostname:
            user, password = self._netrc(parts.hostname)
        if not user and not password:
            return None
        pair = (
            f"{unquote(user or '')}:{unquote(password or '')}" if parts.username is not None else f"{user}:{password}"
        )
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")

    def _netrc(self, host: str) -> tuple[str | None, str | None]:
        home = self._environ.get("HOME") or os.path.expanduser("~")
        named = self._environ.get("NETRC")
        for path in [named] if named else [os.path.join(home, name) for name in (".netrc", "_netrc")]:
            try:
                entry = netrc.netrc(path).authenticators(host)
            except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
                continue
            if entry:
                return entry[0], entry[2]
        return None, None


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects; credentials go along only where scheme, host and port stay."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        authorization = req.unredirected_hdrs.get("Authorization")
        if request and authorization and urlsplit(newurl)[:2] == urlsplit(req.full_url)[:2]:
            request.add_unredirected_header("Authorization", authorization)
        return request


def slow(host: str) -> Unavailable:
    """The index at `host` did not answer within the time limit."""
    return Unavailable(
        f"The index at {host} did not answer in time.",
        hint="Try again, or check the network and the proxy settings.",
        reason="index_unreachable",
    )


def _unreachable(host: str, error: Exception) -> Unavailable:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return slow(host)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unavailable(
            f"The certificate of the index at {host} is not trusted.",
            hint="Set `cert` in pip's configuration, or SSL_CERT_FILE, to your authority's certificates.",
            reason="index_untrusted",
        )
    why = getattr(cause, "strerror", None) or type(cause).__name__
    return Unavailable(
        f"The index at {host} cannot be reached: {why}.",
        hint="Check the network, the proxy settings and the index address in pip's or uv's configuration.",
        reason="index_unreachable",
    )


def _refused(host: str, code: int) -> Unavailable:
    if code in (401, 403, 407):
        return Unavailable(
            f"The index at {host} wants other credentials (HTTP {code}).",
            hint="Check the user and password in pip's or uv's configuration or in the netrc file.",
            reason="index_refused",
        )
    return Unavailable(
        f"The index at {host} answered with HTTP {code}.", hint="Try again later.", reason="index_unusable"
    )


def _without_user(parts: SplitResult) -> str:
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
