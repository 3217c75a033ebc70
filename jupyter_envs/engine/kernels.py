"""Kernelspecs of environments: written so that any Jupyter client starts them activated, found, pruned."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from jupyter_envs.engine import scratch, shims
from jupyter_envs.engine.kinds.base import Draft
from jupyter_envs.engine.record import place_magic, read_spec, write_spec
from jupyter_envs.model.env import Environment, Kernel, Own
from jupyter_envs.system import temporary
from jupyter_envs.system.files import atomic_write, remove_tree
from jupyter_envs.system.paths import inside, kernels_dir, record_of
from jupyter_envs.system.reading import read_bytes_if_any, read_json

_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


class Spec(NamedTuple):
    """A kernelspec on disk; `ours` is its ``metadata.jupyter_envs``, empty for those of others."""

    name: str
    folder: str
    content: dict[str, Any]

    @property
    def ours(self) -> dict[str, Any]:
        metadata = self.content.get("metadata")
        mine = metadata.get("jupyter_envs") if isinstance(metadata, dict) else None
        return mine if isinstance(mine, dict) else {}

    @property
    def draft(self) -> str:
        """The name of the draft that it was written after."""
        return str(self.ours.get("kernel", "python"))

    @property
    def display_name(self) -> str:
        return str(self.content.get("display_name") or self.name)

    @property
    def mounted(self) -> bool:
        """Whether the folder is there that its environment lies in, or lay in."""
        return os.path.isdir(os.path.dirname(self.ours["prefix"]))

    @property
    def chosen_name(self) -> str | None:
        """Its name in pickers where somebody chose that; None where we made it from the environment's name."""
        return None if self.ours.get("made_name") == self.display_name else self.display_name


_read: dict[str, tuple[tuple[int, int, int], Spec]] = {}


def specs(folders: Iterable[str] | None = None) -> list[Spec]:
    """The kernelspecs in `folders`, by default those of the user alone; unreadable ones are left out."""
    found = []
    for top in [os.fspath(kernels_dir())] if folders is None else folders:
        try:
            names = sorted(os.listdir(top))
        except OSError:
            continue
        for name in names:
            folder = os.path.join(top, name)
            path = os.path.join(folder, "kernel.json")
            try:
                info = os.stat(path)
                # Two writes within the clock's grain have one time, but each makes a new file.
                stamp = (info.st_mtime_ns, info.st_ino, info.st_size)
                known = _read.get(path)
                if known is None or known[0] != stamp:
                    content = read_json(path)
                    if not isinstance(content, dict):
                        continue
                    known = (stamp, Spec(name, folder, content))
                    _read[path] = known
            except (OSError, ValueError):
                continue
            found.append(known[1])
    return found


def of_prefix(prefix: str) -> list[Spec]:
    """The user's kernelspecs that we wrote for the environment at `prefix`."""
    return [spec for spec in specs() if spec.ours.get("prefix") == prefix]


def register(
    environment: Environment, tree: Own, drafts: Iterable[Draft], pips: Path, display_name: str | None = None
) -> list[Kernel]:
    """Write the kernelspecs of `environment` after `drafts`, or write them anew; return the kernels.

    The first one's name in pickers is `display_name`, else the one that somebody chose
    before, else, as for all, made from the environment's name; where another spec has it,
    the folder is added. As long as the environment stays where it is, so does a name.
    A kernelspec of ours without a draft goes. `pips` holds the ``pip`` for environments
    without one. `tree` is where the environment lies now, which is elsewhere as long as it
    is not yet at its place. One that cannot be written has no magics.

    Raises:
        OSError: the kernelspec folder cannot be written.
    """
    prefix = environment.prefix
    mine = {spec.draft: spec for spec in of_prefix(prefix)}
    others = [s for s in _visible() if s.ours.get("prefix") != prefix]
    noted = read_spec(tree)
    kept = noted.pop("display_name", None)
    closed = scratch.closed(tree)
    if kept and not closed:
        write_spec(tree, noted)
    taken = {s.name.lower() for s in others}
    if not closed:
        place_magic(tree)
        shims.keep_inside(tree)
    made: list[Kernel] = []
    for draft in drafts:
        before = mine.pop(draft.name, None)
        chosen = before.chosen_name if before else None
        if not made:
            chosen = display_name or (chosen if before else kept)
        stays = before is not None and before.ours.get("id") == environment.id
        wanted = chosen or (before.display_name if before and stays else f"{draft.title} ({environment.name})")
        name = before.name if before else _free_name(environment, taken, f"-{draft.name}" if made else "")
        shown = _unique(str(wanted), prefix, others)
        drawn = replace(draft, env=shims.around(draft.env, pips), magic=draft.magic and not closed)
        _write(environment, drawn, name, shown, made=not chosen)
        made.append(Kernel(name=name, display_name=shown, language=draft.language))
    for spec in mine.values():
        _drop(spec.folder)
    return made


def _write(environment: Environment, draft: Draft, name: str, shown: str, *, made: bool) -> None:
    ours = [f"--IPKernelApp.exec_files={record_of(environment.prefix) / 'magic.py'}"] if draft.magic else []
    content = {
        "argv": [*draft.argv, *ours],
        "display_name": shown,
        "language": draft.language,
        "interrupt_mode": draft.interrupt_mode,
        **({"kernel_protocol_version": draft.protocol} if draft.protocol else {}),
        "env": draft.env,
        "metadata": {
            **draft.metadata,
            "jupyter_envs": {
                "id": environment.id,
                "manager": environment.manager,
                "prefix": environment.prefix,
                "revision": environment.revision,
                "kernel": draft.name,
                **({"made_name": shown} if made else {}),
            },
        },
    }
    _place(name, content, draft.resources)


