"""What a caller may ask for; `check` holds the rules that each part has to meet."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(max_length=4096)]
FileText = Annotated[str, Meta(max_length=5_000_000)]
FileName = Annotated[str, Meta(max_length=255)]
Files = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=255)], FileText], Meta(max_length=50)]
Parts = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=100)]
Approve = Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=5000)]
PlanHash = Annotated[str, Meta(max_length=100)]
# True adopts whatever lies there by now, the hash of what was shown that alone.
Adopt = bool | PlanHash
Packages = Annotated[list[Annotated[str, Meta(max_length=2048)]], Meta(max_length=2000)]


class ImportText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a file; `format` is a name that GET `formats` lists, or empty: then `filename` tells.

    `files` are those handed in together, by their path in one folder, with ``/``:
    what the text includes is looked for there, and nowhere else. `filename` is the
    text's own path among them. `folder` is where they lie on this machine, for
    relative paths in them. `extras` and `groups` name optional parts to take too.
    """

    format: Annotated[str, Meta(max_length=64)] = "requirements.txt"
    text: FileText
    filename: FileName = ""
    files: Files = {}
    folder: Text | None = None
    extras: Parts = []
    groups: Parts = []


class KernelRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a new environment becomes a kernel, and under which name in the pickers."""

    register: bool = True
    display_name: Annotated[str, Meta(max_length=100)] | None = None


class Create(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new environment, by `name` (in the managed root) or by `prefix` (an absolute path).

    `python` is a version such as ``3.12`` or an interpreter's absolute path; null
    takes the newest that ipykernel supports. `packages` are requirements (PEP 508),
    URLs, absolute paths, or ``-e`` and one of the two; with conda match specs.
    `pip_packages` are requirements that pip brings after conda's part. `pip: false` leaves pip out.
    `clear` makes an environment of this name anew: the old one gives way once the new one is whole.
    `indexes` and `find_links` are asked beside those of the settings from then on, each an address
    that a file names or the user gave; none is taken from a file unless it is here.

    Of a file in `from` only wheels from the user's own indexes and channels come, and no code of a package
    runs; what else it asks for needs `build`, a channel that is not configured too: without it the answer,
    or the job, is a conflict with reason ``approval_needed`` that lists it. From a notebook nothing comes
    but what is approved, as in a rebuild: `approve` are the names, `build` allows their code to run, `plan`
    is the hash of the list.
    `build: false` holds all of the request to that, as for packages that were read from a file; but for the
    `typed_channels`, those that the user named, which need no yes, as `channels` beside a `from` do not.
    With `install_python` a Python that is not on this machine is downloaded first, as by ``POST interpreters``;
    without it the answer says in `offer` which one can be.
    """

    name: Annotated[str, Meta(max_length=300)] | None = None
    prefix: Text | None = None
    manager: Annotated[str, Meta(max_length=64)] | None = None
    python: Text | None = None
    packages: Packages = []
    pip_packages: Packages = []
    channels: Packages = []
    typed_channels: Packages = []
    indexes: Packages = []
    find_links: Packages = []
    from_: ImportText | None = field(default=None, name="from")
    kernel: KernelRequest = KernelRequest()
    pip: bool = True
    clear: bool = False
    install_python: bool = False
    build: bool | None = None
    approve: Approve = []
    plan: PlanHash | None = None


class InstallPython(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `version` of a Python to download: ``3.13`` for its newest release, ``3.13.5``, or ``pypy3.11``."""

    version: Annotated[str, Meta(max_length=40)]


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of an environment's packages; `dry_run` gives the plan and changes nothing.

    `install` adds requirements as they are, `upgrade` takes the newest that fits, `remove`
    takes names; `from` adds the lines of a requirements file. In a conda environment `install`
    and `upgrade` take match specs, the latter names of what pip brought too; pip afterwards brings
    `pip_packages`, and `pip_upgrade` at the newest that fits; `channels` go before those of
    conda's settings. With `or_pip` pip brings what no channel has, or what is no match spec.
    With `plan`, the hash of a plan that was looked at, just that is done: where it would be another
    one by now nothing is, and the job fails with reason ``plan_changed``. What a file in `from` asks for
    is held to wheels as in a create request, until `build`; a notebook needs the `plan` that was looked at.
    `indexes` and `find_links` are as in `Create`.
    An environment that others made is changed, and planned for, only with `adopt`, here and in the other
    requests: it becomes this user's then, and what lies in it may run. The error that asks for it says what
    will run, and has a hash of that as `adopt`: sent back, it adopts just what was shown.
    """

    install: Packages = []
    pip_packages: Packages = []
    pip_upgrade: Packages = []
    channels: Packages = []
    indexes: Packages = []
    find_links: Packages = []
    or_pip: bool = False
    upgrade: Packages = []
    remove: Packages = []
    upgrade_all: bool = False
    dry_run: bool = False
    plan: PlanHash | None = None
    build: bool | None = None
    adopt: Adopt = False
    from_: ImportText | None = field(default=None, name="from")


class Update(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new name for the environment, a new display name for its kernel, or both."""

    name: Annotated[str, Meta(max_length=300)] | None = None
    display_name: Annotated[str, Meta(max_length=100)] | None = None
    adopt: Adopt = False


class Clone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A copy of an environment under a new name, a kernel of its own included."""

    name: Annotated[str, Meta(max_length=300)]
    adopt: Adopt = False


class Rollback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Back to an earlier revision; without one the newest change is undone, be it one that others made.

    `dry_run` gives the plan alone; `plan` is as in a change.
    """

    revision: Annotated[int, Meta(ge=1)] | None = None
    dry_run: bool = False
    plan: PlanHash | None = None
    adopt: Adopt = False


class Register(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kernelspec for an existing environment; ipykernel is installed where it is missing."""

    display_name: Annotated[str, Meta(max_length=100)] | None = None
    adopt: Adopt = False


class Repair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with an environment, mended as far as it can be."""

    adopt: Adopt = False


class Inspect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dropped file's name and content, and the files that were dropped with it; as `ImportText` has them.

    `indexes` and `find_links` are those of the file that the user allows; `create` then has them.
    With `files` alone the one that says most is taken: a lock before what it locks.
    """

    filename: FileName = ""
    text: FileText | None = None
    files: Files = {}
    folder: Text | None = None
    extras: Parts = []
    groups: Parts = []
    indexes: Packages = []
    find_links: Packages = []


class Summary(Struct, frozen=True, kw_only=True):
    """How much was understood: `hashed` of the `packages` are compared to hashes when they come."""

    packages: int
    hashed: int = 0
    constraints: int = 0
    editable: int = 0
    channels: int = 0


class Inspected(Struct, frozen=True, kw_only=True):
    """The create request that a file means, with what was not understood.

    Where the packages alone do not say all, `create` holds `from` too. `exact` tells of a
    lock, `python` the version that it takes, `requires_python` a specifier (PEP 440).
    `pip_packages` are those that pip installs beside conda's, `extras` and `groups` the
    optional parts that can be asked for, `indexes` and `find_links` addresses in the file that
    are not asked unless the user allows it, `unknown` parts of the file that nothing comes of.
    """

    format: str
    create: Create
    warnings: list[str]
    filename: str = ""
    exact: bool = False
    python: str | None = None
    requires_python: str | None = None
    summary: Summary = Summary(packages=0)
    pip_packages: list[str] = []
    extras: list[str] = []
    groups: list[str] = []
    indexes: list[str] = []
    find_links: list[str] = []
    unknown: list[str] = []
