from __future__ import annotations

import pytest

from jupyter_envs.system.slips import meant

POPULAR = {"numpy", "pandas", "requests", "scikit-learn", "python-dateutil", "six", "torch", "pillow"}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("nunpy", "numpy"),
        ("numpyy", "numpy"),
        ("nmpy", None),  # four letters are too few to tell
        ("panda", "pandas"),
        ("apndas", "pandas"),
        ("request", "requests"),
        ("reqeusts", "requests"),
        ("scikitlearn", "scikit-learn"),
        ("python-dateutils", "python-dateutil"),
        ("tourch", "torch"),
    ],
)
def test_a_slip_is_pointed_out(name: str, other: str | None) -> None:
    assert meant(name, POPULAR) == other


@pytest.mark.parametrize("name", ["numpy", "scikit-learn", "polars", "sox", "", "numpy-financial", "requests-oauthlib"])
def test_a_name_of_its_own_is_none(name: str) -> None:
    assert meant(name, POPULAR) is None
