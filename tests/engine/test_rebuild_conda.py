"""A notebook of a conda environment, and back: the very archives where the platform is the same, else the newest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli_w
from rattler import Subdir

from jupyter_envs.engine.engine import Engine
from jupyter_envs.engine.rebuild import PIP_PART
from jupyter_envs.formats.carried import KEY
from jupyter_envs.model.carry import Rebuild, Rebuilding
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Create, ImportText
from jupyter_envs.system import conda_records, toml
from tests.channel.fixture import Channel
from tests.channel.server import ChannelServer
from tests.engine.conda_engine import create, envs, here
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, done, run
from tests.real.conda_home import settle_conda
from tests.system.index_server import Index

__all__ = ["envs"]

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
PLATFORM = str(Subdir.current())


def rebuild(text: str, **more: Any) -> Rebuild:
    return Rebuild(notebook=text, filename="report.ipynb", kernel=NO_KERNEL, pip=False, **more)


def told(engine: Engine, text: str, **more: Any) -> Rebuilding:
    result = done(engine, engine.notebooks.rebuild(rebuild(text, dry_run=True, **more)))
    return msgspec.convert(result["rebuild"], Rebuilding)


def names(settled: Rebuilding) -> list[str]:
    return [package.name for package in settled.packages]


def exact(engine: Engine, name: str) -> dict[str, tuple[str | None, str | None]]:
    found = conda_records.packages(engine.find(name).prefix)
    return {package.name: (package.url, package.sha256) for package in found}


def changed(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The notebook `text` after `change` of what it says of conda."""
    notebook = json.loads(text)
    change(notebook["metadata"][KEY]["conda"])
    return json.dumps(notebook)


@pytest.fixture
def book(engine: Engine, channel: Channel, tmp_path: Path) -> str:
    """A notebook that carries an environment with an older version of a package than the newest."""
    create(engine, "demo", "small=1.0", "where-am-i")
    path = tmp_path / "report.ipynb"
    path.write_text(EMPTY)
    engine.notebooks.record_in(str(path), "demo")
    return path.read_text()


def test_what_is_written(engine: Engine, channel: Channel, book: str) -> None:
    conda = json.loads(book)["metadata"][KEY]["conda"]
    assert conda["platform"] == PLATFORM
    assert conda["channels"] == [channel.url]
    assert "small=1.0" in conda["dependencies"]
    lines = [line for line in conda["lock"].splitlines() if line.startswith("file:")]
    assert len(lines) == len(here(engine))
    assert all("#sha256:" in line for line in lines)
    assert "lies on this machine alone" in " ".join(engine.notebooks.record("demo").warnings)
    # What pip could read says nothing of conda's.
    assert "small" not in engine.notebooks.record("demo").block


def test_the_very_archives_come_back(engine: Engine, channel: Channel, book: str) -> None:
    settled = told(engine, book)
    assert (settled.exact, settled.has_lock, settled.manager, settled.complete) == (True, True, "conda", True)
    assert not any("what was asked for" in warning for warning in settled.warnings)
    assert any("what was asked for" in warning for warning in told(engine, book, exact=False).warnings)
    assert {p.source for p in settled.packages} == {channel.url}
    assert all(p.hashed and not p.approved and p.manager == "conda" for p in settled.packages)
    assert {p.name for p in settled.packages if p.asked} == {"python", "small", "where-am-i"}
    job = run(engine, engine.notebooks.rebuild(rebuild(book, approve=["small"])))
    assert job.error is not None
    assert job.error.reason == "approval_needed"
    assert [e.name for e in engine.environments() if e.managed] == ["demo"]
    done(engine, engine.notebooks.rebuild(rebuild(book, approve=names(settled))))
    assert exact(engine, "report") == exact(engine, "demo")
    asked = conda_records.requested(engine.find("report").prefix)
    assert asked == conda_records.requested(engine.find("demo").prefix)
    # Once approved it is asked no more, and an own record of it is the same.
    assert all(p.approved for p in told(engine, book).packages)
    assert engine.notebooks.record("report").metadata == engine.notebooks.record("demo").metadata
    engine.notebooks.revoke(["small"])
    assert [p.name for p in told(engine, book).packages if not p.approved] == ["small"]


