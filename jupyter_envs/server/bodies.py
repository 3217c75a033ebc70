"""What REST reads from a query and how it names its lists; the rest comes from the model as it is."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from jupyter_envs.model.carry import RecordPlace
from jupyter_envs.model.catalog import Format, Found
from jupyter_envs.model.conda import Terms
from jupyter_envs.model.disk import CacheEntry
from jupyter_envs.model.env import Environment, Interpreter, Manager, Package, Problem, PythonDownload, TreeNode
from jupyter_envs.model.job import Job, LogLine
from jupyter_envs.model.plan import Revision
from jupyter_envs.model.project import Project

Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Refresh(Struct, frozen=True, kw_only=True):
    """`refresh=1` looks at the disk again instead of trusting what is remembered."""

    refresh: bool = False


class Force(Struct, frozen=True, kw_only=True):
    """`force=true` removes an environment although a kernel of it runs."""

    force: bool = False


class ExportAs(Struct, frozen=True, kw_only=True):
    """`format` is a name that GET `formats` lists with `exports`."""

    format: Word


class RecordIn(Struct, frozen=True, kw_only=True):
    """`place` is where the notebook says what it needs: in a cell (PEP 723), or in its metadata."""

    place: RecordPlace = "cell"


class Search(Struct, frozen=True, kw_only=True):
    """`q` is what the names should hold, the rest is as in `Source`."""

    q: Word
    manager: Word | None = None
    channel: Word | None = None
    environment: Word | None = None


class Source(Struct, frozen=True, kw_only=True):
    """`manager` decides where to look, or the `environment` that the packages are for; `channel` is one of conda's."""

    manager: Word | None = None
    channel: Word | None = None
    environment: Word | None = None


class OfPythons(Refresh, frozen=True, kw_only=True):
    """`downloads` also lists those that can be downloaded."""

    downloads: bool = False


class ForEnvironment(Struct, frozen=True, kw_only=True):
    """The `environment` that lacks the module: what its Python has counts.

    `notebook` is the path of the notebook that imports it: what lies beside that is no package.
    """

    environment: Word | None = None
    notebook: Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class OfChannel(Struct, frozen=True, kw_only=True):
    """`channel` is one of conda's; left out, those of the settings."""

    channel: Word | None = None


class Accept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channel whose terms of service the user accepts."""

    channel: Word


class OneCache(Struct, frozen=True, kw_only=True):
    """`name` of one cache; left out, all that can be cleaned."""

    name: Word | None = None


class Against(Struct, frozen=True, kw_only=True):
    """`against` is the number of the revision to compare with."""

    against: Annotated[int, Meta(ge=1)] | None = None


class Since(Struct, frozen=True, kw_only=True):
    """`since` is the number of the last line that the caller has."""

    since: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Managers(Struct, frozen=True):
    managers: list[Manager]


class Interpreters(Struct, frozen=True):
    """The Pythons of the machine; `downloads`, where asked for, those that uv can fetch, or why not: `no_downloads`."""

    interpreters: list[Interpreter]
    downloads: list[PythonDownload] = []
    no_downloads: str | None = None


class Environments(Struct, frozen=True):
    environments: list[Environment]


class Packages(Struct, frozen=True):
    packages: list[Package]


class Tree(Struct, frozen=True):
    tree: list[TreeNode]


class Projects(Struct, frozen=True):
    projects: list[Project]


class Formats(Struct, frozen=True):
    formats: list[Format]


class Revisions(Struct, frozen=True):
    revisions: list[Revision]


class Problems(Struct, frozen=True):
    problems: list[Problem]


class TermsList(Struct, frozen=True):
    terms: list[Terms]


class Results(Struct, frozen=True):
    results: list[Found]


class GoneKernel(Struct, frozen=True):
    """A kernel of ours that cannot start: its environment at `prefix` is not there.

    Where `mounted` is false also the folder is missing that the environment lay in: its disk may not be mounted now.
    """

    name: str
    display_name: str
    prefix: str
    mounted: bool


class GoneKernels(Struct, frozen=True):
    """The kernels whose environment is gone; `removed` are the names of those that this request deleted."""

    kernels: list[GoneKernel]
    removed: list[str] = []


class Unmounted(Struct, frozen=True):
    """`unmounted` also deletes those whose disk may only not be mounted now."""

    unmounted: bool = False


class Caches(Struct, frozen=True):
    caches: list[CacheEntry]


class JobList(Struct, frozen=True):
    jobs: list[Job]


class LogMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of a job's log socket: a `line`, or last of all the job at its `end`."""

    line: LogLine | None = None
    end: Job | None = None


Document = dict[str, Any]
