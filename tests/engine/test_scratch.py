"""What is ours in a root is no environment, and each user of a root can work in it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_envs.engine import scratch
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Forbidden, InvalidRequest, NotFound
from jupyter_envs.model.request import Clone, Create, Register, Update
from jupyter_envs.system.files import lock
from tests.engine.made_up import make
from tests.engine.world import NO_KERNEL, TOP, Engines, bare, done

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders of POSIX systems")

RESERVED = [
    ".new/x",
    ".new",
    ".spares/key/x",
    ".gone/x",
    ".locks/x",
    f".new-{os.geteuid() if sys.platform != 'win32' else 0}/x",
    ".new-4711/x",
    ".x",
    ".hidden/x",
    "x.new-12",
    "x.old-12",
    "demo/.jupyter-envs/x",
]


@pytest.mark.parametrize("path", RESERVED)
def test_nothing_is_made_in_our_own_folders(engine: Engine, path: str) -> None:
    bare(engine)
    root = engine.settings.all_roots[0]
    before = sorted(root.rglob("*"))
    with pytest.raises(InvalidRequest) as caught:
        engine.create(Create(prefix=str(root / path), kernel=NO_KERNEL))
    assert caught.value.field == "prefix"
    assert sorted(root.rglob("*")) == before


def test_nor_through_a_link_or_in_the_state_folder(engine: Engine, tmp_path: Path) -> None:
    root = engine.settings.all_roots[0]
    (root / ".new").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root / ".new")
    for prefix in (tmp_path / "link" / "x", engine.settings.state / "templates" / "x"):
        with pytest.raises(InvalidRequest):
            engine.create(Create(prefix=str(prefix), kernel=NO_KERNEL))


@pytest.mark.parametrize("name", ["x.new-12", "x.old-1"])
def test_no_name_is_that_of_a_tree_in_the_making(engine: Engine, name: str) -> None:
    made = bare(engine)
    for task in (
        lambda: engine.create(Create(name=name)),
        lambda: engine.clone(made.id, Clone(name=name)),
        lambda: engine.update(made.id, Update(name=name)),
    ):
        with pytest.raises(InvalidRequest) as caught:
            task()
        assert caught.value.field == "name"


@pytest.mark.parametrize(
    "path", [".new/x", ".spares/key/x", ".gone/gone-1/tree", ".new-4711/x", ".x", "../state/templates/k/x"]
)
def test_what_lies_there_is_not_found_nor_registered(engine: Engine, path: str) -> None:
    root = engine.settings.all_roots[0]
    prefix = make(Path(os.path.normpath(root / path)))
    for ask in (
        lambda: engine.find(str(prefix)),
        lambda: engine.register(str(prefix), Register()),
        lambda: engine.remove(str(prefix)),
        lambda: engine.clone(str(prefix), Clone(name="copy")),
    ):
        with pytest.raises(NotFound):
            ask()
    (engine.settings.state / "prefixes.txt").write_text(f"{prefix}\n")
    root.mkdir(exist_ok=True)
    (root / "link").symlink_to(prefix)
    assert str(prefix) not in {e.prefix for e in engine.environments()}


def test_a_folder_with_a_like_name_is_none_of_ours(engine: Engine, home: Path) -> None:
    prefix = make(home / ".jupyter-envs-of-mine" / "lab")
    assert engine.find(str(prefix)).prefix == str(prefix)
    aside = make(home / ".jupyter-envs-lab" / "tree")
    with pytest.raises(NotFound):
        engine.find(str(aside))


def test_a_projects_environment_in_a_root_is_one(engine: Engine) -> None:
    prefix = make(engine.settings.all_roots[0] / ".venv")
    assert engine.find(str(prefix)).prefix == str(prefix)


def test_a_root_without_programs_is_refused_before_anything_is_made(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bare(engine)
    root = engine.settings.all_roots[0]
    before = sorted(root.rglob("*"))
    monkeypatch.setattr(scratch, "no_programs", lambda path: True)
    for task in (lambda: engine.create(Create(name="x")), lambda: engine.clone(made.id, Clone(name="x"))):
        with pytest.raises(Forbidden, match="noexec") as caught:
            task()
        assert caught.value.reason == "noexec"
    assert sorted(root.rglob("*")) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="noexec is told on Linux")
def test_a_mount_without_programs_is_seen() -> None:
    """/proc is mounted so nearly everywhere."""
    options = {line.split()[1]: line.split()[3] for line in Path("/proc/mounts").read_text().splitlines()}
    assert scratch.no_programs("/proc") == ("noexec" in options.get("/proc", ""))
    assert not scratch.no_programs(os.path.dirname(sys.executable))
    assert not scratch.no_programs("/no/such/folder")


def test_the_lock_of_a_read_only_environment_lies_in_the_state_folder(engine: Engine, home: Path) -> None:
    prefix = make(home / "far" / "lab")
    before = sorted(prefix.rglob("*"))
    file = engine._parts.lock_file(str(prefix))
    assert file.is_relative_to(prefix)
    prefix.chmod(0o555)
    try:
        file = engine._parts.lock_file(str(prefix))
        assert file.is_relative_to(engine.settings.state)
        with lock(file):
            assert sorted(prefix.rglob("*")) == before
    finally:
        prefix.chmod(0o755)


def test_a_read_only_environment_becomes_a_kernel_and_stays_as_it_is(engine: Engine, home: Path) -> None:
    prefix = make(home / "far" / "lab")
    (next((prefix / "lib").iterdir()) / "site-packages" / "ipykernel-7.0.dist-info").mkdir(parents=True)
    before = sorted(prefix.rglob("*"))
    prefix.chmod(0o555)
    try:
        done(engine, engine.register(str(prefix), Register(adopt=True)))
        assert [kernel.name for kernel in engine.find(str(prefix)).kernels]
        engine.unregister(str(prefix))
        assert sorted(prefix.rglob("*")) == before
    finally:
        prefix.chmod(0o755)


def test_the_lock_does_not_follow_a_planted_link(engine: Engine, home: Path) -> None:
    prefix = make(home / "far" / "lab")
    (home / "elsewhere").mkdir()
    (prefix / ".jupyter-envs").symlink_to(home / "elsewhere")
    assert engine._parts.lock_file(str(prefix)).is_relative_to(engine.settings.state)


def test_every_process_has_the_same_lock(engines: Engines, home: Path) -> None:
    root = home / "envs"
    first, second = engines(), engines()
    prefix = make(root / "lab")
    paths = [str(prefix), str(make(home / "far/lab")), str(root / "to-be-made"), str(home / "far/to-be-made")]
    for mode in (0o755, 0o1777, 0o555):
        root.chmod(mode)
        try:
            for path in paths:
                assert first._parts.lock_file(path) == second._parts.lock_file(path)
        finally:
            root.chmod(0o755)


def test_a_foreign_scratch_folder_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = home / "shared"
    root.mkdir()
    root.chmod(0o1777)
    mine = scratch.folder(root, scratch.NEW)
    assert mine.name == f".new-{os.geteuid()}"
    mine.symlink_to(home)
    with pytest.raises(Forbidden, match="not a folder of yours"):
        scratch.made(root, scratch.NEW)
    mine.unlink()
    assert scratch.made(root, scratch.NEW).stat().st_mode & 0o777 == 0o700


USER = """
import os, sys
uid, base, state, name = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
# The tests' own Python may lie in a folder of the super user: what it takes to read is kept (PR_SET_KEEPCAPS,
# CAP_DAC_READ_SEARCH, PR_CAP_AMBIENT), what it takes to write is given up.
libc.prctl(8, 1, 0, 0, 0)
os.setgroups([]); os.setgid(uid); os.setuid(uid)
head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(4, 4, 4, 0, 0, 0)
assert libc.capset(head, sets) == 0 and libc.prctl(47, 2, 2, 0, 0) == 0, ctypes.get_errno()
try:
    open("/etc/jupyter-envs-test", "w")
    raise SystemExit("still the super user")
