"""conda's settings for one piece of work: channels by address, caches, how the network is reached."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from jupyter_envs.backends.conda_operation import Operation
from jupyter_envs.backends.rattler_work import Network
from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import CondaPackage, Exact
from jupyter_envs.model.errors import Forbidden
from jupyter_envs.system import conda_clients, conda_environments, conda_rc, conda_terms
from jupyter_envs.system.conda_channels import Channels, check_channel
from jupyter_envs.system.conda_url import public, secrets_of
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.process import clean_environment
from jupyter_envs.system.reading import read_json


class Setup:
    """What .condarc, the clients that are there and `environ` (ours by default) mean for work on `prefix`."""

    def __init__(self, environ: Mapping[str, str] | None, state: Path, prefix: str | None = None) -> None:
        environ = os.environ if environ is None else environ
        self.terms_file = state / "conda-terms.json"
        self.root = conda_clients.root_of(conda_clients.clients(environ))
        self.rc = conda_rc.load(environ, prefix=prefix, root=self.root)
        self.names = Channels(self.rc)
        overrides = {
            f"CONDA_OVERRIDE_{name.removeprefix('__').upper()}": value
            for name, value in self.rc.override_virtual_packages.items()
        }
        self.environ = {**overrides, **environ}

    def channels(self, asked: Sequence[str | Address], specs: Iterable[str]) -> list[Address]:
        """The addresses, best first: of the channels `asked` for (else those of .condarc), then of those in `specs`.

        Raises:
            InvalidRequest: one is no channel.
            Forbidden: .condarc denies one, or the terms of one are not accepted yet.
        """
        names = [check_channel(name, f"channels[{n}]") for n, name in enumerate(asked)] or self.rc.channels
        urls = self.names.urls(names)
        for spec in specs:
            name, parted, _ = spec.partition("::")
            if parted:
                urls += self.names.urls([check_channel(name, "channels")])
        urls = list(dict.fromkeys(urls))
        self._refuse(urls)
        return urls

    def _refuse(self, urls: list[Address]) -> None:
        shown = [url.public for url in urls]
        denied = set(map(public, self.names.urls(self.rc.denylist_channels))) & set(shown)
        if self.rc.allowlist_channels:
            denied |= set(shown) - set(map(public, self.names.urls(self.rc.allowlist_channels)))
        if denied:
            raise Forbidden(
                f"The channel {self.names.name(sorted(denied)[0])} is not allowed here.",
                hint="conda's configuration (allowlist_channels, denylist_channels) says which are.",
                reason="channel_denied",
                field="channels",
            )
        if missing := conda_terms.unaccepted(urls, self.terms_file, self.environ):
            raise Forbidden(
                f"The channel {missing[0].channel} may be used only under its terms of service.",
                hint="Read and accept them once, or use another channel such as conda-forge.",
                reason="terms",
                field="channels",
                detail="\n".join(terms.channel for terms in missing),
            )

    def network(self, channels: Sequence[Address], folder: str, *, offline: bool) -> Network:
        """How the engine reaches `channels`; credentials go into files of the private `folder`."""
        mirrors = self.names.mirrors()
        secret = [*channels, *(url for urls in mirrors.values() for url in urls)]
        config: dict[str, Any] = {"mirrors": {k: [url.public for url in v] for k, v in mirrors.items()}}
        if store := _credentials(secret, self.environ):
            path = os.path.join(folder, "credentials.json")
            atomic_write(path, json.dumps(store), 0o600)
            config["authentication-override-file"] = path
        if self.rc.ssl_verify is False:
            config["tls-no-verify"] = True
        elif self.rc.ssl_verify == "truststore" or self._certificates():
            config["tls-root-certs"] = "system"
        caches = conda_clients.pkgs_dirs(self.rc, self.root)
        first = next((cache for cache in caches if conda_clients.writable(cache)), caches[0])
        import tomli_w

        return Network(
            channels=[url.public for url in channels],
            config=tomli_w.dumps(config),
            proxies={name: url for name, url in self.rc.proxy_servers.items() if name in ("http", "https")},
            # Below the first cache, where a client's own cleaning reaches it.
            repodata=os.path.join(first, "cache", "rattler"),
            # One that cannot be written is read where it exists.
            pkgs_dirs=[first, *(cache for cache in caches if cache != first and os.path.isdir(cache))],
            retries=self.rc.remote_max_retries,
            timeout=max(1, int(self.rc.remote_read_timeout_secs)),
            offline=offline or self.rc.offline,
        )

    def process_environment(self) -> dict[str, str]:
        """The variables for a process that does the work."""
        env = clean_environment(environ=self.environ)
        if bundle := self._certificates():
            env["SSL_CERT_DIR" if os.path.isdir(bundle) else "SSL_CERT_FILE"] = bundle
        return env

    def _certificates(self) -> str | None:
        """The certificates to trust in place of the common ones: those of .condarc, else what conda's library reads."""
        if isinstance(self.rc.ssl_verify, str):
            return self.rc.ssl_verify if self.rc.ssl_verify != "truststore" else None
        named = (self.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
        return next((path for path in named if path and os.path.exists(path)), None)

    def pins(self, prefix: str) -> list[str]:
        """The specs that hold for `prefix` whatever is asked."""
        return [self.spec(spec) for spec in (*self.rc.pinned_packages, *conda_environments.pinned(prefix))]

    def spec(self, text: str) -> str:
        """`text` with its channel by address, which the engine compares; a bare name's own alias it knows alone."""
        name, parted, rest = text.partition("::")
        if not parted:
            return text
        urls = self.names.urls([name.strip()])
        # A name that stands for several channels cannot be said in a spec.
        return f"{urls[0].public}::{rest}" if len(urls) == 1 else rest

    def held(self, specs: Mapping[str, str], channels: Sequence[str | Address]) -> dict[str, str]:
        """`specs` of earlier transactions by name, for the engine; what they say of a channel that is not in use now,
        or only its client knows, is left out.
        """
        found = {}
        for name, text in specs.items():
            spec = self.spec(text)
            channel, parted, rest = spec.partition("::")
            found[name] = rest if parted and channel not in map(public, channels) else spec
        return found

    def translated(self, operation: Operation) -> Operation:
        """`operation` in the engine's terms."""
        exact = operation.exact
        return msgspec.structs.replace(
            operation,
            # The addresses that they mean are the network's.
            channels=[],
            install=[self.spec(spec) for spec in operation.install],
            update=[self.spec(spec) for spec in operation.update],
            constrained=[self.spec(spec) for spec in operation.constrained],
            requested=operation.requested and [self.spec(spec) for spec in operation.requested],
            excluded=[*operation.excluded, *self.rc.disallowed_packages],
            exact=None if exact is None else [Exact(url=public(e.url), sha256=e.sha256, md5=e.md5) for e in exact],
        )

    def named(self, package: CondaPackage) -> CondaPackage:
        """`package` with its channel by name, and no credentials."""
        channel = self.names.name(package.url or package.channel or "") or None
        return msgspec.structs.replace(package, channel=channel, url=package.url and public(package.url))


def _credentials(urls: Iterable[Address], environ: Mapping[str, str]) -> dict[str, object]:
    """The engine's credential store with what `urls` hold added; empty when they hold nothing, which leaves its own."""
    found: dict[str, object] = {}
    for url in urls:
        if url.is_url and (secret := secrets_of(url)):
            found[urlsplit(url.public).hostname or ""] = secret
    if not found:
        return {}
    own = environ.get("RATTLER_AUTH_FILE") or os.path.expanduser("~/.rattler/credentials.json")
    try:
        stored = read_json(own)
    except (OSError, ValueError):
        stored = {}
    return {**(stored if isinstance(stored, dict) else {}), **found}
