"""Locks of workspaces, of parts that conflict, of older Poetry and of PDM; and locks that are behind their project."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from jupyter_envs.backends.pipenv import _hash
from jupyter_envs.backends.poetry import _content_hash
from jupyter_envs.formats import pdmlock, pipfile, poetrylock, pyproject, uvlock
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system import toml
from jupyter_envs.system.dist_info import normalise
from tests.formats.recorded import NEW, recorded

HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.9"\n'
HASH = "a" * 64


def release(name: str, version: str = "1.0") -> str:
    wheel = f'{{ url = "https://f.example/{name}.whl", hash = "sha256:{HASH}" }}'
    return f"""[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://index.example/simple" }}
wheels = [{wheel}]
"""


def member(name: str, source: str, *needs: str) -> str:
    lines = ", ".join(f'{{ name = "{need}" }}' for need in needs)
    return f'[[package]]\nname = "{name}"\nversion = "0"\nsource = {{ {source} }}\ndependencies = [{lines}]\n'


MEMBERS = '[manifest]\nmembers = ["a", "b"]\n'


@pytest.mark.parametrize(
    ("members", "packages"),
    [
        # Without a root every member.
        (
            member("a", 'editable = "apps/a"', "six") + member("b", 'virtual = "apps/b"', "idna"),
            ["idna==1.0", "six==1.0"],
        ),
        # With one what that needs, members among it.
        (member("a", 'virtual = "."', "six") + member("b", 'editable = "apps/b"', "idna"), ["six==1.0"]),
        (member("a", 'editable = "."', "b") + member("b", 'virtual = "apps/b"', "idna"), ["idna==1.0"]),
    ],
)
def test_a_workspace(members: str, packages: list[str]) -> None:
    found = uvlock.read(HEAD + MEMBERS + members + release("idna") + release("six"), NEW)
    assert sorted(found.packages) == packages


INDEX = 'source = { registry = "https://index.example/simple" }'
CONFLICT = (
    HEAD
    + 'conflicts = [[{ package = "p", extra = "cpu" }, { package = "p", extra = "cu" }]]\n'
    + release("idna")
    + f"""[[package]]
name = "p"
version = "0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "idna" }},
    {{ name = "six", version = "1.0", {INDEX}, marker = "extra == 'extra-1-p-cpu'" }},
    {{ name = "six", version = "2.0", {INDEX}, marker = "extra == 'extra-1-p-cu' and extra != 'extra-1-p-cpu'" }},
]
[package.optional-dependencies]
cpu = [{{ name = "six", version = "1.0", {INDEX} }}]
cu = [{{ name = "six", version = "2.0", {INDEX} }}]
"""
    + release("six", "1.0")
    + release("six", "2.0")
)


@pytest.mark.parametrize(
    ("extra", "packages"), [("", ["idna==1.0"]), ("cpu", ["idna==1.0", "six==1.0"]), ("cu", ["idna==1.0", "six==2.0"])]
)
def test_parts_that_conflict(extra: str, packages: list[str]) -> None:
    found = uvlock.read(CONFLICT, replace(NEW, extras=frozenset({extra} - {""})))
    assert sorted(found.packages) == packages
    assert ("extra cu" in " ".join(found.warnings)) == (extra != "cu")


def old(name: str, category: str, more: str = "") -> str:
    head = f'[[package]]\nname = "{name}"\nversion = "1.0"\ncategory = "{category}"\noptional = false\n'
    return f'{head}python-versions = "*"\n{more}\n'


OLD_LOCK = (
    old("six", "main")
    + old("tool", "dev", '[package.dependencies]\nsix = "*"\nplug = "*"')
    + old("plug", "dev")
    + old("docs", "docs")
    + '[metadata]\nlock-version = "1.1"\npython-versions = "^3.8 || ^3.10"\ncontent-hash = "aa"\n[metadata.files]\n'
)


@pytest.mark.parametrize(
    ("groups", "packages"),
    [
        ([], ["six"]),
        (["dev"], ["six", "tool", "plug"]),
        (["docs"], ["six", "docs"]),
        (["dev", "docs"], ["six", "tool", "plug", "docs"]),
    ],
)
def test_categories_of_poetry_1(groups: list[str], packages: list[str]) -> None:
    found = poetrylock.read(OLD_LOCK, replace(NEW, groups=frozenset(groups)))
    assert found.packages == [f"{name}==1.0" for name in packages]
    assert found.groups == ["dev", "docs"]
    assert found.requires_python == ">=3.8,<4.0"
    assert ("left out" in " ".join(found.warnings)) == (len(groups) < 2)


PDM = f"""
[metadata]
groups = ["default", "test"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:{HASH}"

[[metadata.targets]]
requires_python = ">=3.9"

[[package]]
name = "Six"
version = "1.16.0"
requires_python = ">=2.7"
groups = ["default"]
files = [{{file = "six-1.16.0-py2.py3-none-any.whl", hash = "sha256:{HASH}"}}]

[[package]]
name = "colorama"
version = "0.4"
groups = ["default"]
marker = "sys_platform == 'zos'"
files = []

[[package]]
name = "pytest"
version = "8.0"
groups = ["test"]
files = [{{file = "x.whl", hash = "sha256:{HASH}"}}]

[[package]]
name = "tool"
version = "1.0"
groups = ["default"]
git = "https://h.example/tool.git"
ref = "main"
revision = "{"b" * 40}"

[[package]]
name = "six"
version = "1.16.0"
extras = ["x"]
groups = ["default"]
files = []
"""


def test_a_lock_of_pdm() -> None:
    found = pdmlock.read(PDM, NEW)
    assert found.packages == ["six==1.16.0", f"tool @ git+https://h.example/tool.git@{'b' * 40}"]
    assert found.hashes["six==1.16.0"] == (f"sha256:{HASH}",)
    assert (found.groups, found.requires_python, found.exact) == (["test"], ">=3.9", True)
    assert "test" in found.warnings[0]
    assert "pytest==8.0" in pdmlock.read(PDM, replace(NEW, groups=frozenset({"test"}))).packages
    with pytest.raises(InvalidRequest, match="lock_version"):
        pdmlock.read('[metadata]\nlock_version = "3"\n', NEW)


def test_groups_of_pdm_and_environments_of_hatch() -> None:
    text = """
[project]
name = "p"
dependencies = ["six"]
[tool.pdm.dev-dependencies]
test = ["pytest", "-e file:///x#egg=x"]
[tool.hatch.envs.docs]
dependencies = ["mkdocs"]
extra-dependencies = ["mike"]
[tool.hatch.envs.empty]
python = "3.11"
"""
    found = pyproject.read(text, replace(NEW, groups=frozenset({"hatch-docs", "test"})))
    assert found.packages == ["six", "pytest", "mkdocs", "mike"]
    assert found.groups == ["hatch-docs", "test"]


@pytest.mark.parametrize(
    ("read", "lock", "project"),
    [
        (uvlock.read, "uv-0.13.8-uv.lock", "uv-0.13.8-pyproject.toml"),
        (poetrylock.read, "poetry-2.5.1-poetry.lock", "poetry-2.5.1-pyproject.toml"),
        (pipfile.read_lock, "pipenv-2026.10.3-Pipfile.lock", "pipenv-2026.10.3-Pipfile"),
    ],
)
def test_a_lock_that_is_behind_says_so(read, lock: str, project: str) -> None:  # type: ignore[no-untyped-def]
    name = project.rpartition("-")[2]
    now, text = recorded(project), recorded(lock)
    if read is poetrylock.read:
        # The index that was recorded has another address now.
        text = re.sub(r'content-hash = "\w+"', f'content-hash = "{_content_hash(toml.parse(now), groups=True)}"', text)
    elif read is pipfile.read_lock:
        text = re.sub(r'"sha256": "\w+"', f'"sha256": "{_hash(toml.parse(now), normalise)}"', text, count=1)
    assert "behind" not in " ".join(read(text, replace(NEW, files={name: now})).warnings)
    changed = re.sub(r"(?m)^(\[packages\]|\[tool\.poetry\.dependencies\])$", r'\1\nadded = "*"', now)
    changed = changed.replace("dependencies = [", 'dependencies = ["added",', 1)
    assert changed != now
    assert "behind" in " ".join(read(text, replace(NEW, files={name: changed})).warnings)