except PermissionError:
    pass
home = f"{base}/home-{uid}"
os.environ.update(HOME=home, JUPYTER_DATA_DIR=f"{home}/data", JUPYTER_CONFIG_DIR=f"{home}/config",
                  UV_CACHE_DIR=f"{home}/cache", UV_OFFLINE="1")
os.chdir(home)
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.settings import Settings
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.model.request import Clone, Create, KernelRequest, Update
engine = Engine(Settings(root=f"{base}/shared", state_dir=f"{home}/state", templates=False))
def done(task):
    job = engine.jobs.run(task)
    assert job.state == "succeeded", (job.error, [line.text for line in engine.jobs.log(job.id)])
def make(name):
    done(engine.create(Create(name=name, manager="venv", pip=False, kernel=KernelRequest(register=False))))
for each in (name, name + "-gone"):
    make(each)
done(engine.update(name + "-gone", Update(name=name + "-moved")))
done(engine.clone(name + "-moved", Clone(name=name + "-copy")))
done(engine.remove(name + "-moved"))
for other in [e for e in engine.environments() if e.managed and os.stat(e.prefix).st_uid != uid]:
    try:
        engine.remove(other.id)
        print("removable", other.name)
    except EnvsError as error:
        print("refused", other.name, error.reason)
engine.close()
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only the super user can become others"
)
def test_two_users_work_in_one_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("users")
    for folder in (base, *base.parents[:3]):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    (base / "shared").mkdir()
    (base / "shared").chmod(0o1777)
    said = {}
    for uid, name in ((54321, "one"), (54322, "two")):
        home = base / f"home-{uid}"
        home.mkdir()
        os.chown(home, uid, uid)
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(USER), str(uid), str(base), str(home), name],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": TOP},
            cwd="/",
        )
        assert ran.returncode == 0, ran.stderr
        said[uid] = ran.stdout.split("\n")
    names = {path.name for path in (base / "shared").iterdir() if not path.name.startswith(".")}
    assert names == {"one", "one-copy", "two", "two-copy"}
    assert sorted(filter(None, said[54322])) == ["refused one foreign_owner", "refused one-copy foreign_owner"]
    private = [path for path in (base / "shared").iterdir() if path.name.startswith(".")]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o700}


def test_who_comes_second_is_told_that_the_name_is_taken(engine: Engine) -> None:
    """Another user may have made it meanwhile, whose lock is not seen."""
    task = engine.create(Create(name="demo", kernel=NO_KERNEL, pip=False))
    make(engine.settings.all_roots[0] / "demo")
    job = engine.jobs.run(task)
    assert job.error
    assert job.error.reason == "name_taken"