def test_what_pip_brought_comes_along_by_its_hashes(engine: Engine, index: Index, tmp_path: Path) -> None:
    offer(index, "other", "1.0", "2.0", hashed=True)
    create(engine, "demo", "small=1.0", "python", pip_packages=["other<2"])
    path = tmp_path / "report.ipynb"
    path.write_text(EMPTY)
    record = engine.notebooks.record_in(str(path), "demo")
    assert '"other<2"' in record.block
    text = path.read_text()
    settled = told(engine, text)
    by_pip = [p for p in settled.packages if p.manager == "pip"]
    assert [(p.name, p.version, p.asked, p.source) for p in by_pip] == [("other", "1.0", True, index.url.rstrip("/"))]
    done(engine, engine.notebooks.rebuild(rebuild(text, approve=names(settled))))
    assert exact(engine, "report") == exact(engine, "demo")
    assert here(engine, "report")["other"] == "1.0"
    newest = told(engine, text.replace("other<2", "other"), exact=False)
    assert [(p.name, p.version) for p in newest.packages if p.manager == "pip"] == [("other", "2.0")]


def test_another_platform_takes_the_newest_that_fit(engine: Engine, book: str) -> None:
    other = changed(book, lambda conda: conda.update(platform="osx-64" if PLATFORM != "osx-64" else "linux-64"))
    settled = told(engine, other)
    assert (settled.exact, settled.has_lock) == (False, False)
    assert "this machine is" in settled.warnings[0]
    small = next(p for p in settled.packages if p.name == "small")
    assert (small.version, small.asked, small.hashed) == ("1.0", True, True)
    with pytest.raises(InvalidRequest, match="this machine is") as caught:
        engine.notebooks.rebuild(rebuild(other, exact=True))
    assert caught.value.field == "exact"
    loose = changed(other, lambda conda: conda.update(dependencies=["small"]))
    newest = told(engine, loose)
    assert next(p.version for p in newest.packages if p.name == "small") != "1.0"
    done(engine, engine.notebooks.rebuild(rebuild(loose, approve=names(newest))))
    assert here(engine, "report")["small"] != "1.0"


def test_a_channel_that_nobody_approved_is_not_read_before_the_yes(
    engine: Engine,
    channel: Channel,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    book: str,
    channel_server: ChannelServer,
) -> None:
    strange = f"{channel_server.top}/extra"
    both = [strange, channel_server.url]
    text = changed(book, lambda conda: conda.update(channels=both, dependencies=["small"], platform="none"))
    settled = told(engine, text, exact=False)
    assert (settled.complete, names(settled)) == (False, ["small"])
    assert settled.packages[0].source == f"{strange}, {channel_server.url}"
    assert "have not used here" in settled.warnings[-1]
    assert channel_server.asked == []
    # By name, after the yes: the whole list, from where it really comes.
    known = told(engine, text, exact=False, approve=["small"])
    assert known.complete
    assert {p.source for p in known.packages if p.name == "small"} == {strange}
    done(engine, engine.notebooks.rebuild(rebuild(text, exact=False, approve=names(known))))
    assert told(engine, text, exact=False).packages[0].approved, "it is read without a question by now"


def test_an_approval_holds_for_one_channel(
    engine: Engine, channel: Channel, book: str, channel_server: ChannelServer
) -> None:
    done(engine, engine.notebooks.rebuild(rebuild(book, approve=names(told(engine, book)))))
    elsewhere = changed(book, lambda conda: conda.update(lock=conda["lock"].replace(channel.url, channel_server.url)))
    settled = told(engine, elsewhere)
    assert not any(p.approved for p in settled.packages)
    assert {p.source for p in settled.packages} == {channel_server.url}


