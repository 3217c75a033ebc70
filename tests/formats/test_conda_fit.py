"""An explicit lock beside match specs: what of them it does not hold, told by package."""

from __future__ import annotations

import pytest

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats.conda_fit import conda_differences
from jupyter_envs.model.check import check_requirement
from jupyter_envs.model.conda import Exact

HERE = "https://conda.example.org/here"
OTHER = "https://conda.example.org/other"
SHA = "ab" * 32
LOCK = [
    Exact(url=f"{HERE}/noarch/small-1.0-py_3.conda", sha256=SHA),
    Exact(url=f"{HERE}/linux-64/Big-2!1.5-h1_0.tar.bz2"),
    Exact(url=f"{HERE}/noarch/odd-%21%21-0.conda"),
]


def urls(name: str) -> list[str]:
    return {"here": [f"{HERE}/"], "both": [OTHER, HERE]}.get(name, [name])


def differs(*specs: str, pip: tuple[str, ...] = ()) -> list[str]:
    asked = [check_requirement(line, "packages") for line in pip]
    return conda_differences([check_spec(spec, "specs") for spec in specs], asked, LOCK, urls)


@pytest.mark.parametrize(
    "spec",
    [
        "small",
        "SMALL",
        "small=1",
        "small 1.0.*",
        "small >=0.9,<2",
        "small=1.0=py*",
        "small[build_number=3]",
        f"small[sha256={SHA}]",
        "here::small",
        "both::small=1.0",
        f"{HERE}::small",
        "big 2!1.5",
    ],
)
def test_held(spec: str) -> None:
    assert differs(spec) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("other", "other is not in the lock"),
        ("small=2", "small is 1.0 py_3 in the lock, and small=2 is asked for"),
        ("small >=1.1", "small is 1.0 py_3 in the lock, and small >=1.1 is asked for"),
        ("small=1.0=py_4", "small is 1.0 py_3 in the lock, and small=1.0=py_4 is asked for"),
        ("small[build_number='>3']", "small is 1.0 py_3 in the lock, and small[build_number='>3'] is asked for"),
        (f"small[sha256={'cd' * 32}]", "is asked for"),
        (f"{OTHER}::small", f"small is from {HERE} in the lock, and {OTHER}::small is asked for"),
        ("odd", "odd is !! 0 in the lock, and odd is asked for"),
    ],
)
def test_not_held(spec: str, said: str) -> None:
    (told,) = differs(spec)
    assert said in told


def test_what_conda_brings_in_place_of_pip() -> None:
    assert differs(pip=("small>=0.5", "nothing-of-condas>=7", "small")) == []
    assert differs(pip=("Small>=2",)) == ["small is 1.0 in the lock of conda, and >=2 is asked for"]
