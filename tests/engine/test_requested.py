"""What somebody asked for, and what came along: whoever installed it."""

from __future__ import annotations

from pathlib import Path

from jupyter_envs.engine import record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.requested import mark
from jupyter_envs.model.env import Package
from jupyter_envs.model.request import Change, Rollback
from tests.engine.conda_engine import envs, made
from tests.engine.wheels import offer
from tests.engine.world import bare, done
from tests.system.index_server import Index

__all__ = ["envs", "made"]


def package(name: str, installer: str, requested: bool) -> Package:
    return Package(name=name, version="1", installer=installer, requested=requested)


def test_what_pip_was_asked_for_by_hand_counts(tmp_path: Path) -> None:
    """pip marks what it was asked for alone; uv marks all that it installs, and ensurepip its own."""
    there = [
        package("by-hand", "pip", True),
        package("along", "pip", False),
        package("by-uv", "uv", True),
        package("noted", "uv", True),
        *(package(name, "pip", True) for name in ("pip", "setuptools")),
    ]
    asked = {p.name for p in mark(str(tmp_path), there, {"packages": ["noted>=1"]}) if p.requested}
    assert asked == {"by-hand", "noted"}


def test_upgrading_all_notes_what_was_named_alone(engine: Engine, index: Index) -> None:
    offer(index, "a", "1.0", requires=["base"])
    for name in ("base", "b", "c", "d"):
        offer(index, name, "1.0")
    made = bare(engine, packages=["a"])
    request = Change(upgrade_all=True, install=["b"], pip_packages=["c"], pip_upgrade=["d"])
    done(engine, engine.change("demo", request))
    own = engine._parts.own(made.prefix)
    assert own
    assert sorted(record.read_spec(own)["packages"]) == ["a", "b", "c", "d"]
    assert {p.name for p in engine.packages("demo") if p.requested} == {"a", "b", "c", "d"}


def test_what_pip_brings_beside_conda_is_noted(made: Engine, index: Index) -> None:
    for name in ("other", "third_one"):
        offer(index, name, "1.0")
    own = made._parts.own(made.find("demo").prefix)
    assert own

    def noted() -> object:
        return record.read_spec(own).get("pip_packages")

    done(made, made.change("demo", Change(pip_packages=["other<2"])))
    assert noted() == ["other<2"]
    done(made, made.change("demo", Change(pip_packages=["third_one"], install=["where-am-i"])))
    assert noted() == ["other<2", "third_one"]
    done(made, made.change("demo", Change(remove=["where-am-i"])))
    assert noted() == ["other<2", "third_one"]
    done(made, made.change("demo", Change(remove=["third-one"])))
    assert noted() == ["other<2"]
    done(made, made.change("demo", Change(remove=["other"])))
    assert noted() is None
    done(made, made.rollback("demo", Rollback(revision=3)))
    assert noted() == ["other<2", "third_one"]
