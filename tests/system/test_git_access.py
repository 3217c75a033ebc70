"""git gets the credentials of a repository, and no command line shows them."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest
from index_server import serving

from jupyter_envs.system import git_access


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_access, "_headers", {})


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("a @ git+https://me:p%40w@host:1/a.git@main#egg=a", "a @ git+https://host:1/a.git@main#egg=a"),
        ("-e git+http://token@host/a.git ; python_version > '3'", "-e git+http://host/a.git ; python_version > '3'"),
        ("a @ git+ssh://git@host/a.git", "a @ git+ssh://git@host/a.git"),
        ("a @ https://me:pw@host/a.whl", "a @ https://me:pw@host/a.whl"),
        ("a>=1", "a>=1"),
    ],
)
def test_the_line_loses_what_goes_another_way(line: str, bare: str) -> None:
    assert git_access.without_secret(line) == bare
    assert bool(git_access.variables({})) == (line != bare)


def test_real_git_sends_them(tmp_path: Path) -> None:
    with serving() as index:
        place = f"http://me:p%27w@127.0.0.1:{index.port}/a.git"
        bare = git_access.without_secret(f"git+{place}").removeprefix("git+")
        environ = {**os.environ, "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0", "NO_PROXY": "127.0.0.1"}
        subprocess.run(["git", "ls-remote", bare], env={**environ, **git_access.variables(environ)}, check=False)
        sent = [headers.get("Authorization") for path, headers in index.asked if path.startswith("/a.git")]
    assert "Basic " + base64.b64encode(b"me:p'w").decode() in sent


def test_what_git_is_told_already_stays() -> None:
    git_access.without_secret("git+https://me:pw@host/a.git")
    told = git_access.variables({"GIT_CONFIG_COUNT": "2"})
    assert (told["GIT_CONFIG_KEY_2"], told["GIT_CONFIG_COUNT"]) == ("http.https://host/a.git.extraHeader", "3")


def test_the_value_of_a_variable_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "a/b@c")
    assert git_access.without_secret("git+https://me:${MY_TOKEN}@host/a.git") == "git+https://host/a.git"
    sent = git_access.variables({})["GIT_CONFIG_VALUE_0"]
    assert base64.b64decode(sent.rpartition(" ")[2]) == b"me:a/b@c"
