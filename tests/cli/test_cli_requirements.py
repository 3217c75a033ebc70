from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.cli import requirements
from jupyter_envs.model.errors import InvalidRequest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_and_urls_stay_as_they_are() -> None:
    words = ["six", "numpy>=2", "pandas[excel]==2.*", "https://host/a.whl", "a @ https://host/a.whl", "--index-url=x"]
    assert requirements.typed(words) == words


def test_paths_become_absolute(here: Path) -> None:
    (here / "a.whl").touch()
    assert requirements.typed(["./proj", ".", "../other", "a.whl", "./proj[dev]", ".[dev]"]) == [
        f"{here}/proj",
        f"{here}",
        f"{here.parent}/other",
        f"{here}/a.whl",
        f"{here}/proj[dev]",
        f"{here}[dev]",
    ]


@pytest.mark.parametrize("words", [["-e", "proj"], ["-e proj"], ["--editable", "proj"], ["--editable=proj"]])
def test_editable_in_each_form(here: Path, words: list[str]) -> None:
    assert requirements.typed([*words, "six"]) == [f"-e {here}/proj", "six"]


def test_editable_option(here: Path) -> None:
    found = requirements.typed(["six"], ["proj", "git+https://host/x"])
    assert found == [f"-e {here}/proj", "-e git+https://host/x", "six"]


def test_editable_without_path() -> None:
    with pytest.raises(InvalidRequest):
        requirements.typed(["six", "-e"])
