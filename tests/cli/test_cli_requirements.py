from __future__ import annotations

import io
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


def test_files_are_followed(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "more.txt").write_text("pandas  # tables\n\n-e ./proj\n")
    (here / "sub" / "a.txt").write_text(
        "# comment\nsix==1.* \\\n  ; python_version>'3'\n-r more.txt\nx @ https://h/x#egg=x\n"
    )
    lines = requirements.files(["sub/a.txt"])
    assert [" ".join(line.split()) for line in lines] == [
        "six==1.* ; python_version>'3'",
        "pandas",
        f"-e {here}/proj",
        "x @ https://h/x#egg=x",
    ]
    imported = requirements.text(["sub/a.txt"])
    assert imported is not None
    assert imported.format == "requirements.txt"
    assert imported.text.splitlines() == lines


def test_no_file_is_no_text() -> None:
    assert requirements.text([]) is None


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("six\n"))
    assert requirements.files(["-"]) == ["six"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.txt", None),
        ("loop.txt", b"-r loop.txt\n"),
        ("binary.txt", b"\xff\xfe\x00\x01"),
        ("long.txt", b"x" * 2_000_001),
        ("nul\0.txt", None),
    ],
)
def test_unusable_files_are_named(here: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    with pytest.raises(InvalidRequest) as caught:
        requirements.files([name])
    assert caught.value.field == "requirement"
