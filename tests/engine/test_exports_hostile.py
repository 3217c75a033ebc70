"""What calls itself something that is no name is left out of a file, which says so and stays what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.registry import FORMATS
from jupyter_envs.model.request import Inspect
from jupyter_envs.system import toml, yaml
from tests.engine.world import bare

NAMES = [
    'a"b', "a b", "--index-url=https://evil.invalid", "../up", "${HOME}", "a; rm -rf x", "ünï", "# a", "a' or 'b",
    "-r x",
]  # fmt: skip


@pytest.fixture
def hostile(engine: Engine) -> Engine:
    site = next(Path(bare(engine).prefix).glob("lib/python*/site-packages"))
    entries = [*((name, "1.0") for name in NAMES), ("fine", '1" x'), ("good", "2.0")]
    for number, (name, version) in enumerate(entries):
        folder = site / f"entry{number}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        (folder / "RECORD").write_text("")
    return engine


@pytest.mark.parametrize("name", [known.name for known in FORMATS if known.exports and not known.locks])
def test_a_hostile_name_is_left_out_and_told(hostile: Engine, name: str) -> None:
    found = hostile.export("demo", name)
    files = found.files or {found.filename: found.text}
    assert any("# Left out, since this is no name and version of a package" in text for text in files.values())
    for path, text in files.items():
        said = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        assert not [line for line in said if any(bad in line for bad in (*NAMES, "evil.invalid"))], text
        if path.endswith(".toml"):
            toml.parse(text)
        elif path.endswith((".yml", ".yaml")):
            yaml.parse(text)
        elif path.endswith(".json"):
            json.loads(text)
    readable = {known.name for known in FORMATS if known.read}
    if name in readable and name != "explicit" and not found.files:
        read = hostile.inspect(Inspect(filename=found.filename, text=found.text))
        assert not [line for line in read.create.packages if any(bad in line for bad in NAMES)]


def test_one_format_says_which(hostile: Engine) -> None:
    text = hostile.export("demo", "requirements.txt").text
    assert "good==2.0" in text
    assert "--index-url=https://evil.invalid 1.0" in text.splitlines()[0]
