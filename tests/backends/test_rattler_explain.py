"""The solver's explanations, as py-rattler 0.28.0 printed them, in one sentence each."""

from __future__ import annotations

import pytest

from jupyter_envs.backends.rattler_explain import shorten

HEAD = "Cannot solve the request because of: "
TWO_SIDES = """The following packages are incompatible
├─ y * can be installed with any of the following options:
│  └─ y 1.0 would require
│     └─ lib >=2, which can be installed with any of the following options:
│        └─ lib 2.0
└─ x * cannot be installed because there are no viable options:
   └─ x 1.0 would require
      └─ lib <2, which cannot be installed because there are no viable options:
         └─ lib 1.0, which conflicts with the versions reported above.

"""
BELOW_ONE = """The following packages are incompatible
└─ z * cannot be installed because there are no viable options:
   └─ z 1.0 would require
      ├─ y *, which can be installed with any of the following options:
      │  └─ y 1.0 would require
      │     └─ lib >=2, which can be installed with any of the following options:
      │        └─ lib 2.0
      └─ x *, which cannot be installed because there are no viable options:
         └─ x 1.0 would require
            └─ lib <2, which cannot be installed because there are no viable options:
               └─ lib 1.0, which conflicts with the versions reported above.
"""
LIMIT = """The following packages are incompatible
├─ lib 2.* can be installed with any of the following options:
│  └─ lib 2.0
└─ con * cannot be installed because there are no viable options:
   └─ con 1.0 would constrain
      └─ lib <2, which conflicts with any installable versions previously reported
"""
MISSING = """missingdep * cannot be installed because there are no viable options:
└─ missingdep 1.0 would require
   └─ nothere >=1, for which no candidates were found.
"""
PYTHON = """only1 * cannot be installed because there are no viable options:
└─ only1 1.0 would require
   └─ python 3.11.*, for which no candidates were found.
"""
HIDDEN = """The following packages are incompatible
└─ bonly * cannot be installed because there are no viable options:
   └─ bonly 1.0 would require
      └─ lib 3.*, which cannot be installed because there are no viable options:
         └─ lib 3.0 is excluded because due to strict channel priority not using this option from: 'file:///b/'
"""
CONSTRAINT = """The following packages are incompatible
└─ x * can be installed with any of the following options:
   └─ x 1.0 would require
      └─ lib <2, which can be installed with any of the following options:
         └─ lib 1.0
└─ the constraint lib ==0 __excluded__ cannot be fulfilled
"""


@pytest.mark.parametrize(
    ("text", "reasons", "message"),
    [
        (TWO_SIDES, {}, "x 1.0 needs lib <2, but y 1.0 needs lib >=2."),
        (BELOW_ONE, {}, "x 1.0 needs lib <2, but y 1.0 needs lib >=2."),
        (LIMIT, {}, "con 1.0 allows only lib <2, but lib 2.* is asked for."),
        (LIMIT, {"lib": ("is pinned", "lib 2.*")}, "con 1.0 allows only lib <2, but lib 2.* is pinned."),
        (MISSING, {}, "missingdep 1.0 needs nothere >=1, which no channel has beside what is asked for."),
        (
            PYTHON,
            {"python": ("is installed", "python 3.12.*")},
            "only1 1.0 needs python 3.11.*, but python 3.12.* is installed.",
        ),
        (
            HIDDEN,
            {},
            "lib 3.0 is left out by strict channel priority: a channel that comes first has another lib.",
        ),
        (CONSTRAINT, {}, "x 1.0 needs lib <2, but lib is to stay out."),
        ("No candidates were found for lib ==9.\n", {}, "No channel has lib ==9."),
        ("No candidates were found for lib *.\n", {}, "No channel has lib."),
        ("something quite new\nover two lines", {}, "something quite new"),
        ("", {}, "The request cannot be met."),
    ],
)
def test_shortened(text: str, reasons: dict[str, tuple[str, str]], message: str) -> None:
    assert shorten(HEAD + text, reasons) == message


def test_many_sides_are_cut() -> None:
    lines = ["The following packages are incompatible"]
    for n in range(6):
        lines += [
            f"├─ p{n} * cannot be installed because there are no viable options:",
            f"│  └─ p{n} 1 would require",
            f"│     └─ lib =={n}, which cannot be installed because there are no viable options:",
            f"│        └─ lib {n}, which conflicts with the versions reported above.",
        ]
    expected = "p0 1 needs lib ==0, but p1 1 needs lib ==1, p2 1 needs lib ==2 (and 3 more)."
    assert shorten(HEAD + "\n".join(lines), {}) == expected
