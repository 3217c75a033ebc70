"""Which managers and which installer there are."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from jupyter_envs.backends import registry
from jupyter_envs.backends.venv import Venv


def test_built_in_ones_in_the_order_for_a_person() -> None:
    found = registry.backends()
    assert list(found) == ["uv", "venv", "virtualenv", "conda"]
    for name, backend in found.items():
        assert backend.name == name
        assert backend.title
        assert backend.description.endswith(".")
        assert backend.missing() is None
        assert backend.version()
        assert backend.can.create


class Other(Venv):
    name = "other"


class Impostor(Venv):
    name = "uv"


def test_others_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("a", f"{__name__}:Other", "jupyter_envs.backends"),
        EntryPoint("b", f"{__name__}:Impostor", "jupyter_envs.backends"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda **_: points)
    found = registry.backends()
    assert list(found) == ["uv", "venv", "virtualenv", "conda", "other"]
    assert not isinstance(found["uv"], Impostor), "a built-in name is not taken over"


def test_one_that_cannot_be_loaded_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("gone", "no_such_module_at_all:Backend", "jupyter_envs.backends"),
        EntryPoint("a", f"{__name__}:Other", "jupyter_envs.backends"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda **_: points)
    with pytest.warns(UserWarning, match="no_such_module_at_all"):
        assert list(registry.backends()) == ["uv", "venv", "virtualenv", "conda", "other"]


def test_the_installer_is_uv_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry.installer().name == "uv"
    monkeypatch.setattr(registry.Uv, "missing", lambda _: "not here")
    assert registry.installer().name == "pip"
