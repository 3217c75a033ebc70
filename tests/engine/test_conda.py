"""conda environments from making to removal, on a real channel, by the embedded engine; no conda is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import EnvsError, Forbidden, InvalidRequest, NotFound
from jupyter_envs.model.request import Change, Clone, Create, KernelRequest, Register, Rollback, Update
from jupyter_envs.system import conda_environments, conda_history, conda_records
from jupyter_envs.system.metadata import site_packages
from tests.channel.fixture import Channel
from tests.engine.conda_engine import create, envs, here, made
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, Engines, done, inside, run
from tests.system.index_server import Index

__all__ = ["envs", "made"]


def snapshot(prefix: str) -> dict[str, object]:
    """Every file with its content, but bytecode and our own record."""
    found: dict[str, object] = {}
    for above, folders, files in os.walk(prefix):
        folders[:] = [f for f in folders if f not in ("__pycache__", ".jupyter-envs")]
        for name in files:
            path = os.path.join(above, name)
            relative = os.path.relpath(path, prefix)
            found[relative] = os.readlink(path) if os.path.islink(path) else Path(path).read_bytes()
    return found


def test_made_by_name(engine: Engine, envs: Path, channel: Channel) -> None:
    result = create(engine, "demo", "small=1.0", python=channel.python)
    environment = engine.find("demo")
    assert environment.prefix == str(envs / "demo")
    assert (environment.kind, environment.manager, environment.managed) == ("conda", "conda", True)
    assert environment.python.version == channel.pythons[0]
    assert environment.problems == []
    assert {pin["name"] for pin in result["plan"]["added"]} >= {"python", "small"}  # type: ignore[index]
    assert inside(environment.prefix, "import small, sys; print(small.VERSION, sys.prefix)") == (
        f"1.0 {environment.prefix}"
    )
    script = subprocess.run([f"{environment.prefix}/bin/small"], capture_output=True, text=True, check=True)
    assert script.stdout.strip() == "1.0"
    assert conda_environments.listed() == [environment.prefix]
    names = here(engine)
    assert set(conda_history.requested(environment.prefix, names)) == {"python", "small"}
    assert {p.name for p in engine.packages("demo") if p.requested} == {"python", "small"}
    assert [(r.revision, r.action) for r in engine.history("demo")] == [(1, "create")]
    assert sorted(p.name for p in envs.iterdir() if not p.name.startswith(".")) == ["demo"]
    assert list((envs / ".new").iterdir()) == []


def test_made_by_prefix(engine: Engine, home: Path) -> None:
    prefix = str(home / "work" / "env")
    done(engine, engine.create(Create(prefix=prefix, manager="conda", packages=["where-am-i"], kernel=NO_KERNEL)))
    environment = engine.find(prefix)
    assert not environment.managed
    assert (
        subprocess.run([f"{prefix}/bin/where-am-i"], capture_output=True, text=True, check=True).stdout == prefix + "\n"
    )
    assert prefix in conda_environments.listed()
    done(engine, engine.change(prefix, Change(install=["demo-activate"])))
    assert here(engine, prefix)["demo-activate"] == "2.0"
    with pytest.raises(Forbidden):
        engine.remove(prefix)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"packages": ["--prefix=/x"]}, "packages[0]"),
        ({"packages": ["small", "a b c d ="]}, "packages[1]"),
        ({"packages": ["https://host/x.conda"]}, "packages[0]"),
        ({"python": "9.9.9.9"}, "python"),
        ({"python": "-x"}, "python"),
        ({"channels": ["-c"]}, "channels[0]"),
        ({"pip_packages": ["-r x"]}, "pip_packages[0]"),
        ({"name": "../x"}, "name"),
    ],
)
def test_bad_input(engine: Engine, envs: Path, more: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        engine.create(Create(**{"name": "demo", "manager": "conda", **more}))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not envs.exists() or list(envs.iterdir()) == []


def test_what_cannot_be_had(engine: Engine, envs: Path) -> None:
    request = Create(name="demo", manager="conda", packages=["needs-old", "needs-new"], kernel=NO_KERNEL)
    job = run(engine, engine.create(request))
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error.kind, "small" in job.error.message) == ("unsolvable", True)
    assert not (envs / "demo").exists()
    assert conda_environments.listed() == []


def test_changed(made: Engine) -> None:
    prefix = made.find("demo").prefix
    planned = done(made, made.change("demo", Change(upgrade=["small"], remove=["demo-activate"], dry_run=True)))["plan"]
    assert here(made)["small"] == "1.0"
    did = done(made, made.change("demo", Change(upgrade=["small"], remove=["demo-activate"])))["plan"]
    for plan in (planned, did):
        assert [(c["name"], c["from"], c["to"]) for c in plan["changed"]] == [("small", "1.0", "2.0")]
        assert [p["name"] for p in plan["removed"]] == ["demo-activate"]
    assert isinstance(planned["download_size"], int)
    assert inside(prefix, "import small; print(small.VERSION)") == "2.0"
    assert set(conda_history.requested(prefix, here(made))) == {"python", "small"}
    assert not Path(prefix, "etc/conda/activate.d/demo.sh").exists()
    assert [r.action for r in made.history("demo")] == ["change", "create"]


def test_what_needs_a_removed_package_goes_too(engine: Engine) -> None:
    create(engine, "demo", "needs-old")
    plan = done(engine, engine.change("demo", Change(remove=["small"], dry_run=True)))["plan"]
    gone = {p["name"] for p in plan["removed"]}
    assert gone >= {"small", "needs-old"}
    assert "needs-old" in plan["warnings"][0]
    done(engine, engine.change("demo", Change(remove=["small"])))
    assert not here(engine).keys() & {"small", "needs-old"}


def test_upgrade_of_everything(made: Engine) -> None:
    done(made, made.change("demo", Change(install=["small"])))
    done(made, made.change("demo", Change(upgrade_all=True)))
    assert here(made)["small"] == "2.0"


def test_a_channel_of_its_own(engine: Engine, channel: Channel) -> None:
    """It is remembered: a later change asks it as well."""
    create(engine, "demo", "small", channels=[channel.extra, channel.url])
    newest = here(engine)["small"]
    assert newest not in ("1.0", "2.0")
    done(engine, engine.change("demo", Change(remove=["small"])))
    done(engine, engine.change("demo", Change(install=["small"])))
    assert here(engine)["small"] == newest


def test_copied_renamed_removed(made: Engine, envs: Path) -> None:
    before = snapshot(str(envs / "demo"))
    done(made, made.clone("demo", Clone(name="copy")))
    assert inside(str(envs / "copy"), "import small, sys; print(sys.prefix)") == str(envs / "copy")
    told = subprocess.run([envs / "copy" / "bin" / "small"], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "1.0"
    done(made, made.change("copy", Change(upgrade=["small"])))
    assert snapshot(str(envs / "demo")) == before, "what is shared by links stays as it was"
    done(made, made.update("copy", Update(name="moved")))
    assert inside(str(envs / "moved"), "import small; print(small.VERSION)") == "2.0"
    assert sorted(conda_environments.listed()) == [str(envs / "demo"), str(envs / "moved")]
    for name in ("demo", "moved"):
        done(made, made.remove(name))
    assert conda_environments.listed() == []
    assert [p.name for p in envs.iterdir() if not p.name.startswith(".")] == []


def test_back_to_a_revision(made: Engine) -> None:
    done(made, made.change("demo", Change(upgrade=["small"], install=["where-am-i"])))
    done(made, made.rollback("demo", Rollback(revision=1)))
    assert here(made)["small"] == "1.0"
    assert "where-am-i" not in here(made)
    assert [r.action for r in made.history("demo")] == ["rollback", "change", "create"]


def test_back_to_the_very_builds(made: Engine, index: Index) -> None:
    """Also once the channel has newer ones: by the archives' addresses and hashes, with what was asked for then."""
    offer(index, "other", "1.0")
    prefix = made.find("demo").prefix
    first = {r.name: r.url for r in conda_records.records(prefix)}
    done(made, made.change("demo", Change(remove=["small"], pip_packages=["other"])))
    assert "small" not in conda_history.requested(prefix, here(made))
    done(made, made.rollback("demo", Rollback(revision=1)))
    assert {r.name: r.url for r in conda_records.records(prefix)} == first
    assert conda_history.requested(prefix, here(made))["small"] == "small=1.0"
    assert "other" not in here(made)
    done(made, made.rollback("demo", Rollback(revision=2)))
    assert "small" not in here(made)
    assert here(made)["other"] == "1.0"