def _place(name: str, content: dict[str, Any], resources: Path | None = None) -> None:
    """Let the kernelspec `name` be `content`, whole: a new one appears with its logos by one rename."""
    goal = kernels_dir() / name
    folder = goal if goal.is_dir() else Path(temporary.beside(goal))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _draw(folder, resources)
        atomic_write(folder / "kernel.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        if folder != goal:
            os.rename(folder, goal)
    except BaseException:
        if folder != goal:
            remove_tree(folder)
        raise


def _draw(folder: Path, resources: Path | None) -> None:
    for logo in _LOGOS if resources else ():
        picture = read_bytes_if_any(Path(resources or "", logo))
        if picture is not None and picture != read_bytes_if_any(folder / logo):
            atomic_write(folder / logo, picture)


def _drop(folder: str) -> None:
    """Delete the kernelspec in `folder`: by one rename, so that what is left of it is never half a kernelspec."""
    if os.path.islink(folder):
        os.unlink(folder)
        return
    beside = temporary.beside(folder)
    os.rename(folder, beside)
    remove_tree(beside)


def contents(prefix: str) -> dict[str, dict[str, Any]]:
    """The kernelspecs of ours for the environment at `prefix`, by name."""
    return {spec.name: spec.content for spec in of_prefix(prefix)}


def restore(prefix: str, before: dict[str, dict[str, Any]], moved_to: str | None = None) -> None:
    """Let the kernelspecs of ours for `prefix` be those that `contents` gave before; some may speak of `moved_to`.

    One that was gone is there again without its logos, which `draw` brings.
    """
    now = {spec.name: spec for place in (prefix, moved_to) if place for spec in of_prefix(place)}
    for name, content in before.items():
        # The folder of one that is gone may hold another one's by now.
        free = name not in now and not (kernels_dir() / name / "kernel.json").exists()
        if free or (name in now and now[name].content != content):
            _place(name, content)
    for name, spec in now.items():
        if name not in before:
            _drop(spec.folder)


def draw(prefix: str, drafts: Iterable[Draft]) -> None:
    """Write the logos that the kernelspecs of ours for `prefix` lack."""
    resources = {draft.name: draft.resources for draft in drafts}
    for spec in of_prefix(prefix):
        _draw(Path(spec.folder), resources.get(spec.draft))


def unregister(prefix: str, own: Own | None = None) -> list[str]:
    """Delete our kernelspecs of the environment at `prefix`; return their names. The user's `own` keeps its name."""
    gone = of_prefix(prefix)
    name = gone[0].chosen_name if gone else None
    if own and name and not scratch.closed(own) and (noted := read_spec(own)):
        write_spec(own, {**noted, "display_name": name})
    drop(prefix)
    return [spec.name for spec in gone]


def drop(prefix: str) -> None:
    """Delete our kernelspecs of the environment at `prefix`, which needs no space on the disk."""
    for spec in of_prefix(prefix):
        _drop(spec.folder)


def gone() -> list[Spec]:
    """The kernelspecs of ours whose environment is not there, perhaps since its disk is not mounted now."""
    found = []
    for spec in specs():
        prefix = spec.ours.get("prefix")
        # A link may lead to a kernelspec that somebody keeps elsewhere.
        if isinstance(prefix, str) and not os.path.lexists(prefix) and inside(spec.folder, kernels_dir()):
            found.append(spec)
    return found


def prune(unmounted: bool = False) -> list[str]:
    """Delete the kernelspecs of ours whose environment is gone; return their names. Others' are never touched.

    Where also the folder is missing that it lay in, a disk may not be mounted now: such a one goes with `unmounted`.
    """
    names = []
    for spec in gone():
        if unmounted or spec.mounted:
            _drop(spec.folder)
            names.append(spec.name)
    return names


def point_at(spec: Spec, prefix: str) -> None:
    """Make `spec` one of the environment at `prefix`, which has moved there; `register` writes the rest."""
    content = json.loads(json.dumps(spec.content))
    content["metadata"]["jupyter_envs"]["prefix"] = prefix
    atomic_write(os.path.join(spec.folder, "kernel.json"), json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def follow(old: str, prefix: str) -> None:
    """Make the kernelspecs of the environment that was at `old`, where nothing is now, those of the one at `prefix`."""
    for spec in [] if os.path.lexists(old) else of_prefix(old):
        point_at(spec, prefix)


def running_prefixes() -> set[str]:
    """The prefixes whose interpreter runs a kernel now, by the process table, whoever started it."""
    import psutil

    found = set()
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if any("ipykernel" in part for part in line[1:4]):
            found.add(os.path.dirname(os.path.dirname(line[0])))
    return found


def _visible() -> list[Spec]:
    from jupyter_core.paths import jupyter_path

    return specs(jupyter_path("kernels"))


def _free_name(environment: Environment, taken: set[str], end: str) -> str:
    plain = (re.sub(r"[^a-z0-9._-]+", "-", environment.name.lower()).strip("-.") or "env") + end
    # `python3` is what every Jupyter installation calls its own kernel.
    return plain if plain not in taken | {"python3", "python2", "python"} else environment.id + end


def _unique(wanted: str, prefix: str, others: Iterable[Spec]) -> str:
    """`wanted`, with as much of the environment's place as it takes to differ from what `others` are called."""
    taken = {spec.display_name for spec in others}
    home = os.path.expanduser("~")
    place = "~" + prefix[len(home) :] if prefix.startswith(home + os.sep) else prefix
    for shown in (wanted, f"{wanted} – {os.path.dirname(place)}"):
        if shown not in taken:
            return shown
    return f"{wanted} – {place}"
