"""What cells install and import, as IPython reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_envs.formats import notebook
from jupyter_envs.formats.base import Given

PYTHON = {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}}


def made(*cells: str, metadata: object = PYTHON) -> str:
    return json.dumps(
        {"nbformat": 4, "metadata": metadata, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    )


def names(*cells: str, given: Given | None = None, metadata: object = PYTHON) -> list[str]:
    found = notebook.read(made(*cells, metadata=metadata), given or Given(filename="a.ipynb"))
    return [*found.conda, *found.packages, *found.guesses]


@pytest.mark.parametrize(
    ("cell", "packages"),
    [
        # Ways to install.
        ("!pip install six", ["six"]),
        ("! pip install six", ["six"]),
        ("!!pip install six", ["six"]),
        ("%pip install six", ["six"]),
        ("%pip install -q six  # quiet", ["six"]),
        ("%envinstall six", ["six"]),
        ("%conda install six", ["six"]),
        ("%mamba install six", ["six"]),
        ("%uv pip install six", ["six"]),
        ("pip install six", ["six"]),
        ("import os\npip install six\nx = 1", ["six"]),
        ("x = !pip install six", ["six"]),
        ("x = %pip install six", ["six"]),
        ("%system pip install six", ["six"]),
        ("%sx pip install six", ["six"]),
        ("%time !pip install six", ["six"]),
        ("%%bash\npip install six", ["six"]),
        ("%%sh -e\npip install six", ["six"]),
        ("%%script bash --no-raise-error\npip install six", ["six"]),
        ("%%capture out\n!pip install six\nimport yaml", ["six", "pyyaml"]),
        ("%%capture\n%%bash\npip install six", ["six"]),
        ("%%time\n!pip install six", ["six"]),
        ("# first\n%%bash\npip install six", ["six"]),
        ("%%!\npip install six", ["six"]),
        ("for x in 'ab':\n    !pip install six", ["six"]),
        ("with open('x') as f:\n    %pip install six", ["six"]),
        ("!pip install \\\n  six \\\n  idna", ["six", "idna"]),
        ("%pip install \\\n  six \\\n  idna", ["six", "idna"]),
        ("import sys\n!{sys.executable} -m pip install six", ["six"]),
        ("!$sys.executable -m pip install six", ["six"]),
        ("name = 'six'\nversion = '1.16'\n!pip install {name}=={version}", ["six==1.16"]),
        ("names = ['six', 'idna']\nfor n in names:\n    !pip install {n}", ["six", "idna"]),
        ("get_ipython().system('pip install six')", ["six"]),
        ("get_ipython().run_line_magic('pip', 'install six')", ["six"]),
        ("get_ipython().magic('pip install six')", ["six"]),
        ("get_ipython().run_cell_magic('bash', '', 'pip install six')", ["six"]),
        ("import os\nos.system('pip install six')", ["six"]),
        ("import os\nos.system(f'pip install six=={1}')", []),
        ("import subprocess\nsubprocess.run('pip install six', shell=True)", ["six"]),
        ("import subprocess\nsubprocess.run('pip install six'.split())", ["six"]),
        (
            "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'six>=1'])",
            ["six>=1"],
        ),
        ("from subprocess import check_call\ncheck_call(['pip', 'install', 'six'])", ["six"]),
        ("import subprocess as sp\nsp.Popen(['pip', 'install'] + ['six'])", ["six"]),
        ("import subprocess, shlex\nsubprocess.run(shlex.split('pip install six'))", ["six"]),
        (
            "import subprocess, sys\ndef install(package):\n"
            "    subprocess.check_call([sys.executable, '-m', 'pip', 'install', package])\n"
            "install('six')\ninstall('idna')",
            ["six", "idna"],
        ),
        ("import subprocess\nfor p in ['six', 'idna']:\n    subprocess.run(['pip', 'install', p])", ["six", "idna"]),
        ("import pip\npip.main(['install', 'six'])", ["six"]),
        ("import os\nos.system('echo hello')", []),
        # What stands in strings, comments and other languages.
        ("'''\n!pip install six\nimport numpy\n'''", []),
        ("print('!pip install six')", []),
        ("# !pip install six\n# import numpy", []),
        ("%%html\n<script>import numpy</script>", []),
        ("%%javascript\nimport numpy from 'numpy'", []),
        ("%%js\nimport numpy", []),
        ("%%R\nlibrary(dplyr)\nimport numpy", []),
        ("%%writefile helper.py\nimport numpy", []),
        ("%%latex\nimport numpy", []),
        ("%%sql\nimport numpy", []),
        ("%%markdown\nimport numpy", []),
        ("%%perl\nimport numpy", []),
        ("%%frobnicate\nimport numpy", []),
        # Imports.
        ("import numpy as np, yaml", ["numpy", "pyyaml"]),
        ("import numpy.linalg", ["numpy"]),
        ("from matplotlib import (\n    pyplot,\n    cm,\n)", ["matplotlib"]),
        ("from google.cloud import bigquery, storage", ["google-cloud-bigquery", "google-cloud-storage"]),
        ("import google.cloud.pubsub_v1 as p", ["google-cloud-pubsub"]),
        ("from azure.ai.ml import MLClient", ["azure-ai-ml"]),
        ("from mpl_toolkits.basemap import Basemap", ["basemap"]),
        ("from databricks import sql", ["databricks-sql-connector"]),
        ("from . import x\nfrom .y import z\nfrom .. import w", []),
        ("import os, sys, json, asyncio, __future__", []),
        ("from IPython.display import display", []),
        ("__import__('numpy')", ["numpy"]),
        ("import importlib\nimportlib.import_module('numpy.linalg')", ["numpy"]),
        ("from importlib import import_module\nimport_module('numpy')\nimport_module('.x', 'y')", ["numpy"]),
        ("def f():\n    import numpy", ["numpy"]),
        ("class A:\n    import numpy", ["numpy"]),
        ("async def f():\n    import numpy\nawait f()", ["numpy"]),
        ("if x: import numpy", ["numpy"]),
        ("try:\n    import numpy\nexcept ImportError:\n    import scipy", ["numpy", "scipy"]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy", []),
        ("%load_ext line_profiler", ["line-profiler"]),
        ("%load_ext autoreload\n%autoreload 2\n%matplotlib inline", []),
        ("%time import numpy", ["numpy"]),
        (">>> import numpy\n>>> numpy.ones(1)", ["numpy"]),
        ("numpy?\nimport numpy", ["numpy"]),
        ("import google.colab", []),
        ("import urllib2, cPickle", []),
        ("import cv2\n!pip install opencv-contrib-python", ["opencv-contrib-python"]),
        ("!pip install git+https://git.example/segment-anything.git\nimport segment_anything", None),
        ("!conda install pytorch\nimport torch", ["pytorch"]),
        # Lines that are not Python.
        ("print 'x'\nimport numpy", ["numpy"]),
        ("import numpy\nexec 'x'\nprint numpy.ones(1), 'y'\nimport yaml", ["numpy", "pyyaml"]),
        ("import numpy\nx = (", ["numpy"]),
        ("import numpy\nx = '''never closed\nimport yaml", ["numpy"]),
        ("import numpy\n{{ template }}\n<<<<<<< HEAD\nimport yaml", ["numpy", "pyyaml"]),
        ("try:\n    import numpy\nexcept ImportError, e:\n    print e", ["numpy"]),
        ("import numpy\n  import yaml", ["numpy", "pyyaml"]),
        ("!echo it's\nimport numpy", ["numpy"]),
        ("\x0cimport numpy\r\nimport yaml", ["numpy", "pyyaml"]),
    ],
)
def test_cells(cell: str, packages: list[str] | None) -> None:
    if packages is None:
        packages = ["git+https://git.example/segment-anything.git"]
    assert names(cell) == packages


def test_order_and_removal_hold_across_cells() -> None:
    assert names("!pip install six tensorflow", "!pip uninstall -y tensorflow", "import idna") == ["six", "idna"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("try:\n    import numpy\nexcept ImportError:\n    pass", "perhaps not needed: numpy"),
        ("def f():\n    import numpy", "perhaps not needed: numpy"),
        ("if TYPE_CHECKING:\n    import numpy", "type checkers alone"),
        ("import google.colab", "part of Colab"),
        ("import urllib2", "Python 2"),
        ("import numpy\nprint 'x'", "cell 1, line 2"),
        ("subprocess.run(['pip', 'install', name])", "only known when it runs"),
        ("!pip install -e .", "-e ."),
    ],
)
def test_what_is_left_out_or_doubtful_is_told(cell: str, says: str) -> None:
    warnings = notebook.read(made(cell)).warnings
    assert any(says in warning for warning in warnings), warnings
    assert not any("names no package" in warning for warning in warnings)


def test_an_import_that_is_needed_elsewhere_is_not_doubtful() -> None:
    found = notebook.read(made("try:\n    import numpy\nexcept ImportError:\n    pass", "import numpy"))
    assert not any("perhaps" in warning for warning in found.warnings)


def test_modules_beside_the_notebook_are_its_own() -> None:
    files = {"work/helper.py": "", "work/src/__init__.py": "", "elsewhere.py": ""}
    given = Given(filename="work/a.ipynb", files=files)
    assert names("import helper, src.data, numpy\n", "%%writefile made.py\nx = 1", "import made", given=given) == [
        "numpy"
    ]
    assert names("import elsewhere", given=given) == ["elsewhere"]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "R"}}, "R"),
        ({"kernelspec": {"name": "ir"}}, "R"),
        ({"kernelspec": {"name": "julia-1.11", "language": "julia"}}, "Julia"),
        ({"language_info": {"name": "kotlin"}}, "Kotlin"),
        ({"kernelspec": {"name": "deno", "language": "typescript"}}, "TypeScript"),
        ({"kernelspec": {"name": "xcpp17", "language": "C++17"}}, "C++17"),
        ({"kernelspec": {"name": ".net-csharp"}}, "C#"),
        ({"language_info": {"name": "rust"}}, "Rust"),
        ({"kernelspec": {"name": "bash"}}, "bash"),
    ],
)
def test_notebooks_of_other_languages_say_so(metadata: object, language: str) -> None:
    found = notebook.read(made("import numpy", metadata=metadata))
    assert not found.packages
    assert not found.guesses
    assert f"notebook of {language}" in found.warnings[0]


@pytest.mark.parametrize(
    "metadata", [{}, None, [], {"kernelspec": 3}, {"kernelspec": {"name": "thesis"}}, {"name": ""}]
)
def test_what_names_no_language_is_python(metadata: Any) -> None:
    assert names("import numpy", metadata=metadata) == ["numpy"]


def test_cells_of_other_languages_in_a_notebook_of_python() -> None:
    cells = [
        {"cell_type": "code", "source": "import numpy", "metadata": {"vscode": {"languageId": "javascript"}}},
        {"cell_type": "code", "source": "import scipy", "metadata": {"kernel": "R"}},
        {"cell_type": "code", "source": "import yaml", "metadata": {"vscode": {"languageId": "python"}}},
    ]
    assert notebook.read(json.dumps({"cells": cells, "metadata": PYTHON})).guesses == ["pyyaml"]


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats(version: int) -> None:
    cell = {"cell_type": "code", "input": ["import numpy\n", "print numpy"], "language": "python"}
    text = json.dumps({"nbformat": version, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]})
    assert notebook.read(text).guesses == ["numpy"]


def test_what_left_the_standard_library_is_asked_for_where_the_python_lacks_it() -> None:
    cell = "import distutils, cgi, json"
    assert names(cell, given=Given(filename="a.ipynb", python="3.13.1")) == ["setuptools", "legacy-cgi"]
    assert names(cell, given=Given(filename="a.ipynb", python="3.11.1")) == []


def test_large_and_hostile_cells_end() -> None:
    for cell in (
        "!x\n" * 20_000,
        "print 'x'\n" * 20_000,
        "(" * 50_000,
        "x = '''" * 20_000,
        "%pip install six\n" * 3_000,
        "a" * 600_000,
        "import " + "a." * 20_000 + "b",
        "!pip install " + "{x}" * 20_000,
    ):
        notebook.read(made(cell))
