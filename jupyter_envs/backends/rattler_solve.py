"""What a transaction leads to: the records that shall be there, by conda's rules. Runs in the engine's own process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from jupyter_envs.backends.conda_spec import check_package, check_spec
from jupyter_envs.backends.rattler_explain import shorten
from jupyter_envs.backends.rattler_mend import located
from jupyter_envs.backends.rattler_work import Work
from jupyter_envs.model.errors import Failed, InvalidRequest, NotFound, Unsolvable

if TYPE_CHECKING:
    from rattler import Channel, Gateway, MatchSpec, PrefixRecord, RepoDataRecord

Installed = dict[str, "PrefixRecord"]
# No package has this build: a limit to it keeps a name out.
_OUT = "{}[version='==0',build='__excluded__']"


class Goal(Struct, frozen=True):
    """The records that shall be installed, and the specs, by name, that count as asked for."""

    records: list[RepoDataRecord]
    requested: dict[str, str]


def installed(prefix: str) -> Installed:
    """The records in ``conda-meta`` of `prefix`, by name.

    Raises:
        Failed: one of them cannot be read.
    """
    found: Installed = {}
    for path in sorted(Path(prefix, "conda-meta").glob("*.json")):
        try:
            record = located(path)
        except Exception as error:  # noqa: BLE001 (the engine has a class for each of its layers)
            raise Failed(
                f"The record {path.name} of an installed package cannot be read.",
                hint="Repair the environment, or make it anew from its export.",
                reason="damaged_record",
                detail=str(error),
            ) from None
        found[record.name.normalized] = record
    return found


def without(here: Mapping[str, PrefixRecord], names: Iterable[str], held: Iterable[str]) -> set[str]:
    """The names that go when `names` do: whatever needs them, then what only those needed and nobody in `held` is.

    Where nothing is known of what was asked for, nothing counts as a leftover.
    """
    needs = {name: _needs(record) & here.keys() for name, record in here.items()}
    going = set(names)
    grew = True
    while grew:
        more = {name for name, wanted in needs.items() if name not in going and wanted & going}
        going |= more
        grew = bool(more)
    keep = set(held) - going
    if not keep and not set(held):
        return going
    below = set(going)
    stack = list(going)
    while stack:
        for name in needs.get(stack.pop(), set()) - below:
            below.add(name)
            stack.append(name)
    leftovers = below - going - keep
    grew = True
    while grew:
        # A leftover that something which stays needs is none.
        needed = {n for name in here.keys() - going - leftovers for n in needs[name]}
        stays = leftovers & needed
        leftovers -= stays
        grew = bool(stays)
    return going | leftovers


async def goal(work: Work, here: Installed, gateway: Gateway, channels: list[Channel]) -> Goal:
    """What `work` leads to from the packages `here`.

    Raises:
        InvalidRequest: a spec is none.
        NotFound: a name to remove is not installed.
        Unsolvable: the specs contradict.
    """
    operation = work.operation
    names = [check_package(text, f"remove[{n}]") for n, text in enumerate(operation.remove)]
    for n, name in enumerate(names):
        if name not in here:
            raise NotFound(
                f"{name} is not installed.", hint="`packages` lists what is.", field=f"remove[{n}]", reason="not_there"
            )
    going = without(here, names, work.held) if names else set()
    held = {name: spec for name, spec in work.held.items() if name in here and name not in going}
    left = {name: record for name, record in here.items() if name not in going}
    asked: dict[str, str] = {}
    for field, texts in (("install", operation.install), ("update", operation.update)):
        for n, text in enumerate(texts):
            spec = check_spec(text, f"{field}[{n}]")
            if spec.name in names:
                raise InvalidRequest(
                    f"{spec.name} is to be installed and removed.", hint="Decide for one.", field=f"{field}[{n}]"
                )
            asked[spec.name] = spec.text
    held = {name: _readable(name, spec) for name, spec in held.items()}
    if not asked and not operation.update_all:
        return Goal(list(left.values()), held)
    loose = {check_spec(text, "update").name for text in operation.update}
    wanted = {**held, **asked}
    locked = [] if operation.update_all else [record for name, record in left.items() if name not in loose]
    return Goal(await _solve(work, wanted, asked.keys(), left, locked, gateway, channels), wanted)


async def _solve(
    work: Work,
    wanted: Mapping[str, str],
    asked: Set[str],
    left: Installed,
    locked: list[PrefixRecord],
    gateway: Gateway,
    channels: list[Channel],
) -> list[RepoDataRecord]:
    """The records that meet the specs `wanted`, those `asked` for now among them, beside the packages `left`.

    Channel priority is as conda's documentation has it. ``strict``: the first channel that has a name is the only
    one for it. ``flexible``: of each name, the builds of a channel come before all those of the next one, whatever
    their versions, and the solver goes down that list no further than it must; what one package needs from a lower
    channel moves no other package there. ``disabled``: versions come first, channels decide between equal ones.
    What is installed stays, from whichever channel it came, as long as nothing asks for another build.

    Where conda's own solvers differ among themselves, this holds: the newest version of what was asked for is taken
    even where a lower channel alone meets its needs, before an older one that the higher channel can do without help;
    and a spec that names its channel is met from there also under ``strict``.
    """
    from rattler import ChannelPriority, MatchSpec, VirtualPackage, VirtualPackageOverrides, solve
    from rattler.exceptions import SolverError

    specs = {name: MatchSpec(spec) for name, spec in wanted.items()}
    # What nothing needs and nobody is known to have asked for: conda keeps it as long as it is in nobody's way.
    needed = {name for record in left.values() for name in _needs(record)}
    others = [MatchSpec(name) for name in left if name not in needed and name not in specs]
    if (work.operation.priority or work.priority) == "strict":
        # The engine takes the first channel with a build that fits the spec; conda the first with the name.
        named = [MatchSpec(name) for name, spec in wanted.items() if "::" not in spec and spec != name]
    else:
        named = []
    reasons = {name: ("was asked for before", spec) for name, spec in wanted.items() if name not in asked}
    limits = _limits(work, asked, left, reasons)
    machine = VirtualPackage.detect(VirtualPackageOverrides.from_env())
    priority = {
        "strict": ChannelPriority.Strict,
        "flexible": ChannelPriority.Flexible,
        "disabled": ChannelPriority.Disabled,
    }[work.operation.priority or work.priority]
    # Without a record of what was asked for, all that nothing needs counts as asked for.
    sets = [others, []] if work.held and others else [others]
    failure: SolverError | None = None
    for extra in sets:
        try:
            return await solve(
                channels,
                [*specs.values(), *named, *extra],
                gateway=gateway,
                locked_packages=locked,
                virtual_packages=machine,
                channel_priority=priority,
                constraints=limits,
            )
        except SolverError as error:
            failure = error
    text = str(failure).strip()
    raise Unsolvable(
        shorten(text, {**{name: ("is asked for", wanted[name]) for name in asked}, **reasons}),
        hint=await _hint(text, gateway, channels) or "Ask for other versions, or for fewer packages together.",
        detail=text,
    )


def _limits(work: Work, asked: Set[str], left: Installed, reasons: dict[str, tuple[str, str]]) -> list[MatchSpec]:
    """The specs that hold without bringing anything in; why each one does goes into `reasons`, by name."""
    from rattler import MatchSpec

    operation = work.operation
    limits: list[str] = []
    for n, text in enumerate(operation.constrained):
        spec = check_spec(text, f"constrained[{n}]")
        limits.append(spec.text)
        reasons.setdefault(spec.name, ("is a limit that was set", spec.text))
    for text in work.pinned:
        try:
            spec = check_spec(text, "pinned")
        except InvalidRequest as error:
            raise InvalidRequest(
                f"A pin of this environment cannot be read: {error.message}",
                hint="Mend conda-meta/pinned or pinned_packages in .condarc.",
                reason="bad_pin",
            ) from None
        limits.append(spec.text)
        if spec.name not in asked:
            reasons[spec.name] = ("is pinned", spec.text)
    python = left.get("python")
    if python is not None and "python" not in asked:
        # conda's rule: the minor version of Python changes only by name.
        limits.append(f"python {'.'.join(str(python.version).split('.')[:2])}.*")
        reasons["python"] = ("is installed (ask for another python to change it)", limits[-1])
    out = {check_package(text, f"excluded[{n}]") for n, text in enumerate(operation.excluded)}
    gone = {check_package(text, "remove") for text in operation.remove}
    return [MatchSpec(text) for text in [*limits, *(_OUT.format(name) for name in sorted(out | gone))]]


async def _hint(text: str, gateway: Gateway, channels: list[Channel]) -> str | None:
    """Which versions there are, where one that does not exist was asked for; the near name where no such package is."""
    found = re.search(r"No candidates were found for ([^\s\[=<>!~]+)", text)
    if not found:
        return None
    from rattler import Subdir

    name = found[1]
    platforms = [Subdir.current(), Subdir("noarch")]
    try:
        answers = await gateway.query(channels, platforms, [name], recursive=False)
        versions = {record.version for records in answers for record in records}
        if versions:
            shown = [str(v) for v in sorted(versions, reverse=True)[:8]]
            more = f" and {len(versions) - 8} older ones" if len(versions) > 8 else ""
            return f"There is {name} {', '.join(shown)}{more}."
        from difflib import get_close_matches

        names = [n.normalized for n in await gateway.names(channels, platforms)]
        near = get_close_matches(name.lower(), names, n=3, cutoff=0.75)
    except Exception:  # noqa: BLE001 (a hint is worth no second error)
        return None
    return f"Did you mean {' or '.join(near)}?" if near else "Check the name and the channels."


def _readable(name: str, spec: str) -> str:
    """`spec` of an earlier transaction, or the bare name where its client writes what the engine does not read."""
    try:
        return spec if check_spec(spec, "held").name == name else name
    except InvalidRequest:
        return name


def _needs(record: PrefixRecord) -> set[str]:
    """The names of the packages that `record` depends on."""
    names = set(map(_needed, record.depends))
    # conda adds it to the record of any Python that it links: a wish of its own, and a circle.
    return names - {"pip"} if record.name.normalized == "python" else names


def _needed(text: str) -> str:
    """The name of the package that the dependency `text` is about."""
    return re.split(r"[\s\[=<>!~;]", text.rpartition("::")[2].strip(), maxsplit=1)[0].lower()
