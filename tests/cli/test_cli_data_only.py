"""A stranger's folder is data to the command line too: no verb runs or asks anything before it is adopted."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.cli.verbs import VERBS
from jupyter_envs.model.errors import Cancelled, Conflict
from jupyter_envs.system import interpreters
from tests.engine.traps import Traps, laid, snapshot
from tests.engine.wheels import offer
from tests.system.index_server import serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the traps are scripts for a POSIX shell")

Envs = Callable[..., Any]
# What each verb is called with; a verb that is not here fails the test, so that nobody forgets it.
CALLS: dict[str, list[str]] = {
    "list": ["--refresh --search {root}"],
    "show": ["{env}", "{env} --packages", "{env} --tree"],
    "rename": ["{env} other"],
    "clone": ["{env} copy"],
    "remove": ["{env} --yes"],
    "repair": ["{env}"],
    "export": ["{env} --format pylock.toml", "{env} --format requirements-hashes.txt"],
    "install": ["{env} plain", "{env} plain --dry-run"],
    "install-line": ["{env}"],
    "upgrade": ["{env} --all"],
    "remove-packages": ["{env} plain"],
    "kernel": ["register {env}", "unregister {env}", "rename {env} --display-name Other"],
    "projects": ["{root} --refresh"],
    "project": ["kernel {project}", "kernel {project} --lock"],
    "history": ["{env}", "{env} --lock 1"],
    "rollback": ["{env}", "{env} 1 --dry-run"],
    "record": ["{env} {notebook}"],
    "interpreters": ["--refresh"],
    "managers": [""],
    "search": ["plain"],
    "formats": [""],
    "own-files": [""],
    "inspect": ["{project}"],
    "cache": ["list"],
    "disk": [""],
    "terms": [""],
    "jobs": [""],
    "trust": [""],
    "completion": ["bash"],
}
# They make new environments, of what they are given alone; `pip` works on the environment that it is called in.
OF_NOTHING = {"pip", "create", "rebuild", "run", "demo", "prepare"}


@pytest.fixture
def traps(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traps]:
    with laid(tmp_path / "cloned", tmp_path / "marks") as found, serving() as index:
        offer(index, "plain", "1.0", "2.0")
        for name in ("UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("PATH", os.pathsep.join([".", "", "bin", os.environ["PATH"]]))
        monkeypatch.chdir(found.root)
        interpreters.find(home / "data/jupyter-envs/interpreters.json")
        yield found


def test_no_verb_runs_or_asks_anything(
    traps: Traps, envs: Envs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {verb.name for verb in VERBS} == {*CALLS, *OF_NOTHING}, "say in CALLS what the new verb is called with"
    notebook = tmp_path / "some.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    before = snapshot(traps.root)
    chosen = [str(traps.root / name) for name in ("working/.venv", "prefix/.conda")]
    for verb, calls in CALLS.items():
        for words in calls:
            for env in chosen if "{env}" in words else chosen[:1]:
                for project in traps.projects if "{project}" in words else traps.projects[:1]:
                    given = words.format(env=env, project=project, root=traps.root, notebook=notebook).split()
                    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"plain")))
                    ended = envs(verb, *given)
                    assert ended.code in range(8), (verb, given, ended)
                    assert "Unexpected" not in ended.err, (verb, given, ended.err)
                    assert not traps.sprung(), (verb, given)
    after = snapshot(traps.root)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_adoption_is_asked_on_a_terminal(traps: Traps, envs: Envs, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = str(traps.root / "working/.venv")
    asked = envs("remove-packages", prefix, "edited")
    assert asked.code == Conflict.exit_code
    assert "--adopt" in asked.err
    assert f"{prefix}/bin/python" in asked.err
    for answer in ("\n", "n\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        asked = envs("remove-packages", prefix, "edited")
        assert asked.code == Cancelled.exit_code
        assert "nothing was changed" in asked.err
    assert not traps.sprung()
    assert not envs("show", prefix, "--json").json["adopted"]
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    asked = envs("remove-packages", prefix, "edited")
    assert asked.code == 0, asked.err
    assert "Adopting it? [y/N]" in asked.err
    assert "sitecustomize.py" in asked.err
    assert envs("show", prefix, "--json").json["adopted"]
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert envs("remove-packages", prefix, "plain").code == 0, "asked once"


def test_adopt_for_scripts(traps: Traps, envs: Envs, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = str(traps.root / "working/.venv")
    refused = envs("remove-packages", prefix, "edited", "--json")
    assert (refused.code, refused.json["error"]["reason"]) == (Conflict.exit_code, "adoption_needed")
    assert envs("remove-packages", prefix, "edited", "--adopt").code == 0
