"""What the server answers is what its OpenAPI document says, whatever is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server import contract


@pytest.mark.slow
def test_whatever_is_sent_is_answered_as_the_document_says(tmp_path: Path) -> None:
    with contract.server(tmp_path) as url:
        found = contract.check(url, tmp_path, examples=1)
    assert found.failures == 0, found.text
    assert found.cases > 500
    assert " 500 " not in (tmp_path / "server.log").read_text(errors="replace")