def test_repaired_where_its_python_is_gone(made: Engine, index: Index) -> None:
    """By the archives that its records name, its place, history and pip's packages kept."""
    offer(index, "other", "1.0")
    done(made, made.change("demo", Change(pip_packages=["other"])))
    prefix = made.find("demo").prefix
    before, asked = here(made), set(conda_history.requested(prefix, here(made)))
    for path in Path(prefix, "bin").glob("python*"):
        path.unlink()
    broken = made.find("demo")
    assert (broken.state, [p.code for p in broken.problems]) == ("broken", ["no_interpreter"])
    done(made, made.repair("demo"))
    assert made.find("demo").problems == []
    assert inside(prefix, "import small, other, sys; print(sys.prefix)") == prefix
    assert here(made) == before
    assert set(conda_history.requested(prefix, here(made))) == asked
    assert [r.action for r in made.history("demo")] == ["repair", "change", "create"]


def test_what_conda_noted_itself(made: Engine) -> None:
    """An environment that another client made has no revisions of ours: its history tells."""
    prefix = Path(made.find("demo").prefix)
    shutil.rmtree(prefix / ".jupyter-envs")
    (only,) = made.history("demo")
    assert (only.by, only.action) == ("outside", "create")
    assert {"small", "python"} <= {pin.name for pin in only.plan.added}
    assert "small=1.0" in only.asked["install"]  # type: ignore[operator]


