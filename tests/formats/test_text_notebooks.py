"""Scripts, text notebooks and pasted commands; tables in a script block."""

from __future__ import annotations

import json

import pytest

from jupyter_envs.formats import notebook
from jupyter_envs.formats.base import Given
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.formats.notebook import texts
from jupyter_envs.formats.registry import sniff

PERCENT = """# ---
# jupyter:
#   kernelspec:
#     language: python
# ---
# %% [markdown]
# import scipy
# %%
# !pip install six
# %pip install idna
import numpy
"""
MYST = """---
kernelspec:
  name: python3
  language: python
---
Text with import scipy

```{code-cell} ipython3
:tags: [hide]
import numpy
```

```python
import pandas
```

```bash
pip install nothing
```
"""
QUARTO = """---
title: x
jupyter: python3
---
```{python}
#| echo: false
import numpy
!pip install six
```

```{r}
library(dplyr)
```
"""
MARIMO = """import marimo
app = marimo.App()

@app.cell
def _():
    import numpy
    return
"""
BLOCK = "# /// script\n# dependencies = ['six']\n# ///\nimport numpy\n"


@pytest.mark.parametrize(
    ("filename", "text", "packages"),
    [
        ("a.py", PERCENT, ["six", "idna", "numpy"]),
        ("a.py", "import numpy\n", ["numpy"]),
        ("a.py", BLOCK, ["six"]),
        ("a.md", MYST, ["numpy", "pandas"]),
        ("a.qmd", QUARTO, ["six", "numpy"]),
        ("a.qmd", f"```{{python}}\n{BLOCK}```\n", ["six"]),
        ("a.py", MARIMO, ["marimo", "numpy"]),
    ],
)
def test_texts(filename: str, text: str, packages: list[str]) -> None:
    chosen = sniff(filename, text)
    assert chosen is texts.FORMAT
    assert chosen.read is not None
    found = chosen.read(text, Given(filename=filename))
    assert [*found.packages, *found.guesses] == packages
    assert not any("perhaps" in warning for warning in found.warnings)


def test_a_text_of_another_language_says_so() -> None:
    found = texts.read("```{r}\nlibrary(dplyr)\n```\n", Given(filename="a.qmd"))
    assert not found.packages
    assert "R" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("$ pip3 install six", ["six"]),
        ("> pip install six\n", ["six"]),
        ("(base) $ pip install six", ["six"]),
        ("# needed\npip install six  # really\n", ["six"]),
        ("uv add six\npoetry add idna@^3", ["six", "idna>=3,<4"]),
        ("six\nidna>=3  # old\n", ["six", "idna>=3"]),
        ("six idna", ["six", "idna"]),
        ("!pip install six", ["six"]),
        ("%envinstall six", ["six"]),
        ("import cv2\nfrom yaml import load", ["opencv-python", "pyyaml"]),
        ("pip install \\\n  six \\\n  idna", ["six", "idna"]),
        ("-r requirements.txt", ["attrs"]),
        ("sudo pip install six && echo done", ["six"]),
        ("", []),
    ],
)
def test_pasted_commands(text: str, packages: list[str]) -> None:
    found = texts.read_commands(text, Given(filename="commands", files={"requirements.txt": "attrs\n"}))
    assert [*found.packages, *found.guesses] == packages
    assert not any("PEP 723" in warning for warning in found.warnings)


TOOLS = """# /// script
# requires-python = ">=3.11"
# dependencies = ["six", "idna[x]>=3 ; python_version > '3'"]
#
# [tool.uv]
# exclude-newer = "2026-01-01T00:00:00Z"
# constraint-dependencies = ["attrs<30"]
# [tool.uv.sources]
# six = { git = "https://git.example/six", tag = "v1" }  # mine
# [[tool.uv.index]]
# url = "https://me:secret@index.example/simple"
# ///
"""
PIXI = """# /// script
# dependencies = ["six"]
# [tool.pixi.workspace]
# channels = ["conda-forge"]
# [tool.pixi.dependencies]
# python = "3.12.*"
# numpy = { version = ">=2", channel = "conda-forge" }
# gdal = "*"
# [tool.pixi.pypi-dependencies]
# idna = "==3.7"
# mine = { path = "." }
# ///
"""


def made(cell: str, metadata: object = None) -> str:
    cells = [{"cell_type": "code", "source": cell}] if cell else []
    return json.dumps({"nbformat": 4, "metadata": metadata or {}, "cells": cells})


def test_tables_of_uv_are_understood() -> None:
    found = notebook.read(made(TOOLS))
    assert found.packages == ["six @ git+https://git.example/six@v1", "idna[x]>=3 ; python_version > '3'"]
    assert found.constraints == ["attrs<30"]
    assert found.unknown == ["tool.uv.exclude-newer"]
    assert "secret" not in repr(found)
    assert "index.example" in found.indexes[0]


def test_tables_of_pixi_are_understood() -> None:
    found = notebook.read(made(PIXI))
    assert found.conda == ["python 3.12.*", "conda-forge::numpy >=2", "gdal"]
    assert (found.packages, found.channels) == (["six", "idna==3.7"], ["conda-forge"])
    assert "mine" in found.warnings[-1]


@pytest.mark.parametrize("block", [TOOLS, PIXI])
def test_tables_of_tools_are_kept_as_they_stand(block: str) -> None:
    book = json.loads(made(block + "import x"))
    book["cells"][0].update(metadata={}, outputs=[], execution_count=None)
    after = json.loads(write(json.dumps(book), Carried(["numpy"], ">=3.12"), "cell"))
    source = "".join(after["cells"][0]["source"])
    assert block[block.index("# [tool") : block.index("# ///\n", 20)] in source
    assert '"numpy"' in source
    assert "six" not in source.split("# [tool")[0]
    assert source.endswith("import x")


@pytest.mark.parametrize(
    ("metadata", "conda", "packages", "python"),
    [
        ({"uv": {"dependencies": ["six"], "requires-python": "==3.12.*"}}, [], ["six"], "3.12"),
        ({"runt": {"schema_version": "1", "uv": {"dependencies": ["six>=1"]}}}, [], ["six>=1"], None),
        (
            {"conda": {"dependencies": ["numpy=2"], "channels": ["conda-forge"], "python": "3.12"}},
            ["python=3.12", "numpy=2"],
            [],
            None,
        ),
        ({"runt": {"conda": {"dependencies": ["numpy"], "channels": []}}}, ["numpy"], [], None),
    ],
)
def test_metadata_of_nteract(metadata: object, conda: list[str], packages: list[str], python: str | None) -> None:
    found = notebook.read(made("import scipy", metadata))
    assert (found.conda, found.packages, found.python) == (conda, packages, python)
    assert not found.guesses
