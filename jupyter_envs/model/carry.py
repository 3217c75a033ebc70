"""Notebooks that carry their environment: what to write into one, and what it takes to make it again."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from jupyter_envs.model.request import Approve, KernelRequest, PlanHash

Name = Annotated[str, Meta(max_length=300)]
NotebookText = Annotated[str, Meta(max_length=50_000_000)]


class NotebookRecord(Struct, frozen=True, kw_only=True):
    """What a notebook in an environment should carry.

    `block` is the source of a cell (PEP 723), `metadata` the content of the notebook's
    metadata key ``jupyter_envs``: the lock and, with place ``metadata``, what `block` says too.
    `warnings` tell what cannot be carried.
    """

    block: str
    metadata: dict[str, object]
    warnings: list[str] = []


class Rebuild(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The environment that a notebook carries, made here; `dry_run` tells what that would install.

    `exact` takes the notebook's lock, false the newest that fits; null the lock where there is one
    that holds what the notebook asks for. `approve` are the names of packages, of those that were not
    approved earlier, that may be installed, `build` those of them whose code may run meanwhile.
    `plan` is the hash of the list that was looked at. Without an approval, or where the list is another
    one by now, the job fails with reason ``approval_needed``, and nothing is made.
    `kernel` and `pip` are as in a create request.
    """

    notebook: NotebookText
    filename: Annotated[str, Meta(max_length=255)] = "notebook.ipynb"
    name: Name | None = None
    exact: bool | None = None
    approve: Approve = []
    build: Approve = []
    plan: PlanHash | None = None
    kernel: KernelRequest = KernelRequest()
    pip: bool = True
    dry_run: bool = False


class Origin(Struct, frozen=True, kw_only=True):
    """A package that a rebuild would install.

    `source` is the index or the address that it comes from, `asked` whether the
    notebook names it, `approved` whether this person approved it from this source
    before, `meant` the much used name that its name looks like a slip of. What conda brings
    comes from the channel at `source`. `hashes` are those of the files that may come, `size`
    is in bytes. `builds` tells that code of the package runs while it is installed; that is
    asked each time, whatever was approved before.
    """

    name: str
    version: str | None
    source: str
    asked: bool
    approved: bool
    hashed: bool = False
    hashes: list[str] = []
    size: int | None = None
    builds: bool = False
    manager: Literal["pip", "conda"] = "pip"
    meant: str | None = None


class Rebuilding(Struct, frozen=True, kw_only=True):
    """What a rebuild would make; `approval` is needed as long as one of `packages` is not approved.

    `has_lock` tells of a lock that can be taken here: one of conda's is for one platform, and one that
    lacks what the notebook asks for is none. `plan` is the hash of all of it, to be sent with the approval.
    `manager` is the one that makes it, null for the default.
    """

    name: str
    manager: str | None = None
    python: str | None
    exact: bool
    has_lock: bool
    declared: bool
    complete: bool = True
    packages: list[Origin]
    warnings: list[str]
    plan: str = ""

    @property
    def missing(self) -> list[Origin]:
        """The packages that nobody has approved yet."""
        return [package for package in self.packages if not package.approved]


RecordPlace = Literal["cell", "metadata"]
