"""What the package imports is what it says it needs."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from jupyter_envs.system import toml

TOP = Path(__file__).resolve().parents[1]
# A kernel brings IPython; the file that runs in it, and the hook for it, need nothing else.
IN_A_KERNEL = {"IPython"}


def imported() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted((TOP / "jupyter_envs").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names | {"jupyter_envs"} | IN_A_KERNEL:
                    found.setdefault(top, path)
    return found


def declared() -> set[str]:
    project = toml.parse((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    return {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower() for line in project["dependencies"]}


@pytest.mark.parametrize(("module", "path"), imported().items())
def test_an_import_is_declared(module, path):
    owners = packages_distributions().get(module, [module])
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in owners} & declared(), f"{path} imports {module}"
