"""The process that runs the embedded conda engine: one question in a file, its progress and its end as lines of JSON.

A process of its own, since native work cannot be stopped from Python, holds up an event
loop, and may end with a crash.
"""

from __future__ import annotations

import asyncio
import os
import sys

if __name__ == "__main__":
    # What the server can import, wherever it has it from; behind everything, so that it hides nothing.
    sys.path += [path for path in sys.argv[3].split(os.pathsep) if path not in sys.path]

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.backends import rattler_errors, rattler_exact, rattler_mend, rattler_scripts, rattler_solve
from jupyter_envs.backends.conda_operation import Phase
from jupyter_envs.backends.rattler_records import difference, package, promised, told
from jupyter_envs.backends.rattler_work import Done, Lookup, Message, Network, Refused, Work
from jupyter_envs.model import address
from jupyter_envs.model.address import reveal_for_tool
from jupyter_envs.model.errors import Conflict, EnvsError, InvalidRequest
from jupyter_envs.system import temporary

if TYPE_CHECKING:
    from rattler import Client, Gateway, PackageCache

_PAUSE = 0.1


class Voice:
    """Tells the server's process where the work stands, at most ten times a second and phase."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "wb", buffering=0)
        self._last: dict[str, float] = {}

    def say(self, message: Message) -> None:
        self._out.write(msgspec.json.encode(message) + b"\n")

    def step(self, phase: Phase, done: int | None = None, total: int | None = None, unit: str | None = None) -> None:
        now = time.monotonic()
        if done not in (None, 0, total) and now - self._last.get(phase, 0) < _PAUSE:
            return
        self._last[phase] = now
        self.say(Message(step=(phase, done, total, unit)))


class Reporter:
    """Counts what the engine reports. It calls from its own threads, and swallows what goes wrong here."""

    def __init__(self, voice: Voice, download: int, links: int) -> None:
        self._voice, self._download, self._links = voice, download, links
        self._bytes: dict[int, int] = {}
        self._next = self._linked = 0

    def on_download_start(self, cache_entry: int) -> int:
        self._next += 1
        return self._next

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        self._bytes[download_idx] = progress
        self._voice.step("download", min(sum(self._bytes.values()), self._download), self._download, "bytes")

    def on_link_complete(self, index: int) -> None:
        self._linked += 1
        self._voice.step("link", min(self._linked, self._links), self._links, "packages")


class Engine:
    """The engine with the settings of `network`."""

    def __init__(self, network: Network) -> None:
        from rattler import Channel, Client, Config, Gateway, PackageCache, SourceConfig

        self.network = network
        self.config = Config.from_toml(_with_proxies(network))
        self.client: Client = Client.from_config(self.config, max_retries=network.retries, timeout=network.timeout)
        self.channels = [Channel(url) for url in network.channels]
        action = SourceConfig(cache_action="force-cache-only" if network.offline else "cache-or-fetch")
        os.makedirs(network.repodata, exist_ok=True)
        self.gateway: Gateway = Gateway(cache_dir=Path(network.repodata), default_config=action, client=self.client)
        self.cache: PackageCache = PackageCache.new_layered(list(network.pkgs_dirs))


def _with_proxies(network: Network) -> str:
    import tomli_w

    proxies = {scheme: reveal_for_tool(address) for scheme, address in network.proxies.items()}
    # A table: it comes behind the keys of the top.
    return network.config + ("\n" + tomli_w.dumps({"proxy-config": proxies}) if proxies else "")


async def change(work: Work, voice: Voice) -> Done:
    """Do the transaction `work`, or tell what it would do."""
    operation = work.operation
    check_prefix(operation.prefix)
    engine = Engine(work.network)
    here = rattler_solve.installed(operation.prefix)
    voice.step("read channels")
    if operation.exact is not None:
        goal = await rattler_exact.goal(work, here, engine.gateway)
    else:
        voice.step("solve")
        goal = await rattler_solve.goal(work, here, engine.gateway, engine.channels)
    index = await engine.cache.index()
    done = difference(here, goal, index)
    if operation.dry_run:
        return done
    if not goal.records and not operation.remove and operation.exact is None:
        raise InvalidRequest("Nothing is asked for.", hint="Name a package.", field="install")
    for line in told(done):
        voice.say(Message(line=line))
    fetched = [*done.added, *(swap.after for swap in done.changed)]
    promised(fetched, offline=work.network.offline)
    links = len(fetched)
    voice.step("download", 0, done.download_size, "bytes")
    await install(engine, work, goal, here, Reporter(voice, done.download_size, links))
    if operation.scripts is not None:
        rattler_scripts.run_agreed(operation.prefix, fetched, operation.scripts)
    # Under another Python all that fits any Python is linked anew.
    anew = done.installed if any(one.name == "python" for one in fetched) else fetched
    rattler_mend.as_conda_notes(operation.prefix, {one.name for one in anew})
    rattler_mend.sweep(work.network.pkgs_dirs[0])
    voice.step("link", links, links, "packages")
    return done


def check_prefix(prefix: str) -> None:
    """Raise InvalidRequest or Conflict unless `prefix` is a conda environment or a place for one."""
    if not os.path.isabs(prefix):
        # The engine writes the prefix into scripts as it gets it.
        raise InvalidRequest(f"'{prefix}' is not an absolute path.", hint="Give the whole path.", field="prefix")
    if os.path.isdir(prefix) and os.listdir(prefix) and not os.path.isdir(os.path.join(prefix, "conda-meta")):
        raise Conflict(
            f"{prefix} exists and is no conda environment.", hint="Choose another place.", reason="not_conda"
        )


async def install(
    engine: Engine, work: Work, goal: rattler_solve.Goal, here: rattler_solve.Installed, reporter: Reporter
) -> None:
    """Make the prefix hold the records of `goal`, nothing else, and mark what was asked for."""
    from rattler import MatchSpec
    from rattler import install as rattler_install

    os.makedirs(os.path.join(work.operation.prefix, "conda-meta"), exist_ok=True)
    await rattler_install(
        goal.records,
        work.operation.prefix,
        installed_packages=list(here.values()),
        package_cache=engine.cache,
        client=engine.client,
        config=engine.config,
        # As conda does: some packages are of no use before their script has run.
        execute_link_scripts=work.operation.scripts is None,
        # The wrapped object alone is understood, whatever the annotation says.
        requested_specs=[MatchSpec(spec)._match_spec for spec in goal.requested.values()],  # noqa: SLF001
        reporter=reporter,  # type: ignore[arg-type]
        show_progress=False,
        alternative_target_prefix=work.operation.target,
    )


async def look_up(question: Lookup) -> list[Any]:
    """The names in the channels, or the builds of one name, newest first."""
    from rattler import Subdir

    engine = Engine(question.network)
    platforms = [Subdir.current(), Subdir("noarch")]
    if question.name is None:
        return sorted({name.normalized for name in await engine.gateway.names(engine.channels, platforms)})
    answers = await engine.gateway.query(engine.channels, platforms, [question.name], recursive=False)
    records = [record for part in answers for record in part]
    return [package(record) for record in sorted(records, key=lambda r: (r.version, r.build_number), reverse=True)]


def main() -> None:
    """Answer the question in the file that is named, then end without tidying up."""
    # The answers have a way of their own: nothing that a library prints can come between.
    voice = Voice(os.dup(1))
    os.dup2(2, 1)
    path, kind, _, top = sys.argv[1:5]
    if top:
        temporary.use(Path(top))
    raw = Path(path).read_bytes()
    os.unlink(path)
    try:
        if kind == "work":
            message = Message(
                done=asyncio.run(change(msgspec.json.decode(raw, type=Work, dec_hook=address.read), voice))
            )
        else:
            message = Message(found=asyncio.run(look_up(msgspec.json.decode(raw, type=Lookup, dec_hook=address.read))))
    except Exception as error:  # noqa: BLE001 (each layer of the engine has an error of its own)
        known = error if isinstance(error, EnvsError) else rattler_errors.understood(error)
        message = Message(
            refused=Refused(
                kind=type(known).__name__,
                message=known.message,
                hint=known.hint,
                reason=known.reason,
                field=known.field,
                detail=known.detail,
            )
        )
    voice.say(message)
    temporary.leave()
    # The engine has crashed in its own tidying up, after the work was done.
    os._exit(0)


if __name__ == "__main__":
    main()
