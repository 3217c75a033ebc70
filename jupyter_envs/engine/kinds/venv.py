"""PEP 405 environments: made by any manager that does so, changed by uv or pip."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jupyter_envs.backends.base import Backend
from jupyter_envs.engine import record
from jupyter_envs.engine.kinds.base import Draft, Origin, Recipe, Return, Wanted
from jupyter_envs.engine.requested import mark
from jupyter_envs.engine.settings import Settings
from jupyter_envs.engine.task import Context
from jupyter_envs.model.address import Address
from jupyter_envs.model.check import Requirement, check_distribution, check_python, check_requirement
from jupyter_envs.model.env import Environment, Interpreter, Own, Package, Problem, TreeNode
from jupyter_envs.model.errors import Failed, InvalidRequest, Unavailable, Unsolvable
from jupyter_envs.model.lock import Lock
from jupyter_envs.model.plan import Plan, Revision
from jupyter_envs.model.request import Create
from jupyter_envs.system import installed, metadata
from jupyter_envs.system.files import remove_tree
from jupyter_envs.system.paths import bin_of, python_of
from jupyter_envs.system.reading import read_text

if TYPE_CHECKING:
    from jupyter_envs.engine.install import Installation
    from jupyter_envs.engine.undo import Undo

_LOGOS = Path("ipykernel", "resources")
# What ipykernel writes into its own kernelspec, else (before 7) what its kernels answer.
_PROTOCOLS = (
    ("kernelspec.py", re.compile(r"""["']kernel_protocol_version["']: ?["'](\d{1,3}(?:\.\d{1,3}){1,2})["']""")),
    ("_version.py", re.compile(r"kernel_protocol_version_info ?= ?\((\d{1,3}(?:, ?\d{1,3}){1,2})\)")),
)
# Bytes of a source file of ipykernel, which has some 10 kB.
_MOST_SOURCE = 100_000


