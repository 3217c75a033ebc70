"""Environments of other tools are found where those keep them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_envs.model.errors import NotFound
from tests.engine.made_up import bare_home, discovery, found, make, make_conda

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the made-up environments have POSIX folders and links")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return bare_home(tmp_path, monkeypatch)


def test_virtualenvwrapper(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(home / ".virtualenvs/one")
    (home / ".virtualenvs/postactivate").write_text("")
    assert list(found(discovery())) == ["one"]
    make(home / "Envs/two")
    monkeypatch.setenv("WORKON_HOME", "~/Envs")
    assert list(found(discovery())) == ["two"]


def test_pyenv_virtualenv(home: Path) -> None:
    make(home / "pyenv/versions/3.12.1/envs/lab")
    (home / "pyenv/versions/lab").symlink_to(home / "pyenv/versions/3.12.1/envs/lab")
    make(home / "pyenv/versions/old")
    environments = found(discovery())
    assert sorted(environments) == ["lab", "old"]
    assert not environments["lab"].managed
    assert environments["lab"].project is None


def test_conda(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = make_conda(home / "miniforge3")
    (base / "condabin").mkdir()
    make_conda(base / "envs/science", "3.11.9")
    make_conda(home / "by-path", None)
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{home}/by-path\n{base}/envs/science\n/gone\nrelative\n")
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", lambda: [os.fspath(base)])
    environments = found(discovery())
    assert sorted(environments) == ["base", "by-path", "science"]
    assert [e.protected for _, e in sorted(environments.items())] == [True, False, False]
    assert {(e.kind, e.manager, e.managed) for e in environments.values()} == {("conda", "conda", False)}
    science = environments["science"]
    assert (science.python.version, science.python.implementation, science.package_count) == (
        "3.11.9",
        "CPython",
        2,
    )
    assert environments["by-path"].python.version is None
    assert environments["by-path"].state == "ready"


def test_the_one_that_runs_us_is_protected(home: Path) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests run outside of an environment")
    here = next(e for e in discovery().environments() if e.prefix == os.path.realpath(sys.prefix))
    assert here.protected


def test_noted_prefixes(home: Path) -> None:
    prefix = make(home / "far/lab")
    one, other = discovery(), discovery()
    assert found(one) == {}
    one.note_prefix(os.fspath(prefix))
    one.note_prefix(os.fspath(prefix))
    assert list(found(other)) == ["lab"]
    assert (home / "data/jupyter-envs/prefixes.txt").read_text() == f"{prefix}\n"
    other.forget_prefix(os.fspath(prefix))
    other.forget_prefix("/never/noted")
    assert found(one) == {}


def test_by_prefix_of_nothing(home: Path) -> None:
    (home / "plain").mkdir()
    for path in (home / "plain", home / "missing"):
        with pytest.raises(NotFound):
            discovery().by_prefix(os.fspath(path))
