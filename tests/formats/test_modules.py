from __future__ import annotations

import re
import sys

import pytest

from jupyter_envs.formats.modules import TABLE, distribution_of, known_distribution


def test_the_shipped_table() -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert any("pipreqs" in line and "http" in line for line in lines), "it names its source"
    assert any("Apache License 2.0" in line for line in lines), "and the licence"
    assert len(rows) >= 150
    assert rows == sorted(rows)
    for module, distribution in rows:
        assert all(part.isidentifier() for part in module.split(".")), module
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", distribution), distribution
        assert module not in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("sklearn", "scikit-learn"),
        ("sklearn.linear_model", "scikit-learn"),
        ("cv2", "opencv-python"),
        ("PIL.Image", "pillow"),
        ("yaml", "pyyaml"),
        ("bs4", "beautifulsoup4"),
        ("dotenv", "python-dotenv"),
        ("google.cloud.storage.client", "google-cloud-storage"),
        ("google.cloud.texttospeech", "google-cloud-texttospeech"),
        ("azure.mgmt", "azure-mgmt"),
    ],
)
def test_known(module: str, distribution: str) -> None:
    assert known_distribution(module) == distribution_of(module) == distribution


def test_what_is_not_known_is_called_as_its_module() -> None:
    for module, distribution in {
        "numpy": "numpy",
        "my_module.part": "my-module",
        "_x": "x",
        "google": "google",
    }.items():
        assert known_distribution(module) is None
        assert distribution_of(module) == distribution
