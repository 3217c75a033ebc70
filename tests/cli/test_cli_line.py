"""The verb behind ``%envinstall``: a typed line as arguments of ``install``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_envs.cli import line as line_verb
from jupyter_envs.formats.typed import Typed
from jupyter_envs.model.errors import InvalidRequest


def arguments(line: str, *, by_conda: bool = False) -> list[str]:
    typed = Typed(by_conda=by_conda)
    typed.read(line)
    return line_verb.arguments(typed)


def test_what_install_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "x-1.whl").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    here = str(tmp_path)
    assert arguments("-U six -r a.txt -e project[dev] ./x-1.whl ~/project -y --dry-run") == [
        *("--upgrade", "--yes", "--dry-run", "-r", "a.txt", "--", "six"),
        *(f"-e {here}/project[dev]", f"{here}/x-1.whl", f"{here}/project"),
    ]
    assert arguments("--index https://a/s --find-links https://b six") == [
        *("--index=https://a/s", "--find-links=https://b", "--", "six")
    ]
    assert arguments("numpy=2", by_conda=True) == ["--or-pip", "--", "numpy=2"]
    assert arguments("--pip numpy", by_conda=True) == ["--pip=numpy", "--"]
    assert arguments("conda install -c bioconda blast", by_conda=True) == ["--channel=bioconda", "--", "blast"]
    for gone in ("./gone", "gone.whl", "-e gone", "gone/x"):
        with pytest.raises(InvalidRequest, match="There is no "):
            arguments(gone)
    with pytest.raises(InvalidRequest, match="no conda environment"):
        arguments("conda install numpy")


@pytest.mark.parametrize(
    ("line", "reason", "said"),
    [
        ("cv2", "module_name", "opencv-python"),
        ("pip install sklearn", "module_name", "scikit-learn"),
        ("six && ls", "invalid", "more than one command"),
        ("# nothing", "usage", "nothing to install"),
    ],
)
def test_what_it_says(
    envs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, line: str, reason: str, said: str
) -> None:
    monkeypatch.setattr("jupyter_envs.engine.engine.Engine.find", lambda *_: SimpleNamespace(prefix="/nowhere"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(line.encode())))
    done = envs("install-line", "work", "--stream", "--by", "magic")
    assert done.code != 0
    error = json.loads(done.out.splitlines()[-1])["error"]
    assert error["reason"] == reason
    assert said in error["message"] + error["hint"]
