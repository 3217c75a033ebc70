"""A file's text in whichever encoding; the panel's decoder is held to the same table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from jupyter_envs.system.decode import decode

SPEC = Path(__file__).parents[2] / "labextension/test/model/decode.spec.ts"
TABLE = re.search(r"CASES[^=]*= (\[.*?\n\]);", SPEC.read_text("utf-8"), re.S)
CASES = ast.literal_eval(TABLE[1]) if TABLE else []


def test_the_table_was_read() -> None:
    assert len(CASES) > 10


@pytest.mark.parametrize(("content", "text"), CASES)
def test_decode(content: str, text: str) -> None:
    assert decode(bytes.fromhex(content)) == text
