"""conda-lock.yml, and what pip brings beside an explicit lock."""

from __future__ import annotations

import pytest

from jupyter_envs.formats import conda_lock, explicit, registry
from jupyter_envs.formats.base import Given
from jupyter_envs.model.errors import InvalidRequest

HASH = "a" * 64
COMMIT = "b" * 40


def package(
    name: str, manager: str = "conda", *, platform: str = "", url: str = "", more: str = "category: main"
) -> str:
    where = platform or explicit.platform()
    url = url or f"https://channel.example/conda-forge/noarch/{name}-1.0-py_0.conda"
    return f"""- name: {name}
  version: '1.0'
  manager: {manager}
  platform: {where}
  dependencies: {{}}
  url: {url}
  hash: {{md5: {"c" * 32}, sha256: {HASH}}}
  {more}
"""


LOCK = "version: 1\nmetadata:\n  platforms: [linux-64]\npackage:\n"


def test_what_is_for_this_machine() -> None:
    text = LOCK + "".join(
        [
            package("six"),
            package("other", platform="zos-z"),
            package("test", more="category: dev"),
            package("newer", more="categories: [dev, main]"),
            package("idna", "pip", url="https://files.example/idna-1.0-py3-none-any.whl"),
            package("tool", "pip", url=f"git+https://h.example/tool.git@{COMMIT}"),
        ]
    )
    assert registry.sniff("locked.yml", text) is conda_lock.FORMAT
    found = conda_lock.read(text)
    assert [archive.url.rpartition("/")[2] for archive in found.archives] == [
        "six-1.0-py_0.conda",
        "newer-1.0-py_0.conda",
    ]
    assert all(archive.sha256 == HASH for archive in found.archives)
    assert found.packages == [
        "idna @ https://files.example/idna-1.0-py3-none-any.whl",
        f"tool @ git+https://h.example/tool.git@{COMMIT}",
    ]
    assert found.exact
    assert found.groups == ["dev"]
    assert "dev" in found.warnings[0]
    dev = conda_lock.read(text, Given(groups=frozenset({"dev"})))
    assert len(dev.archives) == 3
    assert not dev.warnings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LOCK + package("six", platform="zos-z"), "this machine is"),
        ("version: 2\npackage: []\n", "what is understood is 1"),
        ("package: []\n", "missing"),
        (LOCK + package("six", url="https://h.example/x"), "not the address"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        conda_lock.read(text)


def test_pip_lines_of_an_explicit_lock() -> None:
    text = f"""@EXPLICIT
https://channel.example/conda-forge/noarch/six-1.16.0-py_0.tar.bz2
# pip tabulate @ https://files.example/tabulate-0.9.0-py3-none-any.whl#sha256={HASH}
# pip idna @ https://files.example/idna-3.7-py3-none-any.whl --hash=sha256:{HASH}
# pip tool @ git+https://h.example/tool.git@{COMMIT}
# pip attrs==23.1.0
# pip is what some people use
"""
    found = explicit.read(text)
    assert len(found.archives) == 1
    assert found.packages == [
        "tabulate @ https://files.example/tabulate-0.9.0-py3-none-any.whl",
        "idna @ https://files.example/idna-3.7-py3-none-any.whl",
        f"tool @ git+https://h.example/tool.git@{COMMIT}",
        "attrs==23.1.0",
    ]
    assert set(found.hashes) == set(found.packages[:2])
