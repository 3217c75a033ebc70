"""Packages that pip brings into a conda environment, beside those of conda."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change
from tests.engine.conda_engine import envs, here, made
from tests.engine.wheels import offer
from tests.engine.world import done, run
from tests.system.index_server import Index

__all__ = ["envs", "made"]


def test_pip_inside(made: Engine, index: Index, tmp_path: Path) -> None:
    offer(index, "other", "1.0", requires=["small"])
    offer(index, "small", "9.0")
    result = done(made, made.change("demo", Change(install=["where-am-i"], pip_packages=["other"])))
    assert {p["name"] for p in result["plan"]["added"]} == {"where-am-i", "other"}
    found = {p.name: (p.manager, p.version, p.requested) for p in made.packages("demo")}
    assert found["other"] == ("pip", "1.0", True)
    assert found["small"] == ("conda", "1.0", True), "pip leaves alone what conda has installed"
    assert next(n for n in made.tree("demo") if n.name == "small").required_by == ["other"]
    assert not [p for p in made.health("demo") if p.code == "pip_over_conda"]
    done(made, made.change("demo", Change(remove=["other"])))
    assert "other" not in here(made)
    done(made, made.change("demo", Change(pip_packages=["small==9.0"])))
    (problem,) = [p for p in made.health("demo") if p.code == "pip_over_conda"]
    assert "small 9.0 over conda's 1.0" in problem.message


def test_pip_when_no_channel_has_it(made: Engine, index: Index) -> None:
    offer(index, "other", "1.0")
    job = run(made, made.change("demo", Change(install=["other"])))
    assert job.state == "failed"
    plan = done(made, made.change("demo", Change(install=["other", "where-am-i"], or_pip=True)))["plan"]
    assert plan["warnings"] == ["No channel has other: brought by pip."]
    assert {p.name: p.manager for p in made.packages("demo") if p.name in ("other", "where-am-i")} == {
        "other": "pip",
        "where-am-i": "conda",
    }


def test_what_pip_brought_is_changed_by_pip(made: Engine, index: Index) -> None:
    """By any of the ways to write its name; conda has packages of these very names in mind otherwise."""

    def version() -> str | None:
        return next((p.version for p in made.packages("demo") if p.manager == "pip" and "thing" in p.name), None)

    for number in ("1.0", "2.0", "3.0"):
        offer(index, "other_thing", number)
    done(made, made.change("demo", Change(pip_packages=["other_thing==1.0"])))
    done(made, made.change("demo", Change(pip_packages=["other_thing"])))
    assert version() == "1.0", "what is there is enough where nothing newer is asked for"
    done(made, made.change("demo", Change(pip_packages=["other_thing==2.0"])))
    assert version() == "2.0"
    done(made, made.change("demo", Change(upgrade=["other_thing"])))
    assert version() == "3.0"
    done(made, made.change("demo", Change(pip_packages=["other_thing==1.0"])))
    done(made, made.change("demo", Change(pip_upgrade=["Other.Thing<3"])))
    assert version() == "2.0"
    plan = done(made, made.change("demo", Change(remove=["other_thing"], dry_run=True)))["plan"]
    assert [pin["name"] for pin in plan["removed"]] == ["other-thing"]
    done(made, made.change("demo", Change(remove=["other_thing"])))
    assert version() is None
    with pytest.raises(InvalidRequest) as caught:
        made.change("demo", Change(remove=["other_thing"]))
    assert caught.value.field == "remove[0]"
    with pytest.raises(InvalidRequest) as caught:
        made.change("demo", Change(pip_upgrade=["-r x"]))
    assert caught.value.field == "pip_upgrade[0]"
