"""What a failed installer's output means: which package, why, and the one thing to do next.

Each rule was written from the recorded output of a real tool (tests/backends/failures).
The order counts: what keeps a tool from working at all comes before what it says of packages,
since a tool that was refused by an index also reports that no package was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match, Pattern

from jupyter_envs.backends.base import Speaker
from jupyter_envs.backends.build_failures import why_build_failed
from jupyter_envs.backends.conflicts import why_unsolvable
from jupyter_envs.model.errors import EnvsError, Failed, InvalidRequest, Unavailable, Unsolvable
from jupyter_envs.system.process import Finished

# Longer output is read from its end, where the tools put the cause.
_MOST = 60_000
_DETAIL_LINES = 40

Cause = Callable[[Match[str]], EnvsError]


def explain(tool: Speaker, done: Finished) -> EnvsError:
    """Return the error that the failed command `done` of `tool` stands for.

    The message names the object and the reason, the hint one action; the detail holds the
    tool's own words.
    """
    output = f"{done.out}\n{done.err}".strip()[-_MOST:]
    text = flat(output)
    unsolvable = tool.unsolvable(output)
    detail = unsolvable or _tail(output)
    for pattern, made in _RULES:
        if found := pattern.search(text):
            error = made(found)
            error.detail, error.cause = detail, error.reason
            return error
    if unsolvable:
        message, hint, cause = why_unsolvable(flat(unsolvable), text)
        return _with(Unsolvable(message, hint=hint, detail=detail), cause)
    if build := why_build_failed(output):
        message, hint, cause = build
        return _with(Failed(message, hint=hint, reason="build_failed", detail=detail), cause)
    errors = [line for line in output.splitlines() if re.match(r"\s{0,20}(?:error|ERROR):", line)]
    first = re.sub(r"^\s{0,20}(?:error: |ERROR: )*", "", errors[0]) if errors else _tail(output, 1)
    return Failed(
        cut(first) or f"{tool.name} ended with code {done.code}.",
        hint="The job's log holds the whole output.",
        reason="installer_failed",
        detail=detail,
    )


def _with(error: EnvsError, cause: str) -> EnvsError:
    error.cause = cause
    return error


def flat(output: str) -> str:
    """`output` on one line, without the boxes that tools draw and their breaks in the middle of a sentence."""
    return re.sub(r"[\s│╰─▶×|]+", " ", output)


def cut(text: str, most: int = 400) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _tail(text: str, lines: int = _DETAIL_LINES) -> str:
    return "\n".join(text.splitlines()[-lines:])


def _settings(found: Match[str]) -> EnvsError:
    file, why = found["file"].strip("`'\". "), found["why"].strip(" .:")
    return InvalidRequest(
        f"The settings file {file} cannot be read: {cut(why, 200)}.",
        hint="Mend that file, or move it away, then try again.",
        reason="settings_broken",
    )


def _cache(found: Match[str]) -> EnvsError:
    place = found["place"].strip("`'\".: ")
    return Failed(
        f"The package cache {place} cannot be written.",
        hint="Mend the rights of that folder, or name another one in UV_CACHE_DIR.",
        reason="cache_unwritable",
    )


def _credentials(found: Match[str]) -> EnvsError:
    where = _where(found)
    return Unavailable(
        f"{where} refuses the user name or the password (401)." if where else "The index asks for a password (401).",
        hint="Mend the credentials in the index settings of pip or uv, or in .netrc, then try again.",
        reason="index_credentials",
    )


def _gone(found: Match[str]) -> EnvsError:
    return Failed(
        f"There is nothing at {found['url'].strip('`')}.",
        hint="Check the address.",
        reason="url_not_found",
    )


def _of_index(message: str, hint: str, reason: str) -> Cause:
    """The cause is an index, ``{index}`` in `message`; ``{status}`` is its answer."""

    def made(found: Match[str]) -> EnvsError:
        groups = found.groupdict()
        status = groups.get("status") or groups.get("other") or ""
        told = message.format(index=_where(found) or "The index", status=status)
        return Unavailable(told, hint=hint, reason=reason)

    return made


_forbidden = _of_index(
    "{index} does not let you in (403).",
    "Check the index's address and your credentials, or ask its administrator for access.",
    "index_forbidden",
)
_certificate = _of_index(
    "{index} shows a certificate that this machine does not trust.",
    "Name your organisation's certificates in SSL_CERT_FILE, or as `cert` in pip.conf.",
    "certificate",
)
_unknown_host = _of_index(
    "{index} cannot be found: there is no network, or its name is wrong.",
    "Check the network, and the index settings of pip or uv.",
    "index_unreachable",
)
_unreachable = _of_index(
    "{index} cannot be reached.",
    "Check the network, the proxy and the index settings of pip or uv, then try again.",
    "index_unreachable",
)
_busy = _of_index("{index} answers that it is asked too often (429).", "Wait a minute, then try again.", "index_busy")
_ill = _of_index("{index} has an error of its own ({status}).", "Try again later, or use a mirror.", "index_error")


def _same(kind: type[EnvsError], message: str, hint: str, reason: str) -> Cause:
    def made(found: Match[str]) -> EnvsError:
        values = {k: (v or "").strip("`'\". ") for k, v in found.groupdict().items()}
        return kind(cut(message.format(**values)), hint=hint.format(**values), reason=reason)

    return made


def _where(found: Match[str]) -> str:
    """The scheme and host of the address in `found`, without credentials and path."""
    url = found.groupdict().get("url") or ""
    address = re.match(r"(?P<scheme>https?)://(?:[^/\s@]{0,300}@)?(?P<host>[^/\s)`'\"]{1,300})", url)
    return f"{address['scheme']}://{address['host']}" if address else ""


def _rule(pattern: str, cause: Cause) -> tuple[Pattern[str], Cause]:
    return re.compile(pattern, re.IGNORECASE), cause


# Taken whole or not at all, as an atomic group (Python 3.11) would: no way back into the address is tried.
_URL = r"(?=(?P<url>https?://[^\s)]{1,2000}))(?P=url)"
# Each is anchored at words of a tool, and what lies between two of them is bounded: linear on any text.
_RULES: list[tuple[Pattern[str], Cause]] = [
    _rule(
        r"no space left|os error 28\b|errno 28\b|disk quota|os error 122\b|errno 122\b",
        _same(
            Failed,
            "The disk is full, or the quota is used up.",
            "Free some space (`jupyter envs cache` shows what can be cleaned), then try again.",
            "disk_full",
        ),
    ),
    _rule(r"failed to parse: (?P<file>\S{1,400}uv\.toml)`? cause: (?P<why>[^`]{1,200})", _settings),
    _rule(r"failed to parse:? `?(?P<file>\S{1,400}\.toml)`?:?(?: cause:)? (?P<why>[^`]{1,200})", _settings),
    _rule(r"configuration file (?P<why>contains invalid[^.]{1,200}) in (?P<file>\S{1,400})\.", _settings),
    _rule(r"file (?P<why>contains no section headers)\. file: '(?P<file>[^']{1,400})'", _settings),
    _rule(
        r"configuration file could not be loaded\. (?P<why>[^.]{1,200}?)(?P<file>/\S{1,400}|[A-Za-z]:\\\S{1,400})",
        _settings,
    ),
    _rule(r"failed to initialize cache at (?P<place>\S{1,400})", _cache),
    _rule(
        r"(?<![\w/.~-])(?P<place>/(?:(?!uv[-/]cache)\S){0,400}uv[-/]cache)[^(]{0,300}\(os error (?:13|30|1)\)", _cache
    ),
    _rule(r"the cache directory (?P<place>\S{1,400})[^.]{0,100}not (?:owned|writable)", _cache),
    _rule(
        r"(?:read-only file system|permission denied|\[errno (?:13|30)\]|os error (?:13|30)\b)"
        r"[^/]{0,60}(?P<place>/[^\s'`\"]{0,400})?",
        _same(
            Failed,
            "A file of the environment, or of the package cache, cannot be written: {place}",
            "Ask the owner of the folder for the right to write, or make an environment of your own.",
            "not_writable",
        ),
    ),
    _rule(
        r"externally[- ]managed",
        _same(
            Failed,
            "This Python belongs to the operating system, which does not let others install into it.",
            "Create an environment of your own, and install there.",
            "externally_managed",
        ),
    ),
    _rule(rf"index url \({_URL}\) could not be queried[^.]{{0,80}}authentication", _credentials),
    _rule(rf"401 (?:client error|unauthorized|error)[^.]{{0,80}}(?:url:? \(?|for ){_URL}", _credentials),
    _rule(r"401 unauthorized|401 error, credentials|401 client error|authorization error", _credentials),
    _rule(rf"index \({_URL}\) returned a 403", _forbidden),
    _rule(rf"403 (?:client error|forbidden)[^.]{{0,80}}(?:url:? \(?|for ){_URL}", _forbidden),
    _rule(r"403 forbidden|403 client error", _forbidden),
    _rule(rf"{_URL}\)?[^.]{{0,120}}invalid peer certificate", _certificate),
    _rule(r"invalid peer certificate|certificate.verify.failed|certificate verify failed|self.signed", _certificate),
    _rule(rf"429 (?:too many requests|client error)[^.]{{0,80}}url:? \(?{_URL}", _busy),
    _rule(r"429 too many requests|too many 429", _busy),
    _rule(rf"http status server error \((?P<status>5\d\d)[^)]{{0,60}}\) for url \({_URL}", _ill),
    _rule(rf"(?P<status>5\d\d) server error[^.]{{0,80}}url:? \(?{_URL}", _ill),
    _rule(r"(?P<status>5\d\d) server error|too many (?P<other>5\d\d) error responses", _ill),
    _rule(
        rf"(?:failed to fetch:? |url \(){_URL}\)?(?:(?!https?://).){{0,300}}(?:dns error|failed to lookup address)",
        _unknown_host,
    ),
    _rule(
        r"dns error|failed to lookup address|name or service not known|temporary failure in name resolution"
        r"|nameresolutionerror|getaddrinfo failed",
        _unknown_host,
    ),
    _rule(
        r"network (?:connectivity )?(?:was|is) disabled",
        _same(
            Unavailable,
            "The package cache does not have all of it, and the network is switched off (offline).",
            "Go online, or leave out what was never downloaded.",
            "offline",
        ),
    ),
    _rule(
        rf"(?:failed to fetch:? |url \(){_URL}\)?(?:(?!https?://).){{0,300}}"
        r"(?:connection refused|tcp connect error|timed out|connection reset|network is unreachable)",
        _unreachable,
    ),
    _rule(
        r"error sending request|connection refused|network is unreachable|timed out|max retries exceeded"
        r"|failed to establish a new connection|connection reset|retrying \(retry\(",
        _unreachable,
    ),
    _rule(
        r"all attempts to connect to (?P<host>[\w.:\[\]-]{1,300}) failed",
        _same(
            Unavailable,
            "{host} cannot be reached, or shows a certificate that this machine does not trust.",
            "Check the network, the proxy and the project's sources, then try again.",
            "index_unreachable",
        ),
    ),
    _rule(r"@ https?://\S{1,2000} cause: (?:(?!error:).){0,300}404 not found\) for url \((?P<url>[^)]{1,2000})", _gone),
    _rule(r"http error 404 while getting (?P<url>\S{1,2000})", _gone),
    _rule(
        r"git (?:executable|command) (?:was )?not found|cannot find command 'git'|error \[errno 2\][^']{0,80}'git'",
        _same(
            Unavailable,
            "A package comes from a Git repository, and git is not installed here.",
            "Install git, then try again.",
            "git_missing",
        ),
    ),
    _rule(
        r"(?:download and build `?(?P<what>\S{1,200}) @ |git operation failed|git clone )"
        r"(?:.(?!error:)){0,800}?fatal: (?P<why>.{1,200}?)(?:\.? fatal|\.? please|$)",
        _same(
            Failed,
            "The Git repository cannot be fetched: {why}.",
            "Check the address, the branch or tag, and your access to it.",
            "git_failed",
        ),
    ),
    _rule(
        r"distribution not found at: (?P<url>\S{1,400})"
        r"|oserror: \[errno 2\] no such file or directory: '(?P<file>/[^']{1,400})'"
        r"|(?P<folder>/\S{1,400})' does not exist",
        _same(
            InvalidRequest,
            "There is no such file or folder: {url}{file}{folder}.",
            "Check the path; it has to be on the machine that runs Jupyter.",
            "path_not_found",
        ),
    ),
    _rule(
        r"hash mismatch(?: for `?(?P<what>[^`\s]{1,200}))?"
        r"|do not match the hashes[^:]{0,400}tampered with them\. (?P<pip>[\w.-]{1,100}(?:==\S{1,60})?) from ",
        _same(
            Failed,
            "The file of {what}{pip} that the index has is not the one that was asked for: its hash differs.",
            "Do not use it; try again, and tell the index's administrator if it stays so.",
            "hash_mismatch",
        ),
    ),
    _rule(
        r"all requirements must have a hash, but none were provided for: (?P<what>[^\s]{1,200})"
        r"|hashes are required in --require-hashes mode[^=]{0,700} (?P<pip>[\w.-]{1,100})(?:==\S{1,40})? --hash=",
        _same(
            InvalidRequest,
            "Some lines have hashes, and others have none, such as {what}{pip}.",
            "Add a hash to each line, or leave all of them out.",
            "hash_missing",
        ),
    ),
    _rule(
        r"(?:failed to (?:download|install|extract|unzip):? `?(?P<what>[\w.-]{1,100})(?![\w.-])"
        r"(?:(?!error:|failed to (?:down|inst|unz)).){0,400}?"
        r"(?:failed to extract|bad uncompressed|invalid zip|unexpected end|crc))"
        r"|wheel '(?P<pip>[\w.-]{1,100})' located at \S{1,400} is invalid",
        _same(
            Failed,
            "The file of {what}{pip} is damaged.",
            "Try again; clean the package cache if it stays so (`jupyter envs cache`).",
            "damaged",
        ),
    ),
    _rule(
        r"couldn't parse requirement[^`]{0,60}(?:`[^`]{1,300}`)?[^:]{0,60} cause: (?P<why>[^`]{1,160})"
        r"|invalid requirement: (?P<pip>[^:]{1,200})",
        _same(
            InvalidRequest,
            "A line cannot be read as a requirement: {why}{pip}.",
            "Write it as `name==1.2`, `name>=1,<2` or `name @ address`.",
            "invalid_requirement",
        ),
    ),
    _rule(
        r"no interpreter found|no compatible python|unable to find a compatible version|is not allowed by the project"
        r"|(?:python|interpreter)\S{0,20} was not found on your system",
        _same(
            Unsolvable,
            "There is no Python here that the project could run on.",
            "Install one that fits what the project asks for, then try again.",
            "no_python",
        ),
    ),
]
