"""Solve, install, update and remove by the embedded engine, on real channels of tiny packages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jupyter_envs.model.errors import Conflict, InvalidRequest, NotFound, Unsolvable
from jupyter_envs.system import conda_history, conda_records
from tests.backends.conda_world import World, versions
from tests.backends.tiny_channel import Tiny, make_channel


class TestInstall:
    def test_what_is_asked_for_and_what_it_needs(self, world: World, channel: Path) -> None:
        outcome = world.do(install=["old"], channels=[str(channel)])
        assert versions(outcome) == ({"lib": "1.1", "old": "1.0"}, {}, [])
        assert world.here() == {"lib": "1.1", "old": "1.0"}
        (lib, _) = outcome.added
        assert lib.url == f"{channel.as_uri()}/noarch/lib-1.1-0.tar.bz2"
        assert lib.channel == channel.as_uri()
        assert lib.sha256
        assert lib.md5
        assert outcome.download_size == sum(p.size or 0 for p in outcome.added) > 0
        assert outcome.requested == {"old": "old"}

    def test_a_dry_run_changes_nothing(self, world: World, channel: Path) -> None:
        outcome = world.do(install=["old"], channels=[str(channel)], dry_run=True)
        assert [p.name for p in outcome.added] == ["lib", "old"]
        assert [p.cached for p in outcome.added] == [False, False]
        assert not world.prefix.exists()

    def test_the_cache_is_told(self, world: World, channel: Path) -> None:
        world.do(install=["old"], channels=[str(channel)])
        again = world.do(install=["old"], channels=[str(channel)], prefix=world.top / "other", dry_run=True)
        assert [p.cached for p in again.added] == [True, True]
        assert again.download_size == 0

    def test_what_is_there_stays(self, world: World, channel: Path) -> None:
        world.do(install=["lib=1.0"], channels=[str(channel)])
        outcome = world.do(install=["any"], channels=[str(channel)])
        assert versions(outcome) == ({"any": "1.0"}, {}, [])
        assert world.here()["lib"] == "1.0"

    def test_a_version_that_is_there_is_no_news_and_still_asked_for(self, world: World, channel: Path) -> None:
        world.do(install=["any"], channels=[str(channel)])
        assert conda_records.requested(world.prefix) == {"any": "any"}
        outcome = world.do(install=["lib"], channels=[str(channel)])
        assert outcome.empty
        assert conda_records.requested(world.prefix) == {"any": "any", "lib": "lib"}

    def test_what_was_asked_for_holds(self, world: World, channel: Path) -> None:
        world.do(install=["lib <2"], channels=[str(channel)])
        with pytest.raises(Unsolvable, match=r"new 1.0 needs lib >=2, but lib <2 was asked for before"):
            world.do(install=["new"], channels=[str(channel)])
        outcome = world.do(install=["new", "lib"], channels=[str(channel)])
        assert versions(outcome) == ({"new": "1.0"}, {"lib": ("1.1", "2.0")}, [])

    def test_a_dependency_gives_way(self, world: World, channel: Path) -> None:
        world.do(install=["any", "lib=1.0"], channels=[str(channel)])
        world.do(remove=["any"], channels=[str(channel)])
        world.do(install=["any", "lib"], channels=[str(channel)])
        outcome = world.do(install=["new"], channels=[str(channel)])
        assert versions(outcome)[1] == {"lib": ("1.0", "2.0")}

    def test_python_keeps_its_minor_version(self, world: World, channel: Path) -> None:
        world.do(install=["python=3.11.1"], channels=[str(channel)])
        assert versions(world.do(install=["python"], channels=[str(channel)]))[1] == {}
        assert versions(world.do(update_all=True, channels=[str(channel)]))[1] == {"python": ("3.11.1", "3.11.9")}
        assert versions(world.do(update=["python"], channels=[str(channel)]))[1] == {"python": ("3.11.9", "3.12.1")}
        with pytest.raises(Unsolvable, match=r"for311 1.0 needs python 3.11.\*, but python 3.12.\*"):
            world.do(install=["for311"], channels=[str(channel)])

    def test_a_channel_named_in_a_spec(self, world: World, channel: Path, second: Path) -> None:
        outcome = world.do(install=[f"{second.as_uri()}::alone"], channels=[str(channel)])
        assert outcome.added[0].channel == second.as_uri()

    def test_limits_and_exclusions(self, world: World, channel: Path) -> None:
        outcome = world.do(install=["any"], constrained=["lib <2", "new >5"], channels=[str(channel)], dry_run=True)
        assert versions(outcome)[0] == {"any": "1.0", "lib": "1.1"}
        with pytest.raises(Unsolvable, match="lib is to stay out"):
            world.do(install=["any"], excluded=["lib"], channels=[str(channel)])

    def test_pins(self, world: World, channel: Path) -> None:
        (world.prefix / "conda-meta").mkdir(parents=True)
        (world.prefix / "conda-meta" / "pinned").write_text("# ours\nlib 1.*\n")
        assert versions(world.do(install=["any"], channels=[str(channel)]))[0]["lib"] == "1.1"
        with pytest.raises(Unsolvable, match=r"lib 1\.\* is pinned"):
            world.do(install=["new"], channels=[str(channel)])
        assert world.do(update_all=True, channels=[str(channel)]).empty

    def test_a_folder_that_is_no_environment(self, world: World, channel: Path) -> None:
        world.prefix.mkdir()
        (world.prefix / "mine.txt").write_text("keep")
        with pytest.raises(Conflict, match="no conda environment"):
            world.do(install=["lib"], channels=[str(channel)])
        assert [p.name for p in world.prefix.iterdir()] == ["mine.txt"]

    @pytest.mark.parametrize(
        ("words", "field"),
        [
            ({"install": ["lib", "--yes"]}, "install[1]"),
            ({"update": ["lib =="]}, "update[0]"),
            ({"remove": ["lib=1"]}, "remove[0]"),
            ({"install": ["lib"], "channels": ["-c"]}, "channels[0]"),
            ({"install": ["lib"], "constrained": ["<2"]}, "constrained[0]"),
            ({"install": ["lib"], "remove": ["lib"]}, "install[0]"),
        ],
    )
    def test_bad_words(self, world: World, channel: Path, words: dict[str, list[str]], field: str) -> None:
        world.do(install=["lib"], channels=[str(channel)])
        with pytest.raises(InvalidRequest) as caught:
            world.do(**{"channels": [str(channel)], **words})
        assert caught.value.field == field


class TestChannels:
    def test_priority(self, world: World, channel: Path, second: Path) -> None:
        both = [str(channel), str(second)]
        strict = {"channels": both, "priority": "strict", "dry_run": True}
        assert world.do(install=["lib"], **strict).added[0].version == "2.0"
        assert world.do(install=["lib"], **{**strict, "channels": both[::-1]}).added[0].version == "3.0"
        with pytest.raises(Unsolvable, match=r"lib 3.0 is left out by strict channel priority"):
            world.do(install=["extra"], **strict)
        with pytest.raises(Unsolvable, match=r"lib 3.0 is left out by strict channel priority"):
            world.do(install=["lib >=3"], **strict)
        assert world.do(install=[f"{second}::lib"], **strict).added[0].version == "3.0"
        assert world.do(install=["lib"], **{**strict, "priority": "disabled"}).added[0].version == "3.0"

    def test_flexible_priority(self, world: World, channel: Path, second: Path, third: Path) -> None:
        """As conda sorts the builds of a name: by channel, then by version; no further down than needed."""
        flexible = {
            "channels": [str(channel), str(second), str(third)],
            "priority": "flexible",
            "dry_run": True,
        }

        def asked(*specs: str, **more: object) -> dict[str, str]:
            return versions(world.do(install=specs, **{**flexible, **more}))[0]

        assert asked("lib") == {"lib": "2.0"}
        # What one package needs from a lower channel moves no other one there, nor itself further than it must.
        assert asked("extra", "any", "script") == {"extra": "1.0", "lib": "3.0", "any": "1.0", "script": "1.0"}
        assert asked("lib >=4", "script") == {"lib": "4.0", "script": "1.0"}
        assert asked("alone") == {"alone": "1.0"}
        versions_first = asked("extra", "script", priority="disabled")
        assert versions_first == {"extra": "1.0", "lib": "4.0", "script": "2.0"}
        with pytest.raises(Unsolvable, match=r"new 1.0 needs lib >=2, but .*old"):
            asked("old", "new")

    def test_flexible_priority_leaves_what_is_installed(
        self, world: World, channel: Path, second: Path, third: Path
    ) -> None:
        world.do(install=["script"], channels=[str(third)])
        outcome = world.do(install=["any"], channels=[str(channel), str(second), str(third)], priority="flexible")
        assert versions(outcome) == ({"any": "1.0", "lib": "2.0"}, {}, [])
        assert world.here()["script"] == "2.0"

    def test_those_of_condarc(self, world: World, channel: Path, second: Path) -> None:
        text = f"channels: [mine, other]\ncustom_channels:\n  mine: file://{channel.parent}\nchannel_alias: file:///nowhere\n"
        text = text.replace("mine", channel.name).replace("other", str(second)) + "channel_priority: strict\n"
        (world.top / "home" / ".condarc").write_text(text)
        outcome = world.do(install=["any", "alone"])
        assert {p.name: p.channel for p in outcome.added} == {
            "alone": second.as_uri(),
            "any": channel.name,
            "lib": channel.name,
        }
        assert f"+{channel.name}/noarch::lib-2.0-0\n" in world.history()

    def test_names_and_versions(self, world: World, channel: Path, second: Path) -> None:
        assert {"lib", "python", "torn"} <= set(world.engine.names([str(channel)]))
        found = world.engine.versions("Lib", [str(channel), str(second)])
        assert [(p.version, p.channel) for p in found] == [
            ("3.0", second.as_uri()),
            ("2.0", channel.as_uri()),
            ("1.1", channel.as_uri()),
            ("1.0", channel.as_uri()),
        ]
        assert world.engine.versions("unheard-of", [str(channel)]) == []

    def test_the_machine(self, world: World, channel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(Unsolvable, match=r"gpu 1.0 needs __cuda >=12, which this machine does not have"):
            world.do(install=["gpu"], channels=[str(channel)])
        monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
        assert world.do(install=["gpu"], channels=[str(channel)], dry_run=True).added

    def test_the_machine_by_condarc(self, world: World, channel: Path) -> None:
        (world.top / "home" / ".condarc").write_text("override_virtual_packages:\n  cuda: '12.4'\n")
        assert world.do(install=["gpu"], channels=[str(channel)], dry_run=True).added


class TestUpdate:
    def test_one(self, world: World, channel: Path) -> None:
        world.do(install=["any", "lib=1.0", "python=3.11.1"], channels=[str(channel)])
        outcome = world.do(update=["lib"], channels=[str(channel)])
        assert versions(outcome) == ({}, {"lib": ("1.0", "2.0")}, [])
        assert outcome.requested["lib"] == "lib"

    def test_to_a_version(self, world: World, channel: Path) -> None:
        world.do(install=["lib=1.0"], channels=[str(channel)])
        assert versions(world.do(update=["lib <2"], channels=[str(channel)]))[1] == {"lib": ("1.0", "1.1")}

    def test_everything_within_what_was_asked_for(self, world: World, channel: Path) -> None:
        world.do(install=["any", "lib <2,!=1.1"], channels=[str(channel)])
        assert world.here()["lib"] == "1.0"
        assert world.do(update_all=True, channels=[str(channel)]).empty
        world.do(install=["lib <2"], channels=[str(channel)])
        assert versions(world.do(update_all=True, channels=[str(channel)]))[1] == {"lib": ("1.0", "1.1")}


class TestRemove:
    def test_it_takes_its_dependents_and_leaves_what_was_asked_for(self, world: World, channel: Path) -> None:
        world.do(install=["old", "lib", "script"], channels=[str(channel)])
        assert versions(world.do(remove=["lib"], channels=[str(channel)], dry_run=True))[2] == ["lib", "old"]
        assert versions(world.do(remove=["old"], channels=[str(channel)]))[2] == ["old"]
        assert world.here() == {"lib": "1.1", "script": "1.0"}

    def test_it_takes_what_only_that_needed(self, world: World, channel: Path) -> None:
        world.do(install=["old", "script"], channels=[str(channel)])
        assert versions(world.do(remove=["old"], channels=[str(channel)]))[2] == ["lib", "old"]
        assert conda_records.requested(world.prefix) == {"script": "script"}

    def test_what_another_needs_stays(self, world: World, channel: Path) -> None:
        world.do(install=["old", "any"], channels=[str(channel)])
        assert versions(world.do(remove=["old"], channels=[str(channel)]))[2] == ["old"]

    def test_without_a_history_nothing_is_a_leftover(self, world: World, channel: Path) -> None:
        world.do(install=["old", "script"], channels=[str(channel)])
        (world.prefix / "conda-meta" / "history").write_text("")
        for path in (world.prefix / "conda-meta").glob("*.json"):
            path.write_text(path.read_text().replace('"requested_specs": [', '"was": ['))
        assert conda_records.requested(world.prefix) == {}
        assert versions(world.do(remove=["old"], channels=[str(channel)]))[2] == ["old"]

    def test_it_needs_no_channel(self, world: World, channel: Path) -> None:
        world.do(install=["old", "script"], channels=[str(channel)])
        shutil.rmtree(world.top / "home" / ".conda")
        world.do(remove=["old"], channels=["file:///nowhere/at/all"])
        assert world.here() == {"script": "1.0"}

    def test_a_name_that_is_not_there(self, world: World, channel: Path) -> None:
        world.do(install=["lib"], channels=[str(channel)])
        with pytest.raises(NotFound) as caught:
            world.do(remove=["lib", "script"], channels=[str(channel)])
        assert caught.value.field == "remove[1]"
        assert world.here()

    def test_with_something_else_at_once(self, world: World, channel: Path) -> None:
        world.do(install=["old", "script"], channels=[str(channel)])
        outcome = world.do(remove=["old"], install=["new"], channels=[str(channel)])
        assert versions(outcome) == ({"lib": "2.0", "new": "1.0"}, {}, ["old"]) or versions(outcome) == (
            {"new": "1.0"},
            {"lib": ("1.1", "2.0")},
            ["old"],
        )
        with pytest.raises(Unsolvable):
            world.do(remove=["new"], install=["both"], channels=[str(channel)])

    def test_the_last_one(self, world: World, channel: Path) -> None:
        world.do(install=["lib"], channels=[str(channel)])
        world.do(remove=["lib"], channels=[str(channel)])
        assert world.here() == {}
        assert world.history().rstrip().endswith("# remove specs: ['lib']")


def test_conflicts_come_with_the_whole_explanation(world: World, channel: Path) -> None:
    with pytest.raises(Unsolvable) as caught:
        world.do(install=["both"], channels=[str(channel)])
    assert caught.value.message == "new 1.0 needs lib >=2, but old 1.0 needs lib <2."
    assert "cannot be installed because" in (caught.value.detail or "")
    assert not world.prefix.exists()


def test_a_version_that_no_channel_has(world: World, channel: Path) -> None:
    with pytest.raises(Unsolvable) as caught:
        world.do(install=["lib=9"], channels=[str(channel)])
    assert caught.value.message == "No channel has lib 9.*."
    assert caught.value.hint == "There is lib 2.0, 1.1, 1.0."
    with pytest.raises(Unsolvable) as caught:
        world.do(install=["scirpt"], channels=[str(channel)])
    assert caught.value.hint == "Did you mean script?"


def test_progress(world: World, channel: Path) -> None:
    outcome = world.do(install=["old"], channels=[str(channel)])
    phases = [step[0] for step in world.steps]
    assert list(dict.fromkeys(phases)) == ["read channels", "solve", "download", "link"]
    assert ("download", 0, outcome.download_size, "bytes") in world.steps
    assert world.steps[-1] == ("link", 2, 2, "packages")
    assert world.lines == ["+ lib 1.1 0", "+ old 1.0 0"]


def test_the_history_of_another_client_is_held_to(world: World, channel: Path) -> None:
    world.do(install=["any", "lib=1.0"], channels=[str(channel)])
    conda_history.append(
        world.prefix,
        command=["/opt/conda/bin/conda", "install", "lib=1"],
        installed=conda_history.state(world.prefix),
        update_specs=["defaults/noarch::lib==1.0=0", "any[version='>=1']", "gone", "%%%"],
    )
    assert set(conda_records.requested(world.prefix)) == {"any", "lib"}
    with pytest.raises(Unsolvable, match="lib"):
        world.do(install=["new"], channels=[str(channel)])


def test_a_damaged_record_is_told(world: World, channel: Path) -> None:
    from jupyter_envs.model.errors import Failed

    world.do(install=["lib"], channels=[str(channel)])
    next((world.prefix / "conda-meta").glob("lib*.json")).write_text("{")
    with pytest.raises(Failed, match=r"lib-2.0-0.json of an installed package cannot be read"):
        world.do(install=["any"], channels=[str(channel)])


def test_scripts_of_a_package_are_run(world: World, tmp_path: Path) -> None:
    script = "#!/bin/sh\necho made > $PREFIX/share/made.txt\n"
    folder = make_channel(tmp_path / "mine", [Tiny("maker", files={"bin/.maker-post-link.sh": script})])
    world.do(install=["maker"], channels=[str(folder)])
    assert (world.prefix / "share" / "made.txt").read_text() == "made\n"


@pytest.mark.parametrize("scripts", [[], ["other"], ["maker"]])
def test_scripts_are_run_where_that_was_agreed_to(world: World, tmp_path: Path, scripts: list[str]) -> None:
    from jupyter_envs.model.errors import Conflict

    script = "#!/bin/sh\necho $PKG_NAME > $PREFIX/share/made.txt\n"
    folder = make_channel(tmp_path / "mine", [Tiny("maker", files={"bin/.maker-post-link.sh": script})])
    if scripts == ["maker"]:
        world.do(install=["maker"], channels=[str(folder)], scripts=scripts)
        assert (world.prefix / "share" / "made.txt").read_text() == "maker\n"
        return
    with pytest.raises(Conflict) as caught:
        world.do(install=["maker"], channels=[str(folder)], scripts=scripts)
    assert (caught.value.reason, caught.value.detail) == ("approval_needed", "maker runs its script")
    assert not (world.prefix / "share" / "made.txt").exists()


def test_another_python_takes_its_packages_along(world: World, tmp_path: Path) -> None:
    pure = Tiny("pure", depends=["python"], files={"site-packages/pure.py": "x = 1\n"}, noarch="python")
    folder = make_channel(tmp_path / "mine", [Tiny("python", "3.11.1"), Tiny("python", "3.12.1"), pure])
    world.do(install=["python=3.11", "pure"], channels=[str(folder)])
    outcome = world.do(install=["python=3.12"], channels=[str(folder)])
    assert versions(outcome) == ({}, {"python": ("3.11.1", "3.12.1")}, [])
    found = sorted(p.relative_to(world.prefix).as_posix() for p in world.prefix.rglob("pure.py"))
    assert found == ["lib/python3.12/site-packages/pure.py"]
