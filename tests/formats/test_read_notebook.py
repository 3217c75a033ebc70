from __future__ import annotations

import json

import pytest

from jupyter_envs.formats import notebook
from jupyter_envs.model.errors import InvalidRequest


def made(*cells: object) -> str:
    """A notebook of code cells."""
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


BLOCK = """# /// script
# requires-python = "==3.12.*"
# dependencies = [
#   "numpy>=2",
#   "pandas",
# ]
# ///
import seaborn
"""


def test_declared() -> None:
    for source in (BLOCK, BLOCK.splitlines(keepends=True), BLOCK.replace("\n", "\r\n")):
        found = notebook.read(made("print(1)", source))
        assert (found.packages, found.python) == (["numpy>=2", "pandas"], "3.12")
        assert found.warnings == found.guesses == []


def test_an_unfinished_block_is_none() -> None:
    assert notebook.read(made("# /// script\n# dependencies = ['six']\nimport numpy")).guesses == ["numpy"]


def test_two_blocks() -> None:
    with pytest.raises(InvalidRequest, match="more than one"):
        notebook.read(made(BLOCK, BLOCK))


def test_guessed() -> None:
    found = notebook.read(
        made(
            "%pip install -U 'pandas>=2' --index-url https://x.example six ; echo\n!pip install -r other.txt",
            "import os, numpy as np\nimport matplotlib.pyplot as plt; import sys",
            "try:\n    from sklearn.linear_model import Lasso\nexcept ImportError:\n    pass",
            "from . import mine\nfrom .other import x\nimport pandas\nimport cv2 # pictures",
            "%%bash\nimport",
        )
    )
    assert found.packages == ["pandas>=2", "six", "echo"][: len(found.packages)]
    assert "six" in found.packages
    assert found.guesses == ["numpy", "matplotlib", "scikit-learn", "opencv-python"]
    assert "guess" in found.warnings[0]


def test_text_cells_and_old_notebooks() -> None:
    cells = [{"cell_type": "markdown", "source": "import numpy"}, {"cell_type": "code", "input": ["import scipy"]}]
    assert notebook.read(json.dumps({"worksheets": [{"cells": cells}]})).guesses == ["scipy"]
    assert notebook.read(made("1 + 1")).warnings


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"cells": 3}',
        "[" * 100_000,
        "\0",
        made("# /// script\n# dependencies = 3\n# ///"),
        made("# /// script\n# dependencies = ['-r x']\n# ///"),
        made("# /// script\n# [\n# ///"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        notebook.read(text)
    assert caught.value.hint
    assert (caught.value.field or "").startswith("from.text")


@pytest.mark.parametrize("cells", ['[3, null, {"cell_type": "code"}]', '[{"cell_type": "code", "source": [1, {}]}]'])
def test_odd_cells_are_passed_over(cells: str) -> None:
    assert notebook.read(f'{{"cells": {cells}}}').packages == []
