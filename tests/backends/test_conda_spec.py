"""Match specs are conda's, one each, and nothing that could be taken for an option or an address."""

from __future__ import annotations

import pytest

from jupyter_envs.backends.conda_spec import check_package, check_spec
from jupyter_envs.model.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "name", "channel"),
    [
        ("numpy", "numpy", None),
        (" NumPy >=2,<3 ", "numpy", None),
        ("numpy=2.1", "numpy", None),
        ("numpy 2.1", "numpy", None),
        ("numpy=2.1=py312*", "numpy", None),
        ("numpy[version='>=2',build='*cuda*']", "numpy", None),
        ("conda-forge::numpy", "numpy", "conda-forge"),
        ("https://host/channel::numpy=2", "numpy", "https://host/channel"),
        ("_libgcc_mutex", "_libgcc_mutex", None),
        ("r-base 4.*", "r-base", None),
    ],
)
def test_specs(text: str, name: str, channel: str | None) -> None:
    spec = check_spec(text, "install[0]")
    assert (spec.name, spec.channel, spec.text) == (name, channel, text.strip())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-y",
        "--yes numpy",
        " -c evil numpy",
        "numpy\n--yes",
        "numpy\x00",
        "numpy # all of it",
        "numpy==",
        "=2",
        "num*",
        "^num.*$",
        "*",
        "numpy[",
        "numpy 1.2; rm -rf",
        "numpy 1 2 3",
        "numpy[url=http://host/numpy-1-0.conda]",
        "numpy[fn=numpy-1-0.conda]",
        "http://host/numpy-1-0.conda",
        "/etc/passwd",
        "__cuda >=12",
        "x" * 1001,
        "numpy\u202e",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_spec(text, "install[3]")
    assert caught.value.field == "install[3]"
    assert len(caught.value.message) < 250
    assert caught.value.message.isprintable()


def test_credentials_are_not_repeated() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_spec("https://me:secret@host/x-1-0.conda", "install")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("text", ["numpy=2", "-numpy", "a b", "", "a/b", "x" * 201, "c::numpy"])
def test_names(text: str) -> None:
    assert check_package(" NumPy ", "remove[0]") == "numpy"
    with pytest.raises(InvalidRequest):
        check_package(text, "remove[0]")
