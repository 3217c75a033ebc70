"""A Binder folder, by the files that repo2docker takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_envs.formats import registry
from jupyter_envs.formats.base import Read
from jupyter_envs.model.errors import InvalidRequest
from tests.formats.recorded import NEW


def read(**files: str) -> Read:
    names = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return registry.FOLDER.read("", replace(NEW, files=names))


def test_its_files_together() -> None:
    found = read(requirements_txt="six\n", runtime_txt="python-3.11\n", apt_txt="gcc\n", postBuild="#!", install_R="x")
    assert (found.packages, found.python) == (["six"], "3.11")
    assert [part.split(" ")[0] for part in found.unknown] == ["apt.txt", "postbuild", "install.r"]


def test_the_order() -> None:
    found = read(environment_yml="name: a\ndependencies: [python=3.12, numpy]\n", requirements_txt="six\n")
    assert "numpy" in found.conda
    assert found.packages == []
    assert "requirements.txt" in " ".join(found.warnings)
    assert read(Pipfile='[packages]\none = "*"\n', requirements_txt="six\n").packages == ["one"]
    assert read(binder__requirements_txt="one\n", requirements_txt="six\n").packages == ["one"]
    assert read(binder__requirements_txt="-r ../more.txt\n", more_txt="six\n").packages == ["six"]


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"runtime_txt": "ruby-3"}, "from.text runtime.txt"),
        ({"runtime_txt": "python-3.11; rm -rf /"}, "from.text runtime.txt"),
        ({"requirements_txt": "-r /etc/passwd"}, "from.text line 1"),
        ({"binder__requirements_txt": "-r ../../etc/passwd"}, "from.text line 1"),
        ({}, "from.files"),
    ],
)
def test_refused(files: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(**files)
    assert caught.value.field == field


def test_a_folder_for_r() -> None:
    found = read(runtime_txt="r-4.3-2024-01-01\n", install_R="install.packages('x')")
    assert "R" in found.warnings[-1]
    assert found.packages == []