class Venv:
    """`backends` and `installation` are asked for what a change needs; to read an environment takes neither."""

    name = "venv"
    pip_apart = False

    def __init__(
        self, settings: Settings, backends: Callable[[], dict[str, Backend]], installation: Callable[[], Installation]
    ) -> None:
        self._settings = settings
        self._backends = backends
        self._installation = installation

    def versions(self, prefix: str) -> dict[str, str]:
        return metadata.versions(prefix)

    def named(self, prefix: str, name: str) -> str | None:
        return name if name in metadata.versions(prefix) else None

    def packages(self, prefix: str, store: Path | None = None, own: Own | None = None) -> list[Package]:
        return mark(prefix, metadata.read_packages(prefix, store), record.read_spec(own) if own else {})

    def tree(self, prefix: str) -> list[TreeNode]:
        return metadata.tree(prefix)

    def origin(self, prefix: str, own: Own | None = None) -> Origin:
        return Origin()

    def check(self, text: str, field: str) -> Requirement:
        return check_requirement(text, field)

    def check_channel(self, text: str, field: str) -> Address:
        raise InvalidRequest(
            "There are no channels for this environment.", hint="Leave channels out, or choose conda.", field=field
        )

    def check_package(self, text: str, field: str) -> str:
        return check_distribution(text, field)

    def recipe(self, backend: Backend, request: Create) -> Recipe:
        from jupyter_envs.system import interpreters

        asked = check_python(request.python) if request.python is not None else None
        python = interpreters.pick(asked, self._settings.interpreters_file)
        return Recipe(manager=backend.name, python=python.path, pip=request.pip)

    def upgrades(self, prefix: Own) -> list[Requirement]:
        """A line for each package; what came from a URL or is editable stays as it is."""
        limits: dict[str, Requirement] = {}
        for text in record.read_spec(prefix).get("packages", []):
            try:
                requirement = check_requirement(text, "packages")
            except InvalidRequest:
                continue
            if requirement.name:
                limits[requirement.name] = requirement
        lines = []
        for package in metadata.read_packages(prefix):
            if not package.editable and package.url is None:
                name = check_distribution(package.name, "packages")
                lines.append(limits.get(name) or Requirement(line=package.name, name=name))
        return lines

    def past(self, prefix: str) -> list[Revision]:
        return []

    def lock(self, prefix: str, python: str | None, before: Lock | None = None, since: int = 0) -> Lock:
        return self._installation().hashes.filled(prefix, installed.lock(prefix, python, before, since))

    def completed(self, prefix: Own, lock: Lock, stop: threading.Event, *, offline: bool) -> Lock:
        return self._installation().hashes.completed(prefix, lock, stop, offline=offline)

    def back_to(self, here: Lock, goal: Lock) -> Return:
        from jupyter_envs.engine.kinds.way_back import way_back

        return way_back(here, goal)

    def plan(self, prefix: Own, wanted: Wanted, context: Context) -> Plan:
        return self._installation().plan(prefix, wanted, context)

    def apply(self, prefix: Own, wanted: Wanted, context: Context, undo: Undo | None = None) -> Plan:
        return self._installation().apply(prefix, wanted, context, undo)

    def mend(self, prefix: Own) -> bool:
        from jupyter_envs.engine.undo import Undo

        return Undo(prefix).back()

    def home(self) -> Path:
        return self._settings.all_roots[0]

    def roots(self) -> list[Path]:
        return self._settings.all_roots

    def homes(self) -> list[Path]:
        return self.roots()

    def base(self, recipe: Recipe, kernel: bool) -> list[Requirement]:
        names = [*(["ipykernel"] if kernel else []), *(["pip"] if recipe.pip else [])]
        return [Requirement(line=name, name=name) for name in names]

    def identity(self, recipe: Recipe) -> object:
        """The manager, the interpreter's file, pip or not, the index settings."""
        from jupyter_envs.system import pipconf

        real = os.path.realpath(recipe.python)
        info = os.stat(real)
        interpreter = (recipe.python, real, info.st_mtime_ns, info.st_size)
        backend = self._backends()[recipe.manager]
        return (backend.name, backend.version(), interpreter, recipe.pip, pipconf.fingerprint(os.environ))

    def make(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        from jupyter_envs.system import interpreters

        python = interpreters.pick(recipe.python, self._settings.interpreters_file)
        context.step("create")
        try:
            self._make_empty(self._backends()[recipe.manager], python, tree, recipe.pip, context)
            there = metadata.dist_infos(tree)
            # venv and virtualenv bring a pip of their own; the index need not give another.
            missing = [r for r in wanted.install if r.name not in there]
            if missing:
                self.fill(recipe, tree, replace(wanted, install=missing), context)
        except BaseException:
            remove_tree(tree)
            raise

    def fill(self, recipe: Recipe, tree: Own, wanted: Wanted, context: Context) -> None:
        self._installation().fill(tree, wanted, context)

    def relocate(self, tree: str, old: Sequence[str], new: str) -> None:
        from jupyter_envs.system.relocate import relocate

        relocate(tree, old, new, os.path.basename(old[0]), os.path.basename(new))

    def appeared(self, prefix: str) -> None:
        """Nobody keeps a list of them."""

    def vanished(self, prefix: str) -> None:
        """Nobody keeps a list of them."""

    def lacks_for_kernel(self, prefix: str) -> list[Requirement]:
        return [] if "ipykernel" in self.versions(prefix) else [Requirement(line="ipykernel", name="ipykernel")]

    def kernels(self, tree: Own, prefix: str, name: str) -> list[Draft]:
        literal = prefix.replace("$", "$$")
        first = os.fspath(bin_of(prefix)).replace("$", "$$")
        packages = metadata.site_packages(tree)
        resources = (root / _LOGOS for root in packages)
        return [
            Draft(
                name="python",
                title="Python",
                language="python",
                argv=[os.fspath(python_of(prefix)), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                # ${PATH} is the launching process's: jupyter_client expands it.
                env={"VIRTUAL_ENV": literal, "VIRTUAL_ENV_PROMPT": name, "PATH": f"{first}{os.pathsep}${{PATH}}"},
                metadata={"debugger": True},
                magic=True,
                protocol=next(filter(None, map(_protocol, packages)), None),
                resources=next((folder for folder in resources if folder.is_dir()), None),
            )
        ]

    def problems(self, environment: Environment) -> list[Problem]:
        return []

    def outlived(self, environment: Environment) -> bool:
        return any(p.code in ("no_interpreter", "base_upgraded") for p in environment.problems)

    def remake(self, environment: Environment, own: Own, tree: Own, context: Context) -> None:
        """On its Python or the nearest, with its versions, or where they do not fit with what was asked for."""
        backends = self._backends()
        manager = environment.manager if environment.manager in backends else self._settings.default_manager
        python = self._nearest(environment, context)
        packages = self.packages(own, own=own)
        pip = "pip" in self.versions(environment.prefix)
        for package in packages:
            if package.url is not None:
                context.line(f"{package.name} came from {package.url}; install it from there again.")
        there = [p for p in packages if p.url is None]
        pinned = [Requirement(line=f"{p.name}=={p.version}", name=p.name) for p in there]
        loose = [Requirement(line=p.name, name=p.name) for p in there if p.requested]
        recipe = Recipe(manager=manager, python=python.path, pip=pip)
        base = self.base(recipe, bool(environment.kernels))
        sources = record.sources(own)
        try:
            self.make(recipe, tree, Wanted(install=[*base, *pinned], sources=sources), context)
        except Unsolvable:
            context.line("Those versions do not fit this Python; the newest that do are taken.")
            self.make(recipe, tree, Wanted(install=[*base, *loose], sources=sources), context)

    def _nearest(self, environment: Environment, context: Context) -> Interpreter:
        """The Python of `environment`, of its minor version, or the default one."""
        from jupyter_envs.system import interpreters

        wanted = ".".join((environment.python.version or "").split(".")[:2]) or None
        found = interpreters.find(self._settings.interpreters_file, refresh=True)
        try:
            return interpreters.choose(wanted, found)
        except (InvalidRequest, Unavailable):
            python = interpreters.choose(None, found)
            context.line(f"Python {wanted} is gone; {python.version} takes its place.")
            return python

    def _make_empty(self, backend: Backend, python: Interpreter, tree: str, pip: bool, context: Context) -> None:
        from jupyter_envs.system.process import clean_environment, run

        done = run(
            backend.create_argv(tree, python, pip=pip, prompt=os.path.basename(tree)),
            env=clean_environment({"UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}),
            on_line=lambda stream, text: context.line(text, "out" if stream == "out" else "err"),
            cancelled=context.cancelled,
        )
        if done.code or not os.path.exists(python_of(tree)):
            from jupyter_envs.backends.causes import explain

            error = explain(self._installation().installer, done)
            if error.reason == "disk_full":
                raise error
            raise Failed(
                f"{backend.title} could not make an environment on {python.path}.",
                hint="`jupyter envs interpreters --refresh` shows which Pythons work; choose another one.",
                reason="create_failed",
                detail=f"{done.out}\n{done.err}".strip()[-4000:],
            )


def _protocol(packages: Path) -> str | None:
    """The version of Jupyter's messages that the ipykernel in the folder `packages` says its kernels speak."""
    for name, pattern in _PROTOCOLS:
        try:
            source = read_text(packages / "ipykernel" / name, _MOST_SOURCE, errors="replace")
        except (OSError, ValueError):
            continue
        if found := pattern.search(source):
            return re.sub(r",\s*", ".", found[1])
    return None
