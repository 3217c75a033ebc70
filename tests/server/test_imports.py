"""Files handed in over REST, several together; folders handed out."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

FILES = {
    "requirements.txt": "six==1.16.0\n-r dev/more.txt\n-c limits.txt\n",
    "dev/more.txt": "idna\n",
    "limits.txt": "idna<4\n",
}


async def test_several_files(call: Any) -> None:
    found = (await call("POST", "inspect", {"files": FILES})).json
    assert (found["format"], found["filename"]) == ("requirements.txt", "requirements.txt")
    assert found["create"]["packages"] == ["six==1.16.0", "idna"]
    assert (found["summary"]["packages"], found["summary"]["constraints"]) == (2, 1)
    assert found["create"]["from"]["files"] == FILES


async def test_optional_parts(call: Any) -> None:
    text = '[project]\nname = "thesis"\ndependencies = []\n[dependency-groups]\ntest = ["pytest"]\n'
    asked = {"filename": "pyproject.toml", "text": text}
    assert (await call("POST", "inspect", asked)).json["groups"] == ["test"]
    found = (await call("POST", "inspect", {**asked, "groups": ["test"]})).json
    assert found["create"]["packages"] == ["pytest"]
    assert (await call("POST", "inspect", {**asked, "groups": ["none"]})).status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"files": {"requirements.txt": "-r /etc/passwd\n"}}, "from.text line 1"),
        ({"files": {"requirements.txt": "-r ../secret.txt\n"}}, "from.text line 1"),
        ({"files": {"requirements.txt": "-r none.txt\n"}}, "from.text line 1"),
        ({"files": {}}, "files"),
        ({"files": {"a.png": "x"}}, "files"),
        ({"files": {"uv.lock": "version = 9"}}, "from.text version"),
        ({"filename": "requirements.txt", "text": '{"cells": []}'}, "from.text line 1"),
        ({"filename": "uv.lock", "text": "a." * 2_000_000}, "from.text"),
        ({"files": {f"f{n}": "x" * 900_000 for n in range(12)}, "filename": "requirements.txt", "text": ""}, None),
        ({"filename": "requirements.txt", "text": "six", "folder": "../x"}, "from.folder"),
    ],
)
async def test_bad_files(call: Any, body: dict[str, Any], field: str | None) -> None:
    reply = await call("POST", "inspect", body)
    assert reply.status == 400, reply.json
    assert "root:" not in str(reply.json)
    if field:
        assert reply.json["field"] == field


async def test_every_format_is_listed(call: Any) -> None:
    known = {each["name"]: each for each in (await call("GET", "formats")).json["formats"]}
    reads = {name for name, each in known.items() if each["imports"]}
    assert reads >= {"requirements.txt", "pylock.toml", "pyproject.toml", "uv.lock", "poetry.lock", "notebook"}
    assert reads >= {"Pipfile", "Pipfile.lock", "binder"}
    writes = {name for name, each in known.items() if each["exports"]}
    assert writes >= {"requirements.txt", "requirements-requested.txt", "requirements-hashes.txt", "pylock.toml"}
    assert writes >= {"pyproject.toml", "dockerfile", "binder", "devcontainer", "github-actions"}


async def test_a_folder_comes_as_an_archive(call: Any, done: Any) -> None:
    asked = {"name": "thesis", "packages": ["six==1.16.0"], "kernel": {"register": False}, "pip": False}
    made = (await done(await call("POST", "environments", asked)))["result"]["environment"]
    file = await call("GET", f"environments/{made['id']}/export?format=binder")
    assert file.headers["Content-Type"] == "application/zip"
    assert "thesis-binder.zip" in file.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(file.body)) as archive:
        assert sorted(archive.namelist()) == ["binder/requirements.txt", "binder/runtime.txt"]
        assert b"six==1.16.0" in archive.read("binder/requirements.txt")