def test_the_package_cache(engine: Engine, home: Path, channel: Channel) -> None:
    """Archives go, and what no environment is linked to; whatever else lies there stays."""
    settle = (home / ".condarc").read_text().replace(str(channel.pkgs), str(home / "pkgs"))
    (home / ".condarc").write_text(settle)
    create(engine, "demo", "where-am-i", "demo-activate=1.0")
    create(engine, "gone", "demo-activate=2.0")
    done(engine, engine.remove("gone"))
    engine.separate_files()
    (home / "pkgs" / "mine.txt").write_text("a user's own")
    before = next(c for c in engine.cache() if c.name == "conda")
    assert before.size
    freed = done(engine, engine.clean_cache(["conda"]))["freed"]
    assert freed > 0
    left = {p.name for p in (home / "pkgs").iterdir()}
    assert "mine.txt" in left
    assert f"python-{here(engine)['python']}-0_cpython" in left
    assert not {"demo-activate-1.0-0", "demo-activate-2.0-0"} & left, "texts are each environment's own"
    assert not [name for name in left if name.endswith(".conda")]
    done(engine, engine.change("demo", Change(upgrade=["demo-activate"])))
    assert here(engine)["demo-activate"] == "2.0"


def test_a_kernel_afterwards(made: Engine, home: Path) -> None:
    """ipykernel is installed, and the kernelspec follows what a change brings."""
    environment = done(made, made.register("demo", Register(display_name="Mine")))["environment"]
    assert [k["display_name"] for k in environment["kernels"]] == ["Mine"]
    spec = home / "data/kernels/demo/kernel.json"
    env = json.loads(spec.read_text())["env"]
    assert env["DEMO_VERSION"] == "1.0"
    done(made, made.change("demo", Change(upgrade=["demo-activate"])))
    said = json.loads(spec.read_text())
    assert (said["env"]["DEMO_VERSION"], said["display_name"]) == ("2.0", "Mine")
    made.unregister("demo")
    assert not spec.exists()


def test_search(engine: Engine, channel: Channel) -> None:
    assert "small" in [f.name for f in engine.search("smal", manager="conda")]
    assert engine.versions("small", manager="conda").versions == ["2.0", "1.0"]
    assert "2.0" not in engine.versions("small", channel=channel.extra).versions
    with pytest.raises(NotFound):
        engine.versions("no-such-package", manager="conda")
    with pytest.raises(InvalidRequest) as caught:
        engine.search("x", channel="-c")
    assert caught.value.field == "channel"


def test_search_where_an_environment_takes_its_packages_from(engine: Engine, channel: Channel) -> None:
    """What it was made with, then its own .condarc; another manager's environment has no channels."""
    for name, channels in (("own", [channel.extra, channel.url]), ("plain", [])):
        request = Create(name=name, manager="conda", packages=["where-am-i"], channels=channels, kernel=NO_KERNEL)
        done(engine, engine.create(request))
    assert engine.versions("small", environment="own").versions == ["3.0", "2.0", "1.0"]
    assert "small" in [f.name for f in engine.search("smal", environment="own")]
    assert engine.versions("small", environment="plain").versions == ["2.0", "1.0"]
    Path(engine.find("plain").prefix, ".condarc").write_text(f"channels: [{channel.extra}]\n")
    assert engine.versions("small", environment="plain").versions == ["3.0", "2.0", "1.0"]
    with pytest.raises(NotFound):
        engine.search("small", environment="nowhere")


def test_terms_are_asked_about_once(engine: Engine) -> None:
    (terms, *_) = engine.terms("defaults")
    assert terms.accepted is None
    job = run(engine, engine.create(Create(name="demo", manager="conda", channels=["defaults"], kernel=NO_KERNEL)))
    assert job.error is not None
    assert job.error.reason == "terms"
    engine.accept_terms("defaults")
    assert all(each.accepted for each in engine.terms("defaults"))
    with pytest.raises(InvalidRequest):
        engine.accept_terms("conda-forge")


def test_from_a_template(engines: Engines, envs: Path, home: Path) -> None:
    """Like any other: its own place, its own history, nothing of the template's."""
    engine = engines(templates=True, spares=1, default_manager="conda")
    assert engine.prepare_templates()
    start = KernelRequest(register=True)
    done(engine, engine.create(Create(name="first", manager="conda", kernel=start)))
    prefix = engine.find("first").prefix
    assert not any("templates" in str(v) for k, v in snapshot(prefix).items() if isinstance(v, str))
    texts = [v for k, v in snapshot(prefix).items() if isinstance(v, bytes) and k.startswith("bin/") and v[:2] == b"#!"]
    assert texts
    assert all(b"templates" not in text.split(b"\n")[0] for text in texts)
    assert inside(prefix, "import sys; print(sys.prefix)") == prefix
    (root,) = site_packages(prefix)
    assert list((root / "ipykernel" / "__pycache__").glob("*.pyc")), "it has been through a kernel's start"
    done(engine, engine.create(Create(name="second", manager="conda", packages=["small=1.0"], kernel=start)))
    assert here(engine, "second")["small"] == "1.0"


def test_errors_have_words(engine: Engine) -> None:
    with pytest.raises(EnvsError):
        engine.create(Create(name="demo", manager="conda", python="/no/such/python"))
