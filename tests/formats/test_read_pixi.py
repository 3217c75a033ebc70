"""pixi's manifest, its table in a pyproject.toml, and its lock."""

from __future__ import annotations

import pytest

from jupyter_envs.formats import pixi, pyproject
from jupyter_envs.formats.base import Given
from jupyter_envs.formats.explicit import platform
from jupyter_envs.model.errors import InvalidRequest

MANIFEST = f"""
[workspace]
name = "w"
channels = ["conda-forge", {{channel = "pytorch", priority = 1}}]
platforms = ["{platform()}"]

[dependencies]
python = "3.11.*"
numpy = ">=1.26,<2"
exact = "1.2"
any = "*"
built = {{version = "2.*", build = "*mkl*", channel = "intel"}}

[pypi-dependencies]
six = "*"
idna = ">=3,<4"
extra = {{version = "==1.0", extras = ["x"]}}
tool = {{git = "https://h.example/tool.git", rev = "abc"}}

[target.{platform()}.dependencies]
here = "*"

[target.zos-z.dependencies]
elsewhere = "*"

[feature.test.dependencies]
pytest = "*"

[feature.gpu.pypi-dependencies]
torch = "*"

[environments]
default = ["gpu"]
test = ["test"]
"""


def test_the_default_environment() -> None:
    found = pixi.read(MANIFEST)
    assert found.conda == ["python=3.11.*", "numpy >=1.26,<2", "exact ==1.2", "any", "intel::built 2.* *mkl*", "here"]
    assert found.packages == [
        "six",
        "idna>=3,<4",
        "extra[x]==1.0",
        "tool @ git+https://h.example/tool.git@abc",
        "torch",
    ]
    assert (found.channels, found.python, found.name) == (["conda-forge", "pytorch"], "3.11", "w")
    assert found.groups == ["test"]
    assert "pixi" in found.warnings[0]
    assert "test" in found.warnings[1]
    assert "pytest" in pixi.read(MANIFEST, Given(groups=frozenset({"test"}))).conda


def test_a_table_in_pyproject() -> None:
    text = """
[project]
name = "p"
requires-python = ">=3.11"
dependencies = ["six"]
[dependency-groups]
dev = ["idna"]
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = []
[tool.pixi.dependencies]
numpy = "*"
[tool.pixi.feature.test.dependencies]
pytest = "*"
"""
    found = pyproject.read(text)
    assert (found.conda, found.packages, found.channels) == (["python >=3.11", "numpy"], ["six"], ["conda-forge"])
    assert found.groups == ["dev", "test"]
    both = pyproject.read(text, Given(groups=frozenset({"dev", "test"})))
    assert ("pytest" in both.conda, both.packages) == (True, ["six", "idna"])


LOCK = f"""version: 6
environments:
  default:
    channels:
    - url: https://channel.example/conda-forge/
    packages:
      {platform()}:
      - conda: https://channel.example/conda-forge/noarch/six-1.16.0-py_0.conda
      - pypi: https://files.example/idna-3.7-py3-none-any.whl
packages:
- conda: https://channel.example/conda-forge/noarch/six-1.16.0-py_0.conda
  sha256: {"a" * 64}
- pypi: https://files.example/idna-3.7-py3-none-any.whl
  name: idna
  version: '3.7'
  sha256: {"b" * 64}
"""


def test_a_lock() -> None:
    found = pixi.read_lock(LOCK)
    assert [archive.sha256 for archive in found.archives] == ["a" * 64]
    assert found.packages == ["idna @ https://files.example/idna-3.7-py3-none-any.whl"]
    assert found.hashes[found.packages[0]] == ("sha256:" + "b" * 64,)
    assert found.exact


@pytest.mark.parametrize(
    ("text", "message"), [("version: 99\n", "version is 99"), (LOCK.replace(platform(), "zos-z"), "this machine is")]
)
def test_a_lock_that_is_not_for_here(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        pixi.read_lock(text)
