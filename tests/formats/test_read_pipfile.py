from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_envs.formats import pipfile
from jupyter_envs.model.errors import InvalidRequest
from tests.formats.recorded import NEW, recorded


def test_a_real_one() -> None:
    found = pipfile.read(recorded("pipenv-2026.10.3-Pipfile"), NEW)
    assert found.packages == [
        "httpx[socks]>=0.27",
        "rich~=13.7",
        "exceptiongroup ; python_version < '3.11'",
        "colorama==0.4.6 ; sys_platform == 'win32'",
    ]
    assert (found.python, found.indexes, found.groups) == ("3.11", ["https://index.example/simple"], ["dev-packages"])
    assert "dev-packages" in found.warnings[0]
    assert not found.exact


def test_groups_places_and_what_is_not_understood() -> None:
    text = """
[packages]
one = {git = "https://x.example/one.git", ref = "v1", subdirectory = "a"}
two = {path = "./two", editable = true, extras = ["dev"]}
three = {file = "https://x.example/three.whl"}
four = {version = "*", new_key = 1}
[docs]
five = "*"
[scripts]
go = "python -m go"
"""
    found = pipfile.read(text, replace(NEW, folder="/home/me/thesis", groups=frozenset({"docs"})))
    assert found.packages == [
        "one @ git+https://x.example/one.git@v1#subdirectory=a",
        "-e /home/me/thesis/two",
        "three @ https://x.example/three.whl",
        "four",
        "five",
    ]
    assert found.unknown == ["packages.four.new_key", "scripts"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "from.text"),
        ("packages = 3", "from.text packages"),
        ("[packages]\none = 3", "from.text packages.one"),
        ("[packages]\none = '>=1; --pre'", "from.text packages.one"),
        ("[packages]\none = {path = '../../etc'}", "from.text packages.one.path"),
        ("[packages]\none = {git = 'ext::sh -c x'}", "from.text packages.one"),
        ("[packages]\n'-r' = '*'", "from.text packages.-r"),
        ("[packages]\none = {sys_platform = 3}", "from.text packages.one.sys_platform"),
        ("source = 3\n[packages]\n", "from.text source"),
    ],
)
def test_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        pipfile.read(text, replace(NEW, folder="/home/me/thesis"))
    assert caught.value.field == field