def test_a_lock_of_pips_brings_nothing_that_it_does_not_list(engine: Engine, index: Index, tmp_path: Path) -> None:
    """However it is written: what was not shown was not approved."""
    offer(index, "hidden", "1.0", hashed=True)
    offer(index, "other", "1.0", hashed=True, requires=["hidden"])
    create(engine, "demo", "small=1.0", "python", pip_packages=["other"])
    path = tmp_path / "report.ipynb"
    path.write_text(EMPTY)
    engine.notebooks.record_in(str(path), "demo")
    notebook = json.loads(path.read_text())
    lock = toml.parse(notebook["metadata"][KEY]["lock"])
    lock["packages"] = [package for package in lock["packages"] if package["name"] == "other"]
    notebook["metadata"][KEY]["lock"] = tomli_w.dumps(lock)
    settled = told(engine, json.dumps(notebook))
    assert "hidden" not in names(settled)
    done(engine, engine.notebooks.rebuild(rebuild(json.dumps(notebook), approve=names(settled))))
    assert "other" in here(engine, "report")
    assert "hidden" not in here(engine, "report")


def test_a_channel_that_nothing_came_from_is_not_kept(
    engine: Engine, channel: Channel, book: str, channel_server: ChannelServer
) -> None:
    """Else a later install would ask it first, without a question."""
    strange = f"{channel_server.top}/extra"
    text = changed(book, lambda conda: conda.update(channels=[strange, channel.url]))
    done(engine, engine.notebooks.rebuild(rebuild(text, approve=names(told(engine, text)))))
    assert channel_server.asked == []
    conda = engine.notebooks.record("report").metadata["conda"]
    assert isinstance(conda, dict)
    assert conda["channels"] == [channel.url]


def test_what_was_approved_from_one_channel_lets_no_other_be_read(
    engine: Engine, channel: Channel, book: str, channel_server: ChannelServer
) -> None:
    done(engine, engine.notebooks.rebuild(rebuild(book, approve=names(told(engine, book)))))
    strange = f"{channel_server.top}/extra"
    specs = [f"{channel.url}::small", "python"]
    text = changed(book, lambda conda: conda.update(channels=[strange, channel.url], dependencies=specs))
    settled = told(engine, text, exact=False)
    assert not any(package.approved for package in settled.packages)
    assert not settled.complete
    assert channel_server.asked == []


SHA = "0" * 64


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"https://me:secret-word@conda.example.org/x/noarch/small-1.0-0.conda#{SHA}", "credentials"),
        (f"https://conda.example.org/t/secret-word/x/noarch/small-1.0-0.conda#{SHA}", "credentials"),
        (f"file:///etc/noarch/small-1.0-0.conda#{SHA}", "folder or file of this machine"),
        (f"FILE_CHANNEL/../other/noarch/small-1.0-0.conda#{SHA}", "not the address"),
        (f"FILE_CHANNEL/%2e%2e/other/noarch/small-1.0-0.conda#{SHA}", "not the address"),
        (f"FILE_CHANNEL/noarch/..%2f..%2fother/noarch/small-1.0-0.conda#{SHA}", "not the address"),
        (f"FILE_CHANNEL\\..\\other/noarch/small-1.0-0.conda#{SHA}", "not the address"),
        (f"FILE_CHANNEL-other/noarch/small-1.0-0.conda#{SHA}", "folder or file of this machine"),
        (f"file://somewhere.example.org/share/noarch/small-1.0-0.conda#{SHA}", "folder or file of this machine"),
        (f"https://conda.example.org/x/here/small-1.0-0.conda#{SHA}", "no platform's folder"),
        (f"https://conda.example.org/x/noarch/small-1.0-0.conda?token=secret-word#{SHA}", "not the address"),
        ("https://conda.example.org/x/noarch/small-1.0-0.conda#beef", "no hash"),
        ("--channel=https://conda.example.org", "not the address"),
    ],
)
def test_hostile_locks(engine: Engine, channel: Channel, book: str, line: str, why: str) -> None:
    lock = f"@EXPLICIT\n{line.replace('FILE_CHANNEL', channel.url)}\n"
    with pytest.raises(InvalidRequest, match=why) as caught:
        engine.notebooks.rebuild(rebuild(changed(book, lambda conda: conda.update(lock=lock))))
    error = caught.value
    assert "secret-word" not in f"{error.message} {error.hint} {error.detail}"
    assert [e.name for e in engine.environments() if e.managed] == ["demo"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"channels": ["https://me:secret-word@conda.example.org/x"]}, "credentials"),
        ({"channels": ["/etc"]}, "folder or file of this machine"),
        ({"channels": ["file:///etc"]}, "folder or file of this machine"),
        ({"channels": ["https://conda.example.org/a/%2e%2e/b"]}, "leads elsewhere"),
        ({"channels": ["--override"]}, "not a channel"),
        ({"dependencies": ["https://conda.example.org/small-1.0-0.conda"]}, "address"),
        ({"dependencies": ["file:///etc::small"]}, "folder or file of this machine"),
        ({"dependencies": ["--yes"]}, "option"),
        ({"dependencies": "small"}, "another form"),
        ({"lock": 7}, "another form"),
    ],
)
def test_hostile_metadata(engine: Engine, book: str, change: dict[str, Any], why: str) -> None:
    for chosen in (None, False):
        with pytest.raises(InvalidRequest, match=why) as caught:
            engine.notebooks.rebuild(rebuild(changed(book, lambda conda: conda.update(change)), exact=chosen))
        assert "secret-word" not in f"{caught.value.message} {caught.value.detail}"


