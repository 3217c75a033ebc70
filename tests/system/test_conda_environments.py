"""What clients share: the list of environments, variables, pins."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from jupyter_envs.system import conda_environments as environments


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path / ".conda" / "environments.txt"


def test_register_and_unregister(listing: Path) -> None:
    environments.unregister("/a")
    assert not listing.exists()
    environments.register("/a")
    environments.register("/b/")
    environments.register("/a")
    assert listing.read_text() == "/a\n/b\n"
    environments.unregister("/a/")
    assert environments.listed() == ["/b"]


def test_other_lines_stay(listing: Path) -> None:
    listing.parent.mkdir()
    listing.write_bytes(b"# mine\n/gone\n\n/caf\xe9\n/no-newline")
    environments.register("/new")
    environments.unregister("/gone")
    assert listing.read_bytes() == b"# mine\n\n/caf\xe9\n/no-newline\n/new\n"


def test_many_at_once(listing: Path) -> None:
    threads = [threading.Thread(target=environments.register, args=(f"/env{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(environments.listed()) == sorted(f"/env{n}" for n in range(20))


def test_variables(tmp_path: Path) -> None:
    assert environments.variables(tmp_path) == {}
    environments.set_variables(tmp_path, {})
    (tmp_path / "conda-meta").mkdir()
    file = tmp_path / "conda-meta" / "state"
    file.write_text(json.dumps({"env_vars": {"A": "1", "B": "***unset***"}, "other": 1}))
    assert environments.variables(tmp_path) == {"A": "1"}
    environments.set_variables(tmp_path, {"my_var": "x y"})
    assert json.loads(file.read_text()) == {"env_vars": {"MY_VAR": "x y"}, "other": 1}
    file.write_text("[torn")
    assert environments.variables(tmp_path) == {}


def test_pins(tmp_path: Path) -> None:
    assert environments.pinned(tmp_path) == []
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "pinned").write_text("# a comment\n\nnumpy <2\n  scipy 1.*  \n")
    assert environments.pinned(tmp_path) == ["numpy <2", "scipy 1.*"]
    assert not environments.frozen(tmp_path)
    (tmp_path / "conda-meta" / "frozen").write_text("{}")
    assert environments.frozen(tmp_path)
