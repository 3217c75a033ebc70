from __future__ import annotations

import re
import sys

import pytest

from jupyter_envs.formats.modules import TABLE, distribution_of, known, known_distribution, meant_by, removed


def test_the_shipped_table() -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert any("pipreqs" in line and "http" in line for line in lines), "it names its source"
    assert any("Apache License 2.0" in line for line in lines), "and the licence"
    assert len(rows) >= 150
    assert rows == sorted(rows)
    for module, distributions, *note in rows:
        assert all(part.isidentifier() for part in module.split(".")), module
        for name in distributions.split("|") if distributions != "-" else []:
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), name
        assert distributions != "-" or note[0].endswith("."), f"{module}: a sentence says why there is none"
        assert module not in sys.stdlib_module_names or module.startswith("_") or module == "turtle"


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
        ("google.cloud.pubsub_v1.types", "google-cloud-pubsub"),
        ("google.cloud.secretmanager", "google-cloud-secret-manager"),
        ("azure.mgmt.compute", "azure-mgmt-compute"),
        ("azure.identity.aio", "azure-identity"),
        ("azure.cognitiveservices.vision.computervision.models", "azure-cognitiveservices-vision-computervision"),
        ("zope.interface.common", "zope-interface"),
        ("backports.functools_lru_cache", "backports-functools-lru-cache"),
        ("airflow.providers.http", "apache-airflow-providers-http"),
        ("airflow.models", "apache-airflow"),
        ("mpl_toolkits.mplot3d.axes3d", "matplotlib"),
        ("mpl_toolkits.basemap", "basemap"),
    ],
)
def test_known(module: str, distribution: str) -> None:
    assert known_distribution(module) == distribution_of(module) == distribution


def test_what_is_not_known_is_called_as_its_module() -> None:
    for module, distribution in {
        "numpy": "numpy",
        "my_module.part": "my-module",
        "_x": "x",
    }.items():
        assert known_distribution(module) is None
        assert distribution_of(module) == distribution


@pytest.mark.parametrize(
    "module", ["google", "google.cloud", "azure", "azure.mgmt", "google.colab.drive", "clip", "ROOT"]
)
def test_where_no_package_is_right_a_sentence_says_why(module: str) -> None:
    found = known(module)
    assert found is not None
    assert found.distributions == ()
    assert found.note.endswith(".")
    assert known_distribution(module) is None


@pytest.mark.parametrize(
    ("module", "python", "first"),
    [
        ("distutils", "3.12.1", "setuptools"),
        ("distutils", "3.11.9", None),
        ("asyncore", "3.12", "pyasyncore"),
        ("cgi", "3.12.4", None),
        ("cgi", "3.13.0", "legacy-cgi"),
        ("imghdr", "3.14", "standard-imghdr"),
        ("json", "3.14", None),
    ],
)
def test_what_left_the_standard_library(module: str, python: str, first: str | None) -> None:
    found = removed(module, python)
    assert (found.distributions[0] if found else None) == first


def test_the_name_of_a_module_alone_is_no_package() -> None:
    for name, brings in {"cv2": "opencv-python", "sklearn": "scikit-learn", "bs4": "beautifulsoup4"}.items():
        found = meant_by(name)
        assert found is not None
        assert found.distributions[0] == brings
    for name in ("numpy", "opencv-python", "cv2==1.0", "psycopg2", "pandas[excel]", "mine", "no_such"):
        assert meant_by(name) is None, name