def test_a_wrong_hash_makes_nothing(engine: Engine, envs: Path, book: str) -> None:
    def other_hash(conda: dict[str, Any]) -> None:
        lines = conda["lock"].splitlines()
        at = next(n for n, line in enumerate(lines) if "/small-" in line)
        lines[at] = lines[at].partition("#")[0] + f"#sha256:{SHA}"
        conda["lock"] = "\n".join(lines)

    text = changed(book, other_hash)
    job = run(engine, engine.notebooks.rebuild(rebuild(text, approve=names(told(engine, text)))))
    assert job.error is not None
    assert job.error.reason == "wrong_hash"
    assert not (envs / "report").exists()


def test_credentials_are_never_carried(engine: Engine, channel: Channel, home: Path, book: str) -> None:
    """Neither of the channel that it was made from, nor in a spec or a record of another client."""
    prefix = Path(engine.find("demo").prefix)
    for path in (prefix / "conda-meta").glob("*.json"):
        path.write_text(path.read_text().replace("file:///", "https://me:secret-word@host.example/t/secret-word/"))
    history = prefix / "conda-meta" / "history"
    history.write_text(history.read_text().replace("'small", "'https://me:secret-word@host.example/x::small"))
    spec = prefix / ".jupyter-envs" / "spec.toml"
    spec.write_text(spec.read_text() + 'channels = ["https://me:secret-word@host.example/x"]\n')
    said = json.dumps(msgspec.to_builtins(engine.notebooks.record("demo")))
    assert "host.example" in said
    assert "secret-word" not in said
    assert "me:" not in said


def test_an_explicit_file_with_pips_part_beside_it(engine: Engine, index: Index) -> None:
    """Files made by hand of the same form; the asked-for lines decide what `--from-history` tells."""
    offer(index, "other", "1.0", hashed=True)
    create(engine, "demo", "small=1.0", "python", pip_packages=["other"])
    text = engine.export("demo", "explicit").text
    assert "# asked for: small=1.0" in text
    pip = engine.export("demo", "pylock.toml").text
    source = ImportText(format="explicit", text=text, files={PIP_PART: pip})
    create(engine, "copy", from_=source)
    assert here(engine, "copy") == here(engine, "demo")
    asked = conda_records.requested(engine.find("copy").prefix)
    assert asked == conda_records.requested(engine.find("demo").prefix)


def test_other_settings_of_conda_stay_this_persons(
    engine: Engine, channel: Channel, home: Path, monkeypatch: pytest.MonkeyPatch, book: str
) -> None:
    """A file channel of the notebook is this person's only as long as the settings name it."""
    settle_conda(monkeypatch, home, channel, channels=[channel.extra])
    with pytest.raises(InvalidRequest, match="folder or file of this machine"):
        engine.notebooks.rebuild(rebuild(book))


