"""An installed conda, mamba or micromamba as the installer: its command lines, and what they came to."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.backends.conda_client_output import parse, progress
from jupyter_envs.backends.conda_operation import CondaOutcome, OnLine, OnStep, Operation
from jupyter_envs.backends.conda_setup import Setup
from jupyter_envs.backends.conda_spec import check_package, check_spec
from jupyter_envs.model.address import Address
from jupyter_envs.model.conda import CondaPackage, Exact, Swap
from jupyter_envs.model.errors import InvalidRequest, NotFound, Unavailable
from jupyter_envs.system import conda_meta, conda_records, temporary
from jupyter_envs.system.conda_channels import check_channel
from jupyter_envs.system.conda_clients import Client
from jupyter_envs.system.conda_url import public
from jupyter_envs.system.files import atomic_write
from jupyter_envs.system.process import DATA, run

# Settings of the user's shell that would change what the commands do or print.
_QUIET = {"CONDA_JSON": "true", "CONDA_ALWAYS_YES": "true", "CONDA_NOTIFY_OUTDATED_CONDA": "false", "NO_COLOR": "1"}
_PRIORITIES = {"strict": "--strict-channel-priority", "disabled": "--no-channel-priority"}


class ClientInstaller:
    """Changes conda prefixes with `client`, which writes its own records."""

    relocates = False

    def __init__(self, client: Client, state: Path) -> None:
        self.name: str = client.name
        self._client, self._state = client, state

    def version(self) -> str | None:
        return self._client.version

    def run(
        self,
        operation: Operation,
        *,
        environ: Mapping[str, str] | None = None,
        on_step: OnStep | None = None,
        on_line: OnLine | None = None,
        cancelled: threading.Event | None = None,
    ) -> CondaOutcome:
        """As `CondaInstaller.run`; limits, exclusions and another target are beyond a client."""
        if operation.constrained or operation.excluded or operation.target:
            raise Unavailable(
                f"{self.name} cannot be given limits or another target.",
                hint="Have an administrator choose the embedded engine.",
                reason="unsupported",
            )
        setup = Setup(environ, self._state, prefix=operation.prefix)
        asked: Sequence[str | Address] = (
            operation.channels if operation.exact is None else [line.url for line in operation.exact]
        )
        setup.channels(asked, [*operation.install, *operation.update])
        if any(Address(name).has_secret for name in operation.channels):
            raise InvalidRequest(
                "A channel's address holds credentials, which other users of this machine would see.",
                hint="Put the address into .condarc as one of custom_channels, and give its name.",
                field="channels",
            )
        before = {package.name: package for package in conda_records.packages(operation.prefix)}
        if operation.dry_run and operation.exact is not None:
            # Nothing is to be solved, and a client tells nothing of what it would do with archives.
            return _replaced(before, map(_archive, operation.exact), conda_records.requested(operation.prefix))
        env = {**setup.process_environment(), **_QUIET}
        planned = CondaOutcome()
        with temporary.folder() as folder:
            for argv in commands(self._client.path, operation, before, folder):
                if on_step:
                    on_step("solve", None, None, None)
                finished = run(argv, env=env, on_line=progress(on_step, on_line), cancelled=cancelled, most=DATA)
                planned = _joined(planned, parse(finished.code, finished.out, finished.err))
        if operation.dry_run:
            return msgspec.structs.replace(planned, requested=conda_records.requested(operation.prefix))
        after = conda_records.packages(operation.prefix)
        outcome = _replaced(before, after, conda_records.requested(operation.prefix))
        return msgspec.structs.replace(outcome, download_size=planned.download_size)


def commands(client: str, operation: Operation, here: Mapping[str, CondaPackage], folder: str) -> list[list[str]]:
    """The commands that `operation` means, one after the other; specs go by files in `folder`.

    `CLIENT remove --prefix P --json --yes -- NAME…`, then
    `CLIENT create|install|update --prefix P --json --yes [--override-channels --channel NAME…] --file FILE`;
    without channels the client takes its own.

    Raises:
        InvalidRequest: a spec or name is none.
        NotFound: a name to remove is not among `here`, the installed ones.
    """
    tail = ["--prefix", operation.prefix, "--json", "--yes"]
    tail += ["--dry-run"] if operation.dry_run else []
    solving = [*tail, *(["--offline"] if operation.offline else [])]
    if operation.exact is not None:
        return _exchange(client, operation.exact, here, tail, solving, folder)
    found: list[list[str]] = []
    if names := [check_package(text, f"remove[{n}]") for n, text in enumerate(operation.remove)]:
        for n, name in enumerate(names):
            if name not in here:
                raise NotFound(f"{name} is not installed.", hint="`packages` lists what is.", field=f"remove[{n}]")
        found.append([client, "remove", *solving, "--", *names])
    named = [word for name in operation.channels for word in ("--channel", check_channel(name).public)]
    solving += ["--override-channels", *named] if named else []
    solving += [_PRIORITIES[operation.priority]] if operation.priority in _PRIORITIES else []
    for field, texts in (("install", operation.install), ("update", operation.update)):
        if texts:
            lines = [check_spec(text, f"{field}[{n}]").text for n, text in enumerate(texts)]
            verb = field if here or field == "update" else "create"
            file = _written(folder, f"{field}.txt", "".join(f"{line}\n" for line in lines))
            found.append([client, verb, *solving, "--file", file])
    if operation.update_all:
        found.append([client, "update", *solving, "--all"])
    if not found:
        raise InvalidRequest("Nothing is asked for.", hint="Name a package.", field="install")
    return found


def _exchange(
    client: str,
    exact: Sequence[Exact],
    here: Mapping[str, CondaPackage],
    tail: Sequence[str],
    solving: Sequence[str],
    folder: str,
) -> list[list[str]]:
    """The commands after which the packages of `exact` alone are there.

    What is of another build goes first: mamba puts an archive beside another of its name.
    """
    there = {_built(package) for package in here.values()}
    wanted = {_built(_archive(line)) for line in exact}
    gone = sorted(name for name, package in here.items() if _built(package) not in wanted)
    lines = [line for line in exact if _built(_archive(line)) not in there]
    found = [[client, "remove", *tail, "--force", "--", *gone]] if gone else []
    if lines:
        text = "@EXPLICIT\n" + "".join(f"{line.url}{'#' + line.md5 if line.md5 else ''}\n" for line in lines)
        file = _written(folder, "explicit.txt", text)
        found.append([client, "install" if here else "create", *solving, "--file", file])
    return found


def _built(package: CondaPackage) -> tuple[str, str, str]:
    return package.name, package.version, package.build


def _archive(line: Exact) -> CondaPackage:
    """What the name of an archive tells of its package."""
    above, _, file = line.url.rpartition("/")
    name, version, build = file.removesuffix(".conda").removesuffix(".tar.bz2").rsplit("-", 2)
    subdir = above.rpartition("/")[2]
    return CondaPackage(
        name=name,
        version=version,
        build=build,
        subdir=subdir,
        channel=conda_meta.short_channel(line.url.rpartition("/")[0]),
        url=public(line.url),
        sha256=line.sha256,
        md5=line.md5,
    )


def _replaced(
    before: Mapping[str, CondaPackage], packages: Iterable[CondaPackage], requested: dict[str, str]
) -> CondaOutcome:
    """What it takes from the packages `before` to `packages`."""
    after = {package.name: package for package in packages}
    return CondaOutcome(
        added=[after[n] for n in sorted(after.keys() - before.keys())],
        removed=[before[n] for n in sorted(before.keys() - after.keys())],
        changed=[
            Swap(before=before[n], after=after[n])
            for n in sorted(after.keys() & before.keys())
            if (before[n].version, before[n].build) != (after[n].version, after[n].build)
        ],
        requested=requested,
    )


def _joined(first: CondaOutcome, then: CondaOutcome) -> CondaOutcome:
    return CondaOutcome(
        added=[*first.added, *then.added],
        changed=[*first.changed, *then.changed],
        removed=[*first.removed, *then.removed],
        download_size=first.download_size + then.download_size,
    )


def _written(folder: str, name: str, text: str) -> str:
    path = os.path.join(folder, name)
    # An archive's address may hold a token.
    atomic_write(path, text, 0o600)
    return path