def _with(text: str, **metadata: object) -> str:
    """The notebook `text` with more in its metadata."""
    notebook = json.loads(text)
    notebook["metadata"].update(metadata)
    return json.dumps(notebook)


DIFFERING: dict[str, Callable[[str], str]] = {
    "ours": lambda text: changed(text, lambda conda: conda.update(dependencies=["python", "small=2.0"])),
    "ours, another package": lambda text: changed(text, lambda conda: conda["dependencies"].append("demo-activate")),
    "nteract's": lambda text: _with(text, conda={"dependencies": ["small=2.0"]}),
    "nteract's, below runt": lambda text: _with(text, runt={"conda": {"dependencies": ["demo-activate"]}}),
}


@pytest.mark.parametrize("whose", DIFFERING)
def test_specs_that_the_lock_does_not_hold(engine: Engine, book: str, whose: str) -> None:
    """They are resolved and listed as that; who wants the lock is refused with the difference."""
    text = DIFFERING[whose](book)
    settled = told(engine, text)
    assert (settled.exact, settled.has_lock) == (False, False)
    assert settled.warnings[0].startswith("The notebook's lock does not fit what the notebook asks for: ")
    want = ("small", "2.0") if "small=2.0" in text else ("demo-activate", "2.0")
    assert want in [(p.name, p.version) for p in settled.packages if p.asked]
    with pytest.raises(InvalidRequest) as caught:
        engine.notebooks.rebuild(rebuild(text, exact=True))
    assert (caught.value.reason, caught.value.field) == ("lock_differs", "exact")
    assert want[0] in caught.value.message
    done(engine, engine.notebooks.rebuild(rebuild(text, approve=names(settled), plan=settled.plan)))
    there = here(engine, "report")
    assert there == {p.name: p.version for p in settled.packages}
    assert there[want[0]] == want[1]


def test_a_create_from_a_notebook_whose_lock_differs(engine: Engine, book: str) -> None:
    text = DIFFERING["nteract's"](book)
    source = ImportText(format="", text=text, filename="report.ipynb")
    job = run(engine, engine.create(Create(name="new", from_=source, kernel=NO_KERNEL, pip=False)))
    assert job.error
    assert job.error.reason == "approval_needed"
    assert "small 2.0" in (job.error.detail or "")
    approve = [line.split()[0] for line in (job.error.detail or "").splitlines()]
    done(engine, engine.create(Create(name="new", from_=source, kernel=NO_KERNEL, pip=False, approve=approve)))
    assert here(engine, "new")["small"] == "2.0"


def test_a_lock_from_another_channel_than_the_spec(
    engine: Engine, channel: Channel, book: str, channel_server: ChannelServer
) -> None:
    specs = [f"{channel_server.url}::small", "python"]
    settled = told(engine, changed(book, lambda conda: conda.update(dependencies=specs)))
    assert not settled.has_lock
    assert f"small is from {channel.url} in the lock" in settled.warnings[0]
    assert channel_server.asked == []


def test_a_requirement_of_pips_that_the_lock_of_conda_does_not_meet(engine: Engine, book: str) -> None:
    """conda's package stands in its place, so that it has to be the version that is asked for."""
    wants = '# /// script\n# dependencies = ["small>=2"]\n# ///'
    notebook = json.loads(book)
    notebook["cells"] = [{"cell_type": "code", "source": wants, "metadata": {}, "outputs": [], "execution_count": None}]
    job = run(engine, engine.notebooks.rebuild(rebuild(json.dumps(notebook), dry_run=True)))
    assert job.error
    assert "small is 1.0 by conda, and >=2 is asked of pip" in job.error.message
    notebook["metadata"][KEY]["conda"]["dependencies"] = ["small", "python"]
    settled = told(engine, json.dumps(notebook))
    assert "small is 1.0 in the lock of conda, and >=2 is asked for" in settled.warnings[0]
    assert ("small", "2.0", "conda") in [(p.name, p.version, p.manager) for p in settled.packages]
